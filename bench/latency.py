"""How long a change takes from the clinic's commit until it is in amoCRM, and what looking for changes costs.

    python -m bench.latency --seconds 300 --json
    python -m bench.latency --seconds 60 --system archimed --json
    python -m bench.latency --seconds 60 --patients 20000 --visits 4000 --first --idle-seconds 0 --json

The clinic lives at `--rate` changes a second; Priem looks every second. A change counts as arrived when amoCRM's answer
to the write has come, which is later than it can be seen there. Afterwards the clinic is quiet for `--idle-seconds`.
The hub runs beside it and amoCRM's webhooks reach it, as in a clinic; `--deaf` leaves the hub out, and Priem has to
read before it writes: `requests_per_change` holds these reads, too. With `--first` nothing was synced before: the
clinic lives while its first sync runs, `requests_per_change` holds all of that, and only the delays say something.
What is doubled or missing is counted when the first sync is over.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx2

from bench.clinic import Size, environment, requests, set_up, systems
from bench.first_sync import proof, run_worker
from bench.machine import machine
from priem.cli.demo.latency import Change, Written, changes, let_live, percentiles
from priem.cli.demo.stage import Stage, hub

PUBLIC_URL = "PRIEM_PUBLIC_URL"
LONGEST_WAIT = 30.0
"""Seconds for the last changes to arrive."""
LONGEST_FIRST_SYNC = 600.0
STILL = 5.0
"""Seconds without a request, after which a first sync is over."""


class Follower:
    """Priem in a process of its own, and what it says that it has written."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self.written = Written()
        self.troubles: list[str] = []
        self._child = child
        self._ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_until_ready(self) -> None:
        if not self._ready.wait(LONGEST_WAIT):
            raise TimeoutError("Priem did not start")

    def _listen(self) -> None:
        for line in self._child.stdout or ():
            self._note(json.loads(line))

    def _note(self, said: Mapping[str, Any]) -> None:
        if "record" in said:
            self.written.note(str(said["record"]), float(said["at"]))
        elif "trouble" in said:
            self.troubles.append(str(said["trouble"]))
        else:
            self._ready.set()


@contextlib.contextmanager
def follower(clinic: str, started: Stage) -> Iterator[Follower]:
    command = [sys.executable, "-m", "bench.worker", "follow", clinic]
    child = subprocess.Popen(command, env=environment(started), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Follower(child)
    finally:
        child.communicate(timeout=LONGEST_WAIT)


@contextlib.contextmanager
def listening(started: Stage, *, deaf: bool) -> Iterator[None]:
    """The hub, at an address that all that is started from here on tells amoCRM."""
    if deaf:
        yield
        return
    with socket.socket() as any_free:
        any_free.bind(("127.0.0.1", 0))
        port = any_free.getsockname()[1]
    os.environ[PUBLIC_URL] = f"http://127.0.0.1:{port}"
    try:
        with hub(started.home, port):
            yield
    finally:
        del os.environ[PUBLIC_URL]


def measure(
    size: Size, seconds: float, rate: float, idle_seconds: float, *, deaf: bool, first: bool = False
) -> dict[str, Any]:
    with systems(size) as started, listening(started, deaf=deaf):
        clinic = set_up(started)
        if not first:
            run_worker(clinic, started)
        with follower(clinic, started) as priem:
            priem.wait_until_ready()
            pause(3)  # the first pass, which finds nothing unless it is the first sync
            begun = requests(started).total
            asked = BranchRequests(started)
            happened = live(started, seconds, rate)
            delays = wait_for_all(priem, happened)
            per_branch = asked.most_per_second()
            busy = requests(started).total
            pause(5)
            if first:
                wait_until_still(started)
            quiet = requests(started).total
            pause(idle_seconds)
            idle = requests(started).total - quiet
        arrived = [delay for delay in delays if delay is not None]
        return {
            "machine": machine(),
            "seconds": seconds,
            "latency_ms": size.latency_ms,
            "webhooks": not deaf,
            "during_first_sync": first,
            "system": size.system,
            "changes": len(happened),
            "arrived": len(arrived),
            **percentiles(arrived),
            "longest": round(max(arrived, default=0.0), 3),
            "requests_per_change": round((busy - begun) / max(1, len(happened)), 2),
            "branch_requests_per_second": per_branch,
            "idle_requests_per_minute": round(idle * 60 / idle_seconds, 2) if idle_seconds else None,
            "troubles": priem.troubles,
            **proof(started),
        }


def live(started: Stage, seconds: float, rate: float) -> Sequence[Change]:
    """Lets the clinic live for so long; gives what it changed meanwhile."""
    before = len(changes(started))
    wanted = let_live(started, {"changes": max(1, round(seconds * rate)), "rate": rate})
    deadline = time.monotonic() + seconds + LONGEST_WAIT
    happened: Sequence[Change] = []
    while len(happened) < wanted and time.monotonic() < deadline:
        pause(0.5)
        happened = changes(started)[before:]
    return happened


class BranchRequests:
    """How often each branch of ArchiMed+ was asked since this was made."""

    def __init__(self, started: Stage) -> None:
        self._started = started
        self._before = self._totals()
        self._began = time.monotonic()

    def most_per_second(self) -> float | None:
        """On average, of the branch that was asked most; None without ArchiMed+."""
        passed = time.monotonic() - self._began
        asked = [(total - self._before.get(branch, 0)) / passed for branch, total in self._totals().items()]
        return round(max(asked), 3) if asked else None

    def _totals(self) -> Mapping[str, int]:
        if not self._started.archimed:
            return {}
        url = f"{self._started.archimed['control']}/state"
        told = httpx2.get(url, params={"only": "requests"}, timeout=30).json()["requests"]["by_branch"]
        return {branch: counted["total"] for branch, counted in told.items()}


def wait_for_all(priem: Follower, changes: Sequence[Change]) -> Sequence[float | None]:
    """Until every change has arrived, or some that need no write are all that is left."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        delays = [priem.written.delay(change) for change in changes]
        if None not in delays or time.monotonic() > deadline:
            return delays
        pause(0.2)


def wait_until_still(started: Stage) -> None:
    """What is missing in amoCRM says something only when the first sync is over."""
    deadline, before = time.monotonic() + LONGEST_FIRST_SYNC, -1
    while (total := requests(started).total) != before and time.monotonic() < deadline:
        before = total
        pause(STILL)


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description="How long a change takes")
    parser.add_argument("--seconds", type=float, default=120, help="for which the clinic lives")
    parser.add_argument("--rate", type=float, default=1.0, help="changes a second")
    parser.add_argument("--idle-seconds", type=float, default=60, help="for which it is quiet afterwards")
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--visits", type=int, default=500)
    parser.add_argument("--latency-ms", type=float, default=300)
    parser.add_argument("--deaf", action="store_true", help="amoCRM's webhooks do not reach Priem")
    parser.add_argument("--system", choices=("ident", "archimed"), default="ident", help="what the clinic has")
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--first", action="store_true", help="while the first sync runs")
    given = parser.parse_args(argv)
    size = Size(patients=given.patients, visits=given.visits, latency_ms=given.latency_ms, system=given.system)
    result = measure(size, given.seconds, given.rate, given.idle_seconds, deaf=given.deaf, first=given.first)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 1 if result["duplicates"] or result["missing"] else 0


if __name__ == "__main__":
    sys.exit(main())
