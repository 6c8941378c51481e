"""What people do in amoCRM with the widget in it, and what has become of it in both systems."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.widget.acting import (
    WINDOW,
    counted,
    finish,
    free,
    opened,
    tomorrow,
    until_seen,
    window,
)
from tests.widget.clinic import CALLS, RECEPTION, Clinic

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.xdist_group("widget")]
MOSCOW = ZoneInfo("Europe/Moscow")


def values(mira: Clinic, lead: int) -> dict[str, Any]:
    return {field["name"]: field["values"] for field in mira.card(lead)["fields"]}


def test_a_request_becomes_a_booked_visit_in_three_clicks(page: Page, mira: Clinic) -> None:
    lead = mira.request("Белова Анна Игоревна", "+7 921 333-44-55")
    before, talons = mira.leads(), len(mira.talons())
    clicks = counted(page)
    panel = opened(page, mira, lead)

    frame = window(page, panel)
    tomorrow(frame)
    turned = sum("later" in click for click in clicks)
    chosen = free(frame, 2)
    finish(frame, "booked")

    assert len(clicks) - turned == 3
    assert len(mira.talons()) == talons + 1
    mira.sync()
    card = mira.card(lead)
    assert card["status"] == "Записан"
    assert values(mira, lead)["Врач"]
    assert any(entry["what"] == "task" and entry["text"].startswith("Записан:") for entry in card["timeline"])
    assert any(entry["what"] == "note" and entry["text"].startswith("Записан:") for entry in card["timeline"])
    assert mira.leads() == before, "the sync has made a second lead"
    assert mira.talon_of(lead)["start"].startswith(chosen["day"])


def test_a_visit_is_confirmed_moved_and_cancelled_from_the_card(page: Page, mira: Clinic) -> None:
    lead = mira.booked("Осипов Денис Львович", "+7 921 100-20-30", 1)
    panel = opened(page, mira, lead)
    before = panel.locator(".when b").inner_text()

    panel.locator("[data-act=confirm]").click()
    panel.locator(".status.confirmed").wait_for()

    frame = window(page, panel, "move")
    expect(frame.locator(".line")).to_contain_text(f"Сейчас: {before}")
    free(frame, 5)
    finish(frame, "moved")
    frame.locator("[data-act=close]").click()
    expect(panel.locator(".when b")).not_to_have_text(before)

    panel.locator("[data-act=edit]").click()
    expect(panel.locator(".elsewhere")).to_contain_text("меняются в самой МИС")
    panel.locator("textarea").fill("Просит позвонить за час")
    panel.locator("[data-act=save]").click()
    expect(panel.locator(".note")).to_have_text("Просит позвонить за час")

    panel.locator("[data-act=cancel]").click()
    panel.get_by_label("Причина").select_option(label="Отказ пациента")
    panel.locator("[data-act=cancel_visit]").click()
    panel.locator(".status.cancelled").wait_for()
    mira.sync()
    assert mira.card(lead)["status"] == "Закрыто и не реализовано"
    talon = mira.talon_of(lead)
    assert "Просит позвонить за час" in talon["info"]
    assert talon["delete_reason_id"] == 1


def is_about_to_begin(starts: str) -> bool:
    """It would be over before it is booked."""
    left = datetime.fromisoformat(starts).replace(tzinfo=MOSCOW) - datetime.now(MOSCOW)
    return left < timedelta(minutes=1)


def test_a_free_time_in_the_panel_is_booked_in_two_clicks(page: Page, mira: Clinic) -> None:
    lead = mira.request("Уварова Инна Марковна", "+7 921 121-31-41")
    clicks = counted(page)
    panel = opened(page, mira, lead)
    near = panel.locator("[data-act=near]").first
    starts = near.get_attribute("data-starts")
    while is_about_to_begin(str(starts)):
        starts = opened(page, mira, lead).locator("[data-act=near]").first.get_attribute("data-starts")

    near.click()
    frame = page.frame_locator(WINDOW)
    frame.locator(".free.chosen").wait_for()
    finish(frame, "booked")

    assert max(mira.talons(), key=lambda talon: int(talon["id"]))["start"].startswith(str(starts))
    assert len(clicks) == 2


def test_a_lead_of_the_branch_with_ident_becomes_an_application_and_its_visit_comes_back_to_it(
    page: Page, mira: Clinic
) -> None:
    mira.ident_asks()
    lead = mira.request("Ершова Вера Павловна", "+7 921 303-44-66")
    panel = opened(page, mira, lead, RECEPTION)
    frame = window(page, panel, "apply_open_grid")
    tomorrow(frame)
    chosen = free(frame, 3)
    finish(frame, "applied")
    frame.locator("[data-act=close]").click()

    expect(panel.locator(".applied")).to_contain_text("ждёт, пока IDENT её запросит")
    expect(panel.locator(".applied")).to_contain_text("раз в несколько минут")
    assert panel.locator("[data-act=apply_now], [data-act=apply_open_grid]").count() == 0
    assert [mira.ident_asks(), mira.ident_asks()] == [1, 0]
    mira.sync()
    panel = opened(page, mira, lead, RECEPTION)
    expect(panel.locator(".applied")).to_contain_text("принята")

    before = mira.leads()
    mira.book_in_ident("Ершова", "+79213034466", chosen)
    mira.sync()

    panel = opened(page, mira, lead, RECEPTION)
    expect(panel.locator(".when")).to_contain_text("записан")
    hour, minute = divmod(int(chosen["from"]), 60)
    expect(panel.locator(".when b")).to_have_text(
        re.compile(rf"^[а-я]{{2}}, \d+ [а-я]+( 20\d\d)?, {hour:02}:{minute:02}$")
    )
    assert mira.leads() == before, "the sync has made a second lead"
    assert mira.card(lead)["status"] == "Записан"

    frame = window(page, panel, "journal")
    expect(frame.get_by_label("Филиал")).to_be_visible()
    until_seen(frame, "Ершова").click()
    sheet = frame.locator(".sheet")
    expect(sheet).to_contain_text("записан")
    assert sheet.locator("[data-act=move], [data-act=cancel], [data-act=edit]").count() == 0, "IDENT is only read"
    sheet.locator("[data-act=open_lead]").click()
    page.wait_for_url(f"**/leads/detail/{lead}")


def test_in_the_journal_visits_are_changed_and_booked_and_doctors_are_ticked(page: Page, mira: Clinic) -> None:
    lead = mira.booked("Ланская Ольга Юрьевна", "+7 921 222-33-44", 4)
    mira.sync()
    frame = window(page, opened(page, mira, mira.request("Марков Ян Ильич", "+7 921 222-33-55")), "journal")
    expect(frame.get_by_label("Филиал")).to_be_hidden()
    until_seen(frame, "Ланская").click()
    frame.locator("[data-act=edit]").click()
    frame.locator(".sheet textarea").fill("Принесёт снимки")
    frame.locator("[data-act=save]").click()
    expect(frame.locator(".sheet")).to_be_hidden()
    assert "Принесёт снимки" in mira.talon_of(lead)["info"]

    doctor = free(frame, 0)["doctor"]
    talons = len(mira.talons())
    frame.locator("[data-act=go]").click()
    expect(frame.locator(".line")).to_contain_text("Записан:")
    assert len(mira.talons()) == talons + 1
    expect(frame.locator(".visit-block", has_text="Марков Ян")).to_be_visible()

    frame.locator(".doctors summary").click()
    boxes = frame.locator(".ticks input")
    boxes.nth(1).check()
    frame.locator(f".ticks input[value='{doctor}']").check()
    expect(frame.locator(".head")).to_have_count(len({doctor, str(boxes.nth(1).get_attribute("value"))}))
    page.keyboard.press("Escape")
    expect(frame.locator(".ticks")).to_be_hidden()

    frame.locator("[data-act=all_doctors]").evaluate("(button) => button.click()")
    frame.locator(".visit-block", has_text="Ланская").click()
    frame.locator("[data-act=open_lead]").click()
    page.wait_for_url(f"**/leads/detail/{lead}")


def test_the_panel_tells_who_has_booked_why_and_what_else_the_patient_has(page: Page, mira: Clinic) -> None:
    first, second = (mira.booked("Дорина Анна Львовна", "+7 921 717-27-37", number) for number in (20, 60))
    panel = opened(page, mira, second)

    panel.locator("summary", has_text="Почему эта сделка").click()
    expect(panel.locator("details[open]")).to_contain_text("Записано из amoCRM: Ирина Владимировна")
    expect(panel.locator("details[open]")).to_contain_text("Приём записан из этой сделки")
    panel.locator("summary", has_text="Ещё у пациента").click()
    panel.locator(".other [data-act=to_lead]").click()

    page.wait_for_url(f"**/leads/detail/{first}")


def test_nothing_is_booked_in_a_hidden_stage_nor_without_the_right(page: Page, mira: Clinic) -> None:
    lead = mira.request("Тихонов Павел", "+7 921 444-55-66")
    panel = opened(page, mira, lead, CALLS)
    expect(panel.locator("main")).to_contain_text("У вас нет права записывать")
    assert panel.locator("[data-act=book_open]").count() == 0

    pipelines = {each["name"]: each for each in mira.crm_state("pipelines")}
    stage = next(one for one in pipelines["Повторные"]["statuses"] if one["name"] == "Пора пригласить")
    mira.act("move_stage", lead_id=lead, status_id=stage["id"], pipeline_id=pipelines["Повторные"]["id"])
    panel = opened(page, mira, lead)
    expect(panel.locator("main")).to_contain_text("не записывают")
    assert panel.locator("[data-act=journal]").count() == 0
