"""A hub with a clinic that was synced once, as processes; and a browser that looks at it."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from priem.cli.demo.verify import rows
from tests.e2e.systems import Process, Systems
from tests.warm import priem

PASSWORD = "long enough 1"
ASKING = """
[duplicates]
several_contacts = "ask"
"""
SMALL = ["--port", "0", "--control-port", "0", "--patients", "20", "--visits", "10", "--seed", "3", "--history", "3"]


@dataclass(frozen=True, slots=True)
class Hub:
    systems: Systems
    url: str
    browser: Browser

    @contextmanager
    def visitor(self, width: int = 1280, language: str = "ru", *, dark: bool = False) -> Iterator[Page]:
        """A browser of somebody who is not logged in. Whatever its console complains of fails the test."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            locale={"ru": "ru-RU", "en": "en-US"}[language],
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
        assert complaints == []

    @contextmanager
    def administrator(self, width: int = 1280, language: str = "ru", *, dark: bool = False) -> Iterator[Page]:
        with self.visitor(width, language, dark=dark) as page:
            log_in(page, self.url, "owner")
            yield page


def log_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.click("#login-form button[type=submit]")
    page.wait_for_url(lambda at: "/login/" not in at)


@contextmanager
def synced_hub(home: Path) -> Iterator[Hub]:
    """Twenty patients; one of them has two contacts already, so that a person is asked."""
    with ExitStack() as running:
        ident = Process(
            [
                "ident",
                *(
                    "--port",
                    "0",
                    "--control-port",
                    "0",
                    "--patients",
                    "20",
                    "--visits",
                    "10",
                    "--seed",
                    "3",
                    "--history",
                    "3",
                ),
            ]
        )
        running.callback(ident.end)
        amocrm = Process(["amocrm", "--port", "0", "--seed", "3"])
        running.callback(amocrm.end)
        systems = Systems(home, ident, amocrm)
        double_somebody(systems)
        ask_on_the_site(systems)
        for ran in (
            systems.configure(after=ASKING),
            systems.priem("sync", "--json"),
            systems.priem("administrator", "owner", "--password", PASSWORD),
        ):
            assert ran.code == 0, ran.err
        url = running.enter_context(serving(systems))
        playwright = running.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        running.callback(browser.close)
        yield Hub(systems, url, browser)


@contextmanager
def serving(systems: Systems) -> Iterator[str]:
    child = priem(
        *("serve", "--port", "0", "--json", "--until-stdin-closes"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=systems.environment,
    )
    try:
        assert child.stdout
        yield json.loads(child.stdout.readline())["url"]
    finally:
        child.communicate(timeout=30)


def ask_on_the_site(systems: Systems) -> None:
    """A request that nobody has booked yet, from an advertisement."""
    told = [{"field_code": "UTM_SOURCE", "values": [{"value": "yandex"}]}]
    systems.act("lead", name="Заявка с сайта", custom_fields_values=told)


def double_somebody(systems: Systems) -> set[int]:
    """Two contacts with name and phone of one patient of the clinic; gives their ids."""
    people = list(rows(systems.ident.said["control"], "Persons"))
    phones = Counter(str(one["MobilePhone"]) for one in people if one["MobilePhone"])
    somebody = next(one for one in people if one["MobilePhone"] and phones[str(one["MobilePhone"])] == 1)
    name = f"{somebody['Surname']} {somebody['Name']}"
    return {systems.act("contact", name=name, phone=somebody["MobilePhone"])["contact_id"] for _ in range(2)}


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def linked_patient(systems: Systems) -> tuple[str, int]:
    """Some patient's key, and his contact."""
    for contact in systems.amocrm_state("contacts")["contacts"]:
        for field in contact.get("custom_fields_values") or ():
            if field.get("field_code") == "PRIEM_PATIENT":
                return str(field["values"][0]["value"]), int(contact["id"])
    raise AssertionError("nobody is linked")


def linked_visit(systems: Systems) -> tuple[str, int]:
    return linked_visits(systems)[0]


def linked_visits(systems: Systems) -> list[tuple[str, int]]:
    """Keys, and their leads."""
    leads = systems.amocrm_state("leads")["leads"]
    found = [
        (str(field["values"][0]["value"]), int(lead["id"]))
        for lead in leads
        for field in lead.get("custom_fields_values") or ()
        if field.get("field_code") == "PRIEM_VISIT"
    ]
    assert found, "no visit is linked"
    return found
