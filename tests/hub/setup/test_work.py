"""Long works: one of a kind at a time, found again by whoever comes back, and honest about how they ended."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string

from priem.errors import AskOperator
from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.setup.progress import shown
from priem.hub.setup.work import Report, begin, is_alive, latest, stop
from priem.texts import text

pytestmark = pytest.mark.django_db(transaction=True)


def ended(clinic: Clinic, kind: WorkKind = WorkKind.LOOK) -> Work:
    deadline = time.monotonic() + 20
    while (work := latest(clinic, kind)) is None or work.state == WorkState.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for thread in threading.enumerate():
        if thread.name in (f"{kind}-{clinic.pk}", f"beat-{work.pk}"):
            thread.join(10)
    return work


def test_what_was_done_is_found_again(clinic: Clinic) -> None:
    def do(report: Report) -> Mapping[str, Any]:
        report.expect("patients", text("patients"), 10)
        report.advance("patients", 10)
        return {"made": ["Врач"]}

    begin(clinic, WorkKind.LOOK, do)
    seen = shown(ended(clinic))

    assert seen.is_done
    assert seen.work.result == {"made": ["Врач"]}
    assert [(line.done, line.total, line.percent) for line in seen.lines] == [(10, 10, 100)]


def test_a_second_click_begins_nothing_while_the_first_is_at_it(clinic: Clinic) -> None:
    go = threading.Event()
    first = begin(clinic, WorkKind.LOOK, waiting_for(go))
    second = begin(clinic, WorkKind.LOOK, waiting_for(go))
    go.set()

    assert second.pk == first.pk
    assert ended(clinic).state == WorkState.DONE


def waiting_for(go: threading.Event) -> Callable[[Report], Mapping[str, Any]]:
    def do(_report: Report) -> Mapping[str, Any]:
        assert go.wait(20)
        return {}

    return do


def test_what_a_person_must_mend_is_said_in_words(clinic: Clinic) -> None:
    def do(_report: Report) -> Mapping[str, Any]:
        raise AskOperator(text("There is no clinic {slug}.", slug="x"), text("Correct the settings."))

    begin(clinic, WorkKind.PREVIEW, do)
    seen = shown(ended(clinic, WorkKind.PREVIEW))

    assert (seen.has_failed, seen.what) == (True, "Клиники x нет.")


def test_a_mistake_of_ours_shows_no_words_of_an_exception(clinic: Clinic) -> None:
    def do(_report: Report) -> Mapping[str, Any]:
        raise ValueError("internal")

    begin(clinic, WorkKind.LOOK, do)
    seen = shown(ended(clinic))

    assert seen.has_failed
    assert "internal" not in seen.what + seen.advice


@pytest.mark.slow  # beats every two seconds
def test_a_work_ends_when_a_person_stops_it(clinic: Clinic) -> None:
    def do(report: Report) -> Mapping[str, Any]:
        while True:
            report.stop.wait(0.05)
            report.note()

    work = begin(clinic, WorkKind.SYNC, do)
    stop(work)

    assert ended(clinic, WorkKind.SYNC).state == WorkState.STOPPED


def test_what_its_process_took_along_is_interrupted_and_may_begin_anew(clinic: Clinic) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    dead = Work.objects.create(clinic=clinic, kind=WorkKind.PREVIEW, started_at=long_ago, beat_at=long_ago)

    assert shown(dead).is_interrupted
    assert not is_alive(dead)
    assert begin(clinic, WorkKind.PREVIEW, lambda _report: {}).pk != dead.pk
    assert ended(clinic, WorkKind.PREVIEW).state == WorkState.DONE


def test_the_remaining_time_follows_from_what_is_done(clinic: Clinic) -> None:
    told = {"lines": [[{"template": "patients", "values": {}}, 250, 1000]], "began": 100.0, "at": 105.0}
    seen = shown(Work(clinic=clinic, kind=WorkKind.SYNC, progress=told, beat_at=datetime.now(UTC)))

    assert (seen.rate, seen.left) == (50, 15)


@pytest.mark.parametrize(("lines", "told"), [(3, False), (5, True)])
def test_several_connections_are_said_to_take_turns(clinic: Clinic, lines: int, *, told: bool) -> None:
    progress = {"lines": [[{"template": "patients", "values": {}}, 0, 10]] * lines}
    work = shown(Work(clinic=clinic, kind=WorkKind.SYNC, progress=progress, beat_at=datetime.now(UTC)))

    page = render_to_string("hub/setup/work_bars.html", {"clinic": clinic, "work": work})

    assert ("Подключения читаются одно за другим" in page) is told
