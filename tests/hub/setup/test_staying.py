"""A clinic is kept in step by the hub's own process whatever breaks off in the hub itself, without anybody's hand."""

import threading
import time
from collections.abc import Callable
from typing import NoReturn

import pytest
from django.db import OperationalError
from pytest_django import Settings

from priem.errors import TryLater
from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.setup import living
from priem.hub.setup.work import begin, latest, stop
from priem.texts import text

pytestmark = pytest.mark.django_db(transaction=True)
breaks: list[Exception] = []
came: list[str] = []


def opened(slug: str) -> NoReturn:
    """What the layers above promise, here (OUTSIDE)."""
    came.append(slug)
    raise breaks.pop(0) if breaks else TryLater(text("amoCRM does not answer."))


def test_a_database_that_was_away_and_a_mistake_of_ours_end_no_sync(
    clinic: Clinic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTSIDE = __name__
    monkeypatch.setattr(living, "AGAIN", 0.01)
    monkeypatch.setattr(living, "AFTER_A_BUG", 0.01)
    came.clear()
    breaks[:] = [OperationalError("the server closed the connection"), RuntimeError("internal")]

    work = begin(clinic, WorkKind.SYNC, living.stay_in_step(clinic.slug))
    until(lambda: len(came) > 2)

    assert breaks == []
    assert state(clinic).state == WorkState.RUNNING
    stop(work)
    until(lambda: state(clinic).state != WorkState.RUNNING)
    assert state(clinic).state == WorkState.STOPPED
    for thread in threading.enumerate():
        if thread.name in (f"{WorkKind.SYNC}-{clinic.pk}", f"beat-{work.pk}"):
            thread.join(20)


def state(clinic: Clinic) -> Work:
    work = latest(clinic, WorkKind.SYNC)
    assert work
    return work


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
