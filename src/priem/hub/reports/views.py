"""The report of a clinic."""

import csv
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from priem.hub.history.search import day
from priem.hub.models import Clinic
from priem.hub.pages import page
from priem.hub.reports.funnel import Counts, Group, Period, by, groups, total
from priem.hub.roles.guards import of_any_clinic, of_clinic
from priem.hub.roles.rights import Right
from priem.hub.scope import visible_clinics

LONGEST = timedelta(days=3 * 366)
COUNTED_AT_ONCE = timedelta(days=62)
"""What is longer comes after the page: a large clinic has hundreds of thousands of leads in a year."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""


@require_GET
@of_any_clinic()
def first_report(request: HttpRequest) -> HttpResponse:
    """Of the first clinic that somebody sees: the page names the others."""
    first = visible_clinics(request).first()
    return redirect("report", first.slug) if first else redirect("admin:index")


@require_GET
@of_clinic(Right.SEE)
def report(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    period = period_of(request)
    said: dict[str, Any] = {"clinic": clinic, "clinics": visible_clinics(request), "period": period}
    if request.GET.get("csv"):
        return as_csv(clinic, period, groups(clinic.pk, period))
    if request.GET.get("found"):
        return render(request, "hub/report_found.html", said | counted(clinic, period))
    is_later = period.until - period.since > COUNTED_AT_ONCE
    return page(
        request,
        "hub/report.html",
        gettext("Report"),
        said | {"is_later": is_later} | ({} if is_later else counted(clinic, period)),
    )


def counted(clinic: Clinic, period: Period) -> dict[str, Any]:
    found = groups(clinic.pk, period)
    return {
        "funnel": steps(total(found)),
        "names": names(),
        "tables": [
            table(gettext("By source"), gettext("Source"), gettext("not said"), found, lambda one: one.source),
            table(gettext("By branch"), gettext("Branch"), gettext("not booked yet"), found, lambda one: one.branch),
        ],
    }


def period_of(request: HttpRequest) -> Period:
    """This month, unless something else is asked for that makes sense."""
    today: date = timezone.localdate()
    since = day(str(request.GET.get("since", ""))) or today.replace(day=1)
    until = day(str(request.GET.get("until", ""))) or today
    if not timedelta(0) <= until - since <= LONGEST or until.year > 9000 or since.year < 1971:
        return Period(today.replace(day=1), today)
    return Period(since, until)


def names() -> list[str]:
    return [gettext("Requests"), gettext("Booked"), gettext("Came"), gettext("Paid"), gettext("Sum, ₽")]


def numbers(counts: Counts) -> list[Any]:
    return [counts.requests, counts.booked, counts.came, counts.paid, counts.sum]


def steps(counts: Counts) -> list[Mapping[str, Any]]:
    most = max(1, counts.requests)
    return [
        {
            "name": name,
            "count": count,
            "width": round(60 * count / most),
            "share": round(100 * count / most) if place and counts.requests else None,
        }
        for place, (name, count) in enumerate(zip(names()[:4], numbers(counts)[:4], strict=True))
    ]


def table(title: str, of: str, nothing: str, found: list[Group], key: Callable[[Group], str]) -> Mapping[str, Any]:
    rows = [
        {
            "name": name or nothing,
            "cells": [
                {"name": column, "value": grouped(value)}
                for column, value in zip(names(), numbers(counts), strict=True)
            ],
        }
        for name, counts in by(found, key)
    ]
    return {"title": title, "of": of, "rows": rows}


def grouped(value: int | Decimal) -> str:
    """1 234 567: whole numbers by thousands, with spaces that do not break."""
    return f"{round(value):,}".replace(",", "\u00a0")


def as_csv(clinic: Clinic, period: Period, found: list[Group]) -> HttpResponse:
    """As a Russian Excel opens it by a double click: a mark of UTF-8, and semicolons."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{clinic.slug}-{period.since}-{period.until}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.write("\ufeff")
    writer = csv.writer(answer, delimiter=";")
    writer.writerow([gettext("Source"), gettext("Branch"), *names()])
    for one in sorted(found, key=lambda one: (one.source, one.branch)):
        figures = [str(value).replace(".", ",") for value in numbers(one.counts)]
        writer.writerow([harmless(one.source), harmless(one.branch), *figures])
    return answer


def harmless(written: str) -> str:
    return f"'{written}" if written.startswith(FORMULA) else written
