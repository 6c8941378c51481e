"""One budget of an account's requests, however many workers and hubs there are: real processes, a real PostgreSQL."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from priem.amocrm.limits import Limiter, write_pace
from priem.amocrm.pace import Pace
from priem.hub.amocrm.pace import pace_memories
from tests.amocrm.kit import SandboxProcess, as_others, before_others
from tests.postgres import Cluster
from tests.warm import Python

LONG = bool(os.environ.get("PRIEM_CHAOS"))
SECONDS, WORKERS, NEARLY = (600.0, 4, 6.5) if LONG else (4.0, 2, 5.5)
RATE = 7


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess("--latency-ms", "50")
    before_others(sandbox.pid)
    yield sandbox
    sandbox.close()


@pytest.fixture
def asking(sandbox: SandboxProcess, postgresql: Cluster, tmp_path: Path) -> Iterator[list[Python]]:
    """Two first syncs each, and in one of them somebody who books. All of them have asked once."""
    environment = {**os.environ, "DATABASE_URL": postgresql.migrated(), "PRIEM_HOME": str(tmp_path)}
    facts = (str(sandbox.about["url"]), str(sandbox.about["long_lived_token"]))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with before_others_too(postgresql), ExitStack() as running:
        children = []
        for number in range(WORKERS):
            lanes = ("bulk", "bulk", *(["interactive"] if number == 0 else []))
            command = ["-m", "tests.hub.shifts.asking", *facts, *lanes]
            children.append(running.enter_context(Python(command, env=environment, text=True, **pipes)))
            running.callback(children[-1].kill)
        assert [said_by(child) for child in children] == ["ready"] * WORKERS
        yield children


@contextmanager
def before_others_too(postgresql: Cluster) -> Iterator[None]:
    """Its sessions that begin meanwhile: who waits for a row's lock waits for whoever has it."""
    before_others(postgresql.pid)
    yield
    as_others(postgresql.pid)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 120, func_only=True)
def test_workers_together_never_ask_more_than_seven_times_in_any_second(
    sandbox: SandboxProcess, asking: list[Python]
) -> None:
    before, until = len(sandbox.requests()), time.monotonic() + SECONDS
    for child in asking:
        tell(child, until)
    said = [said_by(child) for child in asking]

    counted, came = sandbox.state("requests")["requests"], [one["at"] for one in sandbox.requests()[before:]]
    rate = (len(came) - 1) / (came[-1] - came[0])
    bookings = [seconds for lane, seconds in said[0] if lane == "interactive"]
    figures = {"requests": len(came), "rate": rate, "most": counted["max_in_one_second"], "booking": median(bookings)}
    sys.stdout.write(f"{figures}\n")  # which pytest -rP shows
    assert counted["max_in_one_second"] <= RATE
    assert set(counted["by_status"]) == {"200"}
    assert rate > NEARLY, "and the budget is used"
    assert came[-1] - came[0] > SECONDS * 0.9
    assert all(said), "everybody has had a turn"
    assert median(bookings) < 0.5, "a booking goes before the first syncs of other processes"


def tell(child: Python, until: float) -> None:
    assert child.stdin
    child.stdin.write(f"{until}\n")
    child.stdin.flush()


def said_by(child: Python) -> Any:
    assert child.stdout
    return json.loads(child.stdout.readline())


def test_a_good_answer_after_a_refusal_is_remembered(tmp_path: Path) -> None:
    """Only while nothing is held against the account, nobody has to be told that all is well."""
    (tmp_path / "clinic.pace").write_text(write_pace(Pace(rounds=2)))
    limiter = Limiter("clinic", RATE, tmp_path)
    with limiter.slot("live") as slot:
        slot.mark_sent()
        limiter.welcomed(slot, served=True, wrote=False)

    assert json.loads((tmp_path / "clinic.pace").read_text())["rounds"] == 0


@pytest.mark.django_db
def test_a_hub_in_a_file_keeps_the_pace_in_a_folder_of_its_machine(home: Path, settings: Any) -> None:
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        assert pace_memories() == home / "limits"
