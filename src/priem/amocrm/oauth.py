"""Tokens: had for a code, renewed in time, never by two at once. docs/reference/amocrm.md §1

A refresh token works once. Whoever renews holds the store's lock, looks again whether it is still needed, and
stores the new pair before anybody uses it. A pair that amoCRM made and nobody received is lost: only a person can
authorise again.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal, NoReturn
from urllib.parse import urlencode, urlsplit

import stamina

from priem.amocrm.config import Config
from priem.amocrm.http import Http
from priem.amocrm.problems import AUTHORISE_AGAIN, Answer, Lost, problem_in
from priem.amocrm.stopping import AccountStopped
from priem.errors import AskOperator, TryLater
from priem.ports import Clock, Tokens, TokenStore
from priem.texts import text

EARLY = 3600
"""Seconds before its end that a token of 24 hours is renewed."""
NOT_AGAIN_FOR = 1800
"""Seconds: a token that lives shorter than EARLY is not renewed with every request."""
TOKEN_PATH = "/oauth2/access_token"  # noqa: S105  a path
REVOKED = (
    "Token has been revoked",
    "Token has expired",
    "Token is not linked to client",
    "Invalid refresh token",
    "Cannot decrypt the refresh token",
)
"""amoCRM's hints that say: this refresh token is dead. Nobody used one for three months, and it has expired."""
REVOKED_TEXT = text("amoCRM has revoked Priem's access, or its last renewal was lost on the way.")


def authorise_url(config: Config, state: str, mode: Literal["popup", "post_message"] = "post_message") -> str:
    """Where a person grants access; amoCRM then calls the redirect URI with `code`, `referer` and this `state`."""
    # Accounts on amocrm.com are Kommo's: the platform that the answer names is the same for both.
    top = "amocrm.ru" if config.host.endswith("amocrm.ru") else "kommo.com"
    base = config.base_url if config.sandbox else f"https://www.{top}"
    return f"{base}/oauth?{urlencode({'client_id': config.client_id, 'state': state, 'mode': mode})}"


def uninstall_is_genuine(config: Config, query: Mapping[str, str]) -> bool:
    """Whether amoCRM itself says that the integration was removed. §1.4: the docs name the id in two ways."""
    client = query.get("client_uuid") or query.get("client_id") or ""
    message = f"{config.client_id}|{query.get('account_id', '')}".encode()
    expected = hmac.new(config.client_secret.encode(), message, hashlib.sha256).hexdigest()
    signature = query.get("signature", "").lower().encode("utf-8", "replace")
    # Without a secret anybody could sign.
    return (
        bool(config.client_secret) and client == config.client_id and hmac.compare_digest(signature, expected.encode())
    )


class OAuth:
    """The account's access (client.Access): one for all threads of a clinic."""

    def __init__(
        self,
        config: Config,
        http: Http,
        store: TokenStore,
        clock: Clock,
        on_moved: Callable[[str], None] = lambda _base_url: None,
    ) -> None:
        self._config = config
        self._http = http
        self._store = store
        self._clock = clock
        self._on_moved = on_moved
        self._lock = threading.Lock()
        self._known: Tokens | None = None
        self._renewed_at = 0.0

    def exchange(self, code: str) -> Tokens:
        """The first pair for a code that is at most 20 minutes old and was never used; stored when this returns."""
        self._http.try_now()
        answer = self._ask({"grant_type": "authorization_code", "code": code})
        if answer.status != 200:
            raise code_refused(answer)
        tokens = self._read(answer)
        with self._store.renewing():
            self._store.save(tokens)
        self._known = tokens
        return tokens

    def token(self) -> str:
        tokens = self._known or self._load()
        if self._is_due(tokens):
            try:
                return self.renew(tokens.access)
            except TryLater:
                if self._now() >= tokens.expires_at:
                    raise
        return tokens.access

    def renew(self, refused: str) -> str:
        """Another access token than this one: somebody else's newer one, or a fresh one."""
        with self._lock:
            if self._known and self._known.access != refused:
                return self._known.access
            try:
                self._known = self._renewed(refused)
            except AskOperator as error:
                self._known = None
                if isinstance(error, AccountStopped):
                    self._http.stopped(error)
                raise
            return self._known.access

    def _renewed(self, refused: str) -> Tokens:
        with self._store.renewing():
            stored = self._store.load()
            return self._refresh(stored) if stored.access == refused else stored

    def _load(self) -> Tokens:
        self._known = self._store.load()
        return self._known

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _is_due(self, tokens: Tokens) -> bool:
        ends_soon = tokens.expires_at and tokens.expires_at - self._now() < EARLY
        return bool(tokens.refresh and ends_soon and self._now() - self._renewed_at > NOT_AGAIN_FOR)

    def _refresh(self, tokens: Tokens) -> Tokens:
        if not tokens.refresh:
            raise AccountStopped(
                text("amoCRM does not accept the long-lived token: it was revoked, is over, or copied with a mistake."),
                text("Make a new one in the integration's settings and give it to Priem."),
            )
        answer = self._ask_to_refresh(tokens)
        if answer.status in (401, 404) and self._follow_move(tokens):
            answer = self._ask_to_refresh(tokens)
        if answer.status != 200:
            self._give_up(answer)
        renewed = self._read(answer)
        self._store.save(renewed)
        self._renewed_at = self._now()
        return renewed

    def _ask_to_refresh(self, tokens: Tokens) -> Answer:
        """Repeated when the answer was lost: amoCRM either did nothing yet, or says now that the token was used."""
        for attempt in stamina.retry_context(on=is_lost, attempts=3, timeout=60, wait_initial=0.3, wait_max=4):
            with attempt:
                answer = self._ask({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
                if answer.status >= 500 or (answer.status == 200 and answer.shape != "json"):
                    raise TryLater(text("amoCRM did not answer the token's renewal."))
                return answer
        raise AssertionError("stamina raises when its attempts are over")

    def _ask(self, what: Mapping[str, str]) -> Answer:
        config = self._config
        who = {"client_id": config.client_id, "client_secret": config.client_secret}
        payload = {**who, **what, "redirect_uri": config.redirect_uri}
        try:
            return self._http.send("POST", TOKEN_PATH, payload=payload, lane="interactive")
        except Lost as error:
            # The renewal is lost, not the write that needed it: that one was never sent.
            raise TryLater(error.what) from error

    def _read(self, answer: Answer) -> Tokens:
        body = answer.body
        if not isinstance(body, dict) or not body.get("access_token") or not body.get("refresh_token"):
            raise TryLater(text("amoCRM's answer carries no tokens."))
        ends = int(self._now()) + int(body.get("expires_in", 86400))
        return Tokens(access=str(body["access_token"]), refresh=str(body["refresh_token"]), expires_at=ends)

    def _give_up(self, answer: Answer) -> NoReturn:
        hint = str(answer.body.get("hint", "")) if isinstance(answer.body, dict) else ""
        if answer.status in (400, 401) and any(words in hint for words in REVOKED):
            self._store.forget(REVOKED_TEXT)
            raise AskOperator(REVOKED_TEXT, AUTHORISE_AGAIN)
        if answer.status in (400, 401):
            raise client_refused(answer)
        raise problem_in(answer) or client_refused(answer)

    def _follow_move(self, tokens: Tokens) -> bool:
        """Whether the account lives at another address now; from then on that one is used. §1.3"""
        domain = claims_of(tokens.access).get("api_domain")
        address = f"{urlsplit(self._http.base_url).scheme}://{domain}"
        if not domain or not self._config.allows(address):
            return False
        headers = {"X-Refresh-Token": tokens.refresh}
        answer = self._http.send(
            "GET", f"{address}/oauth2/account/current/subdomain", headers=headers, lane="interactive"
        )
        found = answer.body.get("domain") if isinstance(answer.body, dict) and answer.status == 200 else None
        moved_to = f"{urlsplit(self._http.base_url).scheme}://{found}"
        if not found or moved_to == self._http.base_url or not self._config.allows(moved_to):
            return False
        self._http.base_url = moved_to
        self._on_moved(moved_to)
        return True


def is_lost(error: Exception) -> bool:
    return isinstance(error, TryLater) and error.after is None


def code_refused(answer: Answer) -> Exception:
    problem = problem_in(answer)
    if answer.status not in (400, 401):
        return problem or client_refused(answer)
    hint = str(answer.body.get("hint", "")) if isinstance(answer.body, dict) else ""
    if "code" in hint:
        return AskOperator(
            text("amoCRM does not take this authorisation code: {hint}.", hint=hint),
            text("A code lives for 20 minutes and works once. Take a fresh one."),
        )
    return client_refused(answer)


def client_refused(answer: Answer) -> AccountStopped:
    body = answer.body if isinstance(answer.body, dict) else {}
    said = str(body.get("hint") or body.get("detail") or answer.status)[:200]
    return AccountStopped(
        text("amoCRM does not accept the integration: {said}", said=said),
        text("Compare the integration's id, secret key and redirect URI with its settings in amoCRM, and the address."),
    )


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says of itself, unverified: good for finding the way, never for trusting anybody."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
