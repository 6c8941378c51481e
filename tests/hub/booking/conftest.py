from collections.abc import Iterator

import pytest
import stamina

from priem.hub.booking.receptions import RECEPTIONS
from priem.sandbox.amocrm.background import Running, running
from priem.sandbox.amocrm.settings import Settings
from priem.sandbox.archimed.sandbox import ArchimedSandbox
from tests.hub.booking.clinic import ApiClinic
from tests.mis.archimed.clinic import started


@pytest.fixture(scope="module")
def archimed() -> Iterator[ArchimedSandbox]:
    sandbox = started()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def amocrm() -> Iterator[Running]:
    with running(Settings(rate_limit=0, account_rate_limit=0)) as sandbox:
        yield sandbox


@pytest.fixture
def api(
    home: object,  # noqa: ARG001  # where it writes
    transactional_db: None,  # noqa: ARG001  # the same
    archimed: ArchimedSandbox,
    amocrm: Running,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ApiClinic]:
    monkeypatch.setenv("PRIEM_SANDBOX_RATE", "500")  # as little does the sandbox limit
    stamina.set_testing(testing=True, attempts=4, cap=True)
    yield ApiClinic(amocrm, archimed)
    RECEPTIONS.close()
    stamina.set_testing(testing=False)
