"""The audit log, and the history of a clinic's settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from priem.errors import AskOperator
from priem.hub.audit.document import comparable, difference, set_up_of
from priem.hub.audit.restoring import bring_back
from priem.hub.audit.words import about, shown
from priem.hub.models import AuditEntry, Clinic, Revision
from priem.hub.models.audit import Deed
from priem.hub.pages import page
from priem.hub.roles.guards import of_any_clinic, of_clinic
from priem.hub.roles.rights import Right
from priem.hub.scope import visible, visible_clinics
from priem.hub.sentences import readable

A_PAGE = 50


@require_GET
@of_any_clinic(Right.AUDIT)
def log(request: HttpRequest) -> HttpResponse:
    """The latest first; `?before=` an entry's number gives those before it, however many there are."""
    clinics = list(visible_clinics(request, Right.AUDIT))
    rows = visible(request, AuditEntry.objects.order_by("-id"), Right.AUDIT).select_related("clinic")
    chosen = next((clinic for clinic in clinics if clinic.slug == request.GET.get("clinic")), None)
    deed = request.GET.get("deed", "")
    if chosen:
        rows = rows.filter(clinic=chosen)
    if deed in Deed.values:
        rows = rows.filter(deed=deed)
    if (before := request.GET.get("before", "")).isdecimal():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows[: A_PAGE + 1])
    said = {
        "entries": [(row, about(row.about), [shown(*change) for change in row.changes]) for row in found[:A_PAGE]],
        "more": found[A_PAGE - 1].pk if len(found) > A_PAGE else None,
        "clinics": clinics,
        "clinic": chosen,
        "deed": deed,
        "deeds": Deed.choices,
    }
    return page(request, "hub/audit/log.html", gettext("Who changed what"), said)


@require_GET
@of_clinic(Right.AUDIT)
def history(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    rows = list(Revision.objects.of(clinic.pk).order_by("-id")[:A_PAGE])
    now = set_up_of(clinic).document
    said = {
        "clinic": clinic,
        "revisions": [
            (
                row,
                [shown(*change) for change in row.changes],
                not difference(row.document, comparable(now, row.document)),
            )
            for row in rows
        ],
    }
    return page(request, "hub/audit/history.html", gettext("History of settings"), said)


@require_GET
@of_clinic(Right.SET_UP)
def look(request: HttpRequest, clinic: Clinic, revision_id: int) -> HttpResponse:
    """What would change by going back."""
    revision = get_object_or_404(Revision.objects.of(clinic.pk), pk=revision_id)
    now = comparable(set_up_of(clinic).document, revision.document)
    changes = [shown(*change) for change in difference(now, revision.document)]
    said = {"clinic": clinic, "revision": revision, "changes": changes}
    return page(request, "hub/audit/back.html", gettext("Back to earlier settings"), said)


@require_POST
@of_clinic(Right.SET_UP)
def back(request: HttpRequest, clinic: Clinic, revision_id: int) -> HttpResponse:
    revision = get_object_or_404(Revision.objects.of(clinic.pk), pk=revision_id)
    try:
        kept = bring_back(revision, request)
    except AskOperator as error:
        messages.error(request, f"{readable(error.what)} {readable(error.advice)}")
    else:
        messages.success(request, gettext("The earlier settings are in force again."))
        if kept:
            said = gettext("These roles stay as they are, since they are not yours to give: {list}.")
            messages.warning(request, said.format(list=", ".join(kept)))
    return redirect("settings_history", slug=clinic.slug)


urlpatterns = [
    path("audit/", log, name="audit"),
    path("history-of-settings/<slug:slug>/", history, name="settings_history"),
    path("history-of-settings/<slug:slug>/<int:revision_id>/", look, name="settings_look"),
    path("history-of-settings/<slug:slug>/<int:revision_id>/back/", back, name="settings_back"),
]
