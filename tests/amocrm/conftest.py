from collections.abc import Iterator

import pytest
import stamina

from tests.amocrm.kit import SandboxProcess


@pytest.fixture(autouse=True)
def hasty_retries() -> Iterator[None]:
    """As often as in earnest, without the pauses in between."""
    stamina.set_testing(testing=True, attempts=4, cap=True)
    yield
    stamina.set_testing(testing=False)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    process = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0")
    yield process
    process.close()
