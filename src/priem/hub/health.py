"""Is the hub alive, and do its clinics keep in step? For balancers and watchdogs, so without a login and without a word
about anybody: kinds of troubles and how many clinics and branches have them."""

from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, JsonResponse

from priem.hub.models import Clinic
from priem.hub.store import utc_now
from priem.hub.watch.instep import in_step, open_ones


def healthz(_request: HttpRequest) -> JsonResponse:
    """503 only when the hub itself cannot work: a balancer must not take it out for a clinic's sake."""
    try:
        clinics = list(Clinic.objects.values_list("pk", flat=True))
        incidents = dict(open_ones().values_list("kind").annotate(Count("pk")).order_by("kind"))
        standing = [id_ for id_, _, is_well in in_step(clinics, utc_now()) if not is_well]
    except DatabaseError as error:
        return JsonResponse({"state": "down", "database": type(error).__name__, "clinics": None}, status=503)
    return JsonResponse(
        {
            "state": "degraded" if incidents or standing else "ok",
            "database": "ok",
            "clinics": len(clinics),
            "out_of_step": {"clinics": len(set(standing)), "branches": len(standing)},
            "incidents": incidents,
        }
    )
