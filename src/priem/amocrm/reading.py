"""Lists, page after page, several pages under way: latency must not decide how long a first reading takes."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import count
from typing import Any, Protocol, TypeVar

from priem.amocrm.client import Client
from priem.amocrm.http import Params
from priem.amocrm.problems import Answer

T = TypeVar("T")

PAGE = 250
IDS_AT_ONCE = 100
"""In the address of one request, which must not become longer than servers take."""
AHEAD = 24
"""Pages under way at most, for answers that take seconds."""


class Beside:
    """A reading of which a page is taken now and then, beside something else: it can look further ahead meanwhile."""

    def __init__(self) -> None:
        self._ahead: Sequence[Future[tuple[Answer, Any]]] = ()
        self._ask: Callable[[int], None] = lambda _pages: None

    def begins(self, ahead: "Sequence[Future[tuple[Answer, Any]]]", ask: Callable[[int], None]) -> None:
        self._ahead, self._ask = ahead, ask

    def look_ahead(self, pages: int) -> None:
        """So many, if it is known that there are more than have come."""
        first = self._ahead[0] if self._ahead else None
        if first and first.done() and not first.exception() and first.result()[0].has_next:
            self._ask(pages)


def full_pages(number: int) -> tuple[int, int]:
    return number, PAGE


def read_pages(
    get: Callable[[int], Answer],
    parse: Callable[[Answer], T],
    executor: Callable[[], Executor],
    per_second: int,
    first: int = 1,
    *,
    is_whole: bool = False,
    beside: Beside | None = None,
) -> Iterator[T]:
    """Parsed pages in order, from the first on, which is asked for at once. An empty list, or one of a single page,
    costs one request. `is_whole`: all pages will be wanted, so the next is asked for before this one is given.
    `executor` gives the one that is there: a reading may go on after a rest.

    Looks further ahead only as pages are waited for, and no further than the latency makes useful; what was asked
    for beyond the end is wasted.
    """

    def read(page: int) -> tuple[Answer, T]:
        answer = get(page)
        return answer, parse(answer)

    def look_ahead(width: int) -> None:
        while len(ahead) < width:
            ahead.append(executor().submit(read, next(numbers)))

    def pages() -> Iterator[T]:
        width = 1
        try:
            while ahead:
                is_waited_for = not ahead[0].done()
                answer, parsed = ahead.popleft().result()
                width = min(width + is_waited_for, AHEAD, max(2, math.ceil(answer.seconds * per_second + 0.5)))
                if answer.has_next and is_whole:
                    look_ahead(width)
                yield parsed
                if not answer.has_next:
                    return
                look_ahead(width)
        finally:
            for future in ahead:
                future.cancel()
            ahead.clear()

    numbers = count(first)
    ahead: deque[Future[tuple[Answer, T]]] = deque()
    look_ahead(1)
    (beside or Beside()).begins(ahead, look_ahead)
    return pages()


def begun(read: Callable[[int], Iterator[T]]) -> Callable[[int], Iterator[T]]:
    """The same way to read from a page on, for which the first page is asked at once."""
    beginning = {1: read(1)}
    return lambda first: beginning.pop(first) if first in beginning else read(first)


def read_some(client: Client, plural: str, ids: Sequence[int], extra: Params = ()) -> Iterator[dict[str, Any]]:
    """Those that are there, not in the trash, a hundred in a request; one by one where amoCRM ignores filters."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = ids[start : start + IDS_AT_ONCE]
        choice = [("filter[id][]", id_) for id_ in some]
        rows = client.get(f"/api/v4/{plural}", [*choice, *extra, ("limit", PAGE)]).rows(plural)
        if not {int(row["id"]) for row in rows} <= set(some):
            answers = (client.get(f"/api/v4/{plural}/{id_}", extra) for id_ in some)
            rows = [answer.body for answer in answers if answer.shape == "json"]
        yield from (row for row in rows if not row.get("is_deleted"))


class Row(Protocol):
    @property
    def id(self) -> int: ...


R = TypeVar("R", bound=Row)


def complete_pages(
    read: Callable[[int], Iterator[tuple[R, ...]]], vanished: Callable[[], Collection[int]]
) -> Iterator[tuple[R, ...]]:
    """All rows of a list that is ordered by id, each once, whatever is created or deleted while it is read.

    New rows come at the end, where they do no harm. But a row that vanishes pulls the later ones forward across the
    pages' edges, past a reader: those that fell between two pages are read again, when `vanished` (the ids that went
    since the reading began) says that there can be any.
    """
    edges: list[tuple[int, int]] = []
    longest = 0
    for page in read(1):
        longest = max(longest, len(page))
        last = edges[-1][1] if edges else 0
        if page := tuple(row for row in page if row.id > last):
            edges.append((page[0].id, page[-1].id))
            yield page
    known: frozenset[int] = frozenset()
    caught_up: set[int] = set()
    while longest >= PAGE and (gone := frozenset(vanished()) - known):
        known |= gone
        for page in read(page_of(min(gone), edges)):
            if fallen := tuple(row for row in page if not was_read(row.id, edges) and row.id not in caught_up):
                caught_up.update(row.id for row in fallen)
                yield fallen


def page_of(id_: int, edges: Sequence[tuple[int, int]]) -> int:
    """The number of the page that this id was on, or would have been on."""
    return max(1, bisect_right(edges, id_, key=first_of))


def was_read(id_: int, edges: Sequence[tuple[int, int]]) -> bool:
    place = bisect_right(edges, id_, key=first_of)
    return place > 0 and id_ <= edges[place - 1][1]


def first_of(edge: tuple[int, int]) -> int:
    return edge[0]
