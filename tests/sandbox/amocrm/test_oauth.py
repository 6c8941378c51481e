"""Tokens: the code, the rotation, every refusal, and who is let in."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from .conftest import Account, Json

pytestmark = pytest.mark.slow


def ask(account: Account, *, form: bool = False, **changed: Json) -> httpx2.Response:
    """The token endpoint, with the code grant unless something is changed."""
    about = account.about
    names = ("client_id", "client_secret", "redirect_uri", "code")
    sent = {"grant_type": "authorization_code", **{name: about[name] for name in names}, **changed}
    sent = {name: value for name, value in sent.items() if value is not None}
    if form:
        return account.http.post("/oauth2/access_token", data=sent)
    return account.http.post("/oauth2/access_token", json=sent)


def refresh(account: Account, token: str) -> httpx2.Response:
    return ask(account, grant_type="refresh_token", code=None, refresh_token=token)


@pytest.mark.parametrize("form", [False, True])
def test_a_code_becomes_a_pair_of_tokens(account: Account, form: bool) -> None:  # noqa: FBT001 - a table
    answer = ask(account, form=form)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 86400)
    assert body["refresh_token"].startswith("def50200")
    account.token = body["access_token"]
    assert account.get("account").json()["id"] == account.about["account_id"]


def test_the_access_token_is_a_jwt_that_tells_its_account(account: Account) -> None:
    head, claims, _signature = ask(account).json()["access_token"].split(".")
    read = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, claims)]
    assert read[0]["typ"] == "JWT"
    assert read[1]["aud"] == account.about["client_id"]
    assert read[1]["account_id"] == account.about["account_id"]
    assert read[1]["api_domain"] == urlsplit(account.sandbox.url).netloc
    assert read[1]["exp"] - read[1]["iat"] == 86400


REFUSALS = [
    ({"client_id": None}, 400, "Check the `client_id` parameter"),
    ({"client_secret": None}, 400, "Check the `client_secret` parameter"),
    ({"redirect_uri": "https://elsewhere.example.org/"}, 400, "Redirect URI is not associated with client"),
    ({"code": "garbage"}, 400, "Cannot decrypt the authorization code"),
    ({"client_secret": "wrong"}, 401, None),
    ({"client_id": "00000000-0000-0000-0000-000000000000"}, 401, None),
    ({"grant_type": "refresh_token", "code": None, "refresh_token": "def50200junk"}, 401, "Invalid refresh token"),
]


@pytest.mark.parametrize(("changed", "status", "hint"), REFUSALS)
def test_refusals_carry_the_texts_of_the_real_endpoint(
    account: Account, changed: Json, status: int, hint: str | None
) -> None:
    answer = ask(account, **changed)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
    assert body.get("hint") == hint
    assert body["title"] == ("Некорректный запрос" if hint else "Некорректный клиент")


def test_a_code_works_once_and_not_for_ever(account: Account) -> None:
    assert ask(account).status_code == 200
    assert ask(account).json()["hint"] == "Authorization code has been revoked"
    fresh = account.act("new_code")["code"]
    account.act("expire_codes")
    assert ask(account, code=fresh).json()["hint"] == "Authorization code has expired"


def test_a_refresh_token_is_good_for_one_exchange(account: Account) -> None:
    first = ask(account).json()
    second = refresh(account, first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    again = refresh(account, first["refresh_token"])
    assert (again.status_code, again.json()["hint"]) == (401, "Token has been revoked")
    assert refresh(account, second.json()["refresh_token"]).status_code == 200


def test_several_pairs_live_side_by_side(account: Account) -> None:
    one = ask(account).json()
    two = ask(account, code=account.act("new_code")["code"]).json()
    assert refresh(account, one["refresh_token"]).status_code == 200
    assert refresh(account, two["refresh_token"]).status_code == 200


def test_a_bad_token_is_401_with_its_body(account: Account) -> None:
    account.token = "nonsense"
    answer = account.get("account")
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthorized",
        "type": "https://httpstatus.es/401",
        "status": 401,
        "detail": "Неверный логин или пароль",
    }


def test_expired_and_revoked_tokens_are_401_and_the_long_lived_one_lives_until_it_is_revoked(account: Account) -> None:
    long_lived, pair = account.token, ask(account).json()
    account.act("expire_access_tokens")
    account.token = pair["access_token"]
    assert account.get("account").status_code == 401
    account.token = long_lived
    assert account.get("account").status_code == 200
    account.act("revoke_token")
    assert account.get("account").status_code == 401
    assert refresh(account, pair["refresh_token"]).json()["hint"] == "Token has been revoked"


def test_a_refresh_that_is_answered_but_lost_kills_the_pair(account: Account) -> None:
    pair = ask(account).json()
    account.fault("refresh_lost")
    with pytest.raises(httpx2.TransportError):
        refresh(account, pair["refresh_token"])
    assert refresh(account, pair["refresh_token"]).json()["hint"] == "Token has been revoked"


def test_an_account_that_moved_is_found_by_its_refresh_token(account: Account) -> None:
    pair = ask(account).json()
    here = urlsplit(account.sandbox.url)
    account.act("set", host=f"localhost:{here.port}")
    assert refresh(account, pair["refresh_token"]).status_code == 401
    answer = account.http.get("/oauth2/account/current/subdomain", headers={"X-Refresh-Token": pair["refresh_token"]})
    assert answer.json()["domain"] == f"localhost:{here.port}"
    moved = httpx2.post(
        f"http://localhost:{here.port}/oauth2/access_token",
        json={
            "grant_type": "refresh_token",
            "refresh_token": pair["refresh_token"],
            **{name: account.about[name] for name in ("client_id", "client_secret", "redirect_uri")},
        },
    )
    assert moved.status_code == 200


def test_the_consent_page_leads_back_with_code_and_state(account: Account) -> None:
    page = account.http.get(
        "/oauth", params={"client_id": account.about["client_id"], "state": "s1", "mode": "popup"}
    ).text
    link = page.split('id="allow" href="')[1].split('"')[0].replace("&amp;", "&")
    assert link.startswith(account.about["redirect_uri"])
    query = parse_qs(urlsplit(link).query)
    assert query["state"] == ["s1"]
    assert query["referer"] == [urlsplit(account.sandbox.url).netloc]
    assert ask(account, code=query["code"][0]).status_code == 200


def test_another_users_rights_can_be_put_on(account: Account) -> None:
    users = {user["name"]: user["id"] for user in account.state("users")["users"]}
    manager, gone = users["Ольга, ресепшн"], users["Уволенный Сотрудник"]
    assert account.get("users").status_code == 200
    assert account.get("users", headers={"X-Context-User-ID": str(manager)}).status_code == 403
    assert account.get("account", headers={"X-Context-User-ID": str(manager)}).json()["current_user_id"] == manager
    assert account.get("account", headers={"X-Context-User-ID": str(gone)}).status_code == 401
    assert account.get("account", headers={"X-Context-User-ID": "1"}).status_code == 401


def test_a_disposable_token_is_signed_with_the_secret(account: Account) -> None:
    signed = account.http.post("/_sandbox/disposable-token", json={"claims": {"jti": "one"}}).json()
    body, _, signature = signed["token"].rpartition(".")
    digest = hmac.new(account.about["client_secret"].encode(), body.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == signature
    claims = signed["claims"]
    assert claims["aud"] == "https://priem.example.org"
    assert (claims["jti"], claims["client_uuid"]) == ("one", account.about["client_id"])
    assert claims["exp"] - claims["iat"] == 1800
