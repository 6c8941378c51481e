"""amoCRM's token opens a session for a frame, once, for its own account, and for nobody else."""

import time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from priem.hub.models import Clinic
from priem.hub.widget import sessions
from priem.sandbox.amocrm.state.tokens import jwt

pytestmark = pytest.mark.slow

SECRET = "the-integration-secret-of-this-test"
ORIGIN = "https://smile.amocrm.ru"
OTHER = "https://other.amocrm.ru"
ACCOUNT = 31_296_422


@pytest.fixture
def smile(clinic: Clinic) -> Clinic:
    Clinic.objects.filter(pk=clinic.pk).update(
        account=ACCOUNT, client_id="id-1", redirect_uri="https://priem.example.org/amocrm/callback"
    )
    clinic.refresh_from_db()
    clinic.client_secret = SECRET
    clinic.save()
    return clinic


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "iss": ORIGIN,
        "aud": "https://priem.example.org",
        "jti": "d628f123",
        "iat": now,
        "nbf": now,
        "exp": now + 1800,
        "account_id": ACCOUNT,
        "user_id": 501,
        "subdomain": "smile",
        "client_uuid": "id-1",
    }
    return usual | changed


def enters(token: str, *, origin: str = ORIGIN, body: str = '{"lead": 7}') -> HttpResponse:
    headers = {"X-Auth-Token": token, "Origin": origin}
    answer: HttpResponse = Client().post("/widget/enter", body, content_type="application/json", headers=headers)  # type: ignore[assignment]  # the client's own kind
    return answer


NOW = int(time.time())


@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param(jwt(claims(), "another secret"), "не подписан", id="forged"),
        pytest.param(jwt(claims(), ""), "не подписан", id="signed with nothing"),
        pytest.param(jwt(claims(), SECRET, "HS512"), "не подписан", id="signed in another way"),
        pytest.param(jwt(claims(nbf=NOW - 4000, exp=NOW - 2000), SECRET), "истёк", id="expired"),
        pytest.param(jwt(claims(nbf=NOW + 2000, exp=NOW + 4000), SECRET), "истёк", id="not good yet"),
        pytest.param(jwt(claims(account_id=99), SECRET), "Ни одна клиника", id="another account's"),
        pytest.param(jwt(claims(client_uuid="id-2"), SECRET), "Ни одна клиника", id="another integration's"),
        pytest.param(jwt(claims(aud="https://elsewhere.example.org"), SECRET), "другой интеграции", id="wrong aud"),
        pytest.param(jwt(claims(user_id=0), SECRET), "другим аккаунтом", id="nobody's"),
        pytest.param("", "не подписан", id="none at all"),
    ],
)
def test_a_token_that_is_not_good_opens_nothing(smile: Clinic, token: str, said: str) -> None:
    answer = enters(token)

    assert answer.status_code == 403
    assert smile.account == ACCOUNT
    assert b"session" not in answer.content
    assert said.casefold() in answer.content.decode("unicode_escape").casefold()


def test_a_token_works_once(smile: Clinic) -> None:
    token = jwt(claims(), SECRET)

    assert enters(token).status_code == 200
    assert enters(token).status_code == 403
    assert enters(jwt(claims(jti="another"), SECRET)).status_code == 200
    assert smile.pk


def test_a_good_token_opens_a_session_of_that_user_in_that_clinic(smile: Clinic) -> None:
    answer = enters(jwt(claims(is_admin=True), SECRET))

    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    assert not answer.cookies
    session = sessions.read(answer.json()["session"])  # type: ignore[attr-defined]  # the client's answer has it
    assert session == sessions.Session(clinic=smile.pk, user=501, is_admin=True, lead=7)


def test_a_page_of_another_account_reads_no_answer(smile: Clinic) -> None:
    stranger = enters(jwt(claims(), SECRET), origin=OTHER)
    Clinic.objects.create(slug="other", name="Other", base_url=OTHER, account=77)
    neighbour = enters(jwt(claims(jti="next"), SECRET), origin=OTHER)

    assert (stranger.status_code, neighbour.status_code) == (403, 403)
    assert "Access-Control-Allow-Origin" not in stranger
    assert b"session" not in neighbour.content
    assert smile.pk


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example.org", None), ("", None)])
def test_the_question_before_the_question_is_answered_to_known_accounts(
    smile: Clinic, origin: str, allowed: str | None
) -> None:
    answer = Client().options("/widget/enter", headers={"Origin": origin})

    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert smile.pk


def test_a_frame_may_stand_in_the_pages_of_its_own_account_only(smile: Clinic) -> None:
    Clinic.objects.create(slug="other", name="Other", base_url=OTHER, account=77)
    answer = Client().get(f"/widget/{smile.account}/panel")

    policy = answer["Content-Security-Policy"].split("; ")
    assert f"frame-ancestors {ORIGIN}" in policy
    assert "script-src 'self'" in policy
    assert f"frame-ancestors {OTHER}" in Client().get("/widget/77/panel")["Content-Security-Policy"].split("; ")
    assert "X-Frame-Options" not in answer
    assert not answer.cookies
    assert Client().get("/widget/1/panel").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer nonsense", "Basic abc"])
def test_without_a_session_nothing_is_answered(smile: Clinic, given: str) -> None:
    assert Client().get("/widget/api/panel", headers={"Authorization": given}).status_code == 401
    assert smile.pk


def test_a_session_ends_by_itself(smile: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    session = sessions.written(sessions.Session(clinic=smile.pk, user=501))
    assert sessions.read(session).user == 501

    monkeypatch.setattr(sessions, "SECONDS", -1)

    assert Client().get("/widget/api/panel", headers={"Authorization": f"Bearer {session}"}).status_code == 401
