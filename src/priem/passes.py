"""Passes over a clinic: one, or one after another. A clinic's trouble is said once, and once more when it is over."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from priem.engine.sync import Clinic, Progress, sync
from priem.errors import AskOperator, PriemError, TryLater
from priem.ports import Source

LONGEST_PAUSE = 60.0
"""Seconds between tries while something is wrong."""
LONGEST_SILENCE = 5.0
"""Seconds of one pass after which amoCRM is listened to once more."""
BETWEEN_LOOKS = 0.1
"""Seconds: a webhook that this very process has received is looked at within them."""


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
        informed = hear(clinic)
        for source in sources:
            try:
                for progress in hearing_meanwhile(sync(source, informed), clinic):
                    yield source.connection, progress
            except (TryLater, AskOperator) as error:
                failed = failed or error
    if failed:
        raise failed


def hear(clinic: Clinic) -> Clinic:
    """The clinic as it is once everything is taken in that amoCRM has told."""
    return replace(clinic, is_told=clinic.ears.hear()) if clinic.ears else clinic


def hearing_meanwhile(pieces: Iterator[Progress], clinic: Clinic) -> Iterator[Progress]:
    """A first sync takes hours, in which every contact and lead that it writes comes back as a webhook."""
    heard = time.monotonic()
    for progress in pieces:
        yield progress
        if progress.page and time.monotonic() - heard > LONGEST_SILENCE:
            hear(clinic)
            heard = time.monotonic()


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
            due = [source for source in self.sources if rests_until[source.connection] <= began]
            for source in due:
                for item in self.turn(source, pauses):
                    yield source.connection, item
                rests_until[source.connection] = time.monotonic() + pauses[source.connection]
            if not due:
                self.listen()
            self.rest(began + self.interval)

    def turn(self, source: Source, pauses: dict[str, float]) -> Iterator[News]:
        """One pass over one connection; a failure lengthens its pause, a success ends it."""
        name = source.connection
        try:
            with self.clinic.store.exclusively():
                for progress in hearing_meanwhile(sync(source, hear(self.clinic)), self.clinic):
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

    def listen(self) -> None:
        """Takes in what amoCRM has told, whatever becomes of the clinic's own database."""
        try:
            with self.clinic.store.exclusively():
                hear(self.clinic)
        except TryLater:
            return  # somebody else's pass listens

    def rest(self, until: float) -> None:
        """Until that moment of the monotonic clock, or the end; a webhook does not wait for it."""
        ears = self.clinic.ears
        while not self.stop.is_set() and (left := until - time.monotonic()) > 0:
            if ears and ears.rings():
                self.listen()
            self.stop.wait(min(left, BETWEEN_LOOKS))
