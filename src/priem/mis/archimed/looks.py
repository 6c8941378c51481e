"""Which page of which list is to be looked at next, and what in it is news. Asks nobody."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zlib import crc32

from priem.mis.archimed.api import Listing
from priem.mis.archimed.loose import Row, an_id

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """A row as it was given out."""

    check_sum: int
    """0 for one that has to be given out again."""
    row: Row | None
    """What is said of it when it vanishes; None where that is of no use."""
    seen_at: datetime


@dataclass(slots=True)
class Shelf:
    """One list: its pages, when each was looked at, and every row that was seen."""

    fields: Sequence[str]
    may_vanish: bool = False
    pages: int = 1
    looked: dict[int, datetime] = field(default_factory=dict)
    known: dict[str, Mark] = field(default_factory=dict)
    newest_first: bool = False
    """As the rows of the last full page stood."""
    given: dict[str, Mark] = field(default_factory=dict)
    """What was given out since the last cursor that is known to be kept."""

    def next_page(self, now: datetime, period: Callable[[int], float], done: set[int]) -> tuple[float, int] | None:
        """How due it is (1: just now), and the page; None when all are done."""
        left = [page for page in range(1, self.pages + 1) if page not in done]
        if not left:
            return None
        how_due, number = max((due(self.looked.get(page), now, period(page)), -page) for page in left)
        return how_due, -number

    def is_fresh(self, page: int, count: int = 1) -> bool:
        """Whether it is one of so many pages on which new rows appear."""
        return page <= count if self.newest_first else page > self.pages - count

    def note(self, page: int, listing: Listing, now: datetime) -> None:
        is_full = len(listing.rows) >= listing.limit
        self.pages = listing.pages if listing.pages is not None else max(page + is_full, self.pages * is_full, 1)
        ids = [int(an_id(row.get("id")) or 0) for row in listing.rows]
        self.newest_first = ids[0] > ids[-1] if len(ids) > 1 else self.newest_first
        self.looked[page] = now
        self.looked = {number: at for number, at in self.looked.items() if number <= self.pages}

    @property
    def whole_since(self) -> datetime | None:
        """Since then every page was looked at; None when one was not yet."""
        return min(self.looked.values()) if len(self.looked) >= self.pages else None

    def news(self, rows: Sequence[Row], now: datetime, counts: Callable[[Row], bool]) -> Iterator[Row]:
        """Those that differ from what was given out. Of unknown ones those that count; the others are only kept."""
        for row in rows:
            told = self.told(row)
            mark = Mark(check_sum(told), told if self.may_vanish else None, now)
            id_ = an_id(row.get("id")) or f"?{mark.check_sum}"
            before = self.known.get(id_)
            if before.check_sum != mark.check_sum if before else counts(row):
                self.given[id_] = mark
                yield row
            self.known[id_] = mark

    def missing(self, is_expected: Callable[[Row], bool]) -> list[str]:
        """Rows that ought to be there and were on none of the pages."""
        since = self.whole_since
        if since is None:
            return []
        gone = ((id_, mark) for id_, mark in self.known.items() if mark.seen_at < since)
        return [id_ for id_, mark in gone if mark.row is not None and is_expected(mark.row)]

    def expect(self, rows: Sequence[Row]) -> None:
        """What another process saw there: given out once more where it still is, and missed where it is not."""
        self.known = {an_id(row.get("id")): Mark(0, row, LONG_AGO) for row in rows}

    def watched(self) -> list[Row]:
        """What may still vanish; and what has vanished just now, as long as nobody knows that it was told."""
        return [mark.row for mark in (self.given | self.known).values() if mark.row is not None]

    def forget(self, id_: str) -> Mark:
        """It is not there any more."""
        mark = self.known.pop(id_)
        self.given[id_] = mark
        return mark

    def prune(self) -> None:
        """What has left the list in the course of time is not kept for ever."""
        if since := self.whole_since:
            self.known = {id_: mark for id_, mark in self.known.items() if mark.seen_at >= since}

    def keep(self) -> None:
        """What was given out is done with."""
        self.given.clear()

    def undo(self) -> None:
        """What was given out was not carried out: the next looks find it once more."""
        self.known |= {id_: replace(mark, check_sum=0) for id_, mark in self.given.items()}
        self.given.clear()
        self.looked.clear()

    def told(self, row: Row) -> Row:
        """What was asked for, since some answer with everything."""
        return {name: row[name] for name in self.fields if name in row}


def check_sum(row: Row) -> int:
    """Never 0."""
    return crc32(json.dumps(row, sort_keys=True, default=str).encode()) + 1


def due(looked: datetime | None, now: datetime, period: float) -> float:
    if looked is None:
        return float("inf")
    return abs((now - looked).total_seconds()) / period if period else float("inf")
