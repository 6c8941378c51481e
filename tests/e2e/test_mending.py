"""What an administrator mends in the hub, in a browser: links, questions, logins; and how these pages look."""

import base64
import getpass
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Locator, Page, expect

from tests.e2e.hub_pages import Hub, linked_patient, linked_visit, linked_visits, log_in, synced_hub

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PATIENCE = 60_000
"""Milliseconds: two cores, and everybody's tests."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with synced_hub(Path(tmp_path_factory.mktemp("hub"))) as hub:
        yield hub


def open_page(page: Page, hub: Hub, url: str) -> None:
    page.goto(hub.url + url)
    page.wait_for_load_state("networkidle")


SPOILT = "Не тот врач"


def spoil(hub: Hub, lead: int) -> None:
    """A manager overwrites what is the clinic's."""
    values = [{"field_id": doctor_field(hub), "values": [{"value": SPOILT}]}]
    hub.systems.act("edit_lead", lead_id=lead, custom_fields_values=values)


def doctor_field(hub: Hub) -> int:
    rows = hub.systems.amocrm_state("leads")["leads"]
    values = (value for row in rows for value in row.get("custom_fields_values") or ())
    return int(next(value["field_id"] for value in values if value["field_name"] == "Врач"))


def doctor_of(hub: Hub, lead: int) -> str:
    row = next(one for one in hub.systems.amocrm_state("leads")["leads"] if one["id"] == lead)
    fields = {value["field_name"]: value["values"][0]["value"] for value in row["custom_fields_values"]}
    return str(fields.get("Врач", ""))


def fail_once(page: Page, hub: Hub, visit: str, lead: int) -> None:
    """A write about this visit fails, and is made up for by the next pass."""
    spoil(hub, lead)
    hub.systems.amocrm_fault("500", method="PATCH", path="/api/v4/leads")
    sync_now(page, hub, visit)
    assert hub.systems.priem("sync", "--json").code == 0
    assert doctor_of(hub, lead) != SPOILT


def sync_now(page: Page, hub: Hub, visit: str) -> Locator:
    """What the page says of it in the end."""
    open_page(page, hub, f"/admin/records/ulybka/visit/{visit}/")
    page.get_by_role("button", name="Синхронизировать сейчас").click()
    page.wait_for_url("**?work=*")
    said = page.locator("p[role=status]:not(.priem-working)")
    expect(said).to_be_visible(timeout=PATIENCE)
    return said


def waiting(page: Page, hub: Hub, pairs: list[tuple[str, int]]) -> list[bool]:
    """Of each visit, whether it is to be read anew."""
    page.wait_for_load_state()
    found = []
    for visit, _lead in pairs:
        page.goto(f"{hub.url}/admin/records/ulybka/visit/{visit}/")
        found.append(page.get_by_text("прочитает запись заново").is_visible())
    return found


def open_failed(page: Page, hub: Hub) -> Locator:
    """Requests about leads that failed, the latest first."""
    open_page(page, hub, "/admin/clinics/ulybka/history/?result=failed&sort=leads")
    return page.locator("details.what summary").filter(has_text="Изменена сделка")


def test_a_report_counts_requests_by_where_they_came_from(hub: Hub) -> None:
    today = datetime.now(UTC).date()
    with hub.administrator() as page:
        for asked in ("", f"?since={today - timedelta(300)}&until={today + timedelta(1)}"):
            open_page(page, hub, f"/admin/clinics/ulybka/report/{asked}")
            expect(page.get_by_role("row", name=re.compile("yandex"))).to_be_visible()


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
        open_page(page, hub, "/admin/audit/")
        entries = page.locator("ol.priem-time > li").filter(has_text=f": Пациент {patient}")
        for place, said in enumerate(("owner · Улыбка Связь разорвана", "owner · Улыбка Связано вручную")):
            expect(entries.nth(place)).to_contain_text(said)


def test_a_record_is_synced_at_once_by_the_hub_itself_and_says_what_came_of_it(hub: Hub) -> None:
    visit, lead = linked_visit(hub.systems)
    spoil(hub, lead)
    with hub.administrator() as page:
        expect(sync_now(page, hub, visit)).to_contain_text("Теперь всё совпадает. Записано:")
        assert doctor_of(hub, lead) != SPOILT
        hub.systems.clinic("faults", kind="gone")
        expect(sync_now(page, hub, visit)).to_have_class("priem-bad")
        hub.systems.clinic_mended()
    assert hub.systems.priem("sync", "--json").code == 0


def test_failed_requests_are_repeated_one_by_one_then_all_that_are_found(hub: Hub) -> None:
    pairs = linked_visits(hub.systems)[:3]
    with hub.administrator() as page:
        for visit, lead in pairs:
            fail_once(page, hub, visit, lead)
        open_failed(page, hub).first.click()
        page.get_by_role("button", name="Повторить", exact=True).click()
        assert waiting(page, hub, pairs) == [False, False, True], "the last one that failed stands first"
        open_failed(page, hub)
        page.get_by_role("checkbox", name="Изменена сделка").nth(1).check()
        page.get_by_role("button", name="Повторить выбранные (1)").click()
        assert waiting(page, hub, pairs) == [False, True, True]
        assert hub.systems.priem("sync", "--json").code == 0
        assert waiting(page, hub, pairs) == [False, False, False]
        open_failed(page, hub)
        page.get_by_role("button", name="Повторить все по фильтру").click()
        expect(page.get_by_text("решит заново записей: 3")).to_be_visible()
        assert waiting(page, hub, pairs) == [True, True, True]
    assert hub.systems.priem("sync", "--json").code == 0


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


def test_what_commands_change_stands_in_the_log_with_whose_command_it_was(hub: Hub) -> None:
    visit, lead = linked_visits(hub.systems)[-1]
    for command in (("link", "visit", visit, str(lead)), ("unlink", "visit", visit), ("ident", "service", "--new-key")):
        ran = hub.systems.priem(*command)
        assert ran.code == 0, ran.err
    with hub.administrator() as page:
        open_page(page, hub, "/admin/audit/")
        entries = page.locator("ol.priem-time > li").filter(has_text=f"{getpass.getuser()} (priem)")
        for place, said in enumerate(("Изменён сервис для IDENT", "Изменён сервис для IDENT", "Связь разорвана")):
            expect(entries.nth(place)).to_contain_text(said)
        entries.nth(2).locator("summary").click()
        expect(entries.nth(2)).to_contain_text(str(lead))
        expect(entries.nth(3)).to_contain_text("Связано вручную")


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
