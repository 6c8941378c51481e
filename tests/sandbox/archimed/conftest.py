"""A fresh sandbox for each test, and a client that speaks to a branch as an integration would."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import jwt
import pytest

from priem.sandbox.archimed.sandbox import ArchimedSandbox
from priem.sandbox.archimed.settings import Settings

Json = Any


class Account:
    """One branch's API account."""

    def __init__(self, sandbox: ArchimedSandbox, number: int = 0) -> None:
        self.sandbox = sandbox
        self.number = number
        self.api_id, self.secret = sandbox.accounts[number]
        self.version = "v4"
        self.others: list[Account] = []
        self.http = httpx2.Client(base_url=sandbox.url, timeout=20)

    def other(self, number: int = 1) -> "Account":
        """Another branch's account."""
        self.others.append(Account(self.sandbox, number))
        return self.others[-1]

    def close(self) -> None:
        for each in (self, *self.others):
            each.http.close()

    def token(self, **claims: Json) -> str:
        sent = {"iss": self.api_id, "exp": int(time.time()) + 3600, **claims}
        return jwt.encode({name: value for name, value in sent.items() if value is not None}, self.secret, "HS256")

    def call(self, method: str, path: str, **more: Json) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token()}", **more.pop("headers", {})}
        return self.http.request(method, f"/api/{self.version}/{path}", headers=headers, **more)

    def get(self, path: str, **query: Json) -> Json:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **form: Json) -> httpx2.Response:
        return self.call("POST", path, data=form)

    def put(self, path: str, **form: Json) -> httpx2.Response:
        return self.call("PUT", path, data=form)

    def act(self, act: str, **sent: Json) -> Json:
        return self.sandbox.act(act, branch=self.number, **sent)

    def change(self, **sent: Json) -> None:
        self.sandbox.change(branch=self.number, **sent)

    def slot(self, count: int = 1) -> list[Json]:
        """The form of a booking on free slots of one doctor, for patient 1."""
        slots = self.act("free", count=count)["slots"]
        return [
            {
                "doc_id": slot["doctor"],
                "date": ".".join(reversed(slot["start"][:10].split("-"))),
                "begintime": slot["start"][11:16],
                "endtime": slot["end"][11:16],
                "patient_id": 1,
            }
            for slot in slots
        ]

    def booked(self) -> tuple[int, Json]:
        """A new talon, and how it was asked for."""
        [form] = self.slot()
        return int(self.post("talons", **form).json()["id"]), form


Start = Callable[..., Account]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start sandboxes with settings of choice."""
    opened: list[Account] = []

    def begin(**settings: Json) -> Account:
        sandbox = ArchimedSandbox(Settings(**{"patients": 30, "visits": 30, "history": 5, **settings}))
        sandbox.start()
        opened.append(Account(sandbox))
        return opened[-1]

    yield begin
    for account in opened:
        account.close()
        account.sandbox.stop()


@pytest.fixture
def account(start: Start) -> Account:
    """The only branch of a sandbox."""
    return start()
