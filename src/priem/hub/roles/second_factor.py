"""The second step of coming in: who needs it, and how it is set up and shown."""

import base64
import io
import secrets
from collections.abc import Callable

import segno
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_otp import login, match_token

from priem.hub.audit.accounts import note_everywhere, places_of
from priem.hub.models import AuthenticatorApp, SpareCodes
from priem.hub.models.audit import Deed
from priem.hub.models.second_factor import hash_of
from priem.hub.scope import roles, sees_everything

SECRET_BYTES = 20
CODES = 10
FROM_AMOCRM = "from_amocrm"
"""In the session of whoever amoCRM vouched for: that was a second factor of its own."""
OPEN = frozenset(
    {
        *("home", "healthz", "admin:login", "admin:logout", "admin:jsi18n"),
        *("second_factor", "second_factor_set_up", "set_password"),
        *("amocrm_hooks", "amocrm_callback", "amocrm_uninstall", "amocrm_enter", "amocrm_enter_by_ticket"),
        *("ident_openapi", "ident_service", "ident_lost"),
    }
)
"""Doors that need no login, or are on the way to it."""


def is_shown(request: HttpRequest) -> bool:
    """Did whoever asks show the second factor in this session?"""
    return bool(request.user.is_verified() or request.session.get(FROM_AMOCRM))  # type: ignore[union-attr]  # django-otp's


def has_one(person: User) -> bool:
    return AuthenticatorApp.objects.filter(user=person, confirmed=True).exists()


def must_have_one(request: HttpRequest) -> bool:
    """By the setting, for the roles that it names; owners are named `owner`."""
    wanted = frozenset(settings.SECOND_FACTOR_ROLES)
    own = {role.value for role in roles(request).values()} | ({"owner"} if sees_everything(request) else set())
    return bool(wanted & own)


class SecondFactor:
    """Leads to the second step whoever has one, or must."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN or not request.user.is_authenticated or is_shown(request):
            return None
        if has_one(request.user):
            return onward(request, "second_factor")
        return onward(request, "second_factor_set_up") if must_have_one(request) else None


def onward(request: HttpRequest, name: str) -> HttpResponse:
    there = request.get_full_path() if request.method == "GET" else ""
    return redirect(f"{reverse(name)}?{urlencode({'next': there})}" if there else reverse(name))


def new_app(person: User) -> AuthenticatorApp:
    """Not confirmed: it counts once its first code was shown. An earlier try is taken up again."""
    app: AuthenticatorApp | None = AuthenticatorApp.objects.filter(user=person, confirmed=False).first()
    if app is None:
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
        app = AuthenticatorApp.objects.create(user=person, confirmed=False, secret=secret)
        app.refresh_from_db()
    return app


def picture(app: AuthenticatorApp) -> str:
    """The QR code as SVG: dark on white in both themes, since cameras want it so."""
    made = io.BytesIO()
    segno.make(app.address, error="m").save(
        made, kind="svg", scale=5, border=4, light="white", xmldecl=False, svgns=True, omitsize=False
    )
    return made.getvalue().decode()


@transaction.atomic
def confirm(request: HttpRequest, app: AuthenticatorApp, code: str) -> list[str]:
    """Gives the spare codes, which are shown once; none when the code is wrong."""
    if not app.verify_token(code):
        return []
    AuthenticatorApp.objects.filter(user_id=app.user_id, confirmed=True).delete()
    app.confirmed = True
    app.save()
    login(request, app)
    note_everywhere(app.user, places_of(app.user), deed=Deed.FACTOR_ON)
    return new_spare_codes(app.user)


def new_spare_codes(person: User) -> list[str]:
    codes = ["-".join(secrets.token_hex(3) for _ in range(2)) for _ in range(CODES)]
    SpareCodes.objects.update_or_create(
        user=person, defaults={"confirmed": True, "hashes": [hash_of(code) for code in codes]}
    )
    return codes


def show(request: HttpRequest, code: str) -> bool:
    """A code of the application, or a spare one."""
    device = match_token(request.user, code.replace(" ", ""))
    if device is None:
        return False
    login(request, device)
    return True


@transaction.atomic
def forget(person: User) -> None:
    """For whoever has lost phone and paper: the next login sets it up anew."""
    note_everywhere(person, places_of(person), deed=Deed.FACTOR)
    AuthenticatorApp.objects.filter(user=person).delete()
    SpareCodes.objects.filter(user=person).delete()
