"""How fast IDENT's database is read for the first time, and what looking for changes costs its server.

    python -m bench.ident_read --patients 100000 --visits 20000 --json
    python -m bench.ident_read --patients 200000 --visits 5000 --history 6000 --bare

The reading process is measured, not the sandbox: `records_per_core_second` goes by its own processor time, since it
mostly waits for the sandbox, which plays SQL Server in Python. `--bare` reads it all once more and notes the SELECTs,
then asks them by a bare loop over the driver: no reader is faster on this sandbox than `bare_records_per_second`.

`--history DAYS` are days of past visits, about as many a day as are to come; they are read, too. With 6000, a clinic
that has worked for 16 years: a million visits. Making them up takes some minutes and 3 GB.

`idle_server_milliseconds` is what the sandbox spent on one poll that finds nothing, as the median of `--polls`, and
`idle_mean_milliseconds` the mean; SQL Server has real memory and plans, so it is no worse there. Polls begin a second
apart, as a clinic's do: a look that took long is not repeated at once.
"""

import argparse
import json
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import httpx2
import pymssql

from bench.machine import machine
from priem.cli.demo import setup, stage
from priem.mis import open_source
from priem.mis.ident import driver
from priem.ports import Exchange, Source

BETWEEN_POLLS = 1.0
Described = Mapping[str, Any]
"""What the sandbox says of itself."""


def measure(given: argparse.Namespace) -> dict[str, Any]:
    arguments = ["--port", "0", "--control-port", "0", "--until-stdin-closes"]
    size = ["--patients", str(given.patients), "--visits", str(given.visits), "--history", str(given.history or 30)]
    done: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="priem-bench-") as folder:
        home = Path(folder)
        with stage.process(["priem.sandbox.ident", *arguments, *size], home / "ident.log", home) as ident:
            for works in ("read", "bare")[: 1 + given.bare]:
                done |= worker(works, given, ident)
    return {"machine": machine(), "patients": given.patients, "visits": given.visits, "history": given.history, **done}


def worker(works: str, given: argparse.Namespace, ident: Described) -> dict[str, Any]:
    """In a process of its own: what is measured is not what this one did before."""
    options = ["--works", works, "--polls", str(given.polls), "--history", str(given.history)]
    command = [sys.executable, "-m", "bench.ident_read", *options]
    run = subprocess.run(command, input=json.dumps(ident), stdout=subprocess.PIPE, text=True, check=True)
    done: dict[str, Any] = json.loads(run.stdout)
    return done


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


def read(ident: Described, given: argparse.Namespace) -> dict[str, Any]:
    counting = Counting()
    source = opened(ident, counting, given.history)
    began, worked, records, cursor, largest = time.monotonic(), time.process_time(), 0, "", 0
    for page in source.changes(None):
        records += len(page.patients) + len(page.visits) + len(page.rejected)
        cursor, largest = page.cursor, max(largest, len(page.cursor))
    seconds, worked = time.monotonic() - began, time.process_time() - worked
    questions = counting.questions
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for page in source.changes(cursor):  # what had just been written when the reading began is looked at once more
        cursor = page.cursor
    counting.questions = 0
    spent = [poll(source, cursor, str(ident["control"])) for _ in range(given.polls)]
    return {
        "records": records,
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "records_per_core_second": round(records / worked),
        "questions": questions,
        "largest_cursor_kb": largest // 1024,
        "peak_rss_mb": rss,
        "idle_questions": round(counting.questions / given.polls, 1),
        "idle_server_milliseconds": round(statistics.median(spent), 1),
        "idle_mean_milliseconds": round(statistics.mean(spent), 1),
    }


def bare(ident: Described, given: argparse.Namespace) -> dict[str, Any]:
    """The same SELECTs, and nothing done with what they bring."""
    records = 0
    with tempfile.TemporaryFile() as kept:
        with noting(kept):
            for page in opened(ident, Counting(), given.history).changes(None):
                records += len(page.patients) + len(page.visits) + len(page.rejected)
        kept.seek(0)
        cursor = pymssql.connect(
            server=ident["host"],
            port=str(ident["port"]),
            user="readonly_user",
            password=ident["logins"]["readonly_user"],
            database=ident["database"],
            autocommit=True,
        ).cursor()
        began, worked, rows = time.monotonic(), time.process_time(), 0
        for sql in statements(kept):
            cursor.execute(sql)
            rows += len(cursor.fetchall() or ())
        seconds, worked = time.monotonic() - began, time.process_time() - worked
    return {
        "bare_rows": rows,
        "bare_records_per_second": round(records / seconds),
        "bare_records_per_core_second": round(records / worked),
    }


@contextmanager
def noting(kept: IO[bytes]) -> Iterator[None]:
    """Every statement goes to this file, too."""
    fetch = driver.fetch

    def noted(lane: driver.Lane, sql: str) -> driver.Answer:
        pickle.dump(sql, kept)
        return fetch(lane, sql)

    driver.fetch = noted
    try:
        yield
    finally:
        driver.fetch = fetch


def statements(kept: IO[bytes]) -> Iterator[str]:
    while True:
        try:
            yield pickle.load(kept)  # noqa: S301 - our own
        except EOFError:
            return


def opened(ident: Described, counting: Counting, history: int) -> Source:
    settings = {
        "server": ident["host"],
        "port": ident["port"],
        "database": ident["database"],
        "login": "readonly_user",
        "password": ident["logins"]["readonly_user"],
        "time_zone": ident["time_zone"],
    }
    if history:
        settings["visits_since"] = (datetime.now(UTC) - timedelta(days=history + 1)).date().isoformat()
    return open_source("ident", setup.CONNECTION, settings, counting, Clock())


def poll(source: Source, cursor: str, control: str) -> float:
    """Milliseconds of the server for one look that finds nothing."""
    before, began = server_milliseconds(control), time.monotonic()
    for _ in source.changes(cursor):
        pass
    spent = server_milliseconds(control) - before
    time.sleep(max(0.0, began + BETWEEN_POLLS - time.monotonic()))
    return spent


def server_milliseconds(control: str) -> float:
    return float(httpx2.get(f"{control}/_sandbox/state", timeout=60).json()["server_milliseconds"])


WORKS: Mapping[str, Callable[[Described, argparse.Namespace], dict[str, Any]]] = {"read": read, "bare": bare}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.ident_read", description="How fast IDENT is read")
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--visits", type=int, default=4_000, help="to come")
    parser.add_argument("--polls", type=int, default=20, help="that find nothing, a second apart")
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--history", type=int, default=0, metavar="DAYS", help="of past visits, which are read, too")
    parser.add_argument("--bare", action="store_true", help="what the sandbox and the driver alone can do, as well")
    parser.add_argument("--works", choices=WORKS, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.works:
        print(json.dumps(WORKS[given.works](json.loads(sys.stdin.read()), given)), flush=True)
        return 0
    result = measure(given)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
