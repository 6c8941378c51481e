"""The doors for whoever comes from amoCRM's widget."""

import re
from urllib.parse import urlsplit

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from priem.amocrm.config import ACCOUNT_HOST
from priem.errors import AskOperator
from priem.hub.audit.notes import note
from priem.hub.models.audit import Deed
from priem.hub.roles.from_amocrm import Arrival, arrive, take_ticket, ticket
from priem.hub.roles.second_factor import FROM_AMOCRM
from priem.hub.sentences import readable

BACKEND = "django.contrib.auth.backends.ModelBackend"
HEADER = "X-Auth-Token"
TOKEN = re.compile(r"[A-Za-z0-9_.=-]{20,4000}")


@csrf_exempt
@never_cache
@require_http_methods(["POST", "OPTIONS"])
def enter(request: HttpRequest) -> HttpResponse:
    """The token in a header: answers with the address to open, for a script. In a form field `token`: logs in."""
    if request.method == "OPTIONS":
        return shared(request, HttpResponse(status=204))
    in_header = request.headers.get(HEADER, "")
    token = in_header or request.POST.get("token", "")
    try:
        arrival = arrive(token if TOKEN.fullmatch(token) else "")
    except AskOperator as error:
        if not in_header:
            return refused(request, error)
        said = {"error": readable(error.what), "advice": readable(error.advice)}
        return shared(request, JsonResponse(said, status=403))
    if not in_header:
        return come_in(request, arrival)
    url = request.build_absolute_uri(reverse("amocrm_enter_by_ticket", args=[ticket(arrival)]))
    return shared(request, JsonResponse({"url": url}))


def shared(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """amoCRM's pages may read the answer; no cookie goes along."""
    origin = request.headers.get("Origin", "")
    if ACCOUNT_HOST.match(urlsplit(origin).netloc) and origin.startswith("https://"):
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Allow-Headers"] = HEADER
        answer["Access-Control-Allow-Methods"] = "POST"
        answer["Vary"] = "Origin"
    return answer


@never_cache
@require_GET
def enter_by_ticket(request: HttpRequest, written: str) -> HttpResponse:
    try:
        return come_in(request, take_ticket(written))
    except AskOperator as error:
        return refused(request, error)


def come_in(request: HttpRequest, arrival: Arrival) -> HttpResponse:
    login(request, arrival.person, backend=BACKEND)
    request.session[FROM_AMOCRM] = True
    note(arrival.clinic.pk, Deed.CAME_IN, arrival.person.get_username())
    return redirect("admin:index")


def refused(request: HttpRequest, error: AskOperator) -> HttpResponse:
    said = {"what": readable(error.what), "advice": readable(error.advice)}
    return render(request, "hub/amocrm.html", said, status=403)
