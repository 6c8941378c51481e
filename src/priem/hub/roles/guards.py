"""Which right a page needs. A clinic that somebody may not see is not there for him (404); what he may see there and
not do is forbidden (403); who is not logged in is asked to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from priem.hub.roles.rights import Right
from priem.hub.scope import may, may_found, visible_clinics

View = Callable[..., HttpResponseBase]


def of_clinic(right: Right = Right.SEE) -> Callable[[View], View]:
    """A page of one clinic: its address has `<slug:slug>`, the view gets the Clinic: `view(request, clinic, …)`."""

    def guarded(view: View) -> View:
        @wraps(view)
        def let_in(request: HttpRequest, slug: str, **rest: Any) -> HttpResponseBase:  # noqa: ANN401  # of the address
            clinic = get_object_or_404(visible_clinics(request), slug=slug)
            if not may(request, right, clinic.pk):
                raise PermissionDenied
            return view(request, clinic, **rest)

        return logged_in(let_in)

    return guarded


def of_any_clinic(right: Right = Right.SEE) -> Callable[[View], View]:
    """A page over all clinics in which somebody has the right: the view asks `visible_clinics(request, right)`."""
    return allowed(lambda request: may(request, right))


def of_founders(view: View) -> View:
    """A page for whoever may begin with a new clinic."""
    return allowed(may_found)(view)


def allowed(test: Callable[[HttpRequest], bool]) -> Callable[[View], View]:
    def guarded(view: View) -> View:
        @wraps(view)
        def let_in(request: HttpRequest, **rest: Any) -> HttpResponseBase:  # noqa: ANN401  # as above
            if not test(request):
                raise PermissionDenied
            return view(request, **rest)

        return logged_in(let_in)

    return guarded


def logged_in(view: View) -> View:
    checked: View = user_passes_test(may_come_in, login_url="admin:login")(view)
    return checked


def may_come_in(person: User | AnonymousUser) -> bool:
    """Everybody who has an account here is staff to Django."""
    return person.is_active and person.is_staff
