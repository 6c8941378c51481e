"""Branches of a clinic with ArchiMed+, played by the sandbox, and their staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx2

from priem.mis.archimed import Archimed, Config, Desk
from priem.mis.archimed.cursor import Cursor
from priem.sandbox.archimed.sandbox import ArchimedSandbox
from priem.sandbox.archimed.settings import Settings
from tests.mis.archimed.recorded import Journal, Watch

ZONE = "Europe/Moscow"


def started(**settings: Any) -> ArchimedSandbox:
    sandbox = ArchimedSandbox(Settings(**{"patients": 40, "visits": 20, "history": 5, **settings}))
    sandbox.start()
    return sandbox


class ArchimedClinic:
    """One branch as tests see it: its source, its desk, and what its staff do."""

    def __init__(self, sandbox: ArchimedSandbox, *, number: int = 0, version: str = "v5", **settings: Any) -> None:
        self.sandbox = sandbox
        self.number = number
        self.version = version
        self.journal = Journal()
        self.watch = Watch()
        self._settings = settings
        self._opened: list[Archimed | Desk] = []
        requests = self.requests()
        self._first_request = len(requests)

    # What Priem does

    def config(self, **settings: Any) -> Config:
        api_id, secret = self.sandbox.accounts[self.number]
        usual = {
            "api_id": api_id,
            "api_secret": secret,
            "time_zone": ZONE,
            "base_url": self.sandbox.url,
            "version": self.version,
            "page_size": 15,
            "requests_per_second": 1000.0,
            "poll_seconds": 0.0,
            "night_seconds": 0.0,
        }
        return Config.from_mapping("center", usual | self._settings | settings)

    def open(self, **settings: Any) -> Archimed:
        source = Archimed(self.config(**settings), self.journal, self.watch)
        self._opened.append(source)
        return source

    def open_desk(self, **settings: Any) -> Desk:
        desk = Desk(self.config(**settings), self.journal, self.watch)
        self._opened.append(desk)
        return desk

    def place(self, cursor: str) -> tuple[Any, ...]:
        return Cursor.parse(cursor).place

    def writes(self) -> Sequence[str]:
        sent = self.requests()[self._first_request :]
        assert sent, "the source asked nothing at all"
        return [f"{each['method']} {each['path']}" for each in sent if each["method"] != "GET"]

    def requests(self) -> Sequence[dict[str, Any]]:
        answer = httpx2.get(f"{self.sandbox.url}/_sandbox/requests", params={"after": 0}, timeout=10)
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found

    def close(self) -> None:
        for each in self._opened:
            each.close()

    # What the staff do

    def act(self, act: str, **sent: Any) -> dict[str, Any]:
        done: dict[str, Any] = self.sandbox.act(act, branch=self.number, **sent)
        return done

    def register(self, surname: str, **card: Any) -> str:
        return str(self.act("patient", last_name=surname, first_name="Вера", **card)["medcard"])

    def rename(self, patient: str, surname: str) -> None:
        self.act("change_patient", medcard=int(patient), last_name=surname)

    def free(self, count: int = 1) -> list[dict[str, Any]]:
        slots: list[dict[str, Any]] = self.act("free", count=count)["slots"]
        return slots

    def book(self, patient: str, **more: Any) -> str:
        return str(self.act("book", medcard=int(patient), **self._slot(), **more)["talon"])

    def book_nobody(self) -> str:
        self.sandbox.change(branch=self.number, makes_medcards=False)
        booked = self.act("book", name="Некто", phone="+7 912 000-11-22", **self._slot())
        self.sandbox.change(branch=self.number, makes_medcards=True)
        return str(booked["talon"])

    def confirm(self, visit: str) -> None:
        self.act("status", talon=int(visit), means="confirmed")

    def _slot(self) -> dict[str, Any]:
        [slot] = self.free()
        return {name: slot[name] for name in ("doctor", "start", "end")}


class ArchimedPlace:
    """The branch's desk, and a doctor who works tomorrow or soon after."""

    def __init__(self, clinic: ArchimedClinic) -> None:
        self._sandbox = clinic.sandbox
        self.desk = clinic.open_desk()
        slots = clinic.free(40)
        days = [(str(slot["doctor"]), datetime.fromisoformat(slot["start"]).date()) for slot in slots]
        self.doctor, self.day = max(days, key=days.count)

    def loses_next_answer(self) -> None:
        self._sandbox.fault("lost_after_commit", method="POST", path="/talons")

    def loses_next_request(self) -> None:
        self._sandbox.fault("cut_before", method="POST", path="/talons")
