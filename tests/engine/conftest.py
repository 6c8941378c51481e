import pytest

from tests.engine.clinic import Clinic


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()
