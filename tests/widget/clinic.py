"""A whole clinic with ArchiMed+: both outside systems, the hub, and the widget installed in amoCRM."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from priem.sandbox.amocrm.background import Running, running
from priem.sandbox.amocrm.settings import Settings as CrmSettings
from priem.sandbox.archimed.sandbox import ArchimedSandbox
from priem.sandbox.archimed.settings import Settings as MisSettings
from priem.widget.packing import packed
from tests.warm import PRIEM, new_home, priem, ran

PATIENCE = 20
ADMIN, RECEPTION, CALLS = 10_091_426, 10_091_430, 10_091_434
"""Users of the sandbox's account: an administrator, one of the reception, one of the call centre."""

FILE = """
[clinic]
slug = "mira"
name = "Клиника на Мира"

[amocrm]
url = "{url}"
client_id = "{client_id}"
client_secret = "{client_secret}"
redirect_uri = "{redirect_uri}"
code = "{code}"
sandbox = true

[[connections]]
key = "mira"
kind = "archimed"
api_id = "{api_id}"
api_secret = "{api_secret}"
base_url = "{mis}"
time_zone = "Europe/Moscow"
branch_name = "Мира, 1"
requests_per_second = 100.0

[status_sync]
mode = "always"
rules = [
  {{ status = "booked", pipeline = "Записи", stage = "Записан" }},
  {{ status = "confirmed", pipeline = "Записи", stage = "Подтверждён" }},
  {{ status = "cancelled", pipeline = "Записи", stage = "Закрыто и не реализовано" }},
]

[[fields]]
value = "visit.doctor"

[[fields]]
value = "visit.starts_at"

[leads.task]
text = "Записан: {{date}} {{time}}"

[booking]
users = [{{ user = {calls}, books = false }}]
hidden_in = [{{ pipeline = "Повторные", stage = "Пора пригласить" }}]
journal_in = ["Записи"]

[duplicates]
waiting = [{{ pipeline = "Записи", stage = "Новая заявка" }}]
"""


@dataclass
class Clinic:
    home: Path
    mis: ArchimedSandbox
    crm: Running
    hub: str

    def priem(self, *arguments: str) -> str:
        return run(self.home, *arguments)

    def sync(self) -> None:
        self.priem("sync", "--once", "--yes", "--json")

    def act(self, act: str, **what: Any) -> Any:
        return post(f"{self.crm.url}/_sandbox/act", {"act": act, **what})

    def request(self, name: str, phone: str, **more: Any) -> int:
        """A lead from the site, with its contact."""
        contact = self.act("contact", name=name, phone=phone, first_name=name, last_name="")["contact_id"]
        lead: int = self.act("lead", name="Заявка с сайта", contact_id=contact, **more)["lead_id"]
        return lead

    def card(self, lead: int) -> Any:
        return httpx2.get(f"{self.crm.url}/_sandbox/card?kind=leads&id={lead}", timeout=30).json()

    def leads(self) -> int:
        return len(self.crm_state("leads"))

    def talons(self) -> list[dict[str, Any]]:
        [found] = self.mis.state("talons")["talons"].values()
        return list(found)

    def crm_state(self, only: str) -> Any:
        return httpx2.get(f"{self.crm.url}/_sandbox/state?only={only}", timeout=30).json()[only]

    def token(self, user: int = ADMIN, **more: Any) -> str:
        token: str = post(f"{self.crm.url}/_sandbox/disposable-token", {"user_id": user, **more})["token"]
        return token


def post(url: str, body: Mapping[str, Any]) -> Any:
    answer = httpx2.post(url, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def run(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "PRIEM_HOME": str(home), "COLUMNS": "200"}
    done = ran([*PRIEM, *arguments], env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The hub in a process of its own."""
    child = priem(
        *("serve", "--port", "0", "--json", "--until-stdin-closes"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PRIEM_HOME": str(home)},
    )
    assert child.stdin
    assert child.stdout
    try:
        yield str(json.loads(child.stdout.readline())["url"])
    finally:
        child.stdin.close()
        child.wait(PATIENCE)
        child.stdout.close()


@contextmanager
def clinic(home: Path, *, doctors: int = 4, **more: Any) -> Iterator[Clinic]:
    with ExitStack() as stack:
        mis = stack.enter_context(
            ArchimedSandbox(MisSettings(patients=20, visits=10, history=2, doctors=doctors, **more))
        )
        crm = stack.enter_context(running(CrmSettings(rate_limit=0, account_rate_limit=0)))
        api_id, secret = mis.accounts[0]
        words = {**crm.about, "api_id": api_id, "api_secret": secret, "mis": mis.url, "calls": CALLS}
        (new_home(home) / "clinic.toml").write_text(FILE.format_map(words), encoding="utf-8")
        run(home, "configure", str(home / "clinic.toml"), "--json")
        hub = stack.enter_context(served(home))
        install(crm, hub)
        yield Clinic(home, mis, crm, hub)


def install(crm: Running, hub: str) -> None:
    post(f"{crm.url}/_sandbox/widget", {"zip": base64.b64encode(packed(hub)).decode()})


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.05)
    return found
