"""Which branches are in step; of the others, since when they are not and why."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from priem.hub.models import Connection, Incident, IncidentKind
from priem.hub.models.owned import OwnedRows
from priem.hub.models.watch import STOPS
from priem.hub.pieces import pieces
from priem.hub.watch import delays
from priem.hub.watch.branches import branches_of
from priem.hub.watch.delays import Course, Place

MADE_UP_FOR_WITHIN = delays.LATELY + delays.SLOT
"""What comes late so soon after an outage is what the outage kept back."""


@dataclass(frozen=True, slots=True)
class OutOfStep:
    kind: IncidentKind
    since: datetime
    incident: Incident | None = None
    """Its banner; None where the branch alone is late."""


def out_of_step(place: Place, open_: Sequence[Incident], late_since: datetime | None) -> OutOfStep | None:
    """Of a branch, by the open incidents of its clinic: what it is named after is what began first."""
    own = [one for one in open_ if one.kind in STOPS and one.connection in ("", place[0])]
    if own:
        first = min(own, key=lambda one: one.began_at)
        return OutOfStep(IncidentKind(first.kind), first.began_at, first)
    lag = next((one for one in open_ if one.kind == IncidentKind.LAG), None)
    return OutOfStep(IncidentKind.LAG, late_since, lag) if late_since else None


def explained(rows: OwnedRows[Incident], now: datetime) -> set[tuple[int, str]]:
    """Clinics and connections ("": the whole clinic) in which another trouble says why changes are late, or was over
    only just now."""
    stops = rows.filter(kind__in=STOPS)
    going_on = stops.filter(over_at__isnull=True).values_list("clinic_id", "connection")
    over = stops.filter(over_at__gt=now - MADE_UP_FOR_WITHIN).values_list("clinic_id", "connection")
    return {*going_on, *over}


def is_explained(clinic_id: int, place: Place | None, known: Collection[tuple[int, str]]) -> bool:
    """Of the clinic as a whole (None) by whatever there is; of a branch not by another connection's trouble."""
    if place is None:
        return any(id_ == clinic_id for id_, _ in known)
    return (clinic_id, "") in known or (clinic_id, place[0]) in known


def places_of(clinic_ids: Iterable[int]) -> dict[int, dict[Place, str]]:
    """Every branch that is read, by name; a connection whose branches nobody knows counts as one without a name."""
    found = branches_of(clinic_ids)
    for piece in pieces(clinic_ids):
        for clinic_id, key in Connection.objects.of_any(piece).order_by("key").values_list("clinic_id", "key"):
            own = found.setdefault(clinic_id, {})
            if all(of != key for of, _ in own):
                own[key, ""] = ""
    return found


def in_step(clinic_ids: Iterable[int], now: datetime) -> Iterator[tuple[int, Place, bool]]:
    """Every branch of these clinics. Few questions for however many clinics."""
    ids = list(clinic_ids)
    stops: dict[int, list[tuple[str, str]]] = {}
    for clinic_id, kind, of in open_ones().values_list("clinic_id", "kind", "connection"):
        stops.setdefault(clinic_id, []).append((kind, of))
    late = late_places(ids, now)
    for clinic_id, places in places_of(ids).items():
        for place in places:
            stands = any(kind in STOPS and of in ("", place[0]) for kind, of in stops.get(clinic_id, ()))
            yield clinic_id, place, not stands and (clinic_id, place) not in late


def open_ones() -> OwnedRows[Incident]:
    return Incident.objects.of_all().filter(over_at__isnull=True)


def late_places(clinic_ids: Iterable[int], now: datetime) -> set[tuple[int, Place | None]]:
    """Clinics (None) and branches half of whose latest changes took too long, though nothing else explains it."""
    why_not = explained(Incident.objects.of_all(), now)
    found, longest = delays.of_places(clinic_ids, delays.lately(now)), delays.longest()
    late = {place for place, one in found.items() if one.median is not None and one.median > longest}
    return {(id_, place) for id_, place in late if not is_explained(id_, place, why_not)}


def of_branches(clinic_id: int, courses: Mapping[Place | None, Course]) -> list[tuple[Place, str, Course]]:
    """Each branch by its name, in the order of connections and names."""
    named = branches_of([clinic_id]).get(clinic_id, {})
    unknown = {place: place[1] for place in courses if place and place not in named}
    quiet = delays.quiet(courses[None].began)
    ordered = sorted({**named, **unknown}.items(), key=lambda pair: (pair[0][0], pair[1].casefold()))
    return [(place, name, courses.get(place, quiet)) for place, name in ordered]
