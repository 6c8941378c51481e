from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import stamina
from pytest_django.live_server_helper import LiveServer

from priem.hub.amocrm.inbox import INBOX, Inbox
from priem.hub.models import Clinic, Connection
from priem.sandbox.amocrm.background import running
from priem.sandbox.amocrm.settings import Settings
from tests.engine.clinic import ANNA, patient, visit
from tests.hub.amocrm.office import Office

OpensOffice = Callable[..., Office]


@pytest.fixture
def inbox(home: object, transactional_db: None) -> Iterator[Inbox]:  # noqa: ARG001  # where it writes
    """Ends before the database does."""
    yield INBOX
    INBOX.close()


@pytest.fixture(autouse=True)
def hasty_retries() -> Iterator[None]:
    """As often as in earnest, without the pauses in between."""
    stamina.set_testing(testing=True, attempts=4, cap=True)
    yield
    stamina.set_testing(testing=False)


@pytest.fixture
def open_office(
    inbox: Inbox,  # noqa: ARG001  # still there when the last hook comes
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[OpensOffice]:
    monkeypatch.setenv("PRIEM_PUBLIC_URL", live_server.url)
    monkeypatch.setenv("PRIEM_SANDBOX_RATE", "500")  # as little does the sandbox limit
    with ExitStack() as opened:

        def begin(slug: str = "ulybka", **settings: object) -> Office:
            unlimited = {"rate_limit": 0, "account_rate_limit": 0, **settings}
            sandbox = opened.enter_context(running(Settings(**unlimited)))  # type: ignore[arg-type]  # by their names
            about = sandbox.about
            clinic = Clinic.objects.create(
                slug=slug,
                name="Улыбка",
                base_url=sandbox.url,
                client_id=about["client_id"],
                client_secret=about["client_secret"],
                redirect_uri=about["redirect_uri"],
                sandbox=True,
            )
            Connection.objects.create(clinic=clinic, key="ident", kind="ident")
            office = Office(sandbox, clinic)
            opened.callback(office.close)
            return office

        yield begin


@pytest.fixture
def office(open_office: OpensOffice) -> Office:
    return open_office()


@pytest.fixture
def known(office: Office) -> Office:
    """A patient with a visit, carried over and heard of."""
    office.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    office.sync()
    assert office.hear()
    return office
