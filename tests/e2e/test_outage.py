"""The clinic's computer is away for three days while its staff go on working; then it is back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx2
import pytest

from priem.cli.demo.verify import verify
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DAY = 86_400
TRY_LATER = 75


@pytest.mark.timeout(300)
def test_three_days_without_the_clinics_computer_are_caught_up_once_and_in_order(start: Start) -> None:
    systems = start(300, 120)
    assert systems.configure().code == 0
    began = datetime.now(ZoneInfo("Europe/Moscow"))
    assert systems.priem("sync", "--json").code == 0
    before = systems.amocrm_state("leads")["leads"]

    systems.clinic("faults", kind="gone")
    for _ in range(3):
        work_a_day(systems)
        assert systems.priem("sync", "--json").code == TRY_LATER
    assert systems.amocrm_state("leads")["leads"] == before
    httpx2.delete(f"{systems.ident.said['control']}/_sandbox/faults", timeout=10).raise_for_status()
    caught_up = systems.priem("sync", "--json")

    assert caught_up.code == 0, caught_up.err
    assert caught_up.json["leads"]["created"] >= 10
    said = systems.ident.said["control"], systems.amocrm.said["control"], "lenina"
    verdict = verify(*said, f"{began - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}")
    assert verdict.is_clean, verdict
    again = systems.priem("sync", "--json")
    assert {again.json[kind][what] for kind in ("contacts", "leads") for what in ("created", "adopted")} == {0}
    assert systems.clinic_state()["statements"]["not_select"] == []


def work_a_day(systems: Systems) -> None:
    """The staff do forty things, and it is the next day."""
    made = systems.clinic_state()["live"]["made"]
    systems.clinic("live", changes=40, rate=400)
    while systems.clinic_state()["live"]["made"] < made + 36 or systems.clinic_state()["live"]["running"]:
        pass  # each look is a request, which takes its time; the test's own limit ends it
    systems.clinic("clock", advance=DAY)
