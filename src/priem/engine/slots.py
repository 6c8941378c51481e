"""Whether a doctor is free, and when else. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from priem.booking import RefusalKind, Shift, Slot, Time

SHOWN = 6
"""Free times that are offered in place of one that was refused."""


def objection(wanted: Time, shifts: Iterable[Shift], now: datetime, own: Time | None = None) -> RefusalKind | None:
    """Why a visit cannot be then; None when it can. `own` is the time that it has now, and may overlap."""
    if wanted.starts_at < now:
        return RefusalKind.PAST
    if wanted.ends_at <= wanted.starts_at:
        return RefusalKind.INCOMPLETE
    here = [shift for shift in shifts if is_at(wanted, shift)]
    if any(is_covered(wanted, slots_of(shift, own), only_free=True) for shift in here):
        return None
    works = any(is_covered(wanted, slots_of(shift, own), only_free=False) for shift in here)
    return RefusalKind.BUSY if works else RefusalKind.NOT_WORKING


def is_at(wanted: Time, shift: Shift) -> bool:
    """A schedule that does not name branches or rooms has but one."""
    same_branch = not wanted.branch or not shift.branch or wanted.branch == shift.branch
    same_room = not wanted.room or not shift.room or wanted.room == shift.room
    return shift.doctor == wanted.doctor and same_branch and same_room


def slots_of(shift: Shift, own: Time | None) -> Iterator[Slot]:
    for slot in shift.slots:
        mine = own is not None and own.doctor == shift.doctor and touches(slot, own)
        yield Slot(slot.starts_at, slot.ends_at, free=True) if mine else slot


def touches(slot: Slot, time: Time) -> bool:
    return slot.starts_at < time.ends_at and time.starts_at < slot.ends_at


def is_covered(wanted: Time, slots: Iterable[Slot], *, only_free: bool) -> bool:
    """Is there working time from the beginning to the end, without a gap?"""
    reached = wanted.starts_at
    for slot in sorted(slots, key=lambda slot: slot.starts_at):
        if slot.starts_at > reached:
            return False
        if slot.ends_at > reached and (slot.free or not only_free):
            reached = slot.ends_at
        if reached >= wanted.ends_at:
            return True
    return False


def nearest(wanted: Time, shifts: Sequence[Shift], now: datetime) -> list[Time]:
    """The free times of the same length and doctor that are nearest, by their beginning."""
    length = wanted.ends_at - wanted.starts_at
    free = [
        time
        for shift in shifts
        if shift.doctor == wanted.doctor and (not wanted.branch or not shift.branch or shift.branch == wanted.branch)
        for time in free_times(shift, length, now)
    ]
    closest = sorted(free, key=lambda time: (abs(time.starts_at - wanted.starts_at), time.starts_at))[:SHOWN]
    return sorted(closest, key=lambda time: time.starts_at)


def free_times(shift: Shift, length: timedelta, now: datetime) -> Iterator[Time]:
    """Beginning with each slot that is free, if all of that length is."""
    for slot in shift.slots:
        time = Time(
            doctor=shift.doctor,
            starts_at=slot.starts_at,
            ends_at=slot.starts_at + length,
            branch=shift.branch,
            room=shift.room,
        )
        if slot.free and slot.starts_at >= now and is_covered(time, shift.slots, only_free=True):
            yield time
