"""«Сегодня»: one card per clinic, those with trouble first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext

from priem.hub.models import Clinic, Connection, IdentService, Incident, RejectedRow, StepRecord
from priem.hub.scope import visible_clinics
from priem.hub.sentences import readable
from priem.hub.setup import steps
from priem.hub.setup.kinds import TITLES
from priem.hub.watch import delays, figures, incidents
from priem.hub.watch.delays import Course, Place
from priem.hub.watch.instep import OutOfStep, explained, is_explained, of_branches, out_of_step
from priem.hub.watch.sparkline import Sparkline, sparkline
from priem.model import State

MOST = 10_000
"""Steps of a day that are counted: a first sync makes more."""


@dataclass(frozen=True, slots=True)
class BranchLine:
    name: str
    course: Course
    chart: Sparkline
    out: OutOfStep | None
    """What keeps it out of step."""


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    title: str
    """Which system, and what the clinic calls this connection."""
    last_read_at: datetime | None
    trouble: str
    out: OutOfStep | None = None
    """Its own incident, whose banner says more."""
    branches: Sequence[BranchLine] = ()
    """Where the clinic has several: else its own line says it all."""

    @property
    def is_behind(self) -> bool:
        return any(branch.out for branch in self.branches)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person has to look at, and where."""

    name: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    clinic: Clinic
    trouble: str
    """What stops the whole clinic, or nothing."""
    incidents: Sequence[Incident]
    connections: tuple[ConnectionLine, ...]
    amocrm_at: datetime | None
    """The last request that amoCRM answered."""
    course: Course
    chart: Sparkline
    queue: int
    requests: int
    done: int
    refused: int
    unsure: int
    """Whose outcome is not known, or which were put off."""
    rejected: int
    waiting: tuple[Waiting, ...]
    allow: str
    """Where a person gives access to amoCRM; nothing while there is some."""
    left_off: steps.Place | None
    """Where its set-up has stopped, until it is kept in step."""

    @property
    def budget(self) -> int:
        return figures.BUDGET_PER_MINUTE

    @property
    def stands_still(self) -> bool:
        return bool(self.trouble or any(one.stops for one in self.incidents))

    @property
    def is_behind(self) -> bool:
        """In one of its branches."""
        return any(line.is_behind for line in self.connections)

    @property
    def has_branches(self) -> bool:
        return any(line.branches for line in self.connections)

    @property
    def rank(self) -> tuple[bool, bool, str]:
        """The worst first."""
        ails = self.stands_still or self.is_behind or any(line.trouble for line in self.connections)
        return not ails, not (self.incidents or self.refused or self.rejected or self.waiting), self.clinic.name


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback for the home page."""
    clinics = visible_clinics(request).select_related("authorisation")
    cards = sorted((card(clinic) for clinic in clinics), key=lambda card: card.rank)
    return {**context, "cards": cards, "since": timezone.localdate().isoformat()}


def card(clinic: Clinic) -> Card:
    now, done, waiting = timezone.now(), steps_today(clinic.pk), figures.waiting(clinic.pk)
    courses, open_ = delays.courses(clinic.pk, now), list(incidents.open_incidents(clinic.pk).order_by("began_at"))
    return Card(
        clinic=clinic,
        trouble=trouble(clinic),
        incidents=tuple(open_),
        connections=lines(clinic.pk, open_, branch_lines(clinic.pk, courses, open_, now)),
        amocrm_at=figures.last_answers([clinic.pk]).get(clinic.pk),
        course=courses[None],
        chart=sparkline(courses[None]),
        queue=waiting["queue"],
        requests=figures.requests_of_a_minute(clinic.pk, now),
        done=done[State.DONE],
        refused=done[State.REFUSED],
        unsure=done[State.UNKNOWN] + done[State.POSTPONED],
        rejected=RejectedRow.objects.of(clinic.pk).count(),
        waiting=tuple(for_a_person(clinic, waiting)),
        allow=way_to_allow(clinic),
        left_off=None if open_ or has_lost_access(clinic) else steps.left_off(clinic),
    )


def for_a_person(clinic: Clinic, waiting: Mapping[str, int]) -> list[Waiting]:
    of_clinic = f"?clinic__id__exact={clinic.pk}"
    decided = f"{reverse('admin:hub_steprecord_changelist')}{of_clinic}"
    listed = (
        (gettext("Questions"), "questions", page_or("questions", clinic, "")),
        (gettext("Statuses without a meaning"), "statuses", page_or("questions", clinic, "")),
        (gettext("Refused by amoCRM"), "refused", f"{decided}&state__in=refused,postponed"),
        (
            gettext("Rows that cannot be read"),
            "rejected",
            f"{reverse('admin:hub_rejectedrow_changelist')}{of_clinic}",
        ),
    )
    return [Waiting(name, waiting[key], href) for name, key, href in listed if waiting[key]]


def page_or(name: str, clinic: Clinic, otherwise: str) -> str:
    """Some pages are of one clinic, others of all that somebody sees."""
    for arguments in ([clinic.slug], []):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    return otherwise


def trouble(clinic: Clinic) -> str:
    authorisation = getattr(clinic, "authorisation", None)
    return readable(authorisation.authorise_again) if authorisation else ""


def has_lost_access(clinic: Clinic) -> bool:
    authorisation = getattr(clinic, "authorisation", None)
    return bool(authorisation and authorisation.authorise_again)


def way_to_allow(clinic: Clinic) -> str:
    authorisation = getattr(clinic, "authorisation", None)
    has_access = bool(authorisation and authorisation.access) and not has_lost_access(clinic)
    can_ask = bool(clinic.client_id and clinic.redirect_uri)
    return reverse("amocrm_authorise", args=[clinic.pk]) if can_ask and not has_access else ""


def branch_lines(
    clinic_id: int, courses: Mapping[Place | None, Course], open_: Sequence[Incident], now: datetime
) -> Mapping[str, Sequence[BranchLine]]:
    """By connection; nothing where the clinic has one branch."""
    found = of_branches(clinic_id, courses)
    if len(found) < 2:
        return {}
    is_late = any(course.late_since for _, _, course in found)
    known = explained(Incident.objects.of(clinic_id), now) if is_late else ()
    by_connection: dict[str, list[BranchLine]] = {}
    for place, name, course in found:
        late_since = None if is_explained(clinic_id, place, known) else course.late_since
        out = out_of_step(place, open_, late_since)
        by_connection.setdefault(place[0], []).append(BranchLine(name, course, sparkline(course), out))
    return by_connection


def lines(
    clinic_id: int, open_: Sequence[Incident], branches: Mapping[str, Sequence[BranchLine]]
) -> tuple[ConnectionLine, ...]:
    """Connections, and IDENT's program, which calls by itself."""
    connections = [
        line(connection, open_, branches.get(connection.key, ())) for connection in Connection.objects.of(clinic_id)
    ]
    services = IdentService.objects.of(clinic_id).values_list("connection", "heard_at")
    program = gettext("{connection}: IDENT's program")
    called = [ConnectionLine(program.format(connection=name), at, "") for name, at in services]
    return (*connections, *called)


def line(connection: Connection, open_: Sequence[Incident], branches: Sequence[BranchLine]) -> ConnectionLine:
    own = [one for one in open_ if one.connection == connection.key]
    return ConnectionLine(
        title=title_of(connection),
        last_read_at=connection.last_read_at,
        # What a banner says already is not said once more.
        trouble="" if any(one.what == connection.last_error for one in open_) else readable(connection.last_error),
        out=out_of_step((connection.key, ""), own, None),
        branches=branches,
    )


def title_of(connection: Connection) -> str:
    """«IDENT · lenina», or the system alone where that is all that the key says."""
    system = str(TITLES.get(connection.kind, connection.kind))
    return system if connection.key == connection.kind else f"{system} · {connection.key}"


def steps_today(clinic_id: int) -> Mapping[str, int]:
    """How many steps there were since midnight, by outcome."""
    rows = StepRecord.objects.of(clinic_id).filter(intended_at__gte=midnight())
    return Counter({state.value: rows.filter(state=state.value)[:MOST].count() for state in State})


def midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
