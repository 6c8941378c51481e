"""Passes over a clinic: one, or one after another. A clinic's trouble is said once, and once more when it is over.

docs/reference/retries.md publishes when what is tried again.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from priem.engine.nightly import Nightly
from priem.engine.reconcile import reconcile
from priem.engine.sync import Clinic, Progress, sync
from priem.errors import AskOperator, PriemError, TryLater
from priem.ports import Source
from priem.texts import Text
from priem.watching import Enough, Overheard, never, watched

LONGEST_PAUSE = 60.0
"""Seconds between tries while something is wrong."""
JITTER = 0.2
"""The part of a pause by which it may be longer or shorter: many clinics must not come back in one second."""
BETWEEN_NOTES = 10.0
"""Seconds: that all is well is not written down every second."""
RECONCILING_AT_ONCE = 0.5
"""Seconds of comparing, after which what changes has its turn."""
RECONCILING = "reconcile"
BETWEEN_LISTENING = 1.0
LISTENING_AT_ONCE = 0.3
"""Seconds of one pass after which amoCRM is listened to once more, and for how long: of all that a first sync writes a
webhook comes back, and a live change must not wait until every one was looked at."""
BETWEEN_LOOKS = 0.1
"""Seconds: a webhook that this very process has received is looked at within them."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A connection cannot be read, or amoCRM cannot be written, since now. None: it is over."""

    connection: str
    error: PriemError | None


News = Progress | Trouble


def one_pass(sources: tuple[Source, ...], clinic: Clinic, *, is_regular: bool = True) -> Iterator[tuple[str, Progress]]:
    """Reads every connection once. Raises PriemError of the first that fails, after the others had their turn.

    A regular one counts as keeping the clinic in step: by hand, or by a timer.
    """
    failed: PriemError | None = None
    with clinic.store.exclusively():
        if clinic.watch and is_regular:
            clinic.watch.passes()
        informed = hear(clinic)
        for source in sources:
            overheard = Overheard(source)
            try:
                for progress in watched(overheard, hearing_meanwhile(sync(overheard, informed), clinic), clinic):
                    yield source.connection, progress
                do_chores(source, clinic)
            except (TryLater, AskOperator) as error:
                clinic.store.note(source.connection, error.what)
                failed = failed or error
            else:
                clinic.store.note(source.connection, None)
    if failed:
        raise failed


def hear(clinic: Clinic) -> Clinic:
    """The clinic as it is once everything is taken in that amoCRM has told."""
    if not clinic.ears:
        return clinic
    is_told = clinic.ears.hear()
    return replace(clinic, is_told=is_told, is_told_at_once=is_told and clinic.ears.hears_at_once())


def do_chores(source: Source, clinic: Clinic) -> None:
    for chore in clinic.chores:
        chore(source)


def hearing_meanwhile(pieces: Iterator[Progress], clinic: Clinic) -> Iterator[Progress]:
    """A first sync takes hours, in which every contact and lead that it writes comes back as a webhook."""
    heard = time.monotonic()
    for progress in pieces:
        yield progress
        if clinic.ears and progress.page and time.monotonic() - heard > BETWEEN_LISTENING:
            clinic.ears.hear_some(LISTENING_AT_ONCE)
            heard = time.monotonic()


@dataclass(slots=True)
class Pause:
    """How long one connection, or the comparison, rests after failures; and what was said of them."""

    jitter: Callable[[], float] = random.random
    length: float = 0.0
    until: float = 0.0
    """On the monotonic clock."""
    said: Text | None = None

    def lengthen(self, error: TryLater | AskOperator, shortest: float) -> bool:
        """Gives whether this trouble is news: it is said once."""
        self.length = min(max(2 * self.length, shortest), LONGEST_PAUSE)
        asked = error.after if isinstance(error, TryLater) and error.after else 0.0
        swayed = self.length * (1 - JITTER + 2 * JITTER * self.jitter())
        self.until = time.monotonic() + max(swayed, asked)
        is_news, self.said = self.said != error.what, error.what
        return is_news

    def end(self) -> bool:
        """Gives whether there was any trouble."""
        was, self.said, self.length, self.until = self.said is not None, None, 0.0, 0.0
        return was


@dataclass(slots=True)
class Follower:
    """Keeps one clinic in step until `stop` is set."""

    sources: tuple[Source, ...]
    clinic: Clinic
    stop: threading.Event
    interval: float = 1.0
    """Seconds from the beginning of one pass to the beginning of the next."""
    nightly: Nightly | None = None
    """When all links are compared."""
    bell: threading.Event | None = None
    """Set by whoever wants a pass now."""
    is_enough: Callable[[], bool] = never
    """Whether a pass has to make way, though there is more to read."""
    pauses: dict[str, Pause] = field(default_factory=lambda: defaultdict(Pause))
    _noted: dict[str, float] = field(default_factory=dict)
    _comparing: Iterator[News] | None = None

    def news(self) -> Iterator[tuple[str, News]]:
        while not self.stop.is_set():
            began = time.monotonic()
            if self.bell:
                self.bell.clear()
            yield from self.round()
            if not self.is_comparing:
                self.rest(began + self.interval)

    def round(self) -> Iterator[tuple[str, News]]:
        """One pass over every connection that is not resting, and a piece of the comparison that is under way."""
        began = time.monotonic()
        if self.clinic.watch:
            self.clinic.watch.beat()
        due = [source for source in self.sources if self.pauses[source.connection].until <= began]
        for source in due:
            for item in self.turn(source):
                yield source.connection, item
        if not due:
            self.listen()
        for item in self.compare_some():
            yield RECONCILING, item

    @property
    def is_comparing(self) -> bool:
        return self._comparing is not None

    def turn(self, source: Source) -> Iterator[News]:
        """One pass over one connection; a failure lengthens its pause, a success ends it."""
        name, overheard = source.connection, Overheard(source, self.is_enough)
        try:
            with self.clinic.store.exclusively():
                pieces = hearing_meanwhile(sync(overheard, hear(self.clinic)), self.clinic)
                for progress in watched(overheard, pieces, self.clinic):
                    yield progress
                    if self.stop.is_set():
                        return
                do_chores(source, self.clinic)
        except Enough:
            return
        except (TryLater, AskOperator) as error:
            yield from self.failed(name, error)
        else:
            yield from self.well(name)

    def failed(self, name: str, error: TryLater | AskOperator) -> Iterator[News]:
        if self.pauses[name].lengthen(error, self.interval):
            self.note(name, error.what)
            yield Trouble(name, error)

    def well(self, name: str) -> Iterator[News]:
        was_troubled = self.pauses[name].end()
        if was_troubled or time.monotonic() - self._noted.get(name, -BETWEEN_NOTES) >= BETWEEN_NOTES:
            self.note(name, None)
        if was_troubled:
            yield Trouble(name, None)

    def note(self, name: str, trouble: Text | None) -> None:
        if name != RECONCILING:
            self.clinic.store.note(name, trouble)
            self._noted[name] = time.monotonic()

    def compare_some(self) -> Iterator[News]:
        """A piece of the nightly comparison: live changes go on in between."""
        pause = self.pauses[RECONCILING]
        is_due = self.nightly and self.nightly.is_due(self.clinic.clock.now(), self.clinic.store)
        if self._comparing is None and is_due and pause.until <= time.monotonic():
            self._comparing = self.comparison()
        if self._comparing is None:
            return
        until = time.monotonic() + RECONCILING_AT_ONCE
        try:
            with self.clinic.store.exclusively():
                while time.monotonic() < until and not self.stop.is_set():
                    yield next(self._comparing)
        except StopIteration:
            self._comparing = None
            yield from self.well(RECONCILING)
        except (TryLater, AskOperator) as error:
            self._comparing = None
            yield from self.failed(RECONCILING, error)

    def comparison(self) -> Iterator[News]:
        repair = self.clinic.bound.settings.reconcile.repair
        for piece in reconcile(self.sources, self.clinic, repair=repair):
            yield Progress(mirrored=piece.mirrored, carried=piece.carried)

    def listen(self) -> None:
        """Takes in what amoCRM has told, whatever becomes of the clinic's own database."""
        try:
            with self.clinic.store.exclusively():
                hear(self.clinic)
        except TryLater:
            return  # somebody else's pass listens

    def rest(self, until: float) -> None:
        """Until that moment of the monotonic clock, or the bell, or the end; a webhook does not wait for it."""
        ears = self.clinic.ears
        while not (self.stop.is_set() or self.is_called()) and (left := until - time.monotonic()) > 0:
            if ears and ears.rings():
                self.listen()
            self.stop.wait(min(left, BETWEEN_LOOKS))

    def is_called(self) -> bool:
        return self.bell is not None and self.bell.is_set()
