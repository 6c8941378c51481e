"""Every desk there is, held to what desks promise."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.contract.booking_contract import BookingContract, Place
from tests.contract.fake_booking import FakeDesk
from tests.mis.archimed.clinic import ArchimedClinic, ArchimedPlace, started

MORNING = (datetime.now(UTC) + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)


class Fake:
    def __init__(self) -> None:
        self.desk = FakeDesk()
        self.desk.works("20", MORNING, 8)
        self.desk.works("21", MORNING, 8)

    @property
    def doctor(self) -> str:
        return "20"

    @property
    def day(self) -> date:
        return MORNING.date()

    def loses_next_answer(self) -> None:
        self.desk.fails("lost")

    def loses_next_request(self) -> None:
        self.desk.fails("vanished")


class TestFake(BookingContract):
    @pytest.fixture
    def place(self) -> Place:
        return Fake()


@pytest.mark.slow
class TestArchimed(BookingContract):
    @pytest.fixture(params=["v4", "v5"])
    def place(self, request: pytest.FixtureRequest) -> Iterator[ArchimedPlace]:
        sandbox = started()
        clinic = ArchimedClinic(sandbox, version=request.param)
        yield ArchimedPlace(clinic)
        clinic.close()
        sandbox.stop()
