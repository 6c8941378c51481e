"""The clinic lives: somebody is booked, moved, comes, pays, does not come. At any hour, so that a demo has life.

The API shows no payments (docs/reference/archimed.md §1.2): who paid has the status that the clinic made for it.
"""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from .seed.people import CardFile
from .state import booking
from .state.booking import Refusal, Wish
from .state.branch import Branch
from .state.grid import free_slots
from .state.records import Doctor, Talon

KEPT = 1_000_000
WEIGHTS = {
    "patient_added": 8,
    "booked": 24,
    "moved": 10,
    "confirmed": 14,
    "arrived": 10,
    "started": 8,
    "completed": 8,
    "paid": 7,
    "cancelled": 5,
    "deleted": 3,
    "no_show": 3,
    "patient_changed": 4,
}
BEFOREHAND = ("booked", "confirmed")
BOOKED_WITHIN_DAYS = 14

Touched = tuple[int, int] | None
"""Medcard and talon; None when there was nobody whom it could happen to."""


@dataclass(frozen=True, slots=True)
class Change:
    """`at` is unix time."""

    number: int
    at: float
    kind: str
    branch: str
    medcard: int
    talon: int


class Staff:
    """One branch's people at work."""

    def __init__(self, branch: Branch, dice: random.Random) -> None:
        self.branch = branch
        self._dice = dice
        self._cards = CardFile(branch, dice)
        self.acts: dict[str, Callable[[], Touched]] = {
            "patient_added": lambda: (self._cards.newcomer().id, 0),
            "patient_changed": self._patient_changed,
            "booked": self._booked,
            "moved": self._moved,
            "confirmed": lambda: self._status("confirmed", ("booked",), coming=True),
            "arrived": lambda: self._status("arrived", BEFOREHAND),
            "started": lambda: self._status("in_progress", ("arrived",)),
            "completed": lambda: self._status("completed", ("in_progress",)),
            "paid": lambda: self._status("paid", ("completed",)),
            "cancelled": lambda: self._status("cancelled", BEFOREHAND, coming=True),
            "no_show": lambda: self._status("no_show", BEFOREHAND),
            "deleted": self._deleted,
        }

    def _some_talon(self, means: tuple[str, ...], *, coming: bool = False) -> Talon | None:
        """Any that is to come, or, of those who come and go, whose time is nearest."""
        branch, now = self.branch, self.branch.now()
        fitting = [
            talon
            for talon in branch.talons.values()
            if not talon.deleted and branch.meaning(talon.status_id) in means and (not coming or talon.start > now)
        ]
        if not coming:
            return min(fitting, key=lambda talon: abs(talon.start - now), default=None)
        return self._dice.choice(fitting) if fitting else None

    def _status(self, means: str, before: tuple[str, ...], *, coming: bool = False) -> Touched:
        talon = self._some_talon(before, coming=coming)
        if talon is None:
            return None
        reason = 1 + int(self._dice.random() * 3) if means == "cancelled" else 0
        booking.change_status(self.branch, talon, self.branch.status_that(means).id, reason)
        return talon.patient_id, talon.id

    def _patient_changed(self) -> Touched:
        card = self._dice.choice(list(self.branch.medcards.values()))
        card.phone, card.changed = self._cards.stranger()[1], self.branch.now()
        return card.id, 0

    def _booked(self) -> Touched:
        place = self._free_place()
        if place is None:
            return None
        known = self._dice.random() < 0.7 and self.branch.medcards
        card = self._dice.choice(list(self.branch.medcards.values())) if known else self._cards.newcomer()
        creator = self._dice.choice(list(self.branch.users.values())).name
        doctor, start, end = place
        wish = Wish(doctor_id=doctor.id, start=start, end=end, card=card, creator=creator, record_type_id=1)
        return card.id, booking.book(self.branch, wish).id

    def _moved(self) -> Touched:
        talon, place = self._some_talon(BEFOREHAND, coming=True), self._free_place()
        if talon is None or place is None:
            return None
        booking.move(self.branch, talon, place[0].id, place[1], place[2])
        return talon.patient_id, talon.id

    def _deleted(self) -> Touched:
        talon = self._some_talon(BEFOREHAND, coming=True)
        if talon is None:
            return None
        booking.delete(self.branch, talon, 1 + int(self._dice.random() * 4))
        return talon.patient_id, talon.id

    def _free_place(self) -> tuple[Doctor, datetime, datetime] | None:
        doctors, now = list(self.branch.bookable()), self.branch.now()
        for _ in range(10):
            doctor = self._dice.choice(doctors)
            day = now.date() + timedelta(days=int(self._dice.random() * BOOKED_WITHIN_DAYS))
            places = [slot for slot in free_slots(self.branch, doctor, day, day) if slot[0] > now]
            if places:
                start, end = self._dice.choice(places)
                return doctor, start, end
        return None


class LivingClinic:
    """Changes by chance, in all branches, so many a second."""

    def __init__(self, branches: list[Branch], lock: threading.RLock, seed: int) -> None:
        self._dice = random.Random(f"live {seed}")
        self._staff = [Staff(branch, self._dice) for branch in branches]
        self._changing = lock
        self._changes: deque[Change] = deque(maxlen=KEPT)
        self._made = 0
        self._left: int | None = 0
        self._rate = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, rate: float, changes: int | None = None) -> None:
        """`changes` more and then stop, or on and on."""
        self.stop()
        self._rate, self._left = rate, changes
        self._stopping.clear()
        self._thread = threading.Thread(target=self._live, name="clinic", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nothing happens any more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _live(self) -> None:
        due = time.monotonic()
        while self._left is None or self._left > 0:
            due += self._dice.expovariate(self._rate)
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                return
            with self._changing:
                self.change()
            if self._left is not None:
                self._left -= 1

    def change(self) -> None:
        """One thing happens; if it has nobody to happen to, somebody is booked or comes anew."""
        staff = self._dice.choice(self._staff)
        first = self._dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        for kind in (first, "booked", "patient_added"):
            try:
                touched = staff.acts[kind]()
            except Refusal:
                continue
            if touched is not None:
                self._made += 1
                self._changes.append(Change(self._made, time.time(), kind, staff.branch.api_id, *touched))
                return

    def after(self, number: int) -> list[dict[str, object]]:
        """Later changes."""
        return [asdict(change) for change in list(self._changes) if change.number > number]

    def summary(self) -> dict[str, object]:
        """For the controls."""
        running = self._thread is not None and self._thread.is_alive()
        kinds = Counter(change.kind for change in list(self._changes))
        return {
            "running": running,
            "rate": self._rate if running else 0.0,
            "left": self._left if running else 0,
            "made": self._made,
            "by_kind": dict(kinds),
        }
