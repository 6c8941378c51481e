"""Reading: what changed goes onto the disk, page by page, from where the last page ended."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from priem.agent.enrolment import database_in
from priem.agent.folder import Folder
from priem.agent.settings import config_of
from priem.agent.spool import Spool
from priem.mis.ahead import ReadAhead
from priem.mis.ident import Ident
from priem.mis.ident.cursor import Cursor
from priem.model import Page, Patient, Rejected
from priem.phones import numbers_in
from priem.ports import Clock, Exchange
from priem.relay.parcels import Load
from priem.relay.words import Given

MOST_PARTS = 1024
PAGE = 1000
"""Records of a first reading: each page is a way to the hub and back."""
log = logging.getLogger("priem.agent")


class Questions:
    """The database's exchanges go into the log where one failed: names of statements, never values."""

    def note(self, exchange: Exchange) -> None:
        if exchange.error:
            log.warning("%s: %s", exchange.what, exchange.error)


class Reader:
    """Of one database. Readings come from one thread; questions may come from another, in between pages."""

    def __init__(self, folder: Folder, spool: Spool, clock: Clock) -> None:
        self._folder = folder
        self._spool = spool
        self._clock = clock
        self._opened: tuple[tuple[str, int], ReadAhead, Ident] | None = None
        self._part = 1
        """Of the pages that the settings name: see `read_less`."""
        self._opening = threading.Lock()
        self.read_at: datetime | None = None
        """When it was last read to its end."""

    def read(self, given: Given, stop: threading.Event) -> None:
        """To the end, or until `stop`, or until there is no room. Raises Rewound, OSError, TryLater, AskOperator."""
        source, epoch, since = self._source(given), self._spool.epoch, self._spool.tail.cursor
        with contextlib.closing(source.changes(since)) as pages:  # type: ignore[type-var]  # it is a generator
            for page in pages:
                is_first = is_of_first_reading(page)
                self._spool.put(epoch, self._load(source, page, given, is_first=is_first), is_first=is_first)
                # What is remembered of phones would be a third of what the process may hold, for nothing.
                numbers_in.cache_clear()
                if stop.is_set() or self._spool.halt():
                    return
        self.read_at = datetime.now(UTC)

    def _load(self, source: ReadAhead, page: Page, given: Given, *, is_first: bool) -> Load:
        """With the cards of whom the hub may not know yet: it need not ask for them, one way and back, before it can
        make a lead."""
        if is_first and not page.is_news and not given.cards_at_first:
            return Load(page=page)
        missing = {visit.patient.id for visit in page.visits} - {patient.key.id for patient in page.patients}
        cards: tuple[Patient | Rejected, ...] = source.patients(sorted(missing)) if missing else ()
        return Load(page=page, cards=cards)

    def read_less(self) -> bool:
        """Pages of half the size from now on. False: they cannot be smaller."""
        if self._part >= MOST_PARTS:
            return False
        self._part *= 2
        return True

    @contextlib.contextmanager
    def alone(self, given: Given) -> Iterator[Ident]:
        """The source itself, between two pages. Raises AskOperator for settings that it does not take."""
        self._source(given)
        opened = self._opened
        assert opened is not None, "it was just opened"  # noqa: S101 - says what holds
        with opened[1].alone():
            yield opened[2]

    def _source(self, given: Given) -> ReadAhead:
        with self._opening:
            wanted = given.version, self._part
            if self._opened is None or self._opened[0] != wanted:
                config = config_of(self._folder, given, database_in(self._folder))
                self._close()
                config = replace(config, page_size=max(1, config.page_size // self._part))
                source = Ident(config, Questions(), self._clock, given_at_once=PAGE)
                self._opened = wanted, ReadAhead(source), source
            return self._opened[1]

    def close(self) -> None:
        with self._opening:
            self._close()

    def _close(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None


def is_of_first_reading(page: Page) -> bool:
    """Whether more of a first reading follows; also of one over again, after the database was put back."""
    return Cursor.parse(page.cursor).read is None
