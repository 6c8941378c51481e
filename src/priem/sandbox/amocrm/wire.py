"""What a request and an answer are on the wire, before any route knows about them."""

import json
from dataclasses import dataclass

from priem.sandbox import wire as sandbox_wire
from priem.sandbox.wire import HTML, Json, encode, php_tree, whole

__all__ = ["Answer", "Json", "Refused", "Request", "empty", "encode", "hal", "html", "php_tree", "problem", "whole"]

HAL = "application/hal+json"
PROBLEM = "application/problem+json"


@dataclass(slots=True)
class Answer:
    """`body` None is an empty body. `records` is how many entities it carries (latency is counted by them)."""

    status: int
    body: bytes | None = None
    content_type: str = HAL
    records: int = 0


class Refused(Exception):
    """Ends the handling of a request with the given answer; nothing is saved."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(slots=True)
class Request(sandbox_wire.Request):
    """One request of whom."""

    user_id: int = 0
    client_id: str = ""

    def with_(self) -> frozenset[str]:
        """The names in `with=a,b`, also when sent as `with[]=a`."""
        named = self.parameter("with").split(",")
        listed = [value for key, value in self.pairs if key.startswith("with[")]
        return frozenset(name.strip() for name in [*named, *listed] if name.strip())

    def json(self) -> object:
        """The body as JSON.

        Raises Refused with 400 when it is not JSON (docs/reference/amocrm.md §3.20).
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(problem(400, "Bad Request", "Invalid request body")) from None


def hal(payload: object, status: int = 200, records: int = 0) -> Answer:
    """A successful answer."""
    return Answer(status, encode(payload), HAL, records)


def empty(status: int = 204) -> Answer:
    """An answer without a body."""
    return Answer(status)


def html(status: int, text: str) -> Answer:
    """What the gateways before amoCRM answer."""
    return Answer(status, text.encode(), HTML)


def problem(status: int, title: str, detail: str, **extra: object) -> Answer:
    """An `application/problem+json` answer (docs/reference/amocrm.md §3.20)."""
    body = {**extra, "title": title, "type": f"https://httpstatus.es/{status}", "status": status, "detail": detail}
    return Answer(status, encode(body), PROBLEM)
