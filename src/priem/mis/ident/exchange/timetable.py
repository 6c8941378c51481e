"""The timetable that IDENT posts, and the free time in it. docs/reference/ident.md §1.7"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from priem.mis.ident.exchange.moments import moment
from priem.mis.ident.exchange.stream import BEGUN, elements
from priem.mis.ident.exchange.ticket import GREATEST_NUMBER, clean

NUMBER = re.compile(r"[0-9]{1,10}")
LONGEST_INTERVAL = 24 * 60
FLAGS: Mapping[object, bool] = {"true": True, "false": False, "1": True, "0": False}
YEARS = range(2000, 2201)
STARTS_KNOWN = 16384
"""More than the quarters of an hour in a horizon of half a year."""


@dataclass(frozen=True, slots=True)
class Named:
    """A doctor or a branch."""

    list: str
    """`Doctors` or `Branches`."""
    id: int
    name: str


class Interval(NamedTuple):
    """Free time comes in quarters of an hour, busy time in blocks of any length: there is no common grid.

    A tuple, since a post may have hundreds of thousands.
    """

    doctor: int
    branch: int
    starts_at: datetime
    """With the clinic's offset."""
    minutes: int
    busy: bool

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Begun:
    """A list is there, be it empty."""

    list: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An element that is not what it should be: left out, counted, and no reason to lose the others."""

    list: str


Item = Begun | Named | Interval | Unreadable
LISTS = {"intervals": "Intervals", "doctors": "Doctors", "branches": "Branches"}


def read_timetable(pieces: Iterable[bytes], zone: tzinfo) -> Iterator[Item]:
    """What a posted body holds, in its order, while it comes. Raises BadRequest when it is no document, or broken off:
    until the end is reached, nothing of it may be believed."""
    for name, element in elements(pieces):
        list_ = LISTS.get(name.lower(), "")
        if not list_:
            continue
        if element is BEGUN:
            yield Begun(list_)
        elif list_ == "Intervals":
            yield to_interval(element, zone) or Unreadable(list_)
        else:
            yield to_named(list_, element) or Unreadable(list_)


def to_interval(element: object, zone: tzinfo) -> Interval | None:
    if not isinstance(element, dict):
        return None
    doctor, branch = number(element.get("DoctorId")), number(element.get("BranchId"))
    starts, minutes = starts_at(element.get("StartDateTime"), zone), number(element.get("LengthInMinutes"))
    busy = flag(element.get("IsBusy"))
    if doctor is None or branch is None or starts is None or minutes is None or busy is None:
        return None
    return Interval(doctor, branch, starts, minutes, busy) if 0 < minutes <= LONGEST_INTERVAL else None


def to_named(list_: str, element: object) -> Named | None:
    if not isinstance(element, dict):
        return None
    id_, name = number(element.get("Id")), element.get("Name")
    return None if id_ is None else Named(list_, id_, clean(name)[:300] if isinstance(name, str) else "")


def number(value: object) -> int | None:
    if type(value) is int:
        return value if 0 <= value <= GREATEST_NUMBER else None
    return int(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return FLAGS.get(value.lower()) if isinstance(value, str) else None


def starts_at(value: object, zone: tzinfo) -> datetime | None:
    return known_start(value, zone) if isinstance(value, str) and len(value) < 50 else None


@lru_cache(maxsize=STARTS_KNOWN)
def known_start(written: str, zone: tzinfo) -> datetime | None:
    """All doctors' quarters of an hour begin at the same moments."""
    try:
        read = moment(written, zone)
    except ValueError:
        return None
    return read if read.year in YEARS else None


# --- free time -----------------------------------------------------------------------------------

Span = tuple[datetime, datetime]


def free_windows(intervals: Iterable[Interval], *, after: datetime) -> list[Span]:
    """One doctor's free time from `after` on, in pieces that do not touch. Where free and busy overlap, it is busy."""
    ordered = sorted(intervals, key=lambda interval: interval.starts_at)
    free = joined((each.starts_at, each.ends_at) for each in ordered if not each.busy)
    busy = joined((each.starts_at, each.ends_at) for each in ordered if each.busy)
    left = [piece for window in free for piece in without(window, busy)]
    return [(max(start, after), end) for start, end in left if end > after]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Of sorted spans: those that touch or overlap are one."""
    found: list[Span] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(window: Span, busy: Iterable[Span]) -> Iterator[Span]:
    start, end = window
    for taken_from, taken_until in busy:
        if taken_until > start and taken_from < end:
            if taken_from > start:
                yield start, taken_from
            start = max(start, taken_until)
    if start < end:
        yield start, end


def starts_in(windows: Iterable[Span], minutes: int, step: int) -> Iterator[datetime]:
    """When a visit of that length may begin: at a window's start and every `step` minutes from there."""
    length, pause = timedelta(minutes=minutes), timedelta(minutes=step)
    for start, end in windows:
        begins = start
        while begins + length <= end:
            yield begins
            begins += pause
