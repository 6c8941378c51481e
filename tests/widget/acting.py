"""What a person does on amoCRM's pages with the widget in them."""

import json
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.widget.clinic import ADMIN, Clinic

PANEL = "iframe[data-frame=panel]"
WINDOW = "iframe[data-frame=window]"
SETTINGS = "iframe[data-frame=settings]"
AXE = json.dumps({"resultTypes": ["violations"]})


def works_as(page: Page, user: int) -> None:
    page.add_init_script(f"localStorage.setItem('sandbox.user', '{user}')")


def opened(page: Page, mira: Clinic, lead: int, user: int = ADMIN) -> FrameLocator:
    works_as(page, user)
    page.goto(f"{mira.crm.url}/leads/detail/{lead}")
    panel = page.frame_locator(PANEL)
    panel.locator("main:not([aria-busy])").wait_for()
    return panel


def window(page: Page, panel: FrameLocator, act: str = "book_open") -> FrameLocator:
    panel.locator(f"[data-act={act}]").click()
    frame = page.frame_locator(WINDOW)
    frame.locator("body[data-ready]").wait_for()
    return frame


def tomorrow(frame: FrameLocator) -> None:
    """There a whole day is free, whatever time it is now; weekends are passed over."""
    for _ in range(4):
        turn(frame, "later")
        if frame.locator("button.free").count():
            return


def until_seen(frame: FrameLocator, name: str) -> Locator:
    """Whose visit is in the journal of one of the coming days: midnight may have passed since it was booked."""
    block = frame.locator(".visit-block", has_text=name)
    for _ in range(7):
        if block.count():
            break
        turn(frame, "later")
    return block


def turn(frame: FrameLocator, where: str, does: Callable[[], None] | None = None) -> None:
    before = frame.locator("header h2").inner_text()
    (does or frame.locator(f"[data-act={where}]").click)()
    expect(frame.locator("header h2")).not_to_have_text(before)
    expect(frame.locator(".schedule")).not_to_have_attribute("aria-busy", "true")


def free(frame: FrameLocator, number: int) -> dict[str, str]:
    """A free time, pressed; which doctor's and when it is."""
    cell = frame.locator("button.free").nth(number)
    chosen = {name: str(cell.get_attribute(f"data-{name}")) for name in ("doctor", "day", "from")}
    cell.click()
    return chosen


def finish(frame: FrameLocator, outcome: str) -> None:
    frame.locator("[data-act=go]").click()
    frame.locator(f"[data-done={outcome}]").wait_for()


def counted(page: Page) -> list[str]:
    """Of every click of a person, in frames, too, where it went."""
    clicks: list[str] = []

    def clicked(where: str) -> None:
        clicks.append(where)

    page.expose_function("personClicked", clicked)
    page.add_init_script(
        "addEventListener('click', (event) => { if (event.isTrusted) personClicked(event.target.outerHTML); }, true)"
    )
    return clicks


def serious(page: Page, where: str, part: str = "body") -> list[str]:
    handle = page.wait_for_selector(where)
    frame = handle.content_frame() if handle else None
    assert frame
    found = Axe().run(frame, context=part, options=json.loads(AXE)).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def sideways(page: Page) -> list[str]:
    """Pages, amoCRM's and ours, that are wider than their place."""
    wider = "() => document.documentElement.scrollWidth > innerWidth"
    return [frame.url for frame in page.frames if frame.evaluate(wider)]
