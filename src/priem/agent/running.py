"""The agent at work: it reads, it sends, it tells how it does, side by side; each goes on whatever ails the others."""

import contextlib
import ctypes
import gc
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from priem.agent.answering import answer, not_now, packed
from priem.agent.clock import SystemClock
from priem.agent.enrolment import Access, Limits, about_here
from priem.agent.folder import Folder
from priem.agent.line import Elsewhere, Line, Revoked, TooLarge, Unread
from priem.agent.reading import Reader
from priem.agent.settings import given_in, keep_given
from priem.agent.spool import Rewound, Spool
from priem.errors import PriemError, TryLater
from priem.ports import Clock
from priem.relay.parcels import Position
from priem.relay.texts import trouble_as_json
from priem.relay.words import Asked, Given, Halt, Orders, Report
from priem.texts import text

LONGEST_PAUSE = 60.0
"""Seconds between tries while something is wrong."""
SHORTEST_PAUSE = 1.0
MOST_PAUSE_OF_A_HALT = 5.0
REVOKED_PAUSE = 300.0
TRIES = 3
STATUS = "status.json"

log = logging.getLogger("priem.agent")


@dataclass(slots=True)
class Trouble:
    """What one of the agent's works met last, and how long it rests because of it."""

    error: PriemError | None = None
    pause: float = 0.0

    def met(self, error: PriemError) -> float:
        """Seconds to rest."""
        self.error = error
        if isinstance(error, Revoked):
            return REVOKED_PAUSE
        self.pause = min(max(2 * self.pause, SHORTEST_PAUSE), LONGEST_PAUSE)
        asked = error.after if isinstance(error, TryLater) and error.after else 0.0
        return max(self.pause, asked)

    def over(self) -> None:
        self.error, self.pause = None, 0.0


class Agent:
    """The works, each a step that tests may take by themselves; `run` takes them all until it is told to stop."""

    def __init__(
        self,
        folder: Folder,
        access: Access,
        limits: Limits,
        *,
        clock: Clock | None = None,
        free: Callable[[], int] | None = None,
        line: Line | None = None,
    ) -> None:
        self.folder = folder
        self.line = line or Line(access.address, access.token)
        least, most = limits.least_free_megabytes * 1_000_000, limits.most_megabytes * 1_000_000
        self.spool = Spool(folder, most, least, free)
        self.given: Given | None = given_in(folder)
        self.reader = Reader(folder, self.spool, clock or SystemClock())
        self.reading, self.sending = Trouble(), Trouble()
        self.stop = threading.Event()
        self._look = threading.Event()
        self._tell = threading.Event()
        self._looks: int | None = None
        self._questions: SimpleQueue[Asked] = SimpleQueue()
        self._taken: set[int] = set()
        self._here = about_here()
        self._again = 1.0
        self._unread = 0
        self.halt = self.spool.halt()

    # One step of each work

    def report(self) -> float:
        """Tells the hub how it does and does what it says. Gives the seconds until the next time."""
        orders = self.line.report(self._report())
        self.heed(orders)
        self._again = orders.again
        return orders.again

    def heed(self, orders: Orders) -> None:
        if orders.given and (self.given is None or orders.version != self.given.version):
            self.given = orders.given
            with contextlib.suppress(OSError):  # on a full disk they hold until the next start, which asks for them
                keep_given(self.folder, orders.given)
            self._look.set()
        if not self.spool.agrees_with(orders.stream, orders.sequence, orders.mark):
            self.go_where_the_hub_stands()
        if self._looks is not None and orders.look != self._looks:
            self._look.set()
        self._looks = orders.look
        for asked in orders.questions:
            if asked.id not in self._taken:
                self._taken.add(asked.id)
                self._questions.put(asked)

    def go_where_the_hub_stands(self) -> None:
        if self.spool.rewind(self.line.position()):
            self._look.set()

    def read_anew(self) -> None:
        """What waits is of no use as it is: behind what the hub has, everything is read over."""
        self.spool.rewind(Position(stream=-1))
        self.go_where_the_hub_stands()

    def read_once(self) -> None:
        """One reading to its end, or until nothing more may be read. Raises TryLater and AskOperator."""
        self.halt = self.spool.halt()
        if self.halt or self.given is None:
            return
        try:
            self.reader.read(self.given, self.stop)
            self.halt = self.spool.halt()
        except Rewound:
            self._look.set()
        except OSError as error:
            self.halt = Halt.DISK
            raise TryLater(NO_DISK) from error

    def send_one(self) -> bool:
        """Whether there was a parcel to send. Raises TryLater and AskOperator."""
        first = self.spool.first()
        if first is None:
            if self.spool.is_damaged():
                self.read_anew()
            return False
        head, parcel = first
        try:
            orders = self.line.send(head, parcel)
        except Elsewhere:
            self.go_where_the_hub_stands()
            return True
        except TooLarge:
            if not self.reader.read_less():
                raise
            self.read_anew()
            return True
        except Unread:
            self._unread += 1
            if self._unread % TRIES == 0:  # not damaged on its way: it is no better here
                self.read_anew()
            raise
        self._unread = 0
        self.spool.has_arrived(head.position)
        self.heed(orders)
        return True

    def answer_one(self, seconds: float = 0.0) -> bool:
        """Whether there was a question. Raises TryLater."""
        try:
            asked = self._questions.get(timeout=seconds) if seconds else self._questions.get_nowait()
        except Empty:
            return False
        try:
            told = self._answered(asked)
            self.heed(self._said(asked, told))
        finally:
            self._taken.discard(asked.id)  # a question that is still open is asked again
        return True

    def _said(self, asked: Asked, told: dict[str, object]) -> Orders:
        try:
            return self.line.answer(asked.id, packed(told))
        except TooLarge as error:
            return self.line.answer(asked.id, packed(not_now(error)))

    def _answered(self, asked: Asked) -> dict[str, object]:
        if self.given is None:
            return not_now(TryLater(NO_SETTINGS))
        try:
            with self.reader.alone(self.given) as source:
                return answer(asked, source, self.spool.tail.cursor)
        except PriemError as error:
            return not_now(error)

    # All of them

    def run(self) -> None:
        """Until `stop`."""
        works = (self._keep_reading, self._keep_sending, self._keep_answering)
        threads = [threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        try:
            self._keep_reporting()
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(5)
            self.reader.close()
            self.line.close()

    def _keep_reporting(self) -> None:
        pause = Trouble()
        while not self.stop.is_set():
            try:
                seconds = self.report()
                pause.over()
                self.sending.error = None if isinstance(self.sending.error, Revoked) else self.sending.error
            except PriemError as error:
                seconds = pause.met(error)
                self.sending.error = error
            self.show()
            if self._tell.wait(seconds):
                self._tell.clear()

    def _keep_reading(self) -> None:
        while not self.stop.is_set():
            began, was_first = time.monotonic(), self.spool.tail.is_first
            before = self.reading.error is None, self.halt
            try:
                if not isinstance(self.sending.error, Revoked):
                    self.read_once()
                self.reading.over()
                seconds = self.given.interval if self.given and not self.halt else MOST_PAUSE_OF_A_HALT
            except PriemError as error:
                seconds = self.reading.met(error)
            except Exception as error:  # noqa: BLE001 - a thread that ends would leave an agent that only seems well
                seconds = self.reading.met(own_error(error))
            if before != (self.reading.error is None, self.halt):
                self._tell.set()
            if was_first and not self.spool.tail.is_first:
                tidy_up()
            if self.halt:
                self._wait_for_room()
            elif self._look.wait(max(0.0, began + seconds - time.monotonic())):
                self._look.clear()

    def _wait_for_room(self) -> None:
        with self.spool.came:
            self.spool.came.wait(MOST_PAUSE_OF_A_HALT)

    def _keep_sending(self) -> None:
        while not self.stop.is_set():
            try:
                has_sent = self.send_one()
                self.sending.over()
            except PriemError as error:
                self.stop.wait(self.sending.met(error))
                continue
            except Exception as error:  # noqa: BLE001 - as above
                self.stop.wait(self.sending.met(own_error(error)))
                continue
            if not has_sent:
                with self.spool.came:
                    if not self.spool.waiting():
                        self.spool.came.wait(SHORTEST_PAUSE)

    def _keep_answering(self) -> None:
        while not self.stop.is_set():
            try:
                with contextlib.suppress(PriemError):
                    self.answer_one(SHORTEST_PAUSE)
            except Exception as error:  # noqa: BLE001 - as above
                own_error(error)
                self.stop.wait(SHORTEST_PAUSE)

    def end(self) -> None:
        """From another thread, or a signal."""
        self.stop.set()
        self._look.set()
        self._tell.set()

    # What is told of it

    def _report(self) -> Report:
        tail = self.spool.tail
        # What never gets through is for the hub to say, too: nobody looks at this computer.
        error = self.reading.error or (self.sending.error if isinstance(self.sending.error, TooLarge) else None)
        return Report(
            program=self._here["program"],
            host=self._here["host"],
            version=self.given.version if self.given else "",
            position=tail,
            waiting=self.spool.waiting(),
            waiting_bytes=self.spool.size(),
            lag=self.spool.lag(),
            read_at=self.reader.read_at,
            halt=self.halt,
            trouble=trouble_as_json(error) if error else None,
        )

    def show(self) -> None:
        """For `priem agent status`."""
        line = self.sending.error
        told = {
            **self._report().as_json(),
            "at": datetime.now(UTC).isoformat(),
            "line": trouble_as_json(line) if line else None,
        }
        with contextlib.suppress(OSError):
            self.folder.show(STATUS, told)


NO_DISK = text("The disk of the agent's computer is full: it reads nothing more until there is room.")
OWN_ERROR = text("The agent met an error of its own, and tries again.")
OWN_ERROR_ADVICE = text("If this goes on, send the agent's log to whoever looks after Priem.")
NO_SETTINGS = text("The agent has no settings from the hub yet.")


def own_error(error: Exception) -> TryLater:
    """Of a bug. The log names its kind and place: what it says might be about a patient."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("an error of the agent's own: %s at %s:%s", type(error).__name__, place.name, place.lineno)
    return TryLater(OWN_ERROR, OWN_ERROR_ADVICE)


def tidy_up() -> None:
    """A first reading leaves memory behind that an idle agent does not need, and glibc keeps for itself."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
