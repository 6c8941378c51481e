"""How long the first full reading of a large amoCRM takes, and how much memory.

    python -m bench.mirror_fill --contacts 500000 --latency-ms 300 --json

The contacts are read 250 a page at amoCRM's limit and kept in the hub's own database (SQLite, unless DATABASE_URL
names another). `floor_seconds` is what the limit alone allows. The process that reads is measured, not the sandbox.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from bench.machine import machine
from priem.cli.demo.stage import process

PER_SECOND = 7
PER_REQUEST = 250
TOLD_EVERY = 25_000
"""Contacts between two lines about the memory."""


def measure(contacts: int, latency_ms: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="priem-bench-") as folder:
        home = Path(folder)
        arguments = [
            "--port",
            "0",
            "--until-stdin-closes",
            "--contacts",
            str(contacts),
            "--latency-ms",
            str(latency_ms),
        ]
        with process(["priem.sandbox.amocrm", *arguments], home / "sandbox.log", home) as amocrm:
            done = fill_in_a_process(home, amocrm)
            answer = httpx2.get(f"{amocrm['control']}/state", params={"only": "requests"}, timeout=60)
        size = sum(path.stat().st_size for path in home.glob("db.sqlite3*"))
    counted = answer.json()["requests"]
    floor = -(-contacts // PER_REQUEST) / PER_SECOND
    return {
        "machine": machine(),
        "contacts": contacts,
        "latency_ms": latency_ms,
        **done,
        "floor_seconds": round(floor, 1),
        "efficiency": round(floor / done["seconds"], 3),
        "requests": counted["total"],
        "most_in_one_second": counted["max_in_one_second"],
        "refused": counted["by_status"].get("429", 0),
        "database_mb": round(size / 2**20),
    }


def fill_in_a_process(home: Path, amocrm: Mapping[str, Any]) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "bench.mirror_fill", "--worker"]
    environment = {**os.environ, "PRIEM_HOME": str(home)}
    run = subprocess.run(
        command, env=environment, input=json.dumps(amocrm), stdout=subprocess.PIPE, text=True, check=True
    )
    done: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return done


def fill(amocrm: Mapping[str, Any]) -> None:
    """What is measured. Prints how it goes, and at last what it took."""
    from priem.hub.start import setup  # noqa: PLC0415 - only the worker has a hub

    setup()

    from priem.engine.bindings import bind  # noqa: PLC0415 - after `setup`
    from priem.engine.mirror import Mirror  # noqa: PLC0415 - once the home is named
    from priem.engine.settings import Settings  # noqa: PLC0415 - once the home is named
    from priem.hub.amocrm.access import connected  # noqa: PLC0415 - once the home is named
    from priem.hub.clinics import ClinicData, load_clinic, save_clinic  # noqa: PLC0415 - once the home is named
    from priem.hub.clock import SystemClock  # noqa: PLC0415 - once the home is named
    from priem.hub.store import DjangoStore  # noqa: PLC0415 - once the home is named
    from priem.hub.tokens import DjangoTokens  # noqa: PLC0415 - once the home is named
    from priem.ports import Tokens  # noqa: PLC0415 - once the home is named

    names = ("client_id", "client_secret", "redirect_uri")
    access = {name: amocrm[name] for name in names}
    id_ = save_clinic(ClinicData(slug="large", name="Large", base_url=amocrm["url"], sandbox=True, **access))
    DjangoTokens(id_).save(Tokens(access=amocrm["long_lived_token"]))
    with connected(load_clinic("large")) as crm:
        bound = bind(Settings(), crm.prepare())
        mirror = Mirror(crm, DjangoStore(id_), SystemClock(), bound)
        began, read = time.monotonic(), 0
        for count in mirror.fill():
            read += count
            if read % TOLD_EVERY < count:
                say({"read": read, "seconds": round(time.monotonic() - began, 1), "peak_rss_mb": peak_rss_mb()})
        say({"read": read, "seconds": round(time.monotonic() - began, 1), "peak_rss_mb": peak_rss_mb()})


def peak_rss_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def say(line: Mapping[str, object]) -> None:
    for stream in (sys.stdout, sys.stderr):
        print(json.dumps(line), file=stream, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.mirror_fill", description="How long a full reading takes")
    parser.add_argument("--contacts", type=int, default=500_000)
    parser.add_argument("--latency-ms", type=float, default=300)
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.worker:
        fill(json.loads(sys.stdin.read()))
        return 0
    result = measure(given.contacts, given.latency_ms)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 0 if result["read"] >= given.contacts else 1


if __name__ == "__main__":
    sys.exit(main())
