"""Every page of the hub, as its owner sees it: in both languages, on a wide screen and on a phone, light and dark.

Pages are those that the hub answers to, so a new one is walked by itself; tests/e2e/every_row.py says which are none.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Response, expect

from tests.e2e.hub_pages import Hub, linked_patient, linked_visit, overflow, synced_hub

Theme = Literal["light", "dark"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]
WIDE, NARROW = 1280, 390
VARIANTS: tuple[tuple[int, Theme], ...] = ((WIDE, "light"), (NARROW, "dark"), (NARROW, "light"), (WIDE, "dark"))
EVERY_VARIANT = bool(os.environ.get("PRIEM_EVERY_VARIANT"))
GIVEN_UP = "net::ERR_ABORTED"
"""What a page had asked for when the next one was opened."""

TOKEN_KEPT = "/set-password/"
"""Django takes an invitation's token out of the address, into the session."""


@dataclass(frozen=True, slots=True)
class Walked:
    hub: Hub
    paths: tuple[str, ...]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    with synced_hub(Path(tmp_path_factory.mktemp("hub"))) as hub:
        look_and_check(hub)  # before rows are made up, among them a connection whose agent is not there
        records = linked_patient(hub.systems)[0], linked_visit(hub.systems)[0]
        root = Path(__file__).parents[2]
        told = subprocess.run(
            [sys.executable, "-m", "tests.e2e.every_row", *records],
            cwd=root,
            env=hub.systems.environment | {"DJANGO_SETTINGS_MODULE": "priem.hub.settings"},
            stdout=subprocess.PIPE,
            check=True,
        )
        yield Walked(hub, tuple(json.loads(told.stdout)))


def look_and_check(hub: Hub) -> None:
    """So that the steps of the set-up have what they show; the clinic was set up by a file, nobody has looked yet."""
    with hub.administrator() as page:
        page.goto(f"{hub.url}/clinics/ulybka/setup/stages/")
        page.get_by_text("Обновить списки").click()
        expect(page.locator("#su-form")).to_be_visible(timeout=60_000)
        page.goto(f"{hub.url}/clinics/ulybka/setup/launch/")
        page.get_by_text("Проверить, что произойдёт").click()
        expect(page.locator("#su-would")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_answers_fits_and_can_be_heard(walked: Walked, language: str) -> None:
    """Each is heard in one language and one of four variants, the next ones in the others; or in all of them."""
    flawed: dict[str, list[str]] = {}
    with walked.hub.administrator(WIDE, language) as page:
        for place, path in enumerate(walked.paths):
            turns = VARIANTS if EVERY_VARIANT else (VARIANTS[place // 2 % len(VARIANTS)],)
            is_heard = EVERY_VARIANT or place % 2 == (language == "en")
            for width, theme in turns:
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 900})
                with_frame = place < 2 * len(VARIANTS)
                found = flaws(page, walked.hub.url + path)
                if is_heard:
                    found += serious(page, with_frame=with_frame)
                if found:
                    flawed[f"{path} {width} {theme}"] = found
    assert flawed == {}


def flaws(page: Page, url: str) -> list[str]:
    found: list[str] = []

    def failed(request: Request) -> None:
        if request.failure != GIVEN_UP:
            found.append(f"{request.url}: {request.failure}")

    def answered(answer: Response) -> None:
        if answer.status >= 400:
            found.append(f"{answer.url}: {answer.status}")

    page.on("requestfailed", failed)
    page.on("response", answered)
    first = page.goto(url)
    page.wait_for_function("!document.querySelector('.htmx-request')")
    if first is None or (first.url != url and not first.url.endswith(TOKEN_KEPT)):
        found.append(f"leads to {page.url}: not a page")
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    had = page.viewport_size
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        if wider := overflow(page):
            found.append(f"{wider} px wider than {width}")
    if had:
        page.set_viewport_size(had)
    page.remove_listener("requestfailed", failed)
    page.remove_listener("response", answered)
    return found


def serious(page: Page, *, with_frame: bool) -> list[str]:
    """The menu, which is the same on every page, is half of the work: without it unless somebody wants it."""
    around = None if with_frame else {"include": [["html"]], "exclude": [["#nav-sidebar"]]}
    return [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
        for one in Axe().run(page, context=around, options={"resultTypes": ["violations"]}).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
