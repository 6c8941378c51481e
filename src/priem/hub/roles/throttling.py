"""Whoever guesses passwords waits. django-axes counts; what it says and what it writes down is ours."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def address(request: HttpRequest) -> str:
    """Behind a proxy (PRIEM_HTTPS) the last address that it has added, which the sender cannot choose."""
    if request.is_secure() and (forwarded := request.headers.get("X-Forwarded-For", "")):
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def locked_out(request: HttpRequest, *_what: object) -> HttpResponse:
    return render(request, "hub/locked_out.html", status=429)


def somebody(*_who: object) -> str:
    """Names stay out of the log."""
    return "somebody"
