"""What an administrator mends in the hub, in a browser: links, questions, logins; and how these pages look."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.e2e.hub_pages import Hub, linked_patient, linked_visit, log_in, overflow, synced_hub

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with synced_hub(Path(tmp_path_factory.mktemp("hub"))) as hub:
        yield hub


def pages(hub: Hub) -> list[str]:
    patient, visit = linked_patient(hub.systems)[0], linked_visit(hub.systems)[0]
    return [
        "/admin/questions/",
        f"/admin/records/ulybka/patient/{patient}/",
        f"/admin/records/ulybka/visit/{visit}/",
        "/admin/records/?q=424242",
        "/admin/people/",
        "/admin/audit/",
        "/admin/history-of-settings/ulybka/",
        "/admin/second-step/set-up/",
    ]


def open_page(page: Page, hub: Hub, url: str) -> None:
    page.goto(hub.url + url)
    page.wait_for_load_state("networkidle")


def test_pages_are_fit_for_everybody_in_the_dark(hub: Hub) -> None:
    found: dict[str, Any] = {}
    with hub.administrator(390, "en", dark=True) as page:
        for url in pages(hub):
            open_page(page, hub, url)
            assert page.locator("html").get_attribute("lang") == "en"
            serious = [
                (one["id"], [node["target"] for node in one["nodes"]])
                for one in Axe().run(page).response["violations"]
                if one["impact"] in ("serious", "critical")
            ]
            if overflow(page) or serious:
                found[url] = (overflow(page), serious)
    assert found == {}


def test_both_sides_of_a_visit_are_read_and_compared(hub: Hub) -> None:
    visit, lead = linked_visit(hub.systems)
    with hub.administrator() as page:
        open_page(page, hub, f"/admin/records/?q={lead}")
        assert page.url.endswith(f"/records/ulybka/visit/{visit}/"), "one hit leads straight there"
        sides = page.locator("#sides")
        expect(sides.get_by_role("row", name=re.compile("Врач")).last).to_contain_text("одинаково")
        hub.systems.act("move_stage", lead_id=lead, status_id=142)
        page.reload()
        stage = sides.get_by_role("row", name=re.compile("этап")).last
        expect(stage).to_contain_text("Успешно реализовано")


def test_a_patient_is_linked_with_another_contact_by_hand_and_then_with_none(hub: Hub) -> None:
    patient, _contact = linked_patient(hub.systems)
    other = hub.systems.act("contact", name="Анечка")["contact_id"]
    with hub.administrator() as page:
        open_page(page, hub, f"/admin/records/ulybka/patient/{patient}/")
        page.get_by_text("Связать с другим контактом").click()
        page.get_by_label("Номер контакта в amoCRM").fill("999999999")
        page.get_by_role("button", name="Связать", exact=True).click()
        expect(page.get_by_text("нет контакта 999999999")).to_be_visible()
        page.get_by_text("Связать с другим контактом").click()
        page.get_by_label("Номер контакта в amoCRM").fill(str(other))
        page.get_by_role("button", name="Связать", exact=True).click()
        expect(page.get_by_text("связано человеком")).to_be_visible()
        expect(page.get_by_role("link", name=str(other)).first).to_be_visible()
        assert hub.systems.priem("sync", "--json").code == 0
        page.reload()
        expect(page.get_by_text("связано человеком")).to_be_visible()
        expect(page.get_by_text("Связано вручную")).to_be_visible()
        page.get_by_role("button", name="Разорвать связь").click()
        expect(page.get_by_text("Ни с чем не связано")).to_be_visible()


def test_a_question_is_answered_by_a_key_and_the_contact_gets_the_patient(hub: Hub) -> None:
    with hub.administrator() as page:
        open_page(page, hub, "/admin/questions/")
        expect(page.get_by_text("Какой контакт — этот пациент?")).to_be_visible()
        expect(page.get_by_text("День рождения")).to_be_visible()
        chosen = page.locator("button[data-key='2']").get_attribute("value")
        page.keyboard.press("2")
        expect(page.get_by_text("Вопросов нет")).to_be_visible()
    assert hub.systems.priem("sync", "--json").code == 0
    contact = next(one for one in hub.systems.amocrm_state("contacts")["contacts"] if str(one["id"]) == chosen)
    keys = [one for one in contact["custom_fields_values"] if one.get("field_code") == "PRIEM_PATIENT"]
    assert keys


def test_a_second_step_is_set_up_and_asked_at_the_next_login(hub: Hub) -> None:
    ran = hub.systems.priem("administrator", "second", "--password", "long enough 1")
    assert ran.code == 0, ran.err
    with hub.visitor() as page:
        log_in(page, hub.url, "second")
        page.goto(f"{hub.url}/admin/second-step/set-up/")
        page.get_by_text("Или введите этот ключ").click()
        secret = page.locator(".priem-key").inner_text().replace(" ", "")
        page.get_by_role("textbox", name="Код").fill(code(secret))
        page.get_by_role("button", name="Включить").click()
        spare = page.locator(".priem-codes code").first.inner_text()
        page.get_by_role("link", name="Коды записаны").click()
    with hub.visitor() as page:
        log_in(page, hub.url, "second")
        assert "/second-step/" in page.url
        page.goto(f"{hub.url}/admin/audit/")
        assert "/second-step/" in page.url
        page.get_by_role("textbox", name="Код").fill(spare)
        page.get_by_role("button", name="Войти", exact=True).click()
        expect(page).to_have_url(f"{hub.url}/admin/audit/")


def code(secret: str) -> str:
    now = TOTP(base64.b32decode(secret), 30)
    now.time = time.time()
    return f"{now.token():06d}"
