"""A person presses the button on the clinic's page and says yes, or no, on amoCRM's: in a browser, as it happens."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from priem.hub.models import Clinic
from priem.hub.tokens import DjangoTokens
from priem.texts import text
from tests.hub.amocrm.conftest import OpensOffice
from tests.hub.amocrm.office import Office

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long one, of this test alone"


@pytest.fixture
def office(open_office: OpensOffice, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Nobody has access yet; amoCRM knows where the hub is."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's own loop runs in this thread
    office = open_office(redirect_uri=f"{live_server.url}/amocrm/callback")
    DjangoTokens(office.clinic.pk).forget(text("The integration was removed in amoCRM."))
    User.objects.create_superuser("administrator", password=PASSWORD)
    return office


@pytest.fixture
def page(office: Office, live_server: LiveServer) -> Iterator[Page]:
    """The clinic's page, behind the login."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(locale="ru-RU").new_page()
        page.goto(f"{live_server.url}/admin/hub/clinic/{office.clinic.pk}/change/")
        page.fill("input[name=username]", "administrator")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_selector("a[href*='/amocrm/authorise/']")
        yield page
        browser.close()


def test_a_person_lets_priem_in_and_comes_back_to_the_clinic(page: Page, office: Office) -> None:
    """A clinic that works; one that is being set up comes back to its set-up."""
    Clinic.objects.filter(pk=office.clinic.pk).update(live=True)
    page.click("a[href*='/amocrm/authorise/']")
    page.wait_for_selector("h1:has-text('просит доступ')")
    assert page.url.startswith(f"{office.sandbox.url}/oauth?")

    page.click("#allow")

    page.wait_for_url(f"**/admin/hub/clinic/{office.clinic.pk}/change/")
    assert "Доступ к amoCRM у Priem есть" in page.inner_text("body")
    assert office.data.authorised


def test_who_refuses_or_brings_back_what_was_not_asked_for_is_told_so(page: Page, office: Office) -> None:
    page.click("a[href*='/amocrm/authorise/']")
    page.click("#refuse")
    page.get_by_text("Доступ не дан").first.wait_for()

    code = office.act("new_code")["code"]
    host = office.sandbox.url.partition("//")[2]
    page.goto(f"{office.data.redirect_uri}?code={code}&referer={host}&state=somebody-else&platform=1")

    assert "запрошен не с этого узла" in page.inner_text("body")
    assert not office.data.authorised
