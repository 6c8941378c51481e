"""The calendar as the real program posts it: free time in quarters of an hour, busy time in blocks.

docs/reference/ident.md §1.7
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    doctor: int
    branch: int
    starts: datetime
    """Naive, the clinic's wall clock."""
    busy: bool


@dataclass(slots=True)
class Interval:
    doctor: int
    branch: int
    starts: datetime
    length: timedelta
    busy: bool


def intervals(cells: Iterable[Cell]) -> list[Interval]:
    found: list[Interval] = []
    for cell in sorted(cells):
        last = found[-1] if found else None
        if last and cell.busy and continues(last, cell):
            last.length += QUARTER
        else:
            found.append(Interval(cell.doctor, cell.branch, cell.starts, QUARTER, cell.busy))
    return found


def continues(block: Interval, cell: Cell) -> bool:
    return (
        block.busy
        and (block.doctor, block.branch) == (cell.doctor, cell.branch)
        and block.starts + block.length == cell.starts
    )
