import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from priem.hub import exchanges
from priem.hub.exchanges import NOTEBOOK
from priem.hub.ident.services import open_service
from priem.hub.models import Clinic, Connection
from tests.hub.ident_program import Ident
from tests.postgres import database_of
from tests.warm import Python, new_home


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the hub's own for every test: key and locks."""
    monkeypatch.setenv("PRIEM_HOME", str(tmp_path))
    monkeypatch.delenv("PRIEM_SECRET_KEY", raising=False)
    monkeypatch.delenv("PRIEM_SECRET_KEY_FILE", raising=False)
    return tmp_path


@pytest.fixture(autouse=True)
def passwords_are_cheap(settings: Settings) -> None:
    """A hash that is slow to guess costs half a second each time, and no test is about that."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def clinic(db: None) -> Clinic:  # noqa: ARG001  # the fixture opens the database
    clinic = Clinic.objects.create(slug="smile", name="Улыбка", base_url="https://smile.amocrm.ru")
    Connection.objects.create(clinic=clinic, key="ident", kind="ident")
    return clinic


@pytest.fixture
def nothing_written_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Requests are noted when the test is over: its own transaction would keep the notebook's thread waiting."""
    monkeypatch.setattr(exchanges, "BETWEEN_WRITES", 3600)
    yield
    NOTEBOOK.flush()


@pytest.fixture
def ident(clinic: Clinic, nothing_written_behind: None) -> Ident:  # noqa: ARG001  # what it asks is noted
    """IDENT's program, with the key to this clinic's service."""
    return Ident(open_service(clinic.pk, "ident", "Europe/Moscow"))


BEGINNING = """
import json, signal, sys
from priem.hub.start import setup
setup()
from priem.hub.clinics import *
from priem.hub.store import DjangoStore
from priem.hub.tokens import DjangoTokens
from priem.hub.exchanges import DjangoExchanges
from priem.model import *
from priem.ports import Exchange, Tokens
from priem.errors import PriemError
from datetime import datetime, UTC

def say(thing):
    print(json.dumps(thing), flush=True)

def wait_for_ever():
    sys.stdin.read()

CLINIC = save_clinic(ClinicData(slug="smile", name="Улыбка", client_secret="client-secret-1"))
save_connection(CLINIC, ConnectionData(key="ident", kind="ident", secrets={"password": "database-password-1"}))
"""


class HubProcess:
    """A process of its own with the hub's real database, which says lines of JSON and may be killed."""

    def __init__(self, home: Path, code: str, database: str = "") -> None:
        new_home(home)
        environment = {
            **os.environ,
            "PRIEM_HOME": str(home),
            "DATABASE_URL": database or database_of(home),
            "DJANGO_SETTINGS_MODULE": "priem.hub.settings",
        }
        self.process = Python(
            ["-c", BEGINNING + code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> Any:  # JSON
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        """As a power cut would: nothing is cleaned up."""
        self.process.kill()
        self.process.communicate()


RunsHub = Callable[[str], HubProcess]


@pytest.fixture
def hub_process(home: Path) -> Iterator[RunsHub]:
    started: list[HubProcess] = []

    def start(code: str) -> HubProcess:
        started.append(HubProcess(home, code))
        return started[-1]

    yield start
    for process in started:
        process.end()
