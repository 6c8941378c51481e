"""Who lets Priem into a clinic's amoCRM, and who only says so."""

import hashlib
import hmac
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from django.utils import timezone

from priem.hub.amocrm.granting import MOST_SILENT, SALT, STATES
from priem.hub.models import AuditEntry, Authorisation, Clinic
from priem.hub.tokens import DjangoTokens
from priem.texts import text
from tests.hub.amocrm.conftest import OpensOffice
from tests.hub.amocrm.office import Office

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def office(open_office: OpensOffice) -> Office:
    """Nobody has access any more."""
    office = open_office()
    DjangoTokens(office.clinic.pk).forget(text("The integration was removed in amoCRM."))
    return office


@pytest.fixture
def administrator(client: Client, office: Office) -> Client:  # noqa: ARG001  # there is a clinic
    client.force_login(User.objects.create(username="administrator", is_staff=True, is_superuser=True))
    return client


def has_access(office: Office) -> bool:
    return office.data.authorised


def way_there(client: Client, office: Office) -> str:
    """Presses the button; gives amoCRM's address."""
    answer = client.get(f"/amocrm/authorise/{office.clinic.pk}")
    assert answer.status_code == 302
    return str(answer["Location"])


def way_back(url: str, choice: str = "allow") -> dict[str, str]:
    """What a person's choice on amoCRM's page brings to the callback."""
    page = httpx2.get(url, timeout=20).text
    (link,) = re.findall(rf'<a id="{choice}" href="([^"]+)"', page)
    return dict(parse_qsl(urlsplit(unescape(link)).query))


def come_back(client: Client, query: dict[str, Any]) -> tuple[int, str]:
    answer = client.get("/amocrm/callback", query, headers={"accept-language": "ru"})
    return answer.status_code, answer.content.decode()


def test_an_administrator_lets_priem_in_by_the_button(administrator: Client, office: Office) -> None:
    url = way_there(administrator, office)
    assert url.startswith(f"{office.sandbox.url}/oauth?")

    status, _ = come_back(administrator, way_back(url))

    assert (status, has_access(office)) == (302, True)
    assert office.data.account == office.sandbox.about["account_id"]
    assert "Доступ к amoCRM у Priem есть" in administrator.get("/admin/").content.decode()
    assert len(office.state("webhooks")["webhooks"]) == 1
    assert AuditEntry.objects.of(office.clinic.pk).get(deed="access").name == "administrator"


def test_whoever_refuses_reads_so(administrator: Client, office: Office) -> None:
    status, said = come_back(administrator, way_back(way_there(administrator, office), "refuse"))
    assert (status, has_access(office)) == (400, False)
    assert "не дан" in said


def forged(query: dict[str, str]) -> dict[str, str]:
    return {**query, "state": query["state"][:-3] + "AAA"}


def without_state(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name != "state"}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(without_state, id="no state"),
        pytest.param(lambda query: {**query, "state": ""}, id="an empty state"),
        pytest.param(forged, id="a forged state"),
        pytest.param(lambda query: {**query, "state": signing.dumps({"clinic": 1, "once": "x"})}, id="not for this"),
        pytest.param(lambda query: {**query, "code": ""}, id="no code"),
        pytest.param(lambda query: {**query, "code": "def50200junk"}, id="a code that amoCRM does not know"),
        pytest.param(lambda query: {**query, "referer": "other.amocrm.ru"}, id="another account's"),
        pytest.param(lambda query: {**query, "referer": "evil.example.org"}, id="not amoCRM at all"),
        pytest.param(lambda query: {**query, "from_widget": "1", "state": "x"}, id="a widget with a state"),
    ],
)
def test_what_was_not_asked_for_or_is_not_the_clinics_is_refused(
    administrator: Client, office: Office, changed: Any
) -> None:
    status, said = come_back(administrator, changed(way_back(way_there(administrator, office))))
    assert (status, has_access(office)) == (400, False)
    assert "<h1>" in said


def test_an_answer_works_once(administrator: Client, office: Office) -> None:
    query = way_back(way_there(administrator, office))
    assert come_back(administrator, query)[0] == 302
    fresh = office.act("new_code")["code"]
    DjangoTokens(office.clinic.pk).forget(text("The integration was removed in amoCRM."))
    status, said = come_back(administrator, {**query, "code": fresh})
    assert (status, has_access(office)) == (400, False)
    assert "уже" in said


def test_an_answer_is_for_the_browser_that_asked(administrator: Client, office: Office) -> None:
    query = way_back(way_there(administrator, office))
    other = Client()
    other.force_login(User.objects.create(username="other", is_staff=True, is_superuser=True))
    for browser in (other, Client()):
        assert come_back(browser, query)[0] == 400
    assert not has_access(office)


def test_an_answer_that_took_too_long_is_refused(
    administrator: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = way_back(way_there(administrator, office))
    monkeypatch.setattr("priem.hub.amocrm.granting.LONGEST", timedelta(seconds=-1))
    status, said = come_back(administrator, query)
    assert (status, has_access(office)) == (400, False)
    assert "20 минут" in said


def test_whoever_may_not_see_the_clinic_gives_it_no_access(client: Client, office: Office) -> None:
    client.force_login(User.objects.create(username="staff", is_staff=True))
    assert client.get(f"/amocrm/authorise/{office.clinic.pk}").status_code == 404
    session = client.session
    session[STATES] = ["once"]
    session.save()
    state = signing.dumps({"clinic": office.clinic.pk, "once": "once"}, salt=SALT)
    code = office.act("new_code")["code"]
    assert come_back(client, {"state": state, "code": code, "referer": urlsplit(office.sandbox.url).netloc})[0] == 400
    assert not has_access(office)


def test_the_button_is_for_those_who_logged_in(client: Client, office: Office) -> None:
    answer = client.get(f"/amocrm/authorise/{office.clinic.pk}")
    assert (answer.status_code, answer["Location"].startswith("/admin/login/")) == (302, True)


def test_a_clinic_without_an_integration_says_what_is_missing(administrator: Client, office: Office) -> None:
    Clinic.objects.filter(pk=office.clinic.pk).update(client_id="")
    answer = administrator.get(f"/amocrm/authorise/{office.clinic.pk}", headers={"accept-language": "ru"})
    assert (answer.status_code, "configure" in answer.content.decode()) == (400, True)


# Without a browser


def silent(office: Office, **changed: Any) -> dict[str, Any]:
    host = urlsplit(office.sandbox.url).netloc
    return {"code": office.act("new_code")["code"], "referer": host, "platform": 1, "from_widget": 1, **changed}


def test_installing_the_widget_lets_priem_in(client: Client, office: Office) -> None:
    assert come_back(client, silent(office)) == (204, "")
    assert has_access(office)


@pytest.mark.parametrize(
    "changed",
    [
        {"code": ""},
        {"code": "def50200junk"},
        {"referer": "other.amocrm.ru"},
        {"referer": "127.0.0.1:1"},
        {"referer": ""},
        {"from_widget": ""},
    ],
)
def test_anybody_else_who_calls_without_a_browser_changes_nothing(
    client: Client, office: Office, changed: dict[str, Any]
) -> None:
    come_back(client, silent(office, **changed))
    assert not has_access(office)


def test_codes_of_nobody_are_not_tried_over_and_over(client: Client, office: Office) -> None:
    for _ in range(MOST_SILENT + 3):
        come_back(client, silent(office, code="def50200junk"))
    tried = [entry for entry in office.sandbox.sandbox.log.entries if entry.path == "/oauth2/access_token"]
    assert len(tried) == MOST_SILENT


def test_two_clinics_of_one_account_are_not_told_apart_without_a_person(client: Client, office: Office) -> None:
    Clinic.objects.create(slug="second", name="Вторая", base_url=office.sandbox.url, client_id="x", sandbox=True)
    come_back(client, silent(office))
    assert not has_access(office)


# The integration is removed


def signed(office: Office, **changed: Any) -> dict[str, Any]:
    about = office.sandbox.about
    account = changed.get("account_id", about["account_id"])
    message = f"{about['client_id']}|{account}".encode()
    signature = hmac.new(about["client_secret"].encode(), message, hashlib.sha256).hexdigest()
    return {"account_id": account, "client_uuid": about["client_id"], "signature": signature, **changed}


@pytest.fixture
def let_in(open_office: OpensOffice) -> Office:
    office = open_office()
    Clinic.objects.filter(pk=office.clinic.pk).update(account=office.sandbox.about["account_id"])
    assert has_access(office)
    return office


def test_a_removed_integration_asks_for_access_anew(client: Client, let_in: Office) -> None:
    assert client.get("/amocrm/uninstall", signed(let_in)).status_code == 204
    assert not has_access(let_in)
    client.force_login(User.objects.create(username="administrator", is_staff=True, is_superuser=True))
    home = client.get("/admin/", headers={"accept-language": "ru"}).content.decode()
    assert "Интеграция удалена в amoCRM" in home
    assert f"/amocrm/authorise/{let_in.clinic.pk}" in home
    page = client.get(f"/admin/hub/clinic/{let_in.clinic.pk}/change/", headers={"accept-language": "ru"})
    assert "нужно разрешить заново" in page.content.decode()


def test_the_real_account_removes_it(client: Client, let_in: Office) -> None:
    let_in.sandbox.sandbox.crm.account.uninstall_url = "https://hub.example.org/amocrm/uninstall"
    called = let_in.act("uninstall")["called"]
    assert client.get("/amocrm/uninstall?" + called.partition("?")[2]).status_code == 204
    assert not has_access(let_in)


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": "0" * 64},
        {"signature": ""},
        {"account_id": 1},
        {"account_id": ""},
        {"client_uuid": "somebody-else"},
        {"client_uuid": ""},
    ],
)
def test_a_removal_that_is_not_amocrms_or_not_this_accounts_is_refused(
    client: Client, let_in: Office, changed: dict[str, Any]
) -> None:
    answer = client.get("/amocrm/uninstall", signed(let_in, **changed))
    assert (answer.status_code, answer.content, has_access(let_in)) == (404, b"", True)


def test_access_that_was_given_a_moment_ago_is_shown(client: Client, let_in: Office) -> None:
    client.force_login(User.objects.create(username="administrator", is_staff=True, is_superuser=True))
    assert "/amocrm/authorise/" not in client.get("/admin/").content.decode()
    Authorisation.objects.update(changed_at=timezone.now())
    page = client.get(f"/admin/hub/clinic/{let_in.clinic.pk}/change/").content.decode()
    assert "/amocrm/authorise/" in page


def test_an_account_that_moved_is_found_again(let_in: Office) -> None:
    from priem.hub.amocrm.access import connected  # noqa: PLC0415  # only here

    with connected(let_in.data) as crm:
        crm.oauth._on_moved("http://127.0.0.1:1")
    assert let_in.data.base_url == "http://127.0.0.1:1"
