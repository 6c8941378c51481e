"""From method and path to a handler. A number in a path is `#` in a pattern, any other variable part is `*`."""

from collections.abc import Callable
from typing import Concatenate

from ..problems import method_not_allowed
from ..state.crm import Crm
from ..state.rules import Rules
from ..wire import Answer, Request

Handler = Callable[Concatenate["Api", Request, ...], Answer]


class Api:
    """What handlers work on."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.rules = Rules(crm)
        self.stale_search_seconds: Callable[[Request], float | None] = lambda _request: None


class Router:
    """`add` patterns, `handle` requests."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, ...], dict[str, Handler]] = {}
        self._loose: dict[tuple[str, ...], dict[str, Handler]] = {}

    def add(self, methods: str, pattern: str, handler: Handler) -> None:
        """`pattern` is relative to /api/v4, e.g. `contacts/#`; `methods` e.g. `GET POST`."""
        key = tuple(pattern.split("/"))
        for method in methods.split():
            (self._loose if "*" in key else self._exact).setdefault(key, {})[method] = handler

    def handle(self, api: Api, request: Request, path: str) -> Answer | None:
        """The handler's answer, 405 for a wrong method, None for an unknown path."""
        parts = path.split("/")
        handlers = self._exact.get(tuple("#" if part.isdecimal() else part for part in parts))
        arguments: list[int | str] = [int(part) for part in parts if part.isdecimal()]
        if handlers is None:
            handlers, arguments = self._find_loose(parts)
        if handlers is None:
            return None
        handler = handlers.get(request.method)
        return handler(api, request, *arguments) if handler else method_not_allowed()

    def _find_loose(self, parts: list[str]) -> tuple[dict[str, Handler] | None, list[int | str]]:
        for key, handlers in self._loose.items():
            if len(key) == len(parts) and all(_fits(want, part) for want, part in zip(key, parts, strict=True)):
                return handlers, [
                    int(part) if want == "#" else part for want, part in zip(key, parts, strict=True) if want in "#*"
                ]
        return None, []


def _fits(want: str, part: str) -> bool:
    return want == part or (want == "*" and part != "") or (want == "#" and part.isdecimal())
