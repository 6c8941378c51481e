"""A sync that is killed at any moment and started again ends as one that was not."""

import random
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from priem.cli.demo.verify import keys_in, verify
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = 6
PATIENTS, VISITS = 1500, 400


@pytest.mark.timeout(400)
def test_kills_at_random_moments_double_nothing_and_lose_nothing(start: Start) -> None:
    """Killed with SIGKILL, so that nothing of ours can tidy up; amoCRM takes its time, so that answers get lost."""
    systems = start(PATIENTS, VISITS, amocrm=("--latency-ms", "150", "--rate-limit", "0"))
    assert systems.configure().code == 0
    began = f"{datetime.now(ZoneInfo('Europe/Moscow')):%Y-%m-%d %H:%M:%S}"
    chance = random.Random(20)

    killed = sum(killed_on_its_way(systems, chance.uniform(1.2, 4.0)) for _ in range(KILLS))
    finished = systems.priem("sync", "--json")

    assert finished.code == 0, finished.err
    assert killed >= KILLS // 2, "too few runs were caught at work to prove anything"
    verdict = verify(systems.ident.said["control"], systems.amocrm.said["control"], "lenina", began)
    assert verdict.is_clean, verdict
    assert unkeyed(systems.amocrm_state("contacts", "leads")) == Counter()
    assert systems.clinic_state()["statements"]["not_select"] == []


def killed_on_its_way(systems: Systems, after: float) -> bool:
    """Whether the run was still at work. In between the clinic lives on."""
    systems.clinic("live", changes=3, rate=20)
    child = systems.start("sync", "--json")
    try:
        child.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    return child.returncode == -signal.SIGKILL


def unkeyed(state: Mapping[str, Any]) -> Counter[str]:
    """Contacts and leads that Priem made without a key: they could never be found again."""
    keyed = {
        "contacts": sum(1 for _ in keys_in(state["contacts"], "PRIEM_PATIENT", "lenina")),
        "leads": sum(1 for _ in keys_in(state["leads"], "PRIEM_VISIT", "lenina")),
    }
    return Counter({kind: len(state[kind]) for kind in keyed}) - Counter(keyed)
