"""Fifty managers and twenty slots, on ArchiMed+'s sandbox that takes two talons at one time and loses what it can.

PRIEM_BOOKING_SECONDS says how long they go on; a minute is the proof, a few seconds are for every day.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from threading import Lock

import httpx2
import pytest
from django.db import connections

from priem.booking import NewPatient, Time
from priem.hub.booking.receptions import opened
from priem.hub.clinics import load_clinic
from priem.sandbox.archimed.sandbox import ArchimedSandbox
from tests.contract.crowd import Crowd
from tests.hub.booking.clinic import KEY, MOSCOW, ApiClinic
from tests.mis.archimed.clinic import started

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SECONDS = float(os.environ.get("PRIEM_BOOKING_SECONDS", "3"))
FAULTS = ("lost_after_commit", "cut_before", "500_after", "502", "504_after", "html_200")


@pytest.fixture(scope="module")
def archimed() -> Iterator[ArchimedSandbox]:
    """One of its own: these faults would meet others, too."""
    sandbox = started()
    sandbox.change(branch=0, collision="allowed")
    yield sandbox
    sandbox.stop()


def slots_of(api: ApiClinic, count: int) -> list[Time]:
    return [
        Time(
            doctor=str(slot["doctor"]),
            starts_at=datetime.fromisoformat(slot["start"]).replace(tzinfo=MOSCOW),
            ends_at=datetime.fromisoformat(slot["end"]).replace(tzinfo=MOSCOW),
        )
        for slot in api.archimed.act("free", branch=0, count=count)["slots"]
    ]


class Leads:
    """Requests from the site, one for each person that is booked out of amoCRM."""

    def __init__(self, api: ApiClinic) -> None:
        self._api = api
        self._lock = Lock()
        self.by_phone: dict[str, int] = {}

    def lead_for(self, who: NewPatient) -> int:
        with self._lock:
            self.by_phone[who.phone] = self._api.request(who.name, who.phone)
            return self.by_phone[who.phone]


def test_no_double_booking_no_lost_one_and_everybody_is_told_the_truth(api: ApiClinic) -> None:
    leads, slots = Leads(api), slots_of(api, 20)
    with opened(load_clinic("smile")) as found:
        reception = replace(found.reception, patience=1.0)
        crowd = Crowd(reception, KEY, slots, lead_for=leads.lead_for, at_end=connections.close_all)
        for kind in FAULTS:
            api.archimed.fault(kind, probability=0.02)
        api.archimed.fault("slow", probability=0.02, seconds=0.5)

        crowd.works(threads=50, seconds=SECONDS)
        httpx2.delete(f"{api.archimed.url}/_sandbox/faults", timeout=20).raise_for_status()
        crowd.settles()

        desk = reception.desks[KEY]
        assert [
            double for of in api.archimed.state("double_bookings")["double_bookings"].values() for double in of
        ] == []
        crowd.told_the_truth(
            lambda phone: [one for who in desk.find_patients([phone]) for one in desk.visits_of(who.key.id)]
        )
        assert crowd.tally["done"], crowd.tally
        api.run_pass()
        for attempt in crowd.attempts:
            if attempt.request.lead and attempt.booked and attempt.booked.visit and not attempt.cancelled:
                owner = reception.store.visits_of_leads([attempt.request.lead])
                assert owner == {attempt.request.lead: attempt.booked.visit}
