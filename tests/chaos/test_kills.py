"""Killed with SIGKILL at hundreds of random moments, while both outside systems fail in every way they know."""

import os
import random
import signal
import subprocess
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx2
import pytest

from priem.cli.demo.verify import verify
from tests.chaos.looking import wrongs
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems
from tests.e2e.test_kill import unkeyed

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = int(os.environ.get("PRIEM_CHAOS_KILLS", "200"))
ROUNDS = 5
PATIENTS, VISITS = 3000, 700
PASSES = 12
"""In so many passes without faults everything has to be in order again; two are enough unless amoCRM is slow."""

AMOCRM_FAULTS = (
    {"kind": "lost_after_commit", "probability": 0.04, "path": "/api/v4"},
    {"kind": "cut_before", "probability": 0.04},
    {"kind": "504_after", "probability": 0.03, "path": "/api/v4"},
    {"kind": "504_before", "probability": 0.02},
    {"kind": "500", "probability": 0.02, "path": "/api/v4"},
    {"kind": "502", "probability": 0.02},
    {"kind": "429", "probability": 0.01, "path": "/api/v4"},
    {"kind": "html_200", "probability": 0.01, "path": "/api/v4"},
    {"kind": "slow", "probability": 0.02, "seconds": 1.5, "path": "/api/v4"},
)
IDENT_FAULTS = (
    {"kind": "drop_mid_row", "probability": 0.01},
    {"kind": "deadlock", "probability": 0.02},
    {"kind": "lock_timeout", "probability": 0.02},
    {"kind": "slow", "probability": 0.02, "seconds": 0.5},
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kills_under_faults_double_nothing_and_lose_nothing(start: Start, seed: int) -> None:
    """Half of the kills fall into the first sync, half into passes after it; the clinic lives on all the while."""
    systems = start(PATIENTS, VISITS, seed=seed + 1, amocrm=("--latency-ms", "150"))
    assert systems.configure().code == 0
    began = f"{datetime.now(ZoneInfo('Europe/Moscow')):%Y-%m-%d %H:%M:%S}"
    chance = random.Random(seed)
    kills = KILLS // ROUNDS // 2

    bad_weather(systems)
    for _ in range(kills):
        systems.clinic("live", changes=6, rate=10)
        kill_at_work(systems, chance.uniform(0.9, 2.6))
    assert len(systems.amocrm_state("contacts")["contacts"]) < PATIENTS, "it was over too soon to prove anything"
    good_weather(systems)
    settled(systems)

    bad_weather(systems)
    for _ in range(kills):
        systems.clinic("live", changes=60, rate=20)
        kill_at_work(systems, chance.uniform(1.2, 3.0))
    good_weather(systems)
    settled(systems)

    verdict = verify(systems.ident.said["control"], systems.amocrm.said["control"], "lenina", began)
    assert verdict.is_clean, verdict
    assert unkeyed(systems.amocrm_state("contacts", "leads")) == Counter()
    assert list(wrongs(systems)) == []
    assert systems.clinic_state()["statements"]["not_select"] == []


def kill_at_work(systems: Systems, after: float) -> None:
    """A sync that follows the clinic never ends by itself: whenever the blow falls, it falls on something."""
    child = systems.start("sync", "--follow", "--interval", "0.2", "--json")
    try:
        child.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert child.returncode == -signal.SIGKILL, "it had ended by itself"


def bad_weather(systems: Systems) -> None:
    for fault in AMOCRM_FAULTS:
        httpx2.post(f"{systems.amocrm.said['control']}/faults", json=fault, timeout=10).raise_for_status()
    for weather in IDENT_FAULTS:
        systems.clinic("faults", **weather)


def good_weather(systems: Systems) -> None:
    httpx2.delete(f"{systems.amocrm.said['control']}/faults", timeout=10).raise_for_status()
    httpx2.delete(f"{systems.ident.said['control']}/_sandbox/faults", timeout=10).raise_for_status()
    systems.clinic("live", changes=0, rate=1)


def settled(systems: Systems) -> None:
    """Until a pass finds nothing to do."""
    for _ in range(PASSES):
        ran = systems.priem("sync", "--json")
        if ran.code == 0 and not any(ran.json["contacts"].values()) and not any(ran.json["leads"].values()):
            return
    raise AssertionError(f"still at work after {PASSES} passes: {ran.out}{ran.err}")
