"""What a request is on the wire, before any route of a sandbox knows about it; queries as PHP reads them."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

HTML = "text/html; charset=utf-8"

Json = dict[str, object]


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
