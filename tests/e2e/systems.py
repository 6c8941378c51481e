"""Both outside systems as processes, one clinic set up on them, and the command `priem` as a person runs it."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.postgres import hub_environment
from tests.warm import new_home, priem

PATIENCE = 120
"""Seconds that one command may take here."""


@dataclass(slots=True)
class Process:
    """A server that says one JSON line once it answers, and ends with the test."""

    arguments: Sequence[str]
    child: "subprocess.Popen[bytes]" = field(init=False)
    said: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        command = ["sandbox", *self.arguments, "--until-stdin-closes"]
        self.child = priem(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.child.stdout
        self.said = json.loads(self.child.stdout.readline())

    def end(self) -> None:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.close()
        self.child.wait(20)
        self.child.stdout.close()


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out.strip().splitlines()[-1])


@dataclass(slots=True)
class Systems:
    home: Path
    ident: Process
    amocrm: Process
    database: str | None = None
    """The DATABASE_URL; None: as the tests themselves have it."""

    def __post_init__(self) -> None:
        new_home(self.home)

    @property
    def environment(self) -> dict[str, str]:
        own = {} if self.database is None else {"DATABASE_URL": self.database}
        return {**hub_environment(self.home), **own, "COLUMNS": "400"}

    def start(self, *arguments: str, language: str = "ru") -> "subprocess.Popen[str]":
        return priem(
            *arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, "PRIEM_LANGUAGE": language},
        )

    def priem(self, *arguments: str, language: str = "ru") -> Ran:
        child = self.start(*arguments, language=language)
        out, err = child.communicate(timeout=PATIENCE)
        return Ran(child.returncode, out, err)

    def configure(self, **changes: Any) -> Ran:
        """Sets the clinic up, with what the test wants different: `connection_password="wrong"`, `stage="…"`."""
        path = self.home / "clinic.toml"
        path.write_text(self.clinic_toml(**changes), encoding="utf-8")
        return self.priem("configure", str(path), "--json")

    def clinic_toml(self, **changes: Any) -> str:
        ident, amocrm = self.ident.said, self.amocrm.said
        code = httpx2.post(f"{amocrm['control']}/act", json={"act": "new_code"}, timeout=10).json()["code"]
        words = {
            "url": amocrm["url"],
            "client_id": amocrm["client_id"],
            "client_secret": amocrm["client_secret"],
            "redirect_uri": amocrm["redirect_uri"],
            "code": code,
            "host": ident["host"],
            "port": ident["port"],
            "database": ident["database"],
            "login": "readonly_user",
            "password": ident["logins"]["readonly_user"],
            "stage": "Записан",
            "more": "",
            "after": "",
            **changes,
        }
        return TEMPLATE.format_map(words)

    def act(self, act: str, **what: Any) -> Any:
        """What a manager does in amoCRM."""
        answer = httpx2.post(f"{self.amocrm.said['control']}/act", json={"act": act, **what}, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def amocrm_fault(self, kind: str, **how: Any) -> None:
        url = f"{self.amocrm.said['control']}/faults"
        httpx2.post(url, json={"kind": kind, **how}, timeout=60).raise_for_status()

    def amocrm_state(self, *only: str) -> Any:
        url = f"{self.amocrm.said['control']}/state"
        return httpx2.get(url, params={"only": ",".join(only)}, timeout=60).json()

    def clinic(self, what: str, **body: Any) -> Any:
        """The control port of the clinic's database."""
        answer = httpx2.post(f"{self.ident.said['control']}/_sandbox/{what}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def clinic_mended(self) -> None:
        """What was ordered to fail fails no more."""
        httpx2.delete(f"{self.ident.said['control']}/_sandbox/faults", timeout=60).raise_for_status()

    def clinic_state(self) -> Any:
        return self.clinic_get("state")

    def clinic_get(self, what: str) -> Any:
        return httpx2.get(f"{self.ident.said['control']}/_sandbox/{what}", timeout=60).json()


TEMPLATE = """
[clinic]
slug = "ulybka"
name = "Улыбка"

[amocrm]
url = "{url}"
client_id = "{client_id}"
client_secret = "{client_secret}"
redirect_uri = "{redirect_uri}"
code = "{code}"
sandbox = true

[[connections]]
key = "lenina"
kind = "ident"
server = "{host}"
port = {port}
database = "{database}"
login = "{login}"
password = "{password}"
time_zone = "Europe/Moscow"
{more}

[status_sync]
mode = "always"
rules = [
  {{ status = "booked", pipeline = "Записи", stage = "{stage}" }},
  {{ status = "confirmed", pipeline = "Записи", stage = "Подтверждён" }},
  {{ status = "arrived", pipeline = "Записи", stage = "Пришёл" }},
  {{ status = "completed", pipeline = "Записи", stage = "Завершён (ждёт оплаты)" }},
  {{ status = "cancelled", pipeline = "Записи", stage = "Закрыто и не реализовано" }},
  {{ status = "no_show", pipeline = "Записи", stage = "Закрыто и не реализовано" }},
]

[[fields]]
value = "visit.doctor"

[[fields]]
value = "visit.status"
{after}
"""
