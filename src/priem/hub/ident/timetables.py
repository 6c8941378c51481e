"""A clinic's timetable: replaced all at once, so that whoever looks sees the one before or this one.

IDENT posts it; where it does not, it is read from its database.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from django.db import transaction

from priem.hub.models import IdentService, Timetable, TimetableDay
from priem.hub.models.owned import OwnedRows
from priem.mis.ident.exchange.refusals import BadRequest
from priem.mis.ident.exchange.timetable import (
    STARTS_KNOWN,
    Begun,
    Interval,
    Item,
    Named,
    Unreadable,
    free_windows,
    starts_in,
)
from priem.texts import text

Day = tuple[date, int, int]
"""Day, branch, doctor."""
Packed = tuple[int, int, int, int]
"""See TimetableDay.intervals."""
ROWS_AT_ONCE = 500


@dataclass(slots=True)
class Posted:
    """A whole post, as small as it can be kept."""

    days: defaultdict[Day, list[Packed]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, dict[str, str]] = field(default_factory=lambda: {"Doctors": {}, "Branches": {}})
    lists: set[str] = field(default_factory=set)
    intervals: int = 0
    unreadable: int = 0


def gathered(items: Iterable[Item]) -> Posted:
    """Raises BadRequest when there is no list of intervals, or none of them can be read."""
    posted = Posted()
    for item in items:
        match item:
            case Interval():
                day, second, offset = start_in_parts(item.starts_at, item.starts_at.tzinfo)
                posted.days[day, item.branch, item.doctor].append((second, offset, item.minutes, int(item.busy)))
                posted.intervals += 1
            case Named():
                posted.names[item.list][str(item.id)] = item.name
            case Begun():
                posted.lists.add(item.list)
            case Unreadable():
                posted.unreadable += 1
    if "Intervals" not in posted.lists:
        raise BadRequest(text("There is no list Intervals in the timetable."))
    if posted.unreadable and not posted.intervals:
        raise BadRequest(text("No interval of the timetable can be read."))
    return posted


@lru_cache(maxsize=STARTS_KNOWN)
def start_in_parts(starts_at: datetime, _zone: tzinfo | None) -> tuple[date, int, int]:
    """The day, the unix second, and the offset in minutes. The zone is there for the cache: equal moments of different
    zones may be of different days."""
    offset = starts_at.utcoffset() or timedelta()
    return starts_at.date(), int(starts_at.timestamp()), int(offset.total_seconds() // 60)


@transaction.atomic
def replace(service: IdentService, posted: Posted, began: datetime, *, from_database: bool = False) -> None:
    """Puts the post in the place of what was there. One that began before the last one is late, and left. What was read
    from the database takes the place of everything, and gives it up whole to what IDENT itself posts."""
    # Two of the clinic's computers may post at once: one after the other.
    IdentService.objects.of(service.clinic_id).select_for_update().get(pk=service.pk)
    before = Timetable.objects.of(service.clinic_id).filter(connection=service.connection).first()
    if before and before.posted_at > began:
        return
    is_whole = service.posts_whole or from_database or (before is not None and before.from_database)
    outdated(service, posted, is_whole=is_whole).delete()
    TimetableDay.objects.bulk_create(
        (
            TimetableDay(
                clinic_id=service.clinic_id,
                connection=service.connection,
                day=day,
                branch=branch,
                doctor=doctor,
                intervals=intervals,
            )
            for (day, branch, doctor), intervals in posted.days.items()
        ),
        batch_size=ROWS_AT_ONCE,
    )
    known = {} if is_whole or before is None else {"Doctors": before.doctors, "Branches": before.branches}
    Timetable.objects.update_or_create(
        clinic_id=service.clinic_id,
        connection=service.connection,
        defaults={
            "posted_at": began,
            "from_database": from_database,
            "doctors": known.get("Doctors", {}) | posted.names["Doctors"],
            "branches": known.get("Branches", {}) | posted.names["Branches"],
            "intervals": posted.intervals,
            "unreadable": posted.unreadable,
        },
    )


def outdated(service: IdentService, posted: Posted, *, is_whole: bool) -> OwnedRows[TimetableDay]:
    rows = TimetableDay.objects.of(service.clinic_id).filter(connection=service.connection)
    if is_whole:
        return rows
    days = [day for day, _, _ in posted.days]
    return rows.filter(day__range=(min(days), max(days))) if days else rows.none()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A moment when a visit of the wanted length may begin."""

    doctor: int
    doctor_name: str
    branch: int
    branch_name: str
    starts_at: datetime
    """With the clinic's offset, as IDENT posted it."""
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    since: date
    until: date
    """Days of the clinic's calendar, both included."""
    minutes: int = 30
    step: int = 15
    """Minutes from one beginning to the next."""
    doctor: int | None = None
    branch: int | None = None


def free_slots(clinic_id: int, connection: str, wanted: Wanted, *, now: datetime | None = None) -> Sequence[Slot]:
    """By moment, doctor and branch. What lies before `now` is left out; nothing where IDENT never posted."""
    table = Timetable.objects.of(clinic_id).filter(connection=connection).first()
    if table is None:
        return ()
    days = TimetableDay.objects.of(clinic_id).filter(connection=connection, day__range=(wanted.since, wanted.until))
    if wanted.doctor is not None:
        days = days.filter(doctor=wanted.doctor)
    if wanted.branch is not None:
        days = days.filter(branch=wanted.branch)
    found = [slot for day in days.order_by("day") for slot in slots_of(day, table, wanted, now or datetime.now(UTC))]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.doctor_name, slot.branch_name))


def slots_of(day: TimetableDay, table: Timetable, wanted: Wanted, now: datetime) -> Iterable[Slot]:
    windows = free_windows((unpacked(day, packed) for packed in day.intervals), after=now)
    for starts_at in starts_in(windows, wanted.minutes, wanted.step):
        yield Slot(
            doctor=day.doctor,
            doctor_name=table.doctors.get(str(day.doctor), ""),
            branch=day.branch,
            branch_name=table.branches.get(str(day.branch), ""),
            starts_at=starts_at,
            minutes=wanted.minutes,
        )


def unpacked(day: TimetableDay, packed: Sequence[int]) -> Interval:
    second, offset, minutes, busy = packed
    starts_at = datetime.fromtimestamp(second, timezone(timedelta(minutes=offset)))
    return Interval(day.doctor, day.branch, starts_at, minutes, bool(busy))
