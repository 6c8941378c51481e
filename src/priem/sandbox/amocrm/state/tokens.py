"""Integrations, authorization codes and tokens (docs/reference/amocrm.md §1).

Access tokens are real HS256 JWTs, since some clients read `exp` out of them; the sandbox itself looks them up. A
refresh token is good for one exchange.
"""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass, field

ACCESS_SECONDS = 86_400
CODE_SECONDS = 20 * 60
REFRESH_SECONDS = 3 * 30 * 86_400
LONG_LIVED_SECONDS = 5 * 365 * 86_400
SCOPES = ["push_notifications", "files", "crm", "files_delete", "notifications"]


@dataclass(slots=True)
class Integration:
    """An installed integration."""

    client_id: str
    client_secret: str
    redirect_uri: str
    name: str


@dataclass(slots=True)
class Code:
    """An authorization code."""

    client_id: str
    user_id: int
    expires_at: int
    used: bool = False


@dataclass(slots=True)
class Access:
    """An access token, short or long lived."""

    client_id: str
    user_id: int
    expires_at: int


@dataclass(slots=True)
class Refresh:
    """A refresh token; dead once it is exchanged or revoked. `access` was issued with it."""

    client_id: str
    user_id: int
    expires_at: int
    access: str
    dead: bool = False


@dataclass(slots=True)
class Tokens:
    """Everything that was ever issued."""

    signing_key: str
    integrations: dict[str, Integration] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Access] = field(default_factory=dict)
    refresh: dict[str, Refresh] = field(default_factory=dict)

    def issue_code(self, client_id: str, user_id: int, now: int) -> str:
        """A fresh authorization code."""
        code = "def502" + secrets.token_hex(160)
        self.codes[code] = Code(client_id, user_id, now + CODE_SECONDS)
        return code

    def issue_access(self, client_id: str, user_id: int, now: int, claims: dict[str, object], lifetime: int) -> str:
        """A JWT that is good for `lifetime` seconds."""
        token = jwt(
            {
                "aud": client_id,
                "jti": secrets.token_hex(40),
                "iat": now,
                "nbf": now,
                "exp": now + lifetime,
                "sub": str(user_id),
                "grant_type": "",
                "version": 2,
                "scopes": SCOPES,
                "hash_uuid": str(uuid.uuid4()),
                **claims,
            },
            self.signing_key,
        )
        self.access[token] = Access(client_id, user_id, now + lifetime)
        return token

    def issue_pair(self, client_id: str, user_id: int, now: int, claims: dict[str, object]) -> tuple[str, str]:
        """An access token and the refresh token that goes with it."""
        access = self.issue_access(client_id, user_id, now, claims, ACCESS_SECONDS)
        refresh = "def50200" + secrets.token_hex(160)
        self.refresh[refresh] = Refresh(client_id, user_id, now + REFRESH_SECONDS, access)
        return access, refresh

    def holder(self, token: str, now: int) -> Access | None:
        """Whose token this is; None when it is not good (any more)."""
        found = self.access.get(token)
        return found if found is not None and found.expires_at > now else None

    def revoke(self, client_id: str | None = None) -> None:
        """Take back every token of an integration, or of all."""
        self.access = {token: each for token, each in self.access.items() if client_id not in (None, each.client_id)}
        for refresh in self.refresh.values():
            if client_id in (None, refresh.client_id):
                refresh.dead = True

    def expire_access(self, now: int) -> None:
        """Make every access token (not the long-lived ones) old."""
        paired = {refresh.access for refresh in self.refresh.values()}
        for token in paired & self.access.keys():
            self.access[token].expires_at = now


def jwt(claims: dict[str, object], key: str, algorithm: str = "HS256") -> str:
    """A signed JSON web token."""
    header = {"typ": "JWT", "alg": algorithm}
    body = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
    digest = hashlib.sha256 if algorithm == "HS256" else hashlib.sha512
    return f"{body}.{_base64(hmac.new(key.encode(), body.encode(), digest).digest())}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
