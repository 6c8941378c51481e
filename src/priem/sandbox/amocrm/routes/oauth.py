"""Tokens: exchange, refresh with rotation, every documented refusal (docs/reference/amocrm.md §1.3)."""

import json
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..problems import unauthorized
from ..state.tokens import ACCESS_SECONDS, Integration
from ..wire import PROBLEM, Answer, Json, Refused, Request, encode, hal, html
from .router import Api

REQUIRED = ("client_id", "client_secret", "grant_type", "redirect_uri")


def oauth(api: Api, request: Request) -> Answer | None:
    """Answer the paths below /oauth2; None for unknown ones."""
    path = request.path.rstrip("/")
    if path == "/oauth" and request.method == "GET":
        return _consent(api, request)
    if path == "/oauth2/access_token" and request.method == "POST":
        return _token(api, request)
    if path == "/oauth2/account/current/subdomain":
        return _current_subdomain(api, request)
    if path == "/oauth2/account/subdomain":
        return _subdomain(api, request)
    return None


def _consent(api: Api, request: Request) -> Answer:
    """The page that asks «Разрешить доступ?» (§1.2); its links lead where the buttons of the real one do."""
    integration = api.crm.tokens.integrations.get(request.parameter("client_id"))
    if integration is None:
        return html(404, "<h1>Интеграция не найдена</h1>")
    code = api.crm.tokens.issue_code(integration.client_id, api.crm.users.admin().id, api.crm.now())
    state = {"state": request.parameter("state")} if request.parameter("state") else {}
    granted = {"code": code, "referer": urlsplit(request.base).netloc, **state, "platform": "1"}
    links = [
        f'<a id="{name}" href="{escape(integration.redirect_uri)}?{escape(urlencode(query))}">{text}</a>'
        for name, text, query in (
            ("allow", "Разрешить", granted),
            ("refuse", "Запретить", {"error": "access_denied", **state}),
        )
    ]
    title = f"{escape(integration.name)} просит доступ к аккаунту «{escape(api.crm.account.name)}»"
    page = f"<!DOCTYPE html><html lang=ru><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
    return html(200, f"{page}<p>{' '.join(links)}</p></html>")


def refused(status: int, hint: str | None) -> Refused:
    """An error of the token endpoint; without a hint it is the client that was refused."""
    body: Json = {"hint": hint} if hint else {}
    body["title"] = "Некорректный запрос" if hint else "Некорректный клиент"
    body |= {"type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson", "status": status}
    body["detail"] = (
        "В запросе отсутствует ряд параметров или параметры невалидны" if hint else "Авторизация клиента не прошла"
    )
    return Refused(Answer(status, encode(body), PROBLEM))


def _sent(request: Request) -> dict[str, str]:
    """The parameters, from JSON or from a form: the docs send one, the official library the other."""
    if "json" in request.headers.get("content-type", ""):
        try:
            body = json.loads(request.body)
        except ValueError:
            body = {}
        return {str(key): str(value) for key, value in body.items()} if isinstance(body, dict) else {}
    return dict(parse_qsl(request.body.decode(errors="replace")))


def _token(api: Api, request: Request) -> Answer:
    sent = _sent(request)
    for name in REQUIRED:
        if not sent.get(name):
            raise refused(400, f"Check the `{name}` parameter")
    grants: dict[str, Callable[[Api, dict[str, str], Integration], int]] = {
        "authorization_code": _by_code,
        "refresh_token": _by_refresh,
    }
    grant = grants.get(sent["grant_type"])
    if grant is None:
        raise refused(400, "Check the `grant_type` parameter")
    integration = api.crm.tokens.integrations.get(sent["client_id"])
    if integration is None or integration.client_secret != sent["client_secret"]:
        raise refused(401, None)
    if sent["redirect_uri"] != integration.redirect_uri:
        raise refused(400, "Redirect URI is not associated with client")
    _check_host(api, request, sent["grant_type"])
    user_id = grant(api, sent, integration)
    return _issued(api, request, integration.client_id, user_id)


def _check_host(api: Api, request: Request, grant: str) -> None:
    """An account that moved does not answer for its old address."""
    moved = api.crm.account.host
    if moved is not None and urlsplit(request.base).netloc != moved:
        raise refused(400, "Invalid account") if grant == "authorization_code" else refused(401, "Invalid account")


def _by_code(api: Api, sent: dict[str, str], integration: Integration) -> int:
    code = api.crm.tokens.codes.get(sent.get("code", ""))
    if not sent.get("code"):
        raise refused(400, "Check the `code` parameter")
    if code is None or code.client_id != integration.client_id:
        raise refused(400, "Cannot decrypt the authorization code")
    if code.used:
        raise refused(400, "Authorization code has been revoked")
    if code.expires_at <= api.crm.now():
        raise refused(400, "Authorization code has expired")
    code.used = True
    return code.user_id


def _by_refresh(api: Api, sent: dict[str, str], integration: Integration) -> int:
    refresh = api.crm.tokens.refresh.get(sent.get("refresh_token", ""))
    if not sent.get("refresh_token"):
        raise refused(400, "Check the `refresh_token` parameter")
    if refresh is None or refresh.client_id != integration.client_id:
        raise refused(401, "Invalid refresh token")
    if refresh.dead:
        raise refused(401, "Token has been revoked")
    if refresh.expires_at <= api.crm.now():
        raise refused(401, "Token has expired")
    refresh.dead = True
    if api.crm.account.refresh_revokes_access:
        api.crm.tokens.access.pop(refresh.access, None)
    return refresh.user_id


def _issued(api: Api, request: Request, client_id: str, user_id: int) -> Answer:
    claims = claims_for(api, request.base)
    access, refresh = api.crm.tokens.issue_pair(client_id, user_id, api.crm.now(), claims)
    body = {"token_type": "Bearer", "expires_in": ACCESS_SECONDS, "access_token": access, "refresh_token": refresh}
    return Answer(200, encode(body), "application/json")


def claims_for(api: Api, base: str) -> dict[str, object]:
    """The claims that tell an access token's account; `api_domain` leads to whoever answers here."""
    host = urlsplit(base).netloc
    return {"account_id": api.crm.account.id, "base_domain": "amocrm.ru", "api_domain": host}


def _where(api: Api, request: Request) -> Answer:
    account = api.crm.account
    host = account.host or urlsplit(request.base).netloc
    body = {"id": account.id, "subdomain": account.subdomain, "domain": host, "top_level_domain": "ru"}
    return hal(body)


def _current_subdomain(api: Api, request: Request) -> Answer:
    refresh = api.crm.tokens.refresh.get(request.headers.get("x-refresh-token", ""))
    return _where(api, request) if refresh is not None and not refresh.dead else unauthorized()


def _subdomain(api: Api, request: Request) -> Answer:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    return _where(api, request) if api.crm.tokens.holder(token, api.crm.now()) else unauthorized()
