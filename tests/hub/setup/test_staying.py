"""A clinic is kept in step by the hub's own process whatever breaks off in the hub itself, without anybody's hand."""

import threading
import time
from collections.abc import Callable
from typing import NoReturn

import pytest
from django.db import OperationalError
from pytest_django import Settings

from priem.errors import AskOperator, TryLater
from priem.hub.models import Clinic, Incident, Work, WorkKind, WorkState
from priem.hub.setup import living
from priem.hub.setup.work import begin, begin_beside, latest, stop
from priem.texts import text

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
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
    end(clinic, work)


def test_a_hub_that_starts_while_a_password_is_wrong_waits_for_the_right_one(
    clinic: Clinic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTSIDE = __name__
    monkeypatch.setattr(living, "SHORTEST_PAUSE", 0.01)
    came.clear()
    breaks[:] = [AskOperator(text("The login is refused.")) for _ in range(50)]

    work = begin_beside(clinic, WorkKind.SYNC, None, {"is_live": True})
    living.resume()
    until(lambda: len(came) > 2 and Incident.objects.of(clinic.pk).exists())
    said, row = [str(one.what) for one in Incident.objects.of(clinic.pk)], state(clinic)
    end(clinic, work)

    assert row.state == WorkState.RUNNING
    assert row.progress["is_live"]
    assert said == ["The login is refused."]


def test_a_first_sync_ends_with_what_somebody_has_to_mend(clinic: Clinic, settings: Settings) -> None:
    settings.OUTSIDE = __name__
    came.clear()
    breaks[:] = [AskOperator(text("The login is refused."))]

    begin(clinic, WorkKind.SYNC, living.stay_in_step(clinic.slug))
    until(lambda: state(clinic).state != WorkState.RUNNING)

    assert state(clinic).state == WorkState.FAILED


def end(clinic: Clinic, work: Work) -> None:
    stop(work)
    until(lambda: state(clinic).state != WorkState.RUNNING)
    assert state(clinic).state in (WorkState.STOPPED, WorkState.DONE)
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
