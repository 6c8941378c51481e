"""What people do in amoCRM with the widget in it, and what has become of it in both systems.

One module: the browser and the clinic are started once, and a browser may not outlive it (Django's tests come after).
"""

import io
import json
import zipfile
from typing import Any

import httpx2
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.widget.acting import (
    PANEL,
    WINDOW,
    counted,
    finish,
    free,
    opened,
    serious,
    tomorrow,
    turn,
    window,
    works_as,
)
from tests.widget.clinic import ADMIN, CALLS, RECEPTION, Clinic, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.xdist_group("widget")]


def talon_of(mira: Clinic, lead: int) -> dict[str, Any]:
    """The visit that the lead's key names, as ArchiMed+ keeps it."""
    keys = [field["values"][0] for field in mira.card(lead)["fields"] if "mira:" in str(field["values"][0])]
    id_ = str(keys[0]).partition(":")[2]
    return next(talon for talon in mira.talons() if str(talon["id"]) == id_)


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
    assert talon_of(mira, lead)["start"].startswith(chosen["day"])


def test_a_visit_is_confirmed_moved_and_cancelled_from_the_card(page: Page, mira: Clinic) -> None:
    lead = mira.booked("Осипов Денис Львович", "+7 921 100-20-30", 1)
    panel = opened(page, mira, lead)
    before = panel.locator(".when b").inner_text()

    panel.locator("[data-act=confirm]").click()
    panel.locator(".status.confirmed").wait_for()

    frame = window(page, panel, "move")
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
    panel.locator("[data-act=cancel_visit]").click()
    panel.locator(".status.cancelled").wait_for()
    mira.sync()
    assert mira.card(lead)["status"] == "Закрыто и не реализовано"
    assert "Просит позвонить за час" in talon_of(mira, lead)["info"]


def test_a_time_that_was_just_taken_is_said_with_the_nearest_free_ones(page: Page, mira: Clinic) -> None:
    lead = mira.request("Яшина Вера Олеговна", "+7 921 555-66-77")
    frame = window(page, opened(page, mira, lead))
    tomorrow(frame)
    chosen = free(frame, 8)
    hour, minute = divmod(int(chosen["from"]), 60)
    start = f"{chosen['day']}T{hour:02}:{minute:02}"
    mira.mis.act("book", doctor=int(chosen["doctor"]), start=start, name="Другой Пациент", phone="+79990001122")

    frame.locator("[data-act=go]").click()

    expect(frame.locator(".line.amber")).to_contain_text("Это время только что заняли")
    frame.locator(".near").first.click()
    finish(frame, "booked")


def test_a_free_time_in_the_panel_is_booked_in_two_clicks(page: Page, mira: Clinic) -> None:
    lead = mira.request("Уварова Инна Марковна", "+7 921 121-31-41")
    clicks = counted(page)
    panel = opened(page, mira, lead)
    near = panel.locator("[data-act=near]").first
    starts = near.get_attribute("data-starts")

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
    assert mira.leads() == before, "the sync has made a second lead"
    assert mira.card(lead)["status"] == "Записан"


def test_several_cards_of_one_name_and_phone_are_shown_to_choose_from(page: Page, mira: Clinic) -> None:
    for year in (1980, 2010):
        mira.mis.act("patient", last_name="Громов", first_name="Илья", phone="+79217778899", birthdate=f"{year}-05-12")
    lead = mira.request("Громов Илья", "8 (921) 777-88-99")

    frame = window(page, opened(page, mira, lead))

    frame.locator(".candidate").nth(2).wait_for()
    expect(frame.locator(".warn")).to_contain_text("Выберите одну")
    assert frame.locator(".candidate input:checked").get_attribute("value") == ""


def test_the_journal_shows_the_day_and_leads_to_the_lead(page: Page, mira: Clinic) -> None:
    lead = mira.booked("Ланская Ольга Юрьевна", "+7 921 222-33-44", 4)
    mira.sync()
    panel = opened(page, mira, lead)

    frame = window(page, panel, "journal")
    tomorrow(frame)
    mine = frame.locator(".visit-block", has_text="Ланская")
    mine.click()
    frame.locator("[data-act=open_lead]").click()

    page.wait_for_url(f"**/leads/detail/{lead}")


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


def test_a_visit_is_booked_from_the_keyboard_alone(page: Page, mira: Clinic) -> None:
    lead = mira.request("Рощин Марк Ильич", "+7 921 888-77-66")
    panel = opened(page, mira, lead)
    panel.locator("[data-act=book_open]").focus()
    page.keyboard.press("Enter")
    frame = page.frame_locator(WINDOW)
    frame.locator("body[data-ready]").wait_for()
    expect(page.locator(WINDOW)).to_be_focused()
    turn(frame, "later", lambda: page.keyboard.press("PageDown"))
    while not frame.locator("button.free").count():
        turn(frame, "later", lambda: page.keyboard.press("PageDown"))
    expect(frame.locator("button.free[tabindex='0']")).to_be_focused()

    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(frame.locator("button.free.chosen")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame.locator("[data-done=booked]").wait_for()
    page.keyboard.press("Escape")

    expect(page.locator(WINDOW)).to_have_count(0)
    panel.locator(".visit").wait_for()


def test_the_settings_page_says_how_things_are_and_opens_priem(page: Page, mira: Clinic) -> None:
    works_as(page, ADMIN)
    page.goto(f"{mira.crm.url}/settings/")
    frame = page.frame_locator("iframe[data-frame=settings]")
    expect(frame.locator("h1")).to_contain_text("Клиника на Мира")
    expect(frame.locator(".connections li", has_text="IDENT")).to_contain_text("уходят заявки")
    assert serious(page, "iframe[data-frame=settings]") == []
    frame.locator("[data-act=open_settings]").click()

    url = frame.locator(".way a").get_attribute("href")

    assert url
    page.goto(url)
    page.wait_for_url("**/admin/**")


def test_the_widget_is_saved_once_somebody_has_agreed_to_the_transfer_of_data(page: Page, mira: Clinic) -> None:
    page.goto(f"{mira.crm.url}/settings/widgets/")
    page.locator("#widget-open").click()
    modal = page.locator(".widget-settings")
    expect(modal.locator(".priem-about")).to_contain_text("После установки")
    page.locator("#widget-save").click()
    expect(modal.get_by_role("status")).to_contain_text("Заполните")

    modal.get_by_label("Согласие").check()
    page.locator("#widget-save").click()

    expect(page.locator("#widget-state")).to_have_text("Установлено")
    expect(modal).to_have_count(0)


def test_a_trigger_of_the_digital_pipeline_confirms_the_visit_of_a_lead_that_comes_there(
    page: Page, mira: Clinic
) -> None:
    lead = mira.booked("Зимина Нина Павловна", "+7 921 666-11-22", 12)
    mira.sync()
    works_as(page, ADMIN)
    page.goto(f"{mira.crm.url}/settings/pipeline/")
    page.get_by_label("Этап").select_option(label="Записи: Подтверждён")
    page.locator("#trigger-add").click()
    page.locator(".priem-action").select_option(label="Подтвердить")
    page.locator("#trigger-save").click()
    expect(page.locator("#triggers")).to_contain_text("Записи: Подтверждён → confirm")

    mira.act("move_stage", lead_id=lead, status="Подтверждён")
    until(lambda: [told["status"] for told in mira.triggers_told()] == [200])

    panel = opened(page, mira, lead)
    panel.locator(".status.confirmed").wait_for()


def test_a_hook_that_amocrm_does_not_bear_out_changes_nothing(mira: Clinic) -> None:
    lead = mira.booked("Котова Алла Львовна", "+7 921 606-12-22", 15)
    talons = mira.talons()
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(mira.archive)).read("manifest.json"))
    [place] = [each for each in mira.crm_state("leads") if each["id"] == lead]

    elsewhere = post_hook(manifest, lead, place, status_id=1)
    forged = post_hook({"dp": {"webhook_url": f"{mira.hub}/widget/pipeline/1-forged"}}, lead, place)

    assert (elsewhere, forged) == (200, 404)
    assert mira.talons() == talons


def test_the_journal_stands_in_the_lists_of_the_chosen_pipelines_alone(page: Page, mira: Clinic) -> None:
    pipelines = {each["name"]: each["id"] for each in mira.crm_state("pipelines")}
    works_as(page, ADMIN)
    page.goto(f"{mira.crm.url}/leads/pipeline/{pipelines['Повторные']}")
    expect(page.locator(".priem-list")).to_contain_text("в других воронках")
    page.goto(f"{mira.crm.url}/leads/pipeline/{pipelines['Записи']}")
    page.locator(".priem-journal").click()

    frame = page.frame_locator(WINDOW)
    frame.locator("body[data-ready]").wait_for()
    expect(frame.locator("main")).to_have_attribute("data-mode", "journal")


def post_hook(manifest: Any, lead: int, place: Any, **changed: int) -> int:
    """As docs/reference/amocrm.md §3.19 has it."""
    data = {
        "id": lead,
        "element_type": 2,
        "status_id": place["status_id"],
        "pipeline_id": place["pipeline_id"],
        "direction_of_movement": "went_to_trigger",
    }
    event = {"type": 15, "type_code": "lead_appeared_in_status", "data": data | changed, "time": 1_491_300_016}
    body = {"event": event, "action": {"settings": {"widget": {"settings": {"action": "confirm"}}}}}
    return httpx2.post(manifest["dp"]["webhook_url"], json=body, timeout=30).status_code


def test_nobody_waits_for_the_panel_nor_for_a_week_of_thirty_doctors(page: Page, mira: Clinic) -> None:
    lead = mira.request("Быстрова Юлия Олеговна", "+7 921 131-51-71")
    panels = [panel_seconds(page, mira, lead) for _ in range(3)]
    assert min(panels) < 1.0

    frame = window(page, page.frame_locator(PANEL))
    frame.locator("[data-view=week]").click()
    weeks = [week_seconds(frame) for _ in range(3)]
    assert min(weeks) < 1.5


def panel_seconds(page: Page, mira: Clinic, lead: int) -> float:
    """From amoCRM's call of the widget until the panel stands, amoCRM's token and the frame's loading included."""
    panel = opened(page, mira, lead).locator("body")
    mark = "(name) => performance.timeOrigin + performance.getEntriesByName(name)[0].startTime"
    began, ended = page.evaluate(mark, "widget:entered"), panel.evaluate(f"(_, name) => ({mark})(name)", "priem:panel")
    return float(ended - began) / 1000


def week_seconds(frame: FrameLocator) -> float:
    """From the click on next week until that stands."""
    turn(frame, "later")
    took = "() => performance.getEntriesByName('priem:grid').at(-1).duration"
    seconds = float(frame.locator("body").evaluate(took)) / 1000
    assert frame.locator(".week tbody tr").count() >= 30
    turn(frame, "earlier")
    return seconds


def test_nothing_of_it_bars_anybody(page: Page, mira: Clinic) -> None:
    """Axe's serious findings: the empty panel, the window, the panel with a visit, the journal with a card open."""
    lead = mira.request("Шилов Пётр Ильич", "+7 921 808-77-66")
    panel = opened(page, mira, lead)
    panel.locator("[data-act=near]").first.wait_for()
    frame = window(page, panel)
    tomorrow(frame)
    frame.locator(".chips button").first.click()  # what is said of one doctor's column, is said of thirty
    assert (serious(page, PANEL), serious(page, WINDOW)) == ([], [])

    frame.locator("[data-view=week]").click()
    frame.locator(".week").wait_for()
    assert serious(page, WINDOW) == []

    panel = opened(page, mira, mira.booked("Зорина Яна Ильинична", "+7 921 818-77-66", 40))
    for act in ("edit", "cancel"):
        panel.locator(f"[data-act={act}]").click()
        assert serious(page, PANEL, ".slot") == []
    frame = window(page, panel, "journal")
    tomorrow(frame)
    frame.locator(".visit-block").first.click()
    assert serious(page, WINDOW, ".sheet") == []
