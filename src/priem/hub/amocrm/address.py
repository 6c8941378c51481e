"""Where amoCRM reaches this hub. Nothing proves who posts a hook, so its address is a secret: one path for each clinic.

The path is not stored: it is made of the hub's key. A new key makes new paths, and the next pass subscribes them.
"""

import base64
import hmac
import os
from urllib.parse import urlsplit

from django.utils.crypto import salted_hmac

from priem.hub.clinics import ClinicData

CALLBACK = "/amocrm/callback"
HOOKS = "/amocrm/hooks/"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PUBLIC_URL = "PRIEM_PUBLIC_URL"


def public_url(clinic: ClinicData) -> str:
    """The hub's own address from outside, without a slash at its end; empty when there is none.

    PRIEM_PUBLIC_URL, or what the integration's redirect address begins with, if it leads to a hub.
    """
    named = os.environ.get(PUBLIC_URL, "").rstrip("/")
    if named:
        return named if is_usable(named) else ""
    home, callback, _rest = clinic.redirect_uri.partition(CALLBACK)
    # A sandbox cannot post to the invented address that it is set up with.
    return home if callback and not clinic.sandbox and is_usable(home) else ""


def is_usable(url: str) -> bool:
    """HTTPS, or this very machine. amoCRM knows no Cyrillic domains. docs/reference/amocrm.md §3.18"""
    parts = urlsplit(url)
    if not url.isascii() or not parts.hostname or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def destination(clinic: ClinicData) -> str:
    """Where this clinic's amoCRM is to post; empty when the hub cannot be reached."""
    url = public_url(clinic)
    return f"{url}{HOOKS}{path_token(clinic.id)}" if url else ""


def path_token(clinic_id: int) -> str:
    digest = salted_hmac("priem.hub.amocrm.hooks", str(clinic_id), algorithm="sha256").digest()
    return f"{clinic_id}-{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def clinic_of(token: str) -> int | None:
    """Whose hooks come by this path; None for a path that is nobody's. Takes as long whatever is wrong with it."""
    named, _dash, _rest = token.partition("-")
    clinic_id = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
    is_right = hmac.compare_digest(path_token(clinic_id).encode(), token.encode("utf-8", "replace"))
    return clinic_id if is_right and clinic_id else None
