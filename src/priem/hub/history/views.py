"""The page «История запросов» of a clinic."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from priem.hub.audit.notes import note
from priem.hub.history import opened, retrying, search, wording
from priem.hub.history.search import Filters
from priem.hub.models import Clinic, ExchangeBody, ExchangeRecord, ExchangeSubject
from priem.hub.models.audit import Deed
from priem.hub.models.exchanges import Sort
from priem.hub.pages import page
from priem.hub.roles.guards import of_any_clinic, of_clinic
from priem.hub.roles.rights import Right
from priem.hub.scope import may, visible_clinics

NAMES = ("since", "until", "system", "direction", "sort", "result", "q")


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as it is listed."""

    row: ExchangeRecord
    what: str
    way: str
    way_said: str
    result: str


@require_GET
@of_any_clinic()
def first_history(request: HttpRequest) -> HttpResponse:
    """Of the first clinic that somebody sees: the page names the others."""
    first = visible_clinics(request).first()
    return redirect("history", first.slug) if first else redirect("admin:index")


@require_GET
@of_clinic(Right.SEE)
def history(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    chosen = {name: value for name in NAMES if (value := str(request.GET.get(name, "")))}
    before = search.place_of(str(request.GET.get("before", "")))
    rest = search.place_of(str(request.GET.get("rest", "")))
    rows = search.page(clinic.pk, Filters.of(chosen), before, search.SIZE + 1)
    more, rows = rows[search.SIZE :], rows[: search.SIZE]
    last = search.written_place((rows[-1].started_at, rows[-1].pk)) if more else ""
    return page(
        request,
        "hub/history.html",
        gettext("History of requests"),
        {
            "clinic": clinic,
            "clinics": visible_clinics(request),
            "chosen": chosen,
            "query": urlencode(chosen),
            "older": urlencode({**chosen, "before": last}) if last else "",
            "is_first": before is None,
            "rest": search.written_place(rest) if rest else "",
            "rows": shown(clinic.pk, rows),
            "systems": search.systems_of(clinic.pk),
            "sorts": Sort.choices,
            "may_retry": may(request, Right.RETRY, clinic.pk),
        },
    )


def shown(clinic_id: int, rows: Sequence[ExchangeRecord]) -> list[Shown]:
    subjects: defaultdict[int, list[ExchangeSubject]] = defaultdict(list)
    single = [row.pk for row in rows if row.items <= 1]
    for subject in ExchangeSubject.objects.of(clinic_id).filter(exchange__in=single).order_by("pk"):
        subjects[subject.exchange_id].append(subject)
    return [
        Shown(
            row,
            wording.in_words(row, subjects[row.pk]),
            wording.way_of(row),
            wording.way_said(row),
            wording.result_of(row),
        )
        for row in rows
    ]


@require_GET
@of_clinic(Right.SEE)
def exchange(request: HttpRequest, clinic: Clinic, exchange_id: int) -> HttpResponse:
    """What is inside a row, for the page to take in, or alone for whoever has no scripts."""
    row = get_object_or_404(ExchangeRecord.objects.of(clinic.pk), pk=exchange_id)
    body = ExchangeBody.objects.of(clinic.pk).filter(pk=row.pk).first()
    inside = {
        "clinic": clinic,
        "row": row,
        "said": shown(clinic.pk, [row])[0],
        "body": body,
        "cases": opened.cases(clinic.pk, row),
        "attempts": shown(clinic.pk, opened.attempts(clinic.pk, row)),
        "may_retry": may(request, Right.RETRY, clinic.pk),
        "may_unmask": bool(body and body.whole) and may(request, Right.SEE_UNMASKED, clinic.pk),
    }
    if request.headers.get("HX-Request"):
        return render(request, "hub/exchange_inside.html", inside)
    return page(request, "hub/exchange.html", gettext("Request"), inside)


@require_POST
@of_clinic(Right.SEE_UNMASKED)
def whole(request: HttpRequest, clinic: Clinic, exchange_id: int) -> HttpResponse:
    """Posted, since it is written down who looked."""
    row = get_object_or_404(ExchangeRecord.objects.of(clinic.pk), pk=exchange_id)
    body = ExchangeBody.objects.of(clinic.pk).filter(pk=row.pk).first()
    opened.note_look(clinic, row)
    said = {"clinic": clinic, "whole": body.whole.reveal() if body else ""}
    return page(request, "hub/exchange_whole.html", gettext("Request"), said)


@require_POST
@of_clinic(Right.RETRY)
def retry(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    """The rows that are ticked, or all that the filters find."""
    chosen = {name: value for name in NAMES if (value := str(request.POST.get(name, "")))}
    rest: search.Place | None = None
    if request.POST.get("all"):
        before = search.place_of(str(request.POST.get("before", "")))
        count, rest = retrying.retry_matching(clinic.pk, Filters.of(chosen), before)
    else:
        ids = [int(id_) for id_ in request.POST.getlist("exchange") if id_.isdecimal() and len(id_) < 19]
        count = retrying.retry(clinic.pk, ids)
    if count:
        note(clinic.pk, Deed.RETRY, count)
        said = gettext("Records that the next pass decides on anew: {count}.").format(count=count)
        messages.success(request, said)
    else:
        messages.info(request, gettext("There is nothing to repeat: reading is repeated by itself."))
    onward = {**chosen, "rest": search.written_place(rest)} if rest else chosen
    return redirect(f"{reverse('history', args=[clinic.slug])}?{urlencode(onward)}")
