"""Who is at it: set for the length of a request or of a command, and nobody's otherwise (Priem itself)."""

from collections.abc import Callable
from contextvars import ContextVar

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

from priem.commanding import OPERATOR

REQUEST: ContextVar[HttpRequest | None] = ContextVar("REQUEST", default=None)


class Acting:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = REQUEST.set(request)
        try:
            return self.get_response(request)
        finally:
            REQUEST.reset(before)


def actor() -> User | None:
    request = REQUEST.get()
    person = getattr(request, "user", None)
    return person if person is not None and person.is_authenticated else None


def actors_name() -> str:
    """Of the account; of the operating system's user, who has none here; empty for Priem itself."""
    if person := actor():
        return person.get_username()
    operator = OPERATOR.get()
    return f"{operator} (priem)" if operator else ""
