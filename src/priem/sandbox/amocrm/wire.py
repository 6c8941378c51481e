"""What a request and an answer are on the wire, before any route knows about them."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

HAL = "application/hal+json"
PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"

Json = dict[str, object]


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
class Request:
    """One request; `base` is `scheme://host` as the caller addressed it."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes
    base: str
    id: str = ""
    user_id: int = 0
    client_id: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.raw_query:
            self.pairs = parse_qsl(self.raw_query, keep_blank_values=True)

    def parameter(self, name: str, default: str = "") -> str:
        """The last plain value of `name`, as PHP would have it."""
        for key, value in reversed(self.pairs):
            if key == name:
                return value
        return default

    def tree(self, root: str) -> object:
        """`root[...]` of the query as nested dicts (PHP brackets; `[]` counts up), None when it is not there."""
        pairs = [(key, value) for key, value in self.pairs if key == root or key.startswith(root + "[")]
        return php_tree(pairs).get(root) if pairs else None

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


def php_tree(pairs: list[tuple[str, str]]) -> Json:
    """`a[b][0][c]=1` as nested dicts, the way PHP reads a query or a form."""
    root: Json = {}
    for key, value in pairs:
        step, *rest = key.replace("]", "").split("[")
        node = root
        for following in rest:
            child = node.get(step)
            if not isinstance(child, dict):
                child = {}
                node[step] = child
            node = child
            step = following or str(len(node))
        node[step] = value
    return root


def whole(value: object, default: int) -> int:
    """A whole number out of a query; nonsense counts as not sent."""
    text = str(value) if value is not None else ""
    return int(text) if text.removeprefix("-").isdecimal() else default


def encode(payload: object) -> bytes:
    """Compact JSON; Cyrillic is left readable."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


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
