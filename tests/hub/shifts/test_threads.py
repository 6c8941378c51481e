"""A worker's threads: none of them ends while the worker goes on."""

import asyncio
import os
import signal
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from priem.hub.shifts import foreman as foremen
from priem.hub.shifts import jobs, worker
from priem.hub.shifts.crew import Crew
from priem.hub.shifts.foreman import Foreman
from priem.hub.shifts.shards import SHARDS


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


def test_a_job_of_a_newer_version_is_understood() -> None:
    """Two versions side by side take each other's jobs. This one is of a version that shards otherwise."""
    context: Any = SimpleNamespace(additional_context={"post": None})
    assert asyncio.run(jobs.shift.func(context, shard=1, of=SHARDS + 1, since="a version to come")) is None
