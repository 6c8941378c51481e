"""Is the hub alive, and do its clinics keep in step? For balancers and watchdogs, so without a login and without a word
about anybody: kinds of troubles and how many clinics have them."""

from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, JsonResponse

from priem.hub.models import Clinic, Incident


def healthz(_request: HttpRequest) -> JsonResponse:
    """503 only when the hub itself cannot work: a balancer must not take it out for a clinic's sake."""
    try:
        clinics = Clinic.objects.count()
        rows = Incident.objects.of_all().filter(over_at__isnull=True)
        incidents = dict(rows.values_list("kind").annotate(Count("pk")).order_by("kind"))
    except DatabaseError as error:
        return JsonResponse({"state": "down", "database": type(error).__name__, "clinics": None}, status=503)
    state = "degraded" if incidents else "ok"
    return JsonResponse({"state": state, "database": "ok", "clinics": clinics, "incidents": incidents})
