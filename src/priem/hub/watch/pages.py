"""The history of incidents."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from priem.hub.models import Incident
from priem.hub.pages import page
from priem.hub.roles.guards import of_any_clinic
from priem.hub.scope import visible_clinics

SIZE = 50


@require_GET
@of_any_clinic()
def incidents(request: HttpRequest) -> HttpResponse:
    clinics = visible_clinics(request)
    chosen = clinics.filter(slug=request.GET.get("clinic", "")).first()
    ids = [chosen.pk] if chosen else list(clinics.values_list("pk", flat=True))
    rows = Incident.objects.of_any(ids).select_related("clinic").order_by("-pk")
    before = str(request.GET.get("before", ""))
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: SIZE + 1])
    said = {
        "clinics": clinics,
        "chosen": chosen.slug if chosen else "",
        "rows": found[:SIZE],
        "older": found[SIZE - 1].pk if len(found) > SIZE else None,
    }
    return page(request, "hub/incidents.html", gettext("Incidents"), said)
