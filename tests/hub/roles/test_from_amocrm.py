"""Coming in from the widget's settings page, by amoCRM's token."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from priem.hub.models import AuditEntry, Clinic, Membership
from tests.hub.roles.world import World

SECRET = "the integration's secret, long enough even for the longest of signatures"
ENTER = "/amocrm/enter"


@pytest.fixture
def clinic(world: World) -> Clinic:
    return connect(world.own, 31)


def connect(clinic: Clinic, account: int, client_id: str = "client-1") -> Clinic:
    clinic.client_id, clinic.account = client_id, account
    clinic.redirect_uri = "https://hub.example.ru/amocrm/callback"
    clinic.client_secret = SECRET
    clinic.save()
    return clinic


def token(secret: str = SECRET, algorithm: str = "HS256", **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://own.amocrm.ru",
        "aud": "https://hub.example.ru",
        "jti": "d628f123",
        "iat": now,
        "nbf": now,
        "exp": now + 1800,
        "account_id": 31,
        "user_id": 87,
        "subdomain": "own",
        "client_uuid": "client-1",
        "is_admin": True,
        **changed,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm)


def test_an_administrator_of_the_account_comes_in_as_administrator_of_the_clinic(
    client: Client, clinic: Clinic, world: World
) -> None:
    answer = client.post(ENTER, {"token": token()})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    shown = client.get("/admin/").content.decode()
    assert clinic.name in shown
    assert world.foreign.name not in shown
    (mine,) = Membership.objects.of_all().filter(person__username="own-amocrm-87")
    assert (mine.clinic_id, mine.role) == (clinic.pk, "administrator")
    assert AuditEntry.objects.of(clinic.pk).filter(deed="came_in", about="own-amocrm-87").exists()


def test_a_script_gets_an_address_that_opens_once(client: Client, clinic: Clinic) -> None:  # noqa: ARG001  # connected
    origin = "https://own.amocrm.ru"
    answer = client.post(ENTER, headers={"X-Auth-Token": token(), "Origin": origin})
    assert answer["Access-Control-Allow-Origin"] == origin
    assert "sessionid" not in answer.cookies
    url = answer.json()["url"]
    assert client.get(url)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    again = Client().get(url)
    assert (again.status_code, "уже использован" in again.content.decode()) == (403, True)
    assert Client().get(reverse("amocrm_enter_by_ticket", args=["nonsense"])).status_code == 403


def test_a_page_elsewhere_cannot_read_the_answer(client: Client, clinic: Clinic) -> None:  # noqa: ARG001  # connected
    answer = client.options(ENTER, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer


Spoilt = Callable[[], str]
NOW = int(time.time())


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(
            lambda: token(secret=SECRET.upper()),
            id="signed by somebody else",
        ),
        pytest.param(lambda: token(algorithm="HS512"), id="signed in another way"),
        pytest.param(lambda: jwt.encode({"account_id": 31, "client_uuid": "client-1"}, "", "none"), id="not signed"),
        pytest.param(lambda: token()[:-4] + "AAAA", id="tampered with"),
        pytest.param(lambda: token(exp=NOW - 100), id="expired"),
        pytest.param(lambda: token(nbf=NOW + 1000), id="not valid yet"),
        pytest.param(lambda: token(exp=None), id="without an end"),
        pytest.param(lambda: token(aud="https://other.example.ru"), id="for another address"),
        pytest.param(lambda: token(aud=None), id="for no address"),
        pytest.param(lambda: token(account_id=99), id="of an account that is not here"),
        pytest.param(lambda: token(account_id=None), id="of no account"),
        pytest.param(lambda: token(client_uuid="client-9"), id="of another integration"),
        pytest.param(lambda: token(is_admin=False), id="of a user who is no administrator"),
        pytest.param(lambda: token(is_admin=None), id="of a user of whom nothing is said"),
        pytest.param(lambda: token(user_id=0), id="of nobody"),
        pytest.param(lambda: "nonsense", id="nonsense"),
        pytest.param(lambda: "", id="empty"),
    ],
)
def test_no_other_token_opens(client: Client, clinic: Clinic, spoilt: Spoilt) -> None:
    before = User.objects.count()
    answer = client.post(ENTER, {"token": spoilt()})
    assert answer.status_code == 403
    assert "Traceback" not in answer.content.decode()
    assert client.get("/admin/").status_code == 302
    assert User.objects.count() == before
    assert not AuditEntry.objects.of(clinic.pk).filter(deed="came_in").exists()


def test_a_token_opens_once(client: Client, clinic: Clinic) -> None:  # noqa: ARG001  # connected
    one = token()
    assert client.post(ENTER, {"token": one}).status_code == 302
    assert Client().post(ENTER, {"token": one}).status_code == 403
    assert Client().post(ENTER, {"token": token(jti="another")}).status_code == 302


def test_one_integration_of_two_accounts_opens_the_clinic_of_the_account(client: Client, world: World) -> None:
    connect(world.own, 31)
    connect(world.foreign, 32)
    client.post(ENTER, {"token": token(account_id=32)})
    (mine,) = Membership.objects.of_all().filter(person__username="foreign-amocrm-87")
    assert mine.clinic_id == world.foreign.pk


def test_whose_role_was_taken_does_not_get_it_back_by_coming_again(client: Client, clinic: Clinic) -> None:
    client.post(ENTER, {"token": token()})
    Membership.objects.of(clinic.pk).filter(person__username="own-amocrm-87").delete()
    answer = Client().post(ENTER, {"token": token(jti="later")})
    assert (answer.status_code, "забрали" in answer.content.decode()) == (403, True)


def test_whoever_comes_from_amocrm_gets_no_role_elsewhere(client: Client, world: World, clinic: Clinic) -> None:  # noqa: ARG001 - the clinic is there
    client.post(ENTER, {"token": token()})
    owner = Client()
    owner.force_login(world.people["owner"])
    asked = {"username": "own-amocrm-87", "clinic": world.foreign.pk, "role": "administrator"}
    owner.post(reverse("people"), asked)
    assert not Membership.objects.of(world.foreign.pk).filter(person__username="own-amocrm-87").exists()
