"""Reads the next pages while the engine works on this one: a first reading is never what amoCRM waits for."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any

from priem.model import Finding, Page, Patient, Rejected
from priem.ports import Counts, Source

PAGES_AHEAD = 1
"""Beside the one that waits to be put: what changed live waits behind them."""
SOON = 0.1
"""Seconds until a reader whose pages nobody wants any more notices it."""


class ReadAhead:
    """A source that another thread reads. That one takes turns with whoever asks for single patients."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._turn = threading.Lock()

    @property
    def connection(self) -> str:
        return self._source.connection

    def check(self) -> Sequence[Finding]:
        with self._turn:
            return self._source.check()

    def count(self, since: str | None) -> Counts:
        with self._turn:
            return self._source.count(since)

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        with self._turn:
            return self._source.patients(ids)

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        with self._turn:
            return self._source.reread(since, patients, visits)

    def changes(self, since: str | None) -> Iterator[Page]:
        reading = Reading(self._source.changes(since), self._turn)
        try:
            yield from reading.pages()
        finally:
            reading.stop()

    @contextmanager
    def alone(self) -> Iterator[Source]:
        """The source itself, for what only its own kind can tell; nobody else asks it meanwhile."""
        with self._turn:
            yield self._source

    def close(self) -> None:
        close: Any = getattr(self._source, "close", None)
        if close:
            with self._turn:
                close()


class Reading:
    """Pages on their way from one thread to another, a few at most; what the reader raises comes in its place."""

    def __init__(self, pages: Iterator[Page], turn: threading.Lock) -> None:
        self._pages = pages
        self._turn = turn
        self._came: Queue[Page | BaseException | None] = Queue(PAGES_AHEAD)
        self._wanted = threading.Event()
        self._wanted.set()
        self._thread = threading.Thread(target=self._read, name="reading ahead", daemon=True)

    def pages(self) -> Iterator[Page]:
        self._thread.start()
        while (came := self._came.get()) is not None:
            if isinstance(came, BaseException):
                raise came
            yield came

    def stop(self) -> None:
        """When it returns, nobody reads any more."""
        self._wanted.clear()
        while self._thread.is_alive():
            self._make_room()
            self._thread.join(SOON)

    def _make_room(self) -> None:
        while True:
            try:
                self._came.get_nowait()
            except Empty:
                return

    def _read(self) -> None:
        try:
            while self._wanted.is_set():
                with self._turn:
                    page = next(self._pages, None)
                self._came.put(page)
                if page is None:
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits
            self._came.put(error)
