"""How long a first sync takes, beside the least that amoCRM's limit allows.

    python -m bench.first_sync --patients 100000 --visits 20000 --contacts 40000 --leads 10000 --latency-ms 300 --json

`floor_requests` is the least that a sync can do with which makes nothing twice, and `floor` says of what it consists:
the account is asked once what it is (`opening`), what is there is read (`reading`, one for 250), what is missing is
made (`making`, likewise), and what was found gets the key by which it is known for ever (`binding`, likewise). At seven
a second that takes `floor_seconds`, as if no answer had to be waited for and no pause kept for the network's jitter;
`efficiency` is that part of the seconds that it took. `duplicates` and `missing` are counted from the outside systems
alone.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.clinic import Requests, Size, environment, fill, requests, set_up, systems
from bench.machine import machine
from bench.naive import seconds_per_record
from priem.cli.demo.stage import Stage
from priem.cli.demo.verify import expected, verify_all

PER_SECOND = 7
PER_REQUEST = 250
OPENING = 6
"""The account, its pipelines, users, loss reasons, and the fields of contacts and leads."""


def measure(size: Size, sample: int) -> dict[str, Any]:
    with systems(size) as started:
        fill(started, size)
        clinic = set_up(started)
        before = requests(started)
        done = run_worker(clinic, started)
        after = requests(started)
        result = figures(size, done, before, after) | proof(started)
    if sample:
        naive = seconds_per_record(sample, size.latency_ms, size.seed) * (size.patients + size.visits)
        result["naive_ratio"] = round(naive / done["seconds"], 1)
    return {"machine": machine(), **vars_of(size), **result}


def run_worker(clinic: str, started: Stage) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "bench.worker", "sync", clinic]
    run = subprocess.run(command, env=environment(started), stdout=subprocess.PIPE, check=True)
    done: dict[str, Any] = json.loads(run.stdout)
    return done


def figures(size: Size, done: Mapping[str, Any], before: Requests, after: Requests) -> dict[str, Any]:
    parts = floor_of(size, done)
    seconds, floor = done["seconds"], sum(parts.values())
    return {
        "requests": after.total - before.total,
        "floor_requests": floor,
        "floor": parts,
        "updates": after.updates - before.updates,
        "seconds": round(seconds, 1),
        "floor_seconds": round(floor / PER_SECOND, 1),
        "efficiency": round(floor / PER_SECOND / seconds, 3),
        "times_the_floor": round(seconds * PER_SECOND / floor, 3),
        "cpu_seconds": round(done["cpu_seconds"], 1),
        "peak_rss_mb": round(done["peak_rss_mb"]),
        "most_in_one_second": after.most_in_one_second,
        "refused": after.refused,
        "contacts_made": done["contacts"],
        "leads_made": done["leads"],
        "rejected": done["rejected"],
    }


def floor_of(size: Size, done: Mapping[str, Any]) -> dict[str, int]:
    """Requests. What was adopted or changed was found: its key is missing there."""
    made, found = {}, {}
    for kind in ("contacts", "leads"):
        made[kind] = requests_for(done[kind]["created"])
        found[kind] = requests_for(done[kind]["adopted"] + done[kind]["updated"])
    return {
        "opening": OPENING,
        "reading": max(1, requests_for(size.contacts)) + max(1, requests_for(size.leads)),
        "making": sum(made.values()),
        "binding": sum(found.values()),
    }


def requests_for(records: int) -> int:
    return -(-records // PER_REQUEST)


def proof(started: Stage) -> dict[str, int]:
    verdict = verify_all(str(started.amocrm["control"]), expected(started, datetime.now(UTC)))
    return {
        "duplicates": verdict.duplicate_contacts + verdict.duplicate_leads,
        "missing": verdict.missing_contacts + verdict.missing_leads,
    }


def vars_of(size: Size) -> dict[str, Any]:
    return {name: getattr(size, name) for name in ("patients", "visits", "contacts", "leads", "latency_ms")}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.first_sync", description="How long a first sync takes")
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--visits", type=int, default=4_000, help="to come")
    parser.add_argument("--contacts", type=int, default=8_000, help="in amoCRM already, half of them patients")
    parser.add_argument("--leads", type=int, default=2_000, help="requests that wait already, half of them of visits")
    parser.add_argument("--latency-ms", type=float, default=300)
    parser.add_argument("--naive-sample", type=int, default=50, help="records; 0 leaves the comparison out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one line")
    given = parser.parse_args(argv)
    size = Size(
        patients=given.patients,
        visits=given.visits,
        contacts=given.contacts,
        leads=given.leads,
        latency_ms=given.latency_ms,
        seed=given.seed,
    )
    result = measure(size, given.naive_sample)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 0 if not (result["duplicates"] or result["missing"]) else 1


if __name__ == "__main__":
    sys.exit(main())
