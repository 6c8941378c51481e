"""The sandbox's own paths: `/_sandbox/…` and the board at `/`. They know no token, no rate and no fault."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import act, overview
from .board import page as board
from .host import page as host
from .state.tokens import jwt
from .wire import Answer, Json, Request, encode

if TYPE_CHECKING:
    from .app import Sandbox

DISPOSABLE_SECONDS = 1800


class Control:
    """Answers what tests and people ask of the sandbox itself."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @staticmethod
    def is_meant(request: Request) -> bool:
        """Whether the path is the sandbox's own."""
        return request.path == "/" or request.path.startswith(("/board/", "/_sandbox/", *host.PATHS))

    def handle(self, request: Request) -> Answer | None:
        """None when the path is amoCRM's."""
        if request.path == "/" or request.path.startswith("/board/"):
            return board.serve(request.path)
        if request.path.startswith(host.PATHS):
            return host.serve(self._sandbox.widget, request)
        if not request.path.startswith("/_sandbox/"):
            return None
        try:
            body = self._answer(request, request.path.removeprefix("/_sandbox/"))
        except (ValueError, KeyError, TypeError) as error:
            return Answer(400, encode({"error": f"{type(error).__name__}: {error}"}), "application/json")
        if body is None:
            return Answer(404, encode({"error": "no such control"}), "application/json")
        return Answer(200, encode(body), "application/json")

    def _answer(self, request: Request, name: str) -> Json | None:
        sandbox, crm = self._sandbox, self._sandbox.crm
        sent: Json = json.loads(request.body) if request.body else {}
        asked: dict[str, Callable[[], Json]] = {
            "GET state": lambda: overview.state(sandbox, request),
            "GET requests": lambda: self._requests(int(request.parameter("after", "0"))),
            "GET board": lambda: board.data(crm, request),
            "GET card": lambda: board.card(crm, request.parameter("kind"), int(request.parameter("id"))),
            "GET faults": sandbox.faults.shown,
            "POST faults": lambda: asdict(sandbox.faults.order(sent)),
            "DELETE faults": sandbox.faults.clear,
            "POST act": lambda: act.perform(sandbox, sent, request),
            "POST disposable-token": lambda: self._disposable_token(sent, request),
            "POST widget": lambda: self._sandbox.widget.install(str(sent["zip"])),
            "POST widget-settings": lambda: self._sandbox.widget.keep(sent),
            "GET triggers": sandbox.triggers.shown,
            "POST triggers": lambda: sandbox.triggers.keep(sent),
            "GET host": lambda: host.data(self._sandbox, request),
        }
        found = asked.get(f"{request.method} {name}")
        return found() if found else None

    def _requests(self, after: int) -> Json:
        entries = [asdict(entry) for entry in self._sandbox.log.entries if entry.number > after]
        return {"requests": entries, "last": self._sandbox.log.total}

    def _disposable_token(self, sent: Json, request: Request) -> Json:
        """What `$authorizedAjax` puts into `X-Auth-Token` (§1.5); `claims` override, `secret` forges."""
        crm = self._sandbox.crm
        integration = next(iter(crm.tokens.integrations.values()))
        redirect = urlsplit(integration.redirect_uri)
        now = crm.now()
        claims: Json = {
            "iss": f"https://{crm.account.subdomain}.amocrm.ru",
            "aud": f"{redirect.scheme}://{redirect.hostname}",
            "jti": secrets.token_hex(16),
            "iat": now,
            "nbf": now,
            "exp": now + DISPOSABLE_SECONDS,
            "account_id": crm.account.id,
            "user_id": sent.get("user_id") or crm.users.admin().id,
            "subdomain": crm.account.subdomain,
            "client_uuid": integration.client_id,
        }
        user = crm.users.rows.get(int(str(claims["user_id"])))
        claims["is_admin"] = user is not None and user.is_admin
        changed = sent.get("claims")
        claims |= changed if isinstance(changed, dict) else {}
        secret = str(sent.get("secret") or integration.client_secret)
        return {
            "token": jwt(claims, secret, str(sent.get("algorithm") or "HS256")),
            "claims": claims,
            "base": request.base,
        }
