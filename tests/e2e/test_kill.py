"""A sync that is killed at any moment and started again ends as one that was not."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from priem.cli.demo.verify import keys_in, verify
from tests.e2e.conftest import Start
from tests.e2e.systems import PATIENCE, Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = 3
PATIENTS, VISITS = 1500, 400


@pytest.mark.timeout(400)
def test_kills_at_random_moments_double_nothing_and_lose_nothing(start: Start) -> None:
    """Killed with SIGKILL, so that nothing of ours can tidy up; amoCRM takes its time, so that answers get lost."""
    systems = start(PATIENTS, VISITS, amocrm=("--latency-ms", "150", "--rate-limit", "0"))
    assert systems.configure().code == 0
    began = f"{datetime.now(ZoneInfo('Europe/Moscow')):%Y-%m-%d %H:%M:%S}"
    chance = random.Random(20)

    for _ in range(KILLS):
        systems.clinic("live", changes=10, rate=100)
        killed_while_writing(systems, chance.randint(1, 3), chance.uniform(0, 0.2))
    finished = systems.priem("sync", "--json")

    assert finished.code == 0, finished.err
    verdict = verify(systems.ident.said["control"], systems.amocrm.said["control"], "lenina", began)
    assert verdict.is_clean, verdict
    assert unkeyed(systems.amocrm_state("contacts", "leads")) == Counter()
    assert systems.clinic_state()["statements"]["not_select"] == []


def killed_while_writing(systems: Systems, writes: int, after: float) -> None:
    """Killed so long after its first, second or third write reached amoCRM: with an answer on its way, or just had."""
    known = requests_after(systems, 0)["last"]
    child = systems.start("sync", "--follow", "--interval", "0.2", "--json")
    deadline = time.monotonic() + PATIENCE
    while sum(request["method"] != "GET" for request in requests_after(systems, known)["requests"]) < writes:
        assert time.monotonic() < deadline, "it wrote nothing"
        goes_on(child, 0.02)
    goes_on(child, after)
    child.send_signal(signal.SIGKILL)
    child.communicate()


def goes_on(child: "subprocess.Popen[str]", seconds: float) -> None:
    """A sync that follows the clinic never ends by itself; what it says has to be read, or it would wait for that."""
    with suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=seconds)
    assert child.returncode is None, "it had ended by itself"


def requests_after(systems: Systems, number: int) -> Any:
    url = f"{systems.amocrm.said['control']}/requests"
    return httpx2.get(url, params={"after": number}, timeout=60).json()


def unkeyed(state: Mapping[str, Any]) -> Counter[str]:
    """Contacts and leads that Priem made without a key: they could never be found again."""
    keyed = {
        "contacts": sum(1 for _ in keys_in(state["contacts"], "PRIEM_PATIENT", "lenina")),
        "leads": sum(1 for _ in keys_in(state["leads"], "PRIEM_VISIT", "lenina")),
    }
    return Counter({kind: len(state[kind]) for kind in keyed}) - Counter(keyed)
