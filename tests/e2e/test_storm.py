"""Three hundred webhooks a second for half a minute at the hub as it is served: amoCRM never waits, nothing is lost."""

import json
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.e2e.conftest import Start
from tests.e2e.systems import Systems
from tests.postgres import database_of
from tests.warm import priem

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECONDS = 30
PER_SECOND = 300
SENDERS = 8
HURRY = 0.1
"""Seconds within which all but a hundredth are answered."""
PATIENT = 2.0
"""Seconds after which amoCRM gives up (docs/reference/amocrm.md §3.19)."""
ALONE = bool(os.environ.get("PRIEM_ALONE"))
"""Nothing else uses the processors: only then do the last of a hundred say something about the hub."""
PATIENCE = 60


@pytest.fixture
def systems(start: Start) -> Systems:
    return start(60, 20)


@contextmanager
def served(systems: Systems) -> Iterator[str]:
    command = ("serve", "--port", "0", "--json", "--until-stdin-closes")
    pipe = subprocess.PIPE
    with priem(*command, stdin=pipe, stdout=pipe, env=systems.environment, text=True) as hub:
        assert hub.stdin
        assert hub.stdout
        yield str(json.loads(hub.stdout.readline())["url"])
        hub.stdin.close()
        hub.wait(20)


def rows(home: Path, query: LiteralString) -> list[Any]:
    if url := database_of(home):
        with psycopg.connect(url) as there:
            return there.execute(query).fetchall()
    with closing(sqlite3.connect(home / "db.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


@dataclass
class Sender:
    """Posts recorded bodies at an even pace, as amoCRM does: one connection for each."""

    address: str
    bodies: list[bytes]
    begins: float
    every: float
    took: list[float] = field(default_factory=list)
    failed: list[object] = field(default_factory=list)

    def run(self) -> None:
        parts = urlsplit(self.address)
        for number, body in enumerate(self.bodies):
            due = self.begins + number * self.every
            while (left := due - time.monotonic()) > 0:
                time.sleep(min(left, 0.05))
            self.post(parts.hostname or "", parts.port or 0, parts.path, body)

    def post(self, host: str, port: int, path: str, body: bytes) -> None:
        began = time.monotonic()
        with closing(HTTPConnection(host, port, timeout=2)) as connection:
            try:
                connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
                status = connection.getresponse().status
            except OSError as error:
                self.failed.append(error)
                return
        self.took.append(time.monotonic() - began)
        if status != 200:
            self.failed.append(status)


def storm(address: str, bodies: list[bytes]) -> list[Sender]:
    begins = time.monotonic() + 0.2
    senders = [
        Sender(address, bodies[n::SENDERS], begins + n / PER_SECOND, SENDERS / PER_SECOND) for n in range(SENDERS)
    ]
    threads = [threading.Thread(target=sender.run) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return senders


@contextmanager
def following(systems: Systems) -> Iterator[None]:
    """Passes go on all the while, and write to the same database."""
    sync = systems.start("sync", "--follow", "--json")
    try:
        yield
    finally:
        sync.terminate()
        sync.communicate(timeout=20)


def test_a_storm_of_webhooks_is_answered_at_once_and_ends_in_the_right_state(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems.configure()
    with served(systems) as hub:
        monkeypatch.setenv("PRIEM_PUBLIC_URL", hub)
        assert systems.priem("sync").code == 0
        (subscription,) = systems.amocrm_state("webhooks")["webhooks"]
        prices, bodies = changed_behind_priems_back(systems)
        with following(systems):
            senders = storm(subscription["destination"], list(islice(cycle(bodies), SECONDS * PER_SECOND)))
            wait_until_all_is_looked_at(systems.home)

    took = sorted(one for sender in senders for one in sender.took)
    assert [one for sender in senders for one in sender.failed] == []
    assert len(took) == SECONDS * PER_SECOND
    assert took[int((0.99 if ALONE else 0.9) * len(took))] < HURRY
    assert took[-1] < PATIENT
    mirrored = dict(rows(systems.home, "SELECT crm_id, price FROM hub_mirroredlead"))
    assert {id_: mirrored[id_] for id_ in prices} == prices


def changed_behind_priems_back(systems: Systems) -> tuple[dict[int, int], list[bytes]]:
    """A price of its own for every lead; the hooks that would tell are kept from the hub, and given here."""
    systems.amocrm_fault("webhook_lost", count=None)
    leads = [lead["id"] for lead in systems.amocrm_state("leads")["leads"] if not lead["is_deleted"]]
    assert len(leads) >= 20
    prices = {lead: 1000 + number for number, lead in enumerate(leads)}
    for lead, price in prices.items():
        systems.act("edit_lead", lead_id=lead, price=price)
    deliveries = systems.amocrm_state("deliveries")["deliveries"]["latest"]
    bodies = [delivery["body"].encode() for delivery in deliveries if delivery["outcome"] == "lost"]
    assert len(bodies) >= len(leads)
    return prices, bodies


def wait_until_all_is_looked_at(home: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while (waiting := rows(home, "SELECT count(*) FROM hub_receivedhook")) != [(0,)] or is_spooled(home):
        assert time.monotonic() < deadline, waiting
        time.sleep(0.1)


def is_spooled(home: Path) -> bool:
    return any(path.stat().st_size for path in (home / "hooks").iterdir())
