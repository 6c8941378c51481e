"""What an administrator sees of agents, and does."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from priem.hub.agents.choosing import AGENT, THROUGH
from priem.hub.models import AuditEntry, Clinic, Connection
from tests.agent.kit import KEY, Beside


@pytest.fixture
def browser(db: None) -> Client:  # noqa: ARG001  # the fixture opens the database
    client = Client(headers={"Accept-Language": "ru"})
    client.force_login(User.objects.create_superuser("owner"))
    return client


def test_a_connection_through_an_agent_asks_for_neither_address_nor_password(browser: Client) -> None:
    clinic = Clinic.objects.create(slug="far", name="Дальняя", base_url="https://far.amocrm.ru", live=True)
    url = reverse("settings_section", args=[clinic.slug, "mis"])
    page = browser.get(url, {"kind": "ident", "through": "agent"}).content.decode()
    assert "Через агента в клинике" in page
    assert 'name="time_zone"' in page
    assert 'name="server"' not in page
    assert 'name="password"' not in page

    fields = dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', page))
    sent = {**fields, "time_zone": "Europe/Moscow", "through": "agent", "encryption": "auto", "driver": "pymssql"}
    browser.post(f"{url}?kind=ident&through=agent", sent)

    row = Connection.objects.of(clinic.pk).get()
    assert (row.kind, row.config[THROUGH], row.config["time_zone"]) == ("ident", AGENT, "Europe/Moscow")
    assert "server" not in row.config


def test_a_code_is_shown_once_and_lets_an_agent_in(browser: Client, beside: Beside) -> None:
    page = browser.post(reverse("setup_agent_code", args=[beside.clinic.slug, KEY])).content.decode()
    [code] = re.findall(r'id="agent-code"[^>]*>([A-Z0-9-]+)<', page)

    beside.enrol(code)
    beside.started().report()

    shown = browser.get(reverse("setup_agents", args=[beside.clinic.slug, KEY])).content.decode()
    assert code not in shown
    assert beside.agent._here["host"] in shown
    assert "Ещё не читает" in shown
    entry = AuditEntry.objects.of(beside.clinic.pk).get(deed="code")
    assert (entry.name, entry.about, code in str(entry.changes)) == ("owner", KEY, False)
    come = AuditEntry.objects.of(beside.clinic.pk).filter(deed="enrolled").latest("id")
    assert (come.name, come.about) == ("", f"{KEY}: {beside.agent._here['host']}")


def test_an_agent_is_taken_away(browser: Client, beside: Beside) -> None:
    agent = beside.access().agent
    browser.post(reverse("setup_agent_revoke", args=[beside.clinic.slug, KEY, agent]))

    shown = browser.get(
        reverse("setup_agents", args=[beside.clinic.slug, KEY]), headers={"HX-Request": "true"}
    ).content.decode()
    assert "Агент ещё не подключён" in shown
    assert AuditEntry.objects.of(beside.clinic.pk).get(deed="agent").name == "owner"
    assert "<main" not in shown


def test_reading_now_reaches_the_agent(browser: Client, beside: Beside) -> None:
    beside.agent.report()
    browser.post(reverse("setup_agent_look", args=[beside.clinic.slug, KEY]))
    beside.agent._look.clear()

    beside.agent.report()

    assert beside.agent._look.is_set()
