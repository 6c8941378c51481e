"""The calendar of IDENT's database as a timetable, for clinics whose IDENT posts none. docs/reference/ident.md §2.3

A quarter of an hour is free where a doctor works and neither a visit nor a reserve takes it (inferred from the names).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Protocol, runtime_checkable

from priem.mis.ident.catalogue import Catalogue
from priem.mis.ident.config import Config
from priem.mis.ident.reading import Reader
from priem.mis.ident.rows import Row, clock_time, day, whole

STATEMENT = "timetable"
QUARTER = timedelta(minutes=15)
Span = tuple[datetime, datetime, bool]
"""Start, end, both of the clinic's wall clock, and whether it is busy."""


@dataclass(frozen=True, slots=True)
class Stretch:
    second: int
    """The unix second at which it begins."""
    offset: int
    """Of the clinic's clock, in minutes."""
    minutes: int
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorsDay:
    day: date
    branch: int
    doctor: int
    stretches: tuple[Stretch, ...]
    """By their beginnings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    days: tuple[DoctorsDay, ...] = ()
    doctors: Mapping[str, str] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=dict)
    """Names of whoever stands in it, by id."""


@runtime_checkable
class TellsOfTimetable(Protocol):
    """IDENT's database, read by the hub itself or by an agent."""

    def timetable(self, days: int) -> Calendar | None:
        """From today on; empty where the database has no calendar, None when that is not known yet."""


def calendar(config: Config, reader: Reader, catalogue: Catalogue, days: int) -> Calendar:
    profile = reader.profile()
    if STATEMENT not in profile or profile[STATEMENT].lacks("ID"):
        return Calendar()
    today = reader.clocks().now.date()
    found = tuple(days_of(reader.timetable(today, today + timedelta(days=days)), config))
    doctors, branches = {one.doctor for one in found}, {one.branch for one in found}
    catalogue.know("doctors", doctors)
    catalogue.know("branches", branches)
    return Calendar(
        days=found,
        doctors={str(id_): catalogue.doctors.get(id_, "") for id_ in sorted(doctors)},
        branches={str(id_): catalogue.branches.get(id_, "") for id_ in sorted(branches)},
    )


def days_of(rows: Iterable[Row], config: Config) -> Iterator[DoctorsDay]:
    held: defaultdict[tuple[date, int, int], list[Span]] = defaultdict(list)
    for row in rows:
        on, branch, doctor, span = day(row["Day"]), whole(row["Branch"]), whole(row["Doctor"]), span_of(row)
        if on is None or branch is None or doctor is None or span is None:
            continue
        if not config.only_branches or str(branch) in config.only_branches:
            held[on, branch, doctor].append(span)
    for (on, branch, doctor), spans in sorted(held.items()):
        zone = config.zone_of(str(branch))
        stretches = tuple(stretch(start, end, zone, busy=busy) for start, end, busy in joined(spans))
        yield DoctorsDay(day=on, branch=branch, doctor=doctor, stretches=stretches)


def stretch(start: datetime, end: datetime, zone: tzinfo, *, busy: bool) -> Stretch:
    at = start.replace(tzinfo=zone)
    offset = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    return Stretch(int(at.timestamp()), offset, int((end - start).total_seconds()) // 60, busy)


def span_of(row: Row) -> Span | None:
    """None for time in which nobody works, and for what is no time."""
    on, starts, ends = day(row["Day"]), clock_time(row["Starts"]), clock_time(row["Ends"])
    busy = row["Visit"] is not None or row["Reserve"] is not None
    if on is None or starts is None or (row["IsWorking"] in (0, False) and not busy):
        return None
    start = datetime.combine(on, starts)
    end = start + QUARTER if ends is None else datetime.combine(on, ends)
    return start, end if end > start else end + timedelta(days=1), busy


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """One after another. A doctor may stand at two chairs at once: busy at one is busy."""
    quarters = [
        (start, max(end for _, end, _ in same), any(busy for _, _, busy in same))
        for start, group in groupby(sorted(spans), key=lambda span: span[0])
        for same in [list(group)]
    ]
    last: Span | None = None
    for start, end, busy in quarters:
        if last and last[1] == start and last[2] == busy:
            last = (last[0], end, busy)
            continue
        if last:
            yield last
        last = (start, end, busy)
    if last:
        yield last
