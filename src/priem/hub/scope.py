"""Who sees which clinics. The one place through which every page asks for rows."""

from typing import TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest

from priem.hub.models import Clinic
from priem.hub.models.owned import ClinicOwned, OwnedRows

Owned = TypeVar("Owned", bound=ClinicOwned)


def visible_clinics(request: HttpRequest) -> QuerySet[Clinic]:
    """All of them for an administrator of the hub, none for anybody else."""
    return Clinic.objects.all() if sees_everything(request) else Clinic.objects.none()


def sees_everything(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser


def visible(request: HttpRequest, rows: OwnedRows[Owned]) -> OwnedRows[Owned]:
    """Those of the clinics that this person may see."""
    return rows.of_all() if sees_everything(request) else rows.of_any(clinic_ids(request))


def clinic_ids(request: HttpRequest) -> list[int]:
    return list(visible_clinics(request).values_list("pk", flat=True))
