"""The history of requests, written behind the back of those who make them: at most half a second late."""

import atexit
import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator

import structlog
from django.db import DatabaseError, connection

from priem.hub.environment import BUSY_SECONDS
from priem.hub.history.notes import Idle, Note, is_idle, made, write
from priem.ports import Exchange

BETWEEN_WRITES = 0.5
MOST_WAITING = 20_000
"""A database that is away for long costs the oldest notes, not the process's memory."""
MOST_WITH_BODIES = 2_000
"""What waits beyond these is written without what it carried."""
AT_ONCE = 500
LONGEST_WAIT = 1.0
"""Seconds for another writer on SQLite: notes can wait for the next time, whoever presses Ctrl-C cannot."""

log = structlog.get_logger(__name__)


@contextlib.contextmanager
def impatiently() -> Iterator[None]:
    """Meanwhile this thread's connection waits for other writers for a moment only."""
    connection.ensure_connection()
    own = connection.connection  # not a cursor: nothing may be asked through one in a transaction that has failed
    if connection.vendor != "sqlite":
        yield
        return
    own.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT * 1000:.0f}")
    try:
        yield
    finally:
        own.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


class Notebook:
    """One for the whole process: clinics come and go, one thread writes for them all."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Empty. In a forked child, too: its parent writes what was noted before, and the thread stayed there."""
        self._waiting: deque[Note] = deque(maxlen=MOST_WAITING)
        self._idle = Idle()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def note(self, clinic_id: int, exchange: Exchange) -> None:
        note: Note | None = made(clinic_id, exchange, with_bodies=len(self._waiting) < MOST_WITH_BODIES)
        if note and is_idle(exchange):
            note = self._idle.take(note)
        if note is None:
            return
        self._waiting.append(note)
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        self._wake.set()

    def _begin(self) -> None:
        with self._writing:
            if self._thread is None or not self._thread.is_alive():
                self._closed.clear()
                self._thread = threading.Thread(target=self._write_behind, name="exchanges", daemon=True)
                self._thread.start()

    def _write_behind(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._closed.wait(BETWEEN_WRITES)  # let more of them gather
            self._wake.clear()
            self._try_to_write()
        connection.close()

    def _try_to_write(self) -> None:
        try:
            self.flush()
        except DatabaseError as error:
            log.warning("exchanges are kept waiting", waiting=len(self._waiting), error=type(error).__name__)
            connection.close()
            self._wake.set()

    def flush(self) -> None:
        """Writes what was noted until now. What could not be written goes on waiting."""
        with self._writing:
            if self._waiting:
                with impatiently():
                    self._write()

    def _write(self) -> None:
        while notes := [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]:
            try:
                write(notes)
            except DatabaseError:
                self._waiting.extendleft(reversed(notes))
                raise

    def close(self) -> None:
        """Writes the rest and stops the thread; a later note starts it anew."""
        thread = self._thread
        self._closed.set()
        self._wake.set()
        if thread and thread is not threading.current_thread():
            thread.join()
        if self._waiting:
            self._try_to_write()


NOTEBOOK = Notebook()
atexit.register(NOTEBOOK.close)
os.register_at_fork(after_in_child=NOTEBOOK.begin_anew)


class DjangoExchanges:
    """A clinic's part of the notebook."""

    def __init__(self, clinic_id: int) -> None:
        self._clinic = clinic_id

    def note(self, exchange: Exchange) -> None:
        NOTEBOOK.note(self._clinic, exchange)

    def flush(self) -> None:
        """So that whoever looks now sees everything."""
        NOTEBOOK.flush()
