"""An administrator who has never seen Priem connects a clinic, from an empty database to leads that follow it.

In Debian's Chromium, against both sandboxes. How every page looks: tests/e2e/test_every_page.py.
"""

import json
import os
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from priem import configuration
from tests.e2e.systems import Process, Systems
from tests.warm import priem

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PATIENCE = 60_000
"""Milliseconds: two cores, and everybody's tests."""
NAME, PASSWORD = "administrator", "long enough 1"
STEPS = ("amocrm", "mis", "branches", "stages", "fields", "behaviour", "launch")
PICTURES = os.environ.get("PRIEM_PICTURES", "")
"""A folder for screenshots, if somebody wants them."""


class Hub:
    """`priem serve` on an empty database, and one administrator."""

    def __init__(self, systems: Systems) -> None:
        self.systems = systems
        environment = {**systems.environment, "PRIEM_LANGUAGE": "ru"}
        made = systems.priem("administrator", NAME, "--password", PASSWORD)
        assert made.code == 0, made.err
        self.child = priem(
            *("serve", "--port", "0", "--json", "--until-stdin-closes"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self.child.stdout
        self.url = json.loads(self.child.stdout.readline())["url"]

    def end(self) -> None:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.close()
        self.child.wait(30)
        self.child.stdout.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    sizes = ["--patients", "60", "--visits", "20", "--seed", "3", "--history", "3"]
    ident = Process(["ident", "--port", "0", "--control-port", "0", *sizes])
    crm = Process(["amocrm", "--port", "0", "--seed", "3"])
    hub = Hub(Systems(tmp_path_factory.mktemp("hub"), ident, crm))
    yield hub
    for one in (hub, ident, crm):
        one.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def signed_in(hub: Hub, browser: Browser) -> Any:
    """What the browser keeps of a login: hashing a password takes its time."""
    context = browser.new_context(locale="ru-RU")
    page = context.new_page()
    page.goto(f"{hub.url}/admin/login/")
    page.fill("[name=username]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/", timeout=PATIENCE)
    kept = context.storage_state()
    context.close()
    return kept


def open_page(browser: Browser, signed_in: Any, complaints: list[str]) -> Page:
    context = browser.new_context(storage_state=signed_in, locale="ru-RU", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    return page


def go_on(page: Page, step: str) -> None:
    page.click(".su-bottom .su-primary")
    page.wait_for_url(f"**/setup/{step}/**")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@pytest.fixture(scope="module")
def live(hub: Hub, browser: Browser, signed_in: Any) -> list[str]:
    """The clinic after an administrator went through all steps; gives what the browser complained of."""
    complaints: list[str] = []
    page = open_page(browser, signed_in, complaints)
    for step in (begin, let_in, connect, choose, launch):
        step(page, hub)
    page.context.close()
    return complaints


def begin(page: Page, hub: Hub) -> None:
    page.goto(f"{hub.url}/clinics/new/")
    page.fill("#id_name", "Улыбка")
    page.click(".su-primary")
    page.wait_for_url("**/clinics/ulybka/setup/amocrm/")


def let_in(page: Page, hub: Hub) -> None:
    amocrm = hub.systems.amocrm.said
    page.fill("#id_base_url", "http://127.0.0.1:9")
    page.fill("#id_token", "not.a.token")
    expect(page.locator("#id_base_url_error")).to_have_text("По этому адресу никто не отвечает.", timeout=PATIENCE)
    expect(page.locator("#id_token_error")).to_be_empty()
    page.fill("#id_base_url", amocrm["url"])
    expect(page.locator("#id_token_error")).not_to_be_empty(timeout=PATIENCE)
    expect(page.locator("#id_base_url_error")).to_be_empty()
    page.fill("#id_token", amocrm["long_lived_token"])
    expect(page.locator("#try-result .su-fine")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#id_token_error")).to_be_empty()
    picture(page, "set-up-amocrm")
    go_on(page, "mis")


def connect(page: Page, hub: Hub) -> None:
    ident = hub.systems.ident.said
    page.click(".su-kinds >> text=IDENT")
    page.fill("#id_server", ident["host"])
    page.fill("#id_port", str(ident["port"]))
    page.fill("#id_password", "wrong")
    expect(page.locator("#id_password_error")).not_to_be_empty(timeout=PATIENCE)
    picture(page, "set-up-wrong-password")
    page.fill("#id_password", ident["logins"]["readonly_user"])
    page.select_option("#id_time_zone", "Europe/Moscow")
    expect(page.locator("#try-result .su-fine").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#id_password_error")).to_be_empty()
    go_on(page, "branches")


def choose(page: Page, _hub: Hub) -> None:
    picture(page, "set-up-branches")
    go_on(page, "stages")
    page.click(".su-example button")
    expect(page.locator(".su-verdict")).to_contain_text("Решает правило")
    picture(page, "set-up-stages")
    go_on(page, "fields")
    page.click("[data-take-all=make]")
    picture(page, "set-up-fields")
    go_on(page, "behaviour")
    go_on(page, "launch")


def launch(page: Page, hub: Hub) -> None:
    before = count(hub, "contacts"), count(hub, "leads")
    page.click("text=Проверить, что произойдёт")
    expect(page.locator("#su-would")).to_be_visible(timeout=PATIENCE)
    assert (count(hub, "contacts"), count(hub, "leads")) == before, "a check writes nothing"
    picture(page, "set-up-preview")
    page.click(".su-totals a >> nth=0")
    expect(page.locator(".su-planned")).to_contain_text("Почему:")
    page.go_back()
    page.click(".su-big")
    expect(page.locator("#work-sync")).to_be_visible(timeout=PATIENCE)
    page.reload()  # whoever leaves and comes back sees how far it is
    expect(page.locator("#work-sync")).to_contain_text("Клиника подключена", timeout=PATIENCE)
    picture(page, "set-up-live")


def count(hub: Hub, what: str) -> int:
    return len(hub.systems.amocrm_state(what)[what])


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_clinic_goes_live_from_an_empty_database(hub: Hub, live: list[str]) -> None:
    assert [one for one in live if "422" not in one] == []
    before = count(hub, "leads")
    assert before >= 10
    hub.systems.clinic("live", changes=24, rate=12)
    until(lambda: count(hub, "leads") > before)


def test_what_the_pages_saved_comes_back_from_the_file(hub: Hub, live: list[str]) -> None:  # noqa: ARG001 - the clinic
    written = hub.systems.priem("export").out
    file = configuration.parse(tomllib.loads(written))
    assert configuration.write(file) == written
    assert [row.kind for row in file.connections] == ["ident"]
    assert len(file.settings.status_sync.rules) == 9
    assert len(file.settings.fields) > 20


def test_what_the_administrator_did_stands_in_the_log(
    hub: Hub,
    live: list[str],  # noqa: ARG001 - the clinic
    browser: Browser,
    signed_in: Any,
) -> None:
    page = open_page(browser, signed_in, [])
    page.goto(f"{hub.url}/admin/audit/")
    own = page.locator("ol.priem-time > li").filter(has_text=f"· {NAME} · Улыбка")
    expect(own.filter(has_text="Клиника запущена")).to_have_count(1)
    made = own.filter(has_text="Созданы поля в amoCRM: ")
    made.locator("summary").click()
    expect(made.get_by_role("row", name="Поля")).to_contain_text("ID записи")
    page.context.close()


def test_no_page_hurts_in_the_dark(hub: Hub, live: list[str], browser: Browser, signed_in: Any) -> None:  # noqa: ARG001 - somebody is signed in
    page = open_page(browser, signed_in, [])
    flawed = {}
    for step in STEPS:
        page.goto(f"{hub.url}/clinics/ulybka/setup/{step}/")
        page.evaluate("document.documentElement.classList.add('dark')")
        if found := serious(page, only="color-contrast"):
            flawed[step] = found
    page.context.close()
    assert flawed == {}


def serious(page: Page, only: str) -> list[str]:
    """What axe finds in our own part of the page; the frame around it is the library's."""
    told = Axe().run(page, context=".su", options={"resultTypes": ["violations"], "runOnly": [only]})
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:150]}"
        for one in told.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
