"""One budget of an account's requests, however many workers and hubs there are: real processes, a real PostgreSQL."""

import json
import os
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from priem.amocrm.limits import Limiter, write_pace
from priem.amocrm.pace import Pace
from priem.hub.amocrm.pace import pace_memories
from tests.postgres import Cluster
from tests.warm import Python

LONG = bool(os.environ.get("PRIEM_CHAOS"))
SECONDS, WORKERS = (600.0, 4) if LONG else (4.0, 2)
RATE = 7


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 120)
def test_workers_together_never_ask_more_than_seven_times_in_any_second(postgresql: Cluster, tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": postgresql.migrated(), "PRIEM_HOME": str(tmp_path)}
    children = [start(environment, bookings=round(SECONDS) if number == 0 else 0) for number in range(WORKERS)]
    said: list[Any] = [json.loads(child.communicate()[0]) for child in children]

    sent = sorted(moment for one in said for moment in one["sent"])
    assert all(one["sent"] for one in said), "everybody has had a turn"
    assert most_in_a_second(sent) <= RATE
    assert (len(sent) - 1) / (sent[-1] - sent[0]) > 5, "and the budget is used"
    waits = [wait for one in said for wait in one["waits"]]
    assert median(waits) < 0.5, "a booking goes before the first syncs of other processes"


def start(environment: dict[str, str], bookings: int) -> Python:
    command = ["-m", "tests.hub.shifts.asking", str(SECONDS), str(bookings)]
    return Python(command, env=environment, stdout=subprocess.PIPE, text=True)


def most_in_a_second(ordered: list[float]) -> int:
    most, first = 0, 0
    for place, moment in enumerate(ordered):
        while ordered[first] <= moment - 1:
            first += 1
        most = max(most, place - first + 1)
    return most


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
