"""Many clinics behind agents, on PostgreSQL, kept in step by workers that share them: how long a change takes.

    python -m bench.thousand --clinics 1000 --seconds 300 --json
    python -m bench.thousand --clinics 100 --seconds 60

Everything on this machine: PostgreSQL, the hub, the workers; agents that one process plays by the real protocol; all
accounts of amoCRM in one more process, whose webhooks reach the hub. `--rate` changes a second are spread unevenly,
the first clinics have by far the most. A change happens when its agent begins to send it, and has arrived when
amoCRM's answer to the write has left. `stages` tells where the time in between went, and `machine_cpu` how busy the
whole machine was: what `busy_cpu` does not name was somebody else's.

The last `--real-agents` clinics have a process of `priem agent` each beside a database that lives by itself, with
their share of the rate on top of it: they are load, the changes that are timed are the others'.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import psycopg

from bench.agents import Simulated
from bench.machine import machine
from bench.processes import Usage, of_machine, usage_of
from bench.real_agents import running
from bench.stages import Way, stages
from priem.cli.demo.latency import percentiles
from priem.cli.demo.stage import hub, process
from priem.errors import PriemError
from priem.model import Patient, PatientKey, Visit, VisitKey, VisitStatus
from tests.postgres import Cluster

CONNECTION = "ident"
ZONE = ZoneInfo("Europe/Moscow")
PATIENTS, VISITS = 6, 6
"""Of each clinic to begin with."""
SENDERS = 8
LONGEST_FIRST_SYNC = 1200.0
REAL_AGENTS, MANY = 50, 1000
"""So many real ones unless somebody says otherwise, from so many clinics on."""
LONGEST_WAIT = 60.0
"""Seconds for the last changes to arrive."""
CHANCE = random.Random(7)  # noqa: S311 - no secret
FLATTENED = 5
"""How uneven: clinic number n has 1 / (n + 5) as many changes as the first."""


@dataclass(slots=True)
class Clinic:
    """One clinic's agent, and what its database holds."""

    agent: Simulated
    number: int
    turn: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, prices: Iterator[int]) -> list[int]:
        """The first reading, all of it; gives the prices that leads are to have."""
        self.agent.orders()
        patients = [self.patient(number) for number in range(PATIENTS)]
        visits = [self.visit(number, next(prices)) for number in range(VISITS)]
        self.agent.send(patients, visits)
        return [int(visit.total or 0) for visit in visits]

    def change(self, price: int) -> tuple[float, float]:
        """A visit gets this price; gives when, and when the hub had answered."""
        with self.turn:
            at = time.time()
            self.agent.send(visits=[self.visit(price % VISITS, price)])
            return at, time.time()

    def report(self) -> float:
        """Gives how long the agent may be silent now."""
        with self.turn:
            return self.agent.orders().again

    def patient(self, number: int) -> Patient:
        phone = f"+7916{self.number:04}{number:03}"
        return Patient(key=PatientKey(CONNECTION, str(number)), name=f"Пациент {number}", phones=(phone,))

    def visit(self, number: int, price: int) -> Visit:
        begins = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1 + number)
        return Visit(
            key=VisitKey(CONNECTION, str(number)),
            patient=PatientKey(CONNECTION, str(number % PATIENTS)),
            status=VisitStatus.BOOKED,
            raw_status="booked",
            starts_at=begins,
            total=Decimal(price),
        )


@dataclass(frozen=True, slots=True)
class Stage:
    url: str
    """Of the database."""
    environment: Mapping[str, str]
    hub: str
    home: Path
    arrived: str
    """Where the accounts tell what was written."""
    accounts: Sequence[Mapping[str, Any]]


@contextlib.contextmanager
def stage(clinics: int, latency_ms: float) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="priem-bench-") as folder, contextlib.ExitStack() as running:
        home = Path(folder)
        cluster = Cluster(Path(tempfile.mkdtemp(prefix="priem-pg-")))
        running.callback(cluster.stop)
        cluster.start()
        url, port = cluster.migrated(), free_port()
        ours = {"DATABASE_URL": url, "PRIEM_WORKERS": "1", "PRIEM_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        os.environ.update(ours)
        options = ["bench.accounts", str(clinics), "--latency-ms", str(latency_ms)]
        said = running.enter_context(process(options, home / "accounts.log", home))
        address = running.enter_context(hub(home, port))
        environment = {**os.environ, "PRIEM_HOME": folder}
        accounts = said["accounts"]
        yield Stage(url, environment, address, home, f"{accounts[0]['url']}/_bench/arrived", accounts)


def free_port() -> int:
    with socket.socket() as any_free:
        any_free.bind(("127.0.0.1", 0))
        return int(any_free.getsockname()[1])


def enrol(on: Stage, real: int) -> tuple[list[Clinic], list[str]]:
    """Sets the clinics up, and lets an agent into each but the last ones; the codes of these."""
    asked = json.dumps({"accounts": on.accounts})
    command = [sys.executable, "-m", "bench.many"]
    told = subprocess.run(command, env=on.environment, input=asked, stdout=subprocess.PIPE, text=True, check=True)
    codes = json.loads(told.stdout)
    played = codes[: len(codes) - real]
    return [Clinic(Simulated.enrolled(on.hub, code), number) for number, code in enumerate(played)], codes[
        len(played) :
    ]


@contextlib.contextmanager
def workers(on: Stage, number: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    command = [sys.executable, "-m", "priem.cli", "worker"]
    children = [subprocess.Popen(command, env=on.environment) for _ in range(number)]
    try:
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(LONGEST_WAIT)


class Arrivals:
    """When the lead of each price was written."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen = 0
        self.at: dict[int, float] = {}

    def look(self) -> None:
        for price, at in httpx2.get(self._url, params={"after": self._seen}, timeout=60).json():
            self._seen += 1
            self.at.setdefault(price, at)

    def of(self, change: "Change", happened: Sequence["Change"]) -> float | None:
        """When it was in amoCRM; one that was overtaken by the next change of its visit, when that was."""
        later = (one.price for one in happened if one.record == change.record and one.price >= change.price)
        return min((self.at[price] for price in later if price in self.at), default=None)

    def wait_for(self, prices: Sequence[int], longest: float) -> bool:
        deadline = time.monotonic() + longest
        while True:
            self.look()
            if all(price in self.at for price in prices):
                return True
            if time.monotonic() > deadline:
                return False
            pause(1.0)


def go_live(on: Stage) -> None:
    with psycopg.connect(on.url, autocommit=True) as connection:
        connection.execute("UPDATE hub_clinic SET live = true")


def keep_reporting(clinics: Sequence[Clinic], over: threading.Event) -> None:
    """Every agent as often as the hub wants it."""
    due = {clinic.number: 0.0 for clinic in clinics}
    while not over.wait(0.05):
        now = time.monotonic()
        for clinic in clinics:
            if due[clinic.number] <= now and not over.is_set():
                with contextlib.suppress(PriemError):
                    due[clinic.number] = now + max(2.0, clinic.report()) * CHANCE.uniform(0.9, 1.1)


@dataclass(frozen=True, slots=True)
class Change:
    price: int
    record: tuple[int, int]
    """Clinic and visit."""
    at: float
    sent: float
    """When the hub had answered."""


def live(clinics: Sequence[Clinic], prices: Iterator[int], rate: float, seconds: float) -> list[Change]:
    weights = [1 / (clinic.number + FLATTENED) for clinic in clinics]
    happened: list[Change] = []

    def change(clinic: Clinic, price: int) -> None:
        at, sent = clinic.change(price)
        happened.append(Change(price, (clinic.number, price % VISITS), at, sent))

    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        for number in range(round(rate * seconds)):
            pause(began + number / rate - time.monotonic())
            senders.submit(change, CHANCE.choices(clinics, weights)[0], next(prices))
    return happened


def last_of_each(happened: Sequence[Change]) -> Collection[Change]:
    """Every other one may be overtaken."""
    ordered = sorted(happened, key=lambda change: change.price)
    return {change.record: change for change in ordered}.values()


def measure(given: argparse.Namespace) -> dict[str, Any]:
    prices = iter(range(1, 10_000_000))
    real = given.real_agents if given.real_agents is not None else REAL_AGENTS if given.clinics >= MANY else 0
    with stage(given.clinics, given.latency_ms) as on, contextlib.ExitStack() as ending:
        began = time.monotonic()
        clinics, codes = enrol(on, real)
        agents = ending.enter_context(running(codes, on.hub, on.home))
        first = [price for clinic in clinics for price in clinic.begin(prices)]
        set_up = time.monotonic() - began
        over = threading.Event()
        reporting = threading.Thread(target=keep_reporting, args=(clinics, over), daemon=True)
        reporting.start()
        arrivals = Arrivals(on.arrived)
        go_live(on)
        began = time.monotonic()
        with workers(on, given.workers) as children:
            is_synced = arrivals.wait_for(first, LONGEST_FIRST_SYNC)
            first_sync = time.monotonic() - began
            watch = Watch(on, [child.pid for child in children])
            pause(given.idle_seconds)
            idle = watch.since()
            beside = given.rate * real / given.clinics
            agents.let_live(beside)
            began = time.monotonic()
            happened = live(clinics, prices, given.rate, given.seconds)
            lasted = time.monotonic() - began
            agents.let_live(0.001)
            arrivals.wait_for([change.price for change in last_of_each(happened)], LONGEST_WAIT)
            busy = watch.since()
        over.set()
        found = ((change, arrivals.of(change, happened)) for change in happened)
        ways = [Way(change.record, change.at, change.sent, at) for change, at in found if at is not None]
        delays = [way.arrived - way.at for way in ways]
        return {
            "machine": machine(),
            "clinics": given.clinics,
            "workers": given.workers,
            "real_agents": real,
            "seconds": given.seconds,
            "set_up_seconds": round(set_up, 1),
            "first_sync_seconds": round(first_sync, 1),
            "first_sync_is_whole": is_synced,
            "changes": len(happened),
            "changes_a_second": round(len(happened) / lasted, 1),
            "arrived": len(delays),
            **percentiles(delays),
            "longest": round(max(delays, default=0.0), 3),
            "stages": stages(on.url, ways),
            "rss_mb": busy.rss_mb,
            "idle_cpu": idle.cpu,
            "busy_cpu": busy.cpu,
            "machine_cpu": busy.machine,
            "cpu_ms_per_change": round(1000 * busy.spent / max(1, len(happened) + round(beside * given.seconds)), 1),
        }


class Watch:
    """What the hub, the workers, PostgreSQL and the played systems cost."""

    def __init__(self, on: Stage, workers: Sequence[int]) -> None:
        self._on = on
        self._workers = workers
        self._before, self._machine, self._at = self._now(), of_machine(), time.monotonic()

    def _now(self) -> Mapping[str, Usage]:
        return usage_of(self._workers, self._on.url)

    def since(self) -> "Spent":
        now, machine, at = self._now(), of_machine(), time.monotonic()
        passed, before, machine_before = at - self._at, self._before, self._machine
        self._before, self._machine, self._at = now, machine, at
        seconds = {name: now[name].cpu - before[name].cpu for name in now}
        ours = sum(now[name].rss for name in ("hub", "workers"))
        cpu = {name: round(used / passed, 3) for name, used in seconds.items()}
        of_all = round((machine - machine_before) / passed, 3)
        return Spent(cpu, round(ours / 1e6), seconds["hub"] + seconds["workers"], of_all)


@dataclass(frozen=True, slots=True)
class Spent:
    cpu: Mapping[str, float]
    """Processors, on average."""
    rss_mb: int
    """Of hub and workers."""
    spent: float
    """Seconds of a processor, of hub and workers."""
    machine: float
    """Processors, on average, that were busy for anybody."""


def pause(seconds: float) -> None:
    if seconds > 0:
        threading.Event().wait(seconds)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.thousand", description="Many clinics")
    parser.add_argument("--clinics", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=300, help="for which the clinics live")
    parser.add_argument("--real-agents", type=int, help=f"of the clinics ({REAL_AGENTS} of {MANY}, else none)")
    parser.add_argument("--rate", type=float, default=20.0, help="changes a second, of all clinics together")
    parser.add_argument("--idle-seconds", type=float, default=30, help="of quiet before that")
    parser.add_argument("--latency-ms", type=float, default=100, help="of amoCRM")
    parser.add_argument("--json", action="store_true", help="one line")
    given = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever was started is ended, the cluster, too
    result = measure(given)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 0 if result["arrived"] == result["changes"] else 1


if __name__ == "__main__":
    sys.exit(main())
