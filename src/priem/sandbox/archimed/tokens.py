"""JWT HS256, signed by the client itself (docs/reference/archimed.md §1.1)."""

import base64
import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from .state.branch import Branch
from .state.records import User
from .wire import Refused

UNAUTHORIZED = "Необходима авторизация"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose API account it is, and which user of the clinic's program acts, if any."""

    branch: Branch
    user: User | None = None


def issuer(header: str) -> str:
    """The API id that a token claims, proven or not; empty when there is no telling."""
    try:
        return str(_claims(header.removeprefix("Bearer ").split(".")[1]).get("iss", ""))
    except (ValueError, IndexError):
        return ""


def caller(header: str, branches: Mapping[str, Branch], now: float) -> Caller:
    """Who asks; Refused 401 for a token that does not hold, 403 for a branch or a user that has no access."""
    token = header.removeprefix("Bearer ")
    if token == header:
        raise Refused(401, UNAUTHORIZED)
    try:
        head, body, signature = token.split(".")
        algorithm, claims, sent = _claims(head).get("alg"), _claims(body), _decoded(signature)
    except ValueError:
        raise Refused(401, UNAUTHORIZED) from None
    branch = branches.get(str(claims.get("iss", "")))
    if branch is None or algorithm != "HS256" or not hmac.compare_digest(sent, _signature(branch.secret, head, body)):
        raise Refused(401, UNAUTHORIZED)
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or not now < expires < math.inf:
        raise Refused(401, "Срок действия токена истек")
    if not branch.manners.active:
        raise Refused(403, "Доступ к API не активирован")
    return Caller(branch, _user(branch, claims.get("user_id")))


def _user(branch: Branch, claimed: object) -> User | None:
    if claimed in (None, "", 0):
        return None
    user = branch.users.get(int(str(claimed))) if str(claimed).isdecimal() else None
    if user is None:
        raise Refused(403, "Пользователь не найден")
    return user


def signed(api_id: str, secret: str, claims: Mapping[str, object]) -> str:
    """A token as a client makes it, for people who try the sandbox by hand."""
    head = _encoded({"alg": "HS256", "typ": "JWT"})
    body = _encoded({"iss": api_id, **claims})
    return f"{head}.{body}.{_text(_signature(secret, head, body))}"


def partner_token(branch: Branch) -> str:
    """What the partner's API takes as `access_token`: a base64 text that has nothing to do with JWT."""
    return base64.b64encode(hashlib.sha256(f"docdoc {branch.secret}".encode()).digest()).decode()


def _signature(secret: str, head: str, body: str) -> bytes:
    return hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()


def _claims(part: str) -> dict[str, object]:
    found = json.loads(_decoded(part))
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004  # the caller's one word for a token that cannot be read
    return found


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _encoded(claims: Mapping[str, object]) -> str:
    return _text(json.dumps(claims, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
