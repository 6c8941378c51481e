"""Where somebody may book: connections and their branches, as one list without the word «connection»."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from priem.booking import Ability, Booking, BranchInfo, ScheduleQuery
from priem.engine.bindings import Bound
from priem.engine.booking_rights import Actor, default_branch, may_book, may_in
from priem.errors import BadRecord
from priem.hub.booking.receptions import Office
from priem.texts import text

LONGEST = timedelta(days=31)
"""Of one question for the schedule, or for the journal."""


@dataclass(frozen=True, slots=True)
class Place:
    desk: Booking
    branch: BranchInfo

    @property
    def key(self) -> str:
        return f"{self.desk.connection}:{self.branch.id}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.branch.time_zone)

    def moment(self, wall: datetime) -> datetime:
        """Frames speak the branch's wall time."""
        return wall.replace(tzinfo=self.zone) if wall.tzinfo is None else wall.astimezone(self.zone)

    def wall(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")


def every_place(office: Office) -> Iterator[Place]:
    for desk in office.desks.values():
        for branch in desk.branches():
            yield Place(desk, branch)


def places_for(actor: Actor, office: Office) -> list[Place]:
    """Where this user may book, the one that opens first at the head."""
    bound = office.reception.bound
    found = [place for place in every_place(office) if may_book(actor, place.desk.connection, place.branch.id, bound)]
    first = default_branch(actor, bound)
    return sorted(found, key=lambda place: first not in (place.key, place.desk.connection))


def place_called(key: str, actor: Actor, office: Office) -> Place:
    """Raises BadRecord when there is none, or he may not book there: both sound the same."""
    found = next((place for place in places_for(actor, office) if place.key == key), None)
    if found is None:
        connection = key.partition(":")[0]
        there = {name: desk for name, desk in office.desks.items() if name == connection}
        raise refusal(actor, there, office.reception.bound)
    return found


def refusal(actor: Actor, desks: Mapping[str, Booking], bound: Bound) -> BadRecord:
    """Why there is nothing to choose from: IDENT's branches are known once its timetable is there."""
    if any(may_in(actor, key, bound) and not desk.branches() for key, desk in desks.items()):
        return BadRecord(
            text("IDENT's timetable is not here yet, so there is no time to choose."),
            text(
                "Ask the clinic's reception to open IDENT: where «Выгрузка расписания» is switched on in it, the "
                "timetable comes within ten minutes. An application without a time can be sent from the lead now."
            ),
        )
    return BadRecord(text("You may not book in this branch."), text("The administrator of Priem says who books where."))


def require_span(first: date, last: date) -> None:
    """Raises BadRecord for what would keep the МИС busy for nobody's use."""
    if not first <= last <= first + LONGEST:
        raise BadRecord(text("A month at most can be shown at once."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which part of a branch's schedule a frame shows."""

    place: str
    first: date
    last: date
    doctors: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


def query_of(shown: Shown, place: Place) -> ScheduleQuery:
    """Raises BadRecord for periods that are too long."""
    require_span(shown.first, shown.last)
    return ScheduleQuery(
        first=shown.first,
        last=shown.last,
        doctors=shown.doctors,
        services=shown.services,
        branch=place.branch.id,
    )


def place_of(connection: str, branch: str, office: Office) -> Place | None:
    """Of a visit, whoever looks at it."""
    there = [place for place in every_place(office) if place.desk.connection == connection]
    return next((place for place in there if place.branch.id == branch), there[0] if len(there) == 1 else None)


def place_as_json(place: Place, office: Office) -> dict[str, object]:
    """`minutes`: how long a visit is at least, where free time is not cut into visits."""
    abilities = place.desk.abilities
    applies = Ability.APPLY in abilities and Ability.BOOK not in abilities
    return {
        "key": place.key,
        "name": place.branch.name,
        "address": place.branch.address,
        "today": datetime.now(place.zone).date().isoformat(),
        "now": place.wall(datetime.now(place.zone)),
        "books": Ability.BOOK in abilities,
        "applies": applies,
        "minutes": office.reception.bound.settings.tickets.minutes if applies else 0,
        "moves": Ability.RESCHEDULE in abilities,
        "comments": Ability.COMMENT in abilities,
        "services": Ability.SERVICES in abilities,
    }
