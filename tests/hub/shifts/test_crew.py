"""Turns: whose is next, and that nobody's hanging database or first sync costs another clinic its own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from priem.hub.shifts import crew as crews
from priem.hub.shifts.crew import Crew, Lane

PATIENCE = 10.0
NEVER = float("inf")


@dataclass
class Clinic:
    """Takes its turns as a test wants."""

    id: int
    lane: Lane = Lane.LIVE
    every: float = NEVER
    waits_for: threading.Event | None = None
    turns: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    is_closed: bool = False

    def turn(self, is_enough: Callable[[], bool]) -> float:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.turns.append(time.monotonic())
        while self.waits_for and not (self.waits_for.is_set() or is_enough()):
            self.waits_for.wait(0.01)
        self.at_once -= 1
        return time.monotonic() + self.every

    def close(self) -> None:
        self.is_closed = True


@contextmanager
def at_work(crew: Crew) -> Iterator[Crew]:
    thread = threading.Thread(target=crew.run)
    thread.start()
    try:
        yield crew
    finally:
        crew.stop()
        thread.join(PATIENCE)


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_clinics_that_hang_leave_their_places_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "LONG", 0.05)
    forever = threading.Event()
    hanging = [Clinic(number, waits_for=forever) for number in range(3)]
    live = Clinic(10, every=0.01)
    with at_work(Crew({Lane.LIVE: 2, Lane.SLOW: 2, Lane.BULK: 1})) as crew:
        for one in (*hanging, live):
            crew.add(one, 0.0)
        until(lambda: len(live.turns) > 5)
        forever.set()


def test_a_first_sync_has_a_place_of_its_own() -> None:
    forever = threading.Event()
    first_syncs = [Clinic(number, Lane.BULK, waits_for=forever) for number in range(5)]
    live = Clinic(10, every=0.01)
    with at_work(Crew({Lane.LIVE: 1, Lane.SLOW: 1, Lane.BULK: 2})) as crew:
        for one in (*first_syncs, live):
            crew.add(one, 0.0)
        until(lambda: len(live.turns) > 5)
        assert sum(bool(one.turns) for one in first_syncs) == 2
        forever.set()
        until(lambda: all(one.turns for one in first_syncs))


def test_a_first_sync_makes_way_for_another_one_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "SLICE", 0.05)
    forever = threading.Event()
    both = [Clinic(number, Lane.BULK, every=0.0, waits_for=forever) for number in range(2)]
    with at_work(Crew({Lane.LIVE: 1, Lane.SLOW: 1, Lane.BULK: 1})) as crew:
        for one in both:
            crew.add(one, 0.0)
        until(lambda: all(len(one.turns) > 1 for one in both))
        forever.set()


def test_a_clinic_has_one_turn_at_a_time_and_one_more_when_it_is_woken_meanwhile() -> None:
    go_on = threading.Event()
    clinic = Clinic(1, waits_for=go_on)
    with at_work(Crew()) as crew:
        crew.add(clinic, 0.0)
        until(lambda: clinic.turns)
        for _ in range(5):
            crew.wake(1)
        assert len(clinic.turns) == 1
        go_on.set()
        until(lambda: len(clinic.turns) == 2)
        assert clinic.most_at_once == 1


def test_who_is_woken_has_its_turn_within_a_moment() -> None:
    clinic = Clinic(1)
    with at_work(Crew()) as crew:
        crew.add(clinic, NEVER)
        woken = time.monotonic()
        crew.wake(1)
        until(lambda: clinic.turns)
        assert clinic.turns[0] - woken < 0.2


def test_who_is_let_go_ends_its_turn_and_is_closed() -> None:
    hanging, resting = Clinic(1, waits_for=threading.Event()), Clinic(2)
    with at_work(Crew()) as crew:
        crew.add(hanging, 0.0)
        crew.add(resting, NEVER)
        until(lambda: hanging.turns)
        crew.let_go([1, 2])
        until(lambda: hanging.is_closed and resting.is_closed)
        until(lambda: not crew.has_any([1, 2]))
        assert crew.add(Clinic(1), NEVER)
