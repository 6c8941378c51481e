"""The browser and the clinic, once for the folder. A browser may not outlive it: Django's tests come after."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.widget.clinic import Clinic, clinic

PATIENCE = 60_000
"""Milliseconds: two cores, and everybody's tests."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def mira(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with clinic(tmp_path_factory.mktemp("mira")) as started:
        started.sync()
        yield started


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all: scripts are fetched once. Who works in amoCRM, each page says itself."""
    context = browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 860})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()
