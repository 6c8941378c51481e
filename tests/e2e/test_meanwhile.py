"""Who books while a clinic is carried over for the first time does not wait for the end of that."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from priem.cli.demo.verify import keys_in
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATIENTS, VISITS = 20_000, 1500
SOON = 10.0
"""Seconds from the clinic's commit until the lead is in amoCRM."""
PATIENCE = 90


@pytest.mark.timeout(300)
def test_a_booking_made_during_a_first_sync_is_in_amocrm_within_ten_seconds(start: Start) -> None:
    systems = start(PATIENTS, VISITS, amocrm=("--latency-ms", "300"))
    assert systems.configure().code == 0
    child = systems.start("sync", "--json")
    try:
        wait_for(lambda: len(systems.amocrm_state("contacts")["contacts"]) > PATIENTS // 20)
        systems.clinic("live", changes=24, rate=6)
        delays = delays_of_bookings(systems)
        carried = len(systems.amocrm_state("contacts")["contacts"])
        assert child.poll() is None, "the first sync was over too soon to prove anything"
    finally:
        child.communicate(timeout=PATIENCE)

    assert carried < PATIENTS
    assert len(delays) >= 3, "too few bookings to prove anything"
    assert max(delays) <= SOON


def delays_of_bookings(systems: Systems) -> list[float]:
    """Seconds that each booking took to become a lead, by the clock of this machine."""
    seen: dict[str, float] = {}

    def all_seen() -> bool:
        there, now = set(leads_of(systems)), time.time()
        for visit in booked(systems).keys() & there:
            seen.setdefault(visit, now)
        changes = systems.clinic_get("changes")
        return len(changes) >= 24 and seen.keys() >= booked(systems).keys()

    wait_for(all_seen)
    return [seen[visit] - at for visit, at in booked(systems).items()]


def booked(systems: Systems) -> Mapping[str, float]:
    changes: list[dict[str, Any]] = systems.clinic_get("changes")
    return {str(change["visit"]): change["at"] for change in changes if change["kind"] == "visit_booked"}


def leads_of(systems: Systems) -> list[str]:
    return list(keys_in(systems.amocrm_state("leads")["leads"], "PRIEM_VISIT", "lenina"))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came"
