"""What amoCRM calls, and the way there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from priem.errors import AskOperator, PriemError
from priem.hub.amocrm.address import clinic_of
from priem.hub.amocrm.granting import (
    AGAIN,
    clinic_of_state,
    forget_access,
    removed_clinics,
    take_code,
    take_silent_code,
    way_to_amocrm,
)
from priem.hub.amocrm.inbox import INBOX
from priem.hub.roles.rights import Right
from priem.hub.scope import may, visible_clinics
from priem.hub.sentences import readable
from priem.texts import text

LONGEST_HOOK = 1024 * 1024
"""Bytes. A card with all its fields is some tens of thousands."""


@csrf_exempt
@require_POST
def hooks(request: HttpRequest, token: str) -> HttpResponse:
    """Keeps the body as it is, to be looked at later: amoCRM does not wait."""
    clinic_id = clinic_of(token)
    if clinic_id is None:
        return HttpResponseNotFound()
    if length(request) > LONGEST_HOOK:
        return HttpResponse(status=413)
    try:
        body = request.body
    except UnreadablePostError:
        return HttpResponse(status=400)
    return HttpResponse(status=200 if not body or INBOX.put(clinic_id, body) else 503)


def length(request: HttpRequest) -> int:
    written = request.META.get("CONTENT_LENGTH") or "0"
    return int(written) if written.isascii() and written.isdigit() else LONGEST_HOOK + 1


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where amoCRM sends whoever said yes or no, and a widget's code."""
    query = {name: value for name, value in request.GET.items() if isinstance(value, str)}
    if query.get("from_widget") and "state" not in query:
        take_silent_code(query.get("code", ""), query.get("referer", ""))
        return HttpResponse(status=204)  # whatever became of it: nobody looks
    try:
        clinic = clinic_of_state(request, query.get("state", ""))
        if query.get("error"):
            raise AskOperator(text("amoCRM gave no access: it was refused there."), AGAIN)
        take_code(clinic, query.get("code", ""), query.get("referer", ""))
    except PriemError as error:
        return page(request, error)
    messages.success(request, gettext("Priem has access to amoCRM."))
    return redirect("admin:hub_clinic_change", clinic.pk) if clinic.live else redirect("setup_granted", clinic.slug)


@require_GET
@login_required
def authorise(request: HttpRequest, clinic_id: int) -> HttpResponse:
    """Behind the button «allow access»."""
    clinic = get_object_or_404(visible_clinics(request), pk=clinic_id)
    if not may(request, Right.SET_UP, clinic.pk):
        raise PermissionDenied
    try:
        return redirect(way_to_amocrm(request, clinic))
    except PriemError as error:
        return page(request, error)


@require_GET
def uninstalled(request: HttpRequest) -> HttpResponse:
    """amoCRM says that the integration was removed. §1.4"""
    concerned = removed_clinics({name: str(value) for name, value in request.GET.items()})
    forget_access(concerned)
    return HttpResponse(status=204) if concerned else HttpResponseNotFound()


def page(request: HttpRequest, error: PriemError) -> HttpResponse:
    said = {"what": readable(error.what), "advice": readable(error.advice)}
    return render(request, "hub/amocrm.html", said, status=400)
