"""The token that a widget sends along with its requests. docs/reference/amocrm.md §1.5"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from priem.amocrm.config import Config
from priem.errors import AskOperator
from priem.texts import Text, text

LEEWAY = 30
"""Seconds that the clocks of amoCRM and of this server may differ."""
RELOAD = text("Reload the page in amoCRM.")


@dataclass(frozen=True, slots=True)
class WidgetUser:
    """Who is looking at the widget, as amoCRM vouches."""

    account: int
    user: int
    subdomain: str
    is_admin: bool


def verify(config: Config, token: str, now: float, seen: Callable[[str, int], bool]) -> WidgetUser:
    """The user behind a widget's `X-Auth-Token`. Raises AskOperator, which the user reads.

    `seen` is told the token's id and the unix second of its end, and says whether it was told of it before.
    """
    claims = signed_claims(token, config.client_secret)
    if claims.get("aud") not in audiences(config.redirect_uri) or claims.get("client_uuid") != config.client_id:
        raise unbelievable(text("The widget's token is for another integration."))
    ends = number(claims, "exp")
    if not number(claims, "nbf") - LEEWAY <= now < ends + LEEWAY:
        raise unbelievable(text("The widget's token has expired."))
    if seen(str(claims.get("jti", "")), ends):
        raise unbelievable(text("The widget's token was used before."))
    return WidgetUser(
        account=number(claims, "account_id"),
        user=number(claims, "user_id"),
        subdomain=str(claims.get("subdomain", "")),
        is_admin=claims.get("is_admin") is True,
    )


def signed_claims(token: str, secret: str) -> dict[str, Any]:
    """HS256 and nothing else: a token may not choose how it is checked."""
    forged = unbelievable(text("The widget's token is not signed by amoCRM."))
    try:
        head, body, signature = token.encode("ascii").split(b".")
        header, claims = json.loads(unpack(head)), json.loads(unpack(body))
        given = unpack(signature)
    except (ValueError, binascii.Error) as error:
        raise forged from error
    expected = hmac.new(secret.encode(), head + b"." + body, hashlib.sha256).digest()
    # Without a secret anybody could sign.
    if (
        not secret
        or not hmac.compare_digest(given, expected)
        or not isinstance(header, dict)
        or not isinstance(claims, dict)
    ):
        raise forged
    if header.get("alg") != "HS256":
        raise forged
    return claims


def unpack(part: bytes) -> bytes:
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def audiences(redirect_uri: str) -> tuple[str, str]:
    """`scheme://host` of the redirect URI. amoCRM's own library drops the port; whether amoCRM does, nobody says."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.hostname}", f"{parts.scheme}://{parts.netloc}"


def number(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def unbelievable(what: Text) -> AskOperator:
    return AskOperator(what, RELOAD)
