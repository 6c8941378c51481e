"""Pages of our own in the admin's look: its navigation, header and themes around them."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(
    request: HttpRequest, template: str, title: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The template extends `hub/page.html`, or a skeleton of the admin's own."""
    around = {**admin.site.each_context(request), "title": title, **(context or {})}
    return render(request, template, around, status=status)
