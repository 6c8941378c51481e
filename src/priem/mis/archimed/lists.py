"""The two long lists, page by page: cards, and talons of a span of days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from priem.errors import AskOperator
from priem.mis.archimed.api import Api, Listing, Params
from priem.mis.archimed.config import Config
from priem.mis.archimed.dictionaries import asking_for
from priem.mis.archimed.failures import NoMethod, NotLetIn
from priem.mis.archimed.loose import Row, a_day, written_day
from priem.mis.archimed.pace import Pace
from priem.mis.archimed.rows import CARD_FIELDS, TALON_FIELDS

WITH_DELETED = ("withDeleted", 1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the branch's calendar, both included."""

    first: date
    last: date

    def holds(self, row: Row) -> bool:
        """A talon without a day is everybody's business."""
        day = day_of(row)
        return day is None or self.first <= day <= self.last


def day_of(talon: Row) -> date | None:
    return a_day(talon.get("date")) or a_day(talon.get("datetime"))


class Cards:
    def __init__(self, config: Config, api: Api, pace: Pace) -> None:
        self._api = api
        self._pace = pace
        self._limit = config.page_size

    def page(self, number: int, limit: int = 0) -> Listing:
        self._pace.spend()
        params: Params = [*asking_for(CARD_FIELDS), ("page", number), ("limit", limit or self._limit)]
        return self._api.listing("medcards", params)

    def count(self) -> int:
        self._pace.spend()
        listing = self._api.listing("medcards", [("fields[]", "id"), ("page", 1), ("limit", 1)])
        return sum(1 for _ in rows_of_all(self, self._limit)) if listing.total is None else listing.total

    def one(self, id_: str) -> Row | None:
        self._pace.spend()
        return self._api.one("medcards", id_, asking_for(CARD_FIELDS))


class Talons:
    """Whether the API narrows talons by days is not documented: it is tried, and believed until a row belies it."""

    def __init__(self, config: Config, api: Api, pace: Pace) -> None:
        self._api = api
        self._pace = pace
        self._limit = config.page_size
        self.narrows: bool | None = {"dates": True, "all": False, "auto": None}[config.talon_window]
        """None: not known yet."""

    def page(self, number: int, span: Span, limit: int = 0) -> Listing:
        """Its rows may lie outside the span."""
        if self.narrows is None:
            self.narrows = self._try(span)
        if not self.narrows:
            return self._ask(number, limit or self._limit, ())
        listing = self._ask(number, limit or self._limit, days(span))
        if self._belies(listing, span):
            self.narrows = False
            return self._ask(number, limit or self._limit, ())
        return listing

    def any_day(self, number: int, limit: int = 0) -> Listing:
        return self._ask(number, limit or self._limit, ())

    def count(self, span: Span) -> int:
        listing = self.page(1, span)
        if self.narrows and listing.total is not None:
            return listing.total
        return sum(1 for row in rows_of_all(Spanned(self, span), self._limit) if span.holds(row))

    def one(self, id_: str) -> Row | None:
        self._pace.spend()
        return self._api.one("talons", id_, [WITH_DELETED, *asking_for(TALON_FIELDS)])

    def _try(self, span: Span) -> bool:
        try:
            listing = self._ask(1, self._limit, days(span))
        except (NoMethod, NotLetIn):
            raise
        except AskOperator:
            return False  # it minds the names of days
        if listing.rows:
            return not self._belies(listing, span)
        # Nothing at all: no visits, or days that it takes for something else.
        newest = self._ask(1, self._limit, ())
        if newest.pages and newest.pages > 1:
            newest = self._ask(newest.pages, self._limit, ())
        return not any(day_of(row) and span.holds(row) for row in newest.rows)

    @staticmethod
    def _belies(listing: Listing, span: Span) -> bool:
        near = Span(span.first - DAY, span.last + DAY)  # it may count the last day or not
        return any(not near.holds(row) for row in listing.rows)

    def _ask(self, number: int, limit: int, narrowed: Params) -> Listing:
        self._pace.spend()
        params: Params = [WITH_DELETED, *asking_for(TALON_FIELDS), *narrowed, ("page", number), ("limit", limit)]
        return self._api.listing("talons", params)


@dataclass(frozen=True, slots=True)
class Spanned:
    talons: Talons
    span: Span

    def page(self, number: int, limit: int = 0) -> Listing:
        return self.talons.page(number, self.span, limit)


@dataclass(frozen=True, slots=True)
class Ever:
    """Talons of all days."""

    talons: Talons

    def page(self, number: int, limit: int = 0) -> Listing:
        return self.talons.any_day(number, limit)


List = Cards | Spanned | Ever


def days(span: Span) -> Sequence[tuple[str, str | int]]:
    """As `intervals` takes them: docs/reference/archimed.md §1.3."""
    return [("date_from", written_day(span.first)), ("date_to", written_day(span.last))]


def rows_of_all(shelf: List, limit: int) -> Iterator[Row]:
    for _, listing in all_pages(shelf, 1, limit):
        yield from listing.rows


def all_pages(shelf: List, number: int, limit: int) -> Iterator[tuple[int, Listing]]:
    """From a page on to the last."""
    while True:
        listing = shelf.page(number, limit)
        yield number, listing
        is_last = number >= listing.pages if listing.pages is not None else len(listing.rows) < listing.limit
        if is_last or not listing.rows:
            return
        number += 1
