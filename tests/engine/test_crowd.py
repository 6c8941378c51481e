"""Fifty managers, twenty slots, a desk that loses answers and takes two visits at one time."""

import random
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from priem.engine.reception import Reception
from tests.contract.crowd import Crowd
from tests.contract.fake_booking import FakeDesk
from tests.engine.booking_kit import MIS, BookingClinic
from tests.engine.clinic import NOON, Clock


@pytest.fixture
def hasty_switches() -> Iterator[None]:
    """Threads take turns far more often than they would."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


class Unreliable(FakeDesk):
    """Each write may fail in one of the ways in which writes fail."""

    chance = random.Random(3)

    def _fault(self) -> str:
        return self.chance.choice(("lost", "vanished", "away")) if self.chance.random() < 0.3 else super()._fault()


@pytest.mark.usefixtures("hasty_switches")
def test_no_slot_has_two_visits_and_everybody_is_told_the_truth() -> None:
    clinic = BookingClinic()
    clinic.store._now = lambda: clinic.clock.time
    desk = Unreliable(MIS, now=lambda: NOON - timedelta(days=1))
    desk.works("20", NOON, 10)
    # Nobody waits in earnest: the clock of the store stands, and one that waits has one of his own.
    reception = Reception(
        crm=clinic.crm,
        store=clinic.store,
        bound=clinic.bound,
        clock=Clock(clinic.clock.time),
        desks={MIS: desk},
        patience=0,
    )
    crowd = Crowd(reception, MIS, [clinic.at(half / 2) for half in range(20)])

    crowd.works(threads=50, seconds=1)
    crowd.settles()

    living = [visit for visit in desk.visits.values() if not visit.status.is_over]
    assert len({visit.starts_at for visit in living}) == len(living)
    crowd.told_the_truth(
        lambda phone: [one for who in desk.find_patients([phone]) for one in desk.visits_of(who.key.id)]
    )
    assert crowd.tally["done"] >= 20, crowd.tally
    assert crowd.tally["refused"], crowd.tally
