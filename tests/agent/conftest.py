from collections.abc import Iterator
from pathlib import Path

import pytest

from priem.hub.models import Clinic
from tests.agent.kit import Beside, connect
from tests.mis.ident.clinic import IdentClinic, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(patients=60, visits=30)
    yield sandbox
    sandbox.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the hub's own for every test: key and locks."""
    monkeypatch.setenv("PRIEM_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("PRIEM_SECRET_KEY", raising=False)
    monkeypatch.delenv("PRIEM_SECRET_KEY_FILE", raising=False)
    return tmp_path


@pytest.fixture
def ident(sandbox: Sandbox) -> Iterator[IdentClinic]:
    clinic = IdentClinic(sandbox)
    yield clinic
    sandbox.control("faults", method="DELETE")
    clinic.close()


@pytest.fixture
def clinic(db: None, sandbox: Sandbox) -> Clinic:  # noqa: ARG001  # the fixture opens the database
    clinic = Clinic.objects.create(slug="smile", name="Улыбка", base_url="https://smile.amocrm.ru")
    connect(clinic, sandbox)
    return clinic


@pytest.fixture
def beside(tmp_path: Path, clinic: Clinic, sandbox: Sandbox) -> Iterator[Beside]:
    beside = Beside(tmp_path / "agent", clinic, sandbox)
    yield beside
    beside.agent.reader.close()
