"""The clinic lives: somebody is booked, moved, comes, is billed, does not come. At any hour, so that a demo has life.

Every change is a transaction of T-SQL statements by the login `clinic`, through the same path as a driver's would go.
"""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from priem.sandbox.ident.desk import Desk
from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.errors import SqlError
from priem.sandbox.ident.facts import Facts
from priem.sandbox.ident.interpreter import Interpreter
from priem.sandbox.ident.journal import Journal
from priem.sandbox.ident.permissions import STAFF

KEPT = 1_000_000
WEIGHTS = {
    "patient_added": 10,
    "visit_booked": 22,
    "visit_moved_time": 8,
    "visit_moved_new_row": 6,
    "visit_confirmed": 12,
    "arrived": 9,
    "started": 8,
    "ended": 8,
    "billed": 8,
    "cancelled": 6,
    "no_show": 4,
    "patient_changed": 6,
}


@dataclass(frozen=True, slots=True)
class Change:
    n: int
    at: float
    """Unix time of the COMMIT."""
    kind: str
    patient: int | None
    visit: int | None


class LivingClinic:
    def __init__(self, database: Database, journal: Journal, seed: int) -> None:
        self._database = database
        self._journal = journal
        self._dice = random.Random(f"live {seed}")
        self._changes: deque[Change] = deque(maxlen=KEPT)
        self._made = 0
        self._failed = 0
        self._left: int | None = 0
        self._rate = 0.0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, *, rate: float, changes: int | None = None) -> None:
        """`changes` more and then stop, or on and on."""
        self.stop()
        self._rate, self._left = rate, changes
        self._stopping.clear()
        self._thread = threading.Thread(target=self._live, name="clinic", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing happens in the clinic meanwhile: it would have nothing to happen in."""
        with self._lock:
            yield

    def _live(self) -> None:
        due = time.monotonic()
        while self._left is None or self._left > 0:
            due += self._dice.expovariate(self._rate)
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                return
            with self._lock:
                self._change()
            if self._left is not None:
                self._left -= 1

    def _change(self) -> None:
        """A connection for each change: a restored backup leaves nothing of the old one."""
        interpreter = Interpreter(self._database, self._journal, Facts(login=STAFF, spid=50))
        try:
            self._act(interpreter, Desk(interpreter, self._database.clock, self._dice))
        except SqlError:
            self._failed += 1
        finally:
            interpreter.close()

    def _act(self, interpreter: Interpreter, desk: Desk) -> None:
        interpreter.begin()
        for kind in self._choices():
            done = getattr(desk, kind)()
            if done is not None:
                self._made += 1
                at = time.time()
                interpreter.commit()
                self._changes.append(Change(self._made, at, kind, *done))
                return
        interpreter.rollback()
        self._failed += 1

    def _choices(self) -> list[str]:
        """One kind by weight; others in case there is nobody whom it could happen to."""
        first = self._dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        return [first, "visit_booked", "visit_confirmed", "patient_added"]

    # --- for the control port ---------------------------------------------------------------------

    def changes_after(self, number: int) -> list[dict[str, Any]]:
        return [asdict(change) for change in list(self._changes) if change.n > number]

    def summary(self) -> dict[str, Any]:
        running = self._thread is not None and self._thread.is_alive()
        kinds = Counter(change.kind for change in list(self._changes))
        return {
            "running": running,
            "rate": self._rate if running else 0.0,
            "left": self._left if running else 0,
            "made": self._made,
            "failed": self._failed,
            "by_kind": dict(kinds),
        }
