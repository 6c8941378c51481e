"""From method and path to a handler. A number in a path is `#` in a pattern."""

from collections.abc import Callable
from typing import Concatenate

from ..wire import Answer, Refused
from .call import Call

Handler = Callable[Concatenate[Call, ...], Answer]


class Router:
    """`add` patterns, `handle` calls."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, ...], dict[str, Handler]] = {}

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """`pattern` is relative to the version, e.g. `talons/#`."""
        self._handlers.setdefault(tuple(pattern.split("/")), {})[method] = handler

    def handle(self, call: Call, path: str) -> Answer:
        """The handler's answer; Refused 404 for an unknown path, 405 for a wrong verb, or what the branch lacks."""
        parts = path.strip("/").split("/")
        self._present(call, parts[0])
        handlers = self._handlers.get(tuple("#" if part.isdecimal() else part for part in parts))
        if handlers is None:
            raise Refused(404, "Метод не найден")
        handler = handlers.get(call.request.method)
        if handler is None:
            raise Refused(405, "Метод не поддерживается")
        return handler(call, *(int(part) for part in parts if part.isdecimal()))

    def _present(self, call: Call, method: str) -> None:
        missing = call.branch.manners.missing
        status = missing.get(method) or missing.get(f"{call.request.method} {method}")
        if status:
            raise Refused(status, "Метод не найден")
