from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.mis.archimed.clinic import ArchimedClinic, started
from tests.mis.archimed.recorded import Recorded, RecordedClinic

Start = Callable[..., RecordedClinic]


@pytest.fixture
def start() -> Iterator[Start]:
    """Branches of recorded shapes, with settings of choice."""
    opened: list[RecordedClinic] = []

    def begin(version: str = "v4", **settings: Any) -> RecordedClinic:
        opened.append(RecordedClinic(Recorded(version), **settings))
        return opened[-1]

    yield begin
    for clinic in opened:
        clinic.close()
        clinic.recorded.stop()


@pytest.fixture
def branch(start: Start) -> RecordedClinic:
    return start()


@pytest.fixture
def sandboxed() -> Iterator[ArchimedClinic]:
    sandbox = started()
    clinic = ArchimedClinic(sandbox)
    yield clinic
    clinic.close()
    sandbox.stop()
