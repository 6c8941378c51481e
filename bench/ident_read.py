"""How fast IDENT's database is read for the first time, and what looking for changes costs its server.

    python -m bench.ident_read --patients 100000 --visits 20000 --json

The reading process is measured, not the sandbox: `records_per_core_second` goes by its own processor time, since it
mostly waits for the sandbox, which plays SQL Server in Python. `idle_server_milliseconds` is what the sandbox spent on
one poll that finds nothing, as the median of `--polls`; SQL Server has real memory and plans, so it is no worse there.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from bench.machine import machine
from priem.cli.demo import setup, stage
from priem.mis import open_source
from priem.ports import Exchange, Source

Described = Mapping[str, Any]
"""What the sandbox says of itself."""


def measure(patients: int, visits: int, polls: int) -> dict[str, Any]:
    arguments = ["--port", "0", "--control-port", "0", "--until-stdin-closes"]
    size = ["--patients", str(patients), "--visits", str(visits)]
    with tempfile.TemporaryDirectory(prefix="priem-bench-") as folder:
        home = Path(folder)
        with stage.process(["priem.sandbox.ident", *arguments, *size], home / "ident.log", home) as ident:
            command = [sys.executable, "-m", "bench.ident_read", "--worker", "--polls", str(polls)]
            run = subprocess.run(command, input=json.dumps(ident), stdout=subprocess.PIPE, text=True, check=True)
    done: dict[str, Any] = json.loads(run.stdout)
    return {"machine": machine(), "patients": patients, "visits": visits, **done}


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class Counting:
    """How many questions were asked."""

    def __init__(self) -> None:
        self.questions = 0

    def note(self, _exchange: Exchange) -> None:
        self.questions += 1


def work(ident: Described, polls: int) -> dict[str, Any]:
    counting = Counting()
    source = opened(ident, counting)
    began, worked, records, cursor = time.monotonic(), time.process_time(), 0, ""
    for page in source.changes(None):
        records += len(page.patients) + len(page.visits) + len(page.rejected)
        cursor = page.cursor
    seconds, worked = time.monotonic() - began, time.process_time() - worked
    questions = counting.questions
    for page in source.changes(cursor):  # what had just been written when the reading began is looked at once more
        cursor = page.cursor
    counting.questions = 0
    spent = [poll(source, cursor, str(ident["control"])) for _ in range(polls)]
    return {
        "records": records,
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "records_per_core_second": round(records / worked),
        "questions": questions,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "idle_questions": round(counting.questions / polls, 1),
        "idle_server_milliseconds": round(statistics.median(spent), 1),
    }


def opened(ident: Described, counting: Counting) -> Source:
    settings = {
        "server": ident["host"],
        "port": ident["port"],
        "database": ident["database"],
        "login": "readonly_user",
        "password": ident["logins"]["readonly_user"],
        "time_zone": ident["time_zone"],
    }
    return open_source("ident", setup.CONNECTION, settings, counting, Clock())


def poll(source: Source, cursor: str, control: str) -> float:
    """Milliseconds of the server for one look that finds nothing."""
    before = server_milliseconds(control)
    for _ in source.changes(cursor):
        pass
    return server_milliseconds(control) - before


def server_milliseconds(control: str) -> float:
    return float(httpx2.get(f"{control}/_sandbox/state", timeout=60).json()["server_milliseconds"])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.ident_read", description="How fast IDENT is read")
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--visits", type=int, default=4_000, help="to come")
    parser.add_argument("--polls", type=int, default=30, help="that find nothing")
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.worker:
        print(json.dumps(work(json.loads(sys.stdin.read()), given.polls)), flush=True)
        return 0
    result = measure(given.patients, given.visits, given.polls)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
