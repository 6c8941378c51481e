"""Is the hub alive? For balancers and watchdogs, so without a login and without a word about anybody."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from priem.hub.models import Clinic


def healthz(_request: HttpRequest) -> JsonResponse:
    try:
        return JsonResponse({"database": "ok", "clinics": Clinic.objects.count()})
    except DatabaseError as error:
        return JsonResponse({"database": type(error).__name__, "clinics": None}, status=503)
