"""A fresh sandbox for each test, and a client that speaks to it as an integration would."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from priem.sandbox.amocrm.background import Running, running
from priem.sandbox.amocrm.settings import Settings

Json = Any


class Account:
    """The account through the API (`get`, `post`, …, below /api/v4) and through the sandbox's controls."""

    def __init__(self, sandbox: Running) -> None:
        self.sandbox = sandbox
        self.about = sandbox.about
        self.http = httpx2.Client(base_url=sandbox.url, timeout=20)
        self.token = sandbox.about["long_lived_token"]

    def call(self, method: str, path: str, body: Json = None, **more: Json) -> httpx2.Response:
        """One request with the token."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        sent = {"json": body} if body is not None else {}
        return self.http.request(method, f"/api/v4/{path}", headers=headers, **sent, **more)

    def get(self, path: str, **more: Json) -> httpx2.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Json, **more: Json) -> httpx2.Response:
        return self.call("POST", path, body, **more)

    def patch(self, path: str, body: Json, **more: Json) -> httpx2.Response:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, body: Json = None) -> httpx2.Response:
        return self.call("DELETE", path, body)

    def created(self, path: str, body: Json) -> int:
        """The id of the one thing that is made."""
        answer = self.post(path, [body])
        assert answer.status_code in (200, 201), answer.text
        [found] = next(iter(answer.json()["_embedded"].values()))
        return int(found["id"])

    def act(self, act: str, **sent: Json) -> Json:
        """What a person does."""
        answer = self.http.post("/_sandbox/act", json={"act": act, **sent})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, kind: str, **sent: Json) -> None:
        """Order a failure."""
        answer = self.http.post("/_sandbox/faults", json={"kind": kind, **sent})
        assert answer.status_code == 200, answer.text

    def state(self, *only: str) -> Json:
        """The sandbox's own account of itself."""
        return self.http.get("/_sandbox/state", params={"only": ",".join(only)}).json()

    def field(self, entity: str, name: str) -> Json:
        """A custom field by name or code."""
        fields = self.state("custom_fields")["custom_fields"][entity]
        return next(field for field in fields if name in (field["name"], field["code"]))

    def stages(self, pipeline: str = "Записи") -> dict[str, int]:
        """Stage name → id."""
        found = next(each for each in self.state("pipelines")["pipelines"] if each["name"] == pipeline)
        return {status["name"]: status["id"] for status in found["statuses"]}

    def pipeline(self, name: str = "Записи") -> int:
        """The id of a pipeline."""
        return next(int(each["id"]) for each in self.state("pipelines")["pipelines"] if each["name"] == name)


Start = Callable[..., Account]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start sandboxes with settings of choice; without a rate limit unless asked."""
    opened: list[tuple[Any, Account]] = []

    def begin(**settings: Json) -> Account:
        context = running(Settings(**{"rate_limit": 0, "account_rate_limit": 0, **settings}))
        account = Account(context.__enter__())
        opened.append((context, account))
        return account

    yield begin
    for context, account in reversed(opened):
        account.http.close()
        context.__exit__(None, None, None)


@pytest.fixture
def account(start: Start) -> Account:
    """A fresh clinic's account."""
    return start()


def phone(*numbers: str) -> Json:
    """`custom_fields_values` with phones."""
    return [{"field_code": "PHONE", "values": [{"value": number, "enum_code": "WORK"} for number in numbers]}]


def errors_of(answer: httpx2.Response) -> list[tuple[str, str]]:
    """(code, path) of every validation error."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["code"], error["path"]) for item in answer.json()["validation-errors"] for error in item["errors"]]
