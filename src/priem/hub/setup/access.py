"""Who may change a clinic's settings, and the frame of the pages."""

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from priem.hub.models import Clinic, Membership
from priem.hub.roles import guards
from priem.hub.roles.rights import Right, Role
from priem.hub.scope import visible_clinics

of_clinic = guards.of_clinic(Right.SET_UP)


def changeable_clinics(request: HttpRequest) -> QuerySet[Clinic]:
    return visible_clinics(request, Right.SET_UP)


def take_over(clinic: Clinic, person: User) -> None:
    """Whoever begins with a clinic looks after it; the owner of the hub does so anyway."""
    if not person.is_superuser:
        Membership.objects.create(clinic=clinic, person=person, role=Role.INTEGRATOR)


def page(request: HttpRequest, template: str, status: int = 200, **context: object) -> HttpResponse:
    """A page in the hub's own frame."""
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)
