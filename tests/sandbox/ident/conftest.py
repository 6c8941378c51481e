"""A small sandbox in this process, and the two drivers against it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymssql
import pytest

from priem.sandbox.ident.control import ControlPort
from priem.sandbox.ident.sandbox import IdentSandbox, Settings
from priem.sandbox.ident.seed import Wishes

NOON = datetime(2026, 3, 3, 12, 0)  # noqa: DTZ001  # a clinic's naive time, a Tuesday
SMALL = Wishes(patients=300, visits=120, history=10, seed=7)


@dataclass
class Clinic:
    """A running sandbox and short ways to ask it."""

    sandbox: IdentSandbox
    control: str

    def connect(self, login: str = "readonly_user", **options: Any) -> Any:
        settings = self.sandbox.settings
        defaults = {
            "server": settings.host,
            "port": self.sandbox.server.port,
            "user": login,
            "password": settings.passwords[login],
            "database": "PZ",
            "autocommit": True,
            "login_timeout": 5,
            "timeout": 20,
        }
        return pymssql.connect(**{**defaults, **options})

    def rows(self, sql: str, parameters: Any = None, login: str = "readonly_user") -> list[Any]:
        with self.connect(login) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters) if parameters is not None else cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def error(self, sql: str, login: str = "readonly_user") -> tuple[int, str]:
        """(number, text) of the error that a statement has to give."""
        with pytest.raises(pymssql.Error) as raised:
            self.rows(sql, login=login)
        number, text = raised.value.args[:2]
        return int(number), bytes(text).decode().partition("DB-Lib")[0]

    def http(self, method: str, path: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.control}/_sandbox/{path}", data=data, method=method)  # noqa: S310  # our own port
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # same
            return json.loads(answer.read())

    @contextmanager
    def fault(self, **fault: object) -> Iterator[None]:
        self.http("POST", "faults", fault)
        try:
            yield
        finally:
            self.http("DELETE", "faults")


def start(**settings: Any) -> Iterator[Clinic]:
    sandbox = IdentSandbox(Settings(**{"wishes": SMALL, "now": NOON, "tls": "off", **settings}))
    control = ControlPort(sandbox, "127.0.0.1", 0)
    sandbox.start()
    control.start()
    try:
        yield Clinic(sandbox, control.url)
    finally:
        control.stop()
        sandbox.stop()


@pytest.fixture(scope="module")
def clinic() -> Iterator[Clinic]:
    """Shared by a module's tests: they read, or change what no other test looks at."""
    yield from start()


@pytest.fixture
def fresh() -> Iterator[Clinic]:
    yield from start()


@pytest.fixture
def starting() -> Iterator[Callable[..., Clinic]]:
    """Start one with settings of the test's own."""
    running: list[Iterator[Clinic]] = []

    def begin(**settings: Any) -> Clinic:
        iterator = start(**settings)
        running.append(iterator)
        return next(iterator)

    yield begin
    for iterator in running:
        next(iterator, None)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool], seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never became true"
            time.sleep(0.01)

    return wait
