"""Who sees which clinics. The one place through which every page asks for rows and rights."""

from collections.abc import Mapping
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.http import HttpRequest

from priem.hub.models import Clinic, Membership
from priem.hub.models.owned import ClinicOwned, OwnedRows
from priem.hub.roles.rights import EVERY_RIGHT, RIGHTS, Right, Role

Owned = TypeVar("Owned", bound=ClinicOwned)
NO_RIGHT: frozenset[Right] = frozenset()
KEPT = "_priem_roles"


def visible_clinics(request: HttpRequest, right: Right = Right.SEE) -> QuerySet[Clinic]:
    """Those in which whoever asks has this right."""
    if sees_everything(request):
        return Clinic.objects.all()
    return Clinic.objects.filter(pk__in=[id_ for id_, role in roles(request).items() if right in RIGHTS[role]])


def sees_everything(request: HttpRequest) -> bool:
    """The owner of the hub."""
    return request.user.is_active and request.user.is_superuser


def visible(request: HttpRequest, rows: OwnedRows[Owned], right: Right = Right.SEE) -> OwnedRows[Owned]:
    """Those of the clinics in which this person has this right."""
    return rows.of_all() if sees_everything(request) else rows.of_any(clinic_ids(request, right))


def clinic_ids(request: HttpRequest, right: Right = Right.SEE) -> list[int]:
    return list(visible_clinics(request, right).values_list("pk", flat=True))


def may(request: HttpRequest, right: Right, clinic_id: int | None = None) -> bool:
    """In this clinic; None: in any."""
    if sees_everything(request):
        return True
    if clinic_id is not None:
        return right in rights_in(request, clinic_id)
    return any(right in RIGHTS[role] for role in roles(request).values())


def rights_in(request: HttpRequest, clinic_id: int) -> frozenset[Right]:
    if sees_everything(request):
        return EVERY_RIGHT
    role = roles(request).get(clinic_id)
    return RIGHTS[role] if role else NO_RIGHT


def may_found(request: HttpRequest) -> bool:
    """Who may begin with a new clinic: the owner and integrators."""
    return sees_everything(request) or Role.INTEGRATOR in roles(request).values()


def roles(request: HttpRequest) -> Mapping[int, Role]:
    """By clinic; read once for a request."""
    known: Mapping[int, Role] | None = getattr(request, KEPT, None)
    if known is None:
        known = roles_of(request.user)
        setattr(request, KEPT, known)
    return known


def roles_of(person: User | AnonymousUser) -> Mapping[int, Role]:
    if not (person.is_authenticated and person.is_active):
        return {}
    rows = Membership.objects.of_all().filter(person_id=person.pk)
    return {clinic: Role(role) for clinic, role in rows.values_list("clinic_id", "role") if role in Role.values}
