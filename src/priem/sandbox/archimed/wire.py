"""What goes over the line: a request with its form, an answer, and the gateway's own pages."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qsl

from priem.sandbox import wire as sandbox_wire
from priem.sandbox.wire import HTML, encode

__all__ = ["Answer", "Refused", "Request", "answer", "encode", "page"]

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Answer:
    """`records` is how many rows it carries; latency is counted by them."""

    status: int
    body: bytes
    content_type: str = JSON
    records: int = 0


class Refused(Exception):
    """Ends the handling of a request with a text for whoever reads it; nothing is saved."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(slots=True)
class Request(sandbox_wire.Request):
    """One request."""

    def form(self) -> dict[str, str]:
        """What a write sends: a form, as the clients that were seen do it, or a flat JSON object; 400 for neither."""
        if not self.body:
            return {}
        if self.headers.get("content-type", "").startswith(FORM):
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            sent = json.loads(self.body)
        except ValueError:
            raise Refused(400, "Некорректный запрос") from None
        if not isinstance(sent, dict):
            raise Refused(400, "Некорректный запрос")
        return {str(key): "" if value is None else str(value) for key, value in sent.items()}

    def listed(self, root: str) -> list[str]:
        """`root[]=a&root[]=b` of the query."""
        found = self.tree(root)
        return [str(value) for value in found.values()] if isinstance(found, dict) else []


def answer(payload: object, records: int = 0) -> Answer:
    """A good one."""
    return Answer(200, encode(payload), JSON, records)


def page(status: int, title: str) -> Answer:
    """What the gateway shows when what stands behind it does not answer (docs/reference/archimed.md §1.8)."""
    text = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, text.encode(), HTML)
