"""The schedule cut into slots, free and taken (docs/reference/archimed.md §1.3)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from .branch import Branch
from .records import Doctor, Shift


def shifts_between(branch: Branch, doctor: Doctor, first: date, last: date) -> Iterator[Shift]:
    """What the API shows: nothing of a doctor who never set a reception time, no hidden hours."""
    if not doctor.max_time or not doctor.enabled:
        return
    day, last = max(first, branch.first_shift), min(last, branch.last_shift)
    while day <= last:
        yield from (shift for shift in branch.shifts_on(doctor.id, day) if not shift.hidden)
        day += timedelta(days=1)


def slots(branch: Branch, doctor: Doctor, shift: Shift) -> Iterator[tuple[datetime, datetime, bool]]:
    """Start, end, whether free. A slot is busy when any talon overlaps it; what is past is free like the rest."""
    busy = branch.talons_on(doctor.id, shift.start.date())
    step = timedelta(minutes=doctor.max_time)
    start = shift.start
    while start + step <= shift.end:
        end = start + step
        yield start, end, not any(talon.end > start and talon.start < end for talon in busy)
        start = end


def free_slots(branch: Branch, doctor: Doctor, first: date, last: date) -> list[tuple[datetime, datetime]]:
    """All of a doctor's within some days."""
    return [
        (start, end)
        for shift in shifts_between(branch, doctor, first, last)
        for start, end, free in slots(branch, doctor, shift)
        if free
    ]
