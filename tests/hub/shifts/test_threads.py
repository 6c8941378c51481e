"""A worker's threads: none of them ends while the worker goes on."""

import os
import signal
import threading

import pytest
from django.db import connection

from priem.hub.shifts import foreman as foremen
from priem.hub.shifts import worker
from priem.hub.shifts.crew import Crew
from priem.hub.shifts.foreman import Foreman


def test_a_look_that_breaks_off_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foremen, "LOOK", 0.0)
    looks, stop, foreman = [0], threading.Event(), Foreman(Crew())

    def look() -> None:
        looks[0] += 1
        if looks[0] == 3:
            stop.set()
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(foreman, "look", look)
    monkeypatch.setattr(connection, "close", lambda: None)
    foreman.run(stop)

    assert looks == [3]


def test_a_worker_without_one_of_its_threads_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *what: killed.append(what))

    def broken() -> None:
        raise RuntimeError

    worker.ending_with(broken)
    worker.ending_with(lambda: None)

    assert killed == [(os.getpid(), signal.SIGTERM)]
