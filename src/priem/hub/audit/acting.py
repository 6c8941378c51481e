"""Who is at it: set for the length of a request, and nobody's otherwise (a command, or Priem itself)."""

from collections.abc import Callable
from contextvars import ContextVar

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

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
