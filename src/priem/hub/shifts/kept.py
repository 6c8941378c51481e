"""One clinic as a worker keeps it in step: what `priem sync --follow` does, in turns that others' threads take."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from django.db import DatabaseError, close_old_connections, connection

from priem.amocrm.crm import AmoCrm
from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.sentences import as_json
from priem.hub.setup.living import count, expect, tell
from priem.hub.setup.outside import OpenedClinic, outside
from priem.hub.setup.work import Report
from priem.hub.shifts.crew import LONG, Lane
from priem.hub.shifts.shards import Wanted
from priem.hub.watch.watcher import Watcher
from priem.passes import RECONCILING, Follower, News, Pause, Trouble

INTERVAL = 1.0
"""Seconds between readings of a system that has to be asked."""
IDLE = 300.0
"""Between rounds of a clinic that is woken when something comes: for what only time brings."""
BETWEEN_NOTES = 10.0
"""Seconds between two notes of how a clinic that is in step does."""
AFTER_A_BUG = 60.0
QUIET = 5.0
"""Seconds: a connection that was good then is taken for good. If it is not, the turn is repeated a second later."""

log = structlog.get_logger(__name__)


class Kept:
    """Taken by one thread at a time."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._report = Report(wanted.work or 0)
        self._tally: Counter[str] = Counter()
        self._noted_at = 0.0
        self._written: object = None
        self._stack = ExitStack()
        self._follower: Follower | None = None
        self._watcher: Watcher | None = None
        self._opening = Pause()
        self._took = 0.0
        self._is_first = True
        self._called_at: datetime | None = None
        self._is_called = False
        self._is_hooked = False
        self._next_round = 0.0

    @property
    def id(self) -> int:
        return self.wanted.id

    @property
    def is_troubled(self) -> bool:
        # Asked by others while a turn is under way, which may add one.
        pauses = list(self._follower.pauses.values()) if self._follower else ()
        return self._opening.said is not None or any(pause.said is not None for pause in pauses)

    @property
    def lane(self) -> Lane:
        if self.is_troubled:
            return Lane.SLOW
        if self._follower and (self._is_first or self._follower.is_comparing):
            return Lane.BULK
        return Lane.SLOW if self._took > LONG else Lane.LIVE

    @property
    def acts_on_hooks(self) -> bool:
        """Somebody waits for what a move of a lead sets off."""
        follower = self._follower
        return follower is not None and bool(follower.clinic.bound.triggers)

    def call(self, at: datetime | None = None) -> None:
        """Something has come for it; then, if that is known."""
        self._called_at = self._called_at or at
        self._is_called = True

    def hook(self) -> None:
        """amoCRM has told something."""
        self._is_hooked = True

    def turn(self, is_enough: Callable[[], bool]) -> float:
        began = time.monotonic()
        try:
            look_after_connection()
            due = self._turn(is_enough)
        except (TryLater, AskOperator) as error:
            due = self._fails_to_open(error)
        except DatabaseError as error:
            log.warning("the hub's database is away", clinic=self.wanted.slug, error=type(error).__name__)
            connection.close()
            due = time.monotonic() + INTERVAL
        except Exception:
            log.exception("a pass broke off", clinic=self.wanted.slug)
            self._close()
            due = time.monotonic() + AFTER_A_BUG
        self._took = time.monotonic() - began
        return due

    def _turn(self, is_enough: Callable[[], bool]) -> float:
        if self._follower is None:
            self._open()
            return time.monotonic()  # what it will be, a first sync or not, is known only now
        follower, now = self._follower, time.monotonic()
        # Both are taken before the round: what comes meanwhile makes the next one.
        is_called, self._is_called = self._is_called, False
        is_hooked, self._is_hooked = self._is_hooked, False
        follower.is_enough = is_enough
        if now < self._next_round and not (is_called or follower.is_comparing):
            if is_hooked:
                follower.listen()
            if not (is_hooked and follower.clinic.bound.triggers):
                return self._next_round
        self._round(follower)
        self._next_round = self._due(follower, now)
        return self._next_round

    def _open(self) -> None:
        self._close()
        opened: OpenedClinic = self._stack.enter_context(outside().opened(self.wanted.slug))
        self._watcher = Watcher(self.id, beats=False)
        clinic = replace(opened.clinic, watch=self._watcher)
        nightly = outside().nightly_of(opened)
        self._is_first = any(clinic.store.cursor(source.connection) is None for source in opened.sources)
        if self._is_first:
            expect(opened, self._report, asks=not self.wanted.is_fed)
        self._follower = Follower(opened.sources, clinic, threading.Event(), INTERVAL, nightly)
        if self._opening.end():
            self._report.facts.pop("trouble", None)

    def _round(self, follower: Follower) -> None:
        if self._watcher and self._called_at:
            self._watcher.called(self._called_at)
        self._called_at = None
        for name, news in follower.round():
            self._note(name, news)
        if self._is_first:
            store = follower.clinic.store
            self._is_first = any(store.cursor(source.connection) is None for source in follower.sources)
        self._report.facts["is_live"] = not self._is_first
        self._write()
        if self.wanted.is_fed and isinstance(follower.clinic.crm, AmoCrm):
            follower.clinic.crm.rest()

    def _note(self, name: str, news: News) -> None:
        if isinstance(news, Trouble):
            self._report.facts.pop("trouble", None)
            if news.error:
                self._report.facts["trouble"] = as_json(news.error.what)
            self._noted_at = 0.0
        elif self._is_first and name != RECONCILING:
            tell(self._report, name, news, self._tally)
        elif news.carried:
            count(news, self._tally)
            self._report.facts["totals"] = dict(self._tally)

    def _write(self) -> None:
        """Pages look at this while they are open: a row for every turn of every clinic would be the greater work."""
        facts = {**self._report.facts, "lines": len(self._report.lines)}
        if time.monotonic() - self._noted_at > BETWEEN_NOTES and facts != self._written:
            self._noted_at, self._written = time.monotonic(), facts
            self._report.note(now=True)

    def _due(self, follower: Follower, began: float) -> float:
        if follower.is_comparing:
            return time.monotonic()
        pauses = [follower.pauses[source.connection] for source in follower.sources]
        if self.wanted.is_fed and not self.is_troubled and not self._is_first:
            return began + IDLE * (1 + random.random() / 2)  # noqa: S311 - clinics should not come all at once
        return max(began + INTERVAL, min((pause.until for pause in pauses), default=0.0))

    def _fails_to_open(self, error: TryLater | AskOperator) -> float:
        if self._opening.lengthen(error, INTERVAL):
            Watcher(self.id, beats=False).fails("", error, "crm")
            self._say(error)
        return self._opening.until

    def _say(self, error: PriemError) -> None:
        self._report.facts["trouble"] = as_json(error.what)
        self._report.note(now=True)

    def _close(self) -> None:
        self._follower = None
        self._stack.close()

    def close(self) -> None:
        try:
            self._close()
        except Exception:
            log.exception("a clinic is not closed in order", clinic=self.wanted.slug)


class Used(threading.local):
    """When this thread's connection did its last turn."""

    at: float = -math.inf


used = Used()


def look_after_connection() -> None:
    """Django asks a connection whether it still works before it is used again: after some quiet, that is."""
    close_old_connections()
    if time.monotonic() - used.at < QUIET:
        connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs leave it out
    used.at = time.monotonic()


def called_now() -> datetime:
    return datetime.now(UTC)
