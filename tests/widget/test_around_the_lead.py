"""Around the card: the settings, the digital pipeline, the lists; how fast it stands, and whom it bars."""

import io
import json
import zipfile
from typing import Any

import httpx2
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.widget.acting import (
    PANEL,
    SETTINGS,
    WINDOW,
    opened,
    serious,
    sideways,
    tomorrow,
    turn,
    until_seen,
    window,
    works_as,
)
from tests.widget.clinic import ADMIN, Clinic, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.xdist_group("widget")]

CONFIRMED = 2
"""ArchiMed+'s status in the sandbox."""
TRIES = 10
"""Somebody else may have the machine meanwhile."""


def test_the_settings_page_says_how_things_are_and_opens_priem(page: Page, mira: Clinic) -> None:
    works_as(page, ADMIN)
    page.goto(f"{mira.crm.url}/settings/")
    frame = page.frame_locator(SETTINGS)
    expect(frame.locator("h1")).to_contain_text("Клиника на Мира")
    expect(frame.locator(".connections li", has_text="IDENT")).to_contain_text("уходят заявки")
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
    until(lambda: 200 in [told["status"] for told in mira.triggers_told()])

    until(lambda: mira.talon_of(lead)["status_id"] == CONFIRMED)
    panel = opened(page, mira, lead)
    panel.locator(".status.confirmed").wait_for()


def test_stages_mark_and_cancel_visits_and_send_applications(mira: Clinic) -> None:
    stages = {each["name"]: each for each in mira.crm_state("pipelines")}
    pipeline = stages["Повторные"]
    actions = dict(zip(("arrived", "cancel", "apply"), pipeline["statuses"][-3:], strict=True))
    leads = {
        "arrived": mira.booked("Палкин Ян Ильич", "+7 921 909-11-22", 70),
        "cancel": mira.booked("Малкин Ян Ильич", "+7 921 909-11-33", 72),
        "apply": mira.request("Галкин Ян Ильич", "+7 921 909-11-44"),
    }
    for action, stage in actions.items():
        mira.trigger(pipeline["id"], stage["id"], action)
        mira.act("move_stage", lead_id=leads[action], status_id=stage["id"], pipeline_id=pipeline["id"])

    until(lambda: mira.panel(leads["arrived"])["visit"]["status"] == "arrived")
    until(lambda: mira.panel(leads["cancel"])["visit"]["status"] == "cancelled")
    until(lambda: "ждёт" in mira.panel(leads["apply"]).get("application", ""))


def test_a_hook_that_amocrm_does_not_bear_out_changes_nothing(mira: Clinic) -> None:
    lead = mira.booked("Котова Алла Львовна", "+7 921 606-12-22", 15)
    talons = mira.talons()
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(mira.archive)).read("manifest.json"))
    [place] = [each for each in mira.crm_state("leads") if each["id"] == lead]

    elsewhere = post_hook(manifest, lead, place, status_id=1)
    forged = post_hook({"dp": {"webhook_url": f"{mira.hub}/widget/pipeline/1-forged"}}, lead, place)

    assert (elsewhere, forged) == (200, 404)
    assert mira.panel(lead)["visit"]["status"] == "booked"
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
    assert any(panel_seconds(page, mira, lead) < 1.0 for _ in range(TRIES))

    frame = window(page, page.frame_locator(PANEL))
    frame.locator("[data-view=week]").click()
    assert any(week_seconds(frame) < 1.5 for _ in range(TRIES))


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
    """The empty panel, the window, the panel with a visit, the journal with a card open, the settings."""
    panel = opened(page, mira, mira.request("Шилов Пётр Ильич", "+7 921 808-77-66"))
    panel.locator("[data-act=near]").first.wait_for()
    frame = window(page, panel)
    tomorrow(frame)
    frame.locator(".chips button").first.click()  # what is said of one doctor's column, is said of thirty
    frame.locator(".doctors summary").click()
    assert barred(page, (PANEL, "body"), (WINDOW, "body")) == []
    frame.locator("[data-view=week]").click()
    frame.locator(".week").wait_for()
    assert barred(page, (WINDOW, ".week")) == []

    panel = opened(page, mira, mira.booked("Зорина Яна Ильинична", "+7 921 818-77-66", 40))
    panel.locator("[data-act=edit]").click()
    assert barred(page, (PANEL, ".slot")) == []
    panel.locator("[data-act=cancel]").click()
    assert barred(page, (PANEL, ".slot")) == []
    frame = window(page, panel, "journal")
    until_seen(frame, "").first.click()
    assert barred(page, (WINDOW, ".sheet")) == []

    page.goto(f"{mira.crm.url}/settings/")
    page.frame_locator(SETTINGS).locator("h1").wait_for()
    assert barred(page, (SETTINGS, "body")) == []


def barred(page: Page, *parts: tuple[str, str]) -> list[str]:
    """Axe's serious findings and what would have to be pushed sideways, on a desk and on a telephone."""
    found: list[str] = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 860})
        found += [f"{width}: {each}" for frame, part in parts for each in serious(page, frame, part)]
        found += [f"{width}: {url} is too wide" for url in sideways(page)]
    return found
