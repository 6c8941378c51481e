"""Free time where IDENT posts none: the calendar of its database in the place of the timetable."""

from calendar import timegm
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from priem.errors import PriemError
from priem.hub.ident.timetables import Packed, Posted, replace
from priem.hub.models import IdentService, Timetable
from priem.mis.ahead import ReadAhead
from priem.mis.ident.calendar import Calendar, DoctorsDay, Stretch, TellsOfTimetable
from priem.mis.ident.exchange.ticket import GREATEST_NUMBER
from priem.mis.ident.exchange.timetable import LONGEST_INTERVAL, YEARS
from priem.ports import Clock, Source

AHEAD = 30
"""Days; IDENT posts as many."""
BETWEEN_READINGS = timedelta(minutes=10)
"""As often as IDENT posts."""
BETWEEN_LOOKS = timedelta(seconds=30)
"""Whether an agent has answered, IDENT has posted, or somebody has made a service."""
SILENT = timedelta(days=1)
"""Of IDENT: what it posted before is older than any night in which its program is off, and is not believed any more."""

DAY = 86_400
MOST_OFFSET = 24 * 60


@dataclass(slots=True, kw_only=True)
class CalendarWatch:
    """A chore of one clinic's passes. Only for a connection with a service for IDENT: nobody else shows free time."""

    clinic_id: int
    clock: Clock
    _next: dict[str, datetime] = field(default_factory=dict)

    def __call__(self, source: Source) -> None:
        now = self.clock.now()
        if now < self._next.get(source.connection, now):
            return
        self._next[source.connection] = now + BETWEEN_LOOKS
        service = IdentService.objects.of(self.clinic_id).filter(connection=source.connection).first()
        if service is None or not self._is_due(source.connection, now):
            return
        try:
            found = calendar_in(source)
        except PriemError:
            # An older agent knows no timetable; what ails the database, reading itself says.
            self._next[source.connection] = now + BETWEEN_READINGS
            return
        if found is not None:
            replace(service, as_posted(found), now, from_database=True)

    def _is_due(self, connection: str, now: datetime) -> bool:
        table = Timetable.objects.of(self.clinic_id).filter(connection=connection).first()
        if table is None:
            return True
        return now - table.posted_at >= (BETWEEN_READINGS if table.from_database else SILENT)


def calendar_in(source: Source) -> Calendar | None:
    """None where the connection is not IDENT's, or an agent has not answered yet."""
    with source.alone() if isinstance(source, ReadAhead) else nullcontext(source) as inner:
        return inner.timetable(AHEAD) if isinstance(inner, TellsOfTimetable) else None


def as_posted(found: Calendar) -> Posted:
    posted = Posted(names={"Doctors": dict(found.doctors), "Branches": dict(found.branches)})
    for one in found.days:
        good = [packed(stretch) for stretch in one.stretches if is_sound(one, stretch)]
        posted.unreadable += len(one.stretches) - len(good)
        if good:
            posted.days[one.day, one.branch, one.doctor] = good
            posted.intervals += len(good)
    return posted


def packed(stretch: Stretch) -> Packed:
    return stretch.second, stretch.offset, stretch.minutes, int(stretch.busy)


def is_sound(one: DoctorsDay, stretch: Stretch) -> bool:
    """An agent is another program: a figure that no clock has would break whoever shows it."""
    numbers = min(one.doctor, one.branch) >= 0 and max(one.doctor, one.branch) <= GREATEST_NUMBER
    return (
        numbers
        and one.day.year in YEARS
        and abs(stretch.second - timegm(one.day.timetuple())) < 2 * DAY
        and abs(stretch.offset) < MOST_OFFSET
        and 0 < stretch.minutes <= LONGEST_INTERVAL
    )
