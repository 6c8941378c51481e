"""Passes over a clinic: one, or one after another. A clinic's trouble is said once, and once more when it is over."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from priem.engine.sync import Clinic, Progress, sync
from priem.errors import AskOperator, PriemError, TryLater
from priem.ports import Source

LONGEST_PAUSE = 60.0
"""Seconds between tries while something is wrong."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A connection cannot be read, or amoCRM cannot be written, since now. None: it is over."""

    connection: str
    error: PriemError | None


News = Progress | Trouble


def one_pass(sources: tuple[Source, ...], clinic: Clinic) -> Iterator[tuple[str, Progress]]:
    """Reads every connection once. Raises PriemError of the first that fails, after the others had their turn."""
    failed: PriemError | None = None
    with clinic.store.exclusively():
        for source in sources:
            try:
                for progress in sync(source, clinic):
                    yield source.connection, progress
            except (TryLater, AskOperator) as error:
                failed = failed or error
    if failed:
        raise failed


@dataclass(slots=True)
class Follower:
    """Keeps one clinic in step until `stop` is set."""

    sources: tuple[Source, ...]
    clinic: Clinic
    stop: threading.Event
    interval: float = 1.0
    """Seconds from the beginning of one pass to the beginning of the next."""

    def news(self) -> Iterator[tuple[str, News]]:
        pauses = dict.fromkeys((source.connection for source in self.sources), 0.0)
        rests_until = dict.fromkeys(pauses, 0.0)
        while not self.stop.is_set():
            began = time.monotonic()
            for source in self.sources:
                if rests_until[source.connection] <= began:
                    for item in self.turn(source, pauses):
                        yield source.connection, item
                    rests_until[source.connection] = time.monotonic() + pauses[source.connection]
            self.stop.wait(max(0.0, self.interval - (time.monotonic() - began)))

    def turn(self, source: Source, pauses: dict[str, float]) -> Iterator[News]:
        """One pass over one connection; a failure lengthens its pause, a success ends it."""
        name = source.connection
        try:
            with self.clinic.store.exclusively():
                for progress in sync(source, self.clinic):
                    yield progress
                    if self.stop.is_set():
                        return
        except (TryLater, AskOperator) as error:
            if not pauses[name]:
                yield Trouble(name, error)
            asked = error.after if isinstance(error, TryLater) and error.after else 0.0
            pauses[name] = min(max(2 * pauses[name], self.interval, asked), LONGEST_PAUSE)
        else:
            if pauses[name]:
                yield Trouble(name, None)
            pauses[name] = 0.0
