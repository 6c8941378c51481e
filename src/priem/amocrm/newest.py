"""What changed lately, read with the latest change first, while people go on changing and deleting.

Pages are numbers of rows, not of records: when one of the first rows is deleted, all later ones move up, and the row
that crosses the edge of the page read last is on no page that is still to come. So pages overlap by a few rows: as long
as one of those comes a second time, nothing has slipped through. Where none does, the list is read again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Protocol, TypeVar

from priem.amocrm.reading import PAGE
from priem.errors import TryLater
from priem.texts import text

OVERLAP = 3
"""Rows. So many may be deleted between two pages before the list has to be read again."""
SHORTEST = 200
MOST_READINGS = 5


class Row(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def updated_at(self) -> int: ...


R = TypeVar("R", bound=Row)


@cache
def place(number: int) -> tuple[int, int]:
    """`page` and `limit` of what is read in this place. amoCRM knows no offset, but page 3 of 249 begins after 498."""
    if number == 1:
        return 1, PAGE
    page, limit = place(number - 1)
    begin = page * limit - OVERLAP
    limit = max(range(SHORTEST, PAGE + 1), key=lambda rows: begin // rows * rows + rows)
    return begin // limit + 1, limit


def newest(read: Callable[[], Iterator[Sequence[R]]], changed_since: int) -> Iterator[Sequence[R]]:
    """Rows that changed at or after the mark, each once. `read` gives overlapping pages, the latest change first.

    Raises TryLater when the list changes faster than it can be read.
    """
    given: set[int] = set()
    for _ in range(MOST_READINGS):
        covered: set[int] = set()
        for page in read():
            if covered and covered.isdisjoint(row.id for row in page):
                break
            covered.update(row.id for row in page)
            if fresh := [row for row in page if row.updated_at >= changed_since and row.id not in given]:
                given.update(row.id for row in fresh)
                yield fresh
            if page and page[-1].updated_at < changed_since:
                return
        else:
            return
    raise TryLater(text("amoCRM's list changes faster than it can be read."))
