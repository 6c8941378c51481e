"""How long an agent takes to send a clinic's patients to its hub, and what it holds while nothing happens.

    python -m bench.agent --patients 200000 --visits 5000 --json

Everything is a process of its own, as in earnest: the sandbox that plays SQL Server, the hub, the agent. `seconds` go
from the moment in which a stream is begun until the hub keeps the last parcel of the first reading. The sandbox makes
up its answers in Python and shares the machine: `agent_cpu_seconds` is what the agent itself worked, `hub_cpu_seconds`
what the hub did to take it in. `idle_rss_mb` is the agent's resident memory after `--rest` seconds of polls that find
nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.machine import machine
from priem.cli.demo import stage

Described = Mapping[str, Any]
LONGEST = 900.0
KEY = "ident"
TICKS = os.sysconf("SC_CLK_TCK")


def measure(given: argparse.Namespace) -> dict[str, Any]:
    sandbox = ["priem.sandbox.ident", "--port", "0", "--control-port", "0", "--until-stdin-closes"]
    size = ["--patients", str(given.patients), "--visits", str(given.visits), "--history", str(given.history)]
    serve = ["priem.cli", "serve", "--port", "0", "--json", "--until-stdin-closes"]
    with tempfile.TemporaryDirectory(prefix="priem-bench-") as folder:
        home = Path(folder)
        os.environ["PRIEM_HOME"] = str(home / "hub")
        with (
            stage.process([*sandbox, *size], home / "ident.log", home) as ident,
            stage.process(serve, home / "hub.log", home / "hub") as hub,
        ):
            code = connect(ident)
            with agent(code, str(hub["url"]), ident, home / "agent") as process:
                done = watch(process, home)
                time.sleep(given.rest)
                done["idle_rss_mb"] = rss(process.pid)
    return {"machine": machine(), "patients": given.patients, "visits": given.visits, **done}


def connect(ident: Described) -> str:
    """A clinic whose connection goes through an agent; its code."""
    from priem.hub.start import setup  # noqa: PLC0415 - the hub's home is known only now

    setup()
    from priem.hub.agents.choosing import AGENT, THROUGH  # noqa: PLC0415 - after Django
    from priem.hub.agents.enrolling import make_code  # noqa: PLC0415 - likewise
    from priem.hub.models import Clinic, Connection  # noqa: PLC0415 - likewise

    clinic = Clinic.objects.create(slug="bench", name="Bench", base_url="https://bench.amocrm.ru")
    config = {THROUGH: AGENT, "time_zone": ident["time_zone"]}
    Connection.objects.create(clinic=clinic, key=KEY, kind="ident", config=config)
    return make_code(clinic.pk, KEY)


@contextmanager
def agent(code: str, hub: str, ident: Described, home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "PRIEM_AGENT_PASSWORD": str(ident["logins"]["readonly_user"])}
    way = ["--server", str(ident["host"]), "--port", str(ident["port"]), "--login", "readonly_user"]
    program = [sys.executable, "-m", "priem.cli", "agent"]
    enrol = [*program, "enrol", code, "--hub", hub, *way, "--home", str(home)]
    subprocess.run(enrol, env=environment, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([*program, "run", "--home", str(home)])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def watch(process: "subprocess.Popen[bytes]", home: Path) -> dict[str, Any]:
    from priem.hub.agents import feeds  # noqa: PLC0415 - after Django
    from priem.hub.models import Agent, Clinic  # noqa: PLC0415 - likewise

    clinic = Clinic.objects.get(slug="bench")
    while not Agent.objects.of(clinic.pk).exclude(report={}).exists():
        time.sleep(0.1)
    hub = workers_of(home)
    before, hub_before, began = cpu(process.pid), sum(map(cpu, hub)), time.monotonic()
    feeds.begin(clinic.pk, KEY)
    peak = 0
    while (feed := feeds.feed_of(clinic.pk, KEY)).is_first:
        peak = max(peak, rss(process.pid))
        if time.monotonic() - began > LONGEST or process.poll() is not None:
            raise SystemExit("the agent did not come to the end of the reading")
        time.sleep(0.2)
    seconds = time.monotonic() - began
    kept = feeds.parcels(clinic.pk, KEY)
    return {
        "seconds": round(seconds, 1),
        "parcels": feed.sequence,
        "records": sum(kept.values_list("records", flat=True)),
        "megabytes": round(sum(kept.values_list("size", flat=True)) / 1e6, 1),
        "agent_cpu_seconds": round(cpu(process.pid) - before, 1),
        "hub_cpu_seconds": round(sum(map(cpu, hub)) - hub_before, 1),
        "peak_rss_mb": peak,
    }


def workers_of(home: Path) -> list[int]:
    """The hub's processes: those that have its home in their environment, but for this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"PRIEM_HOME={home / 'hub'}".encode() in environment and b"serve" in command:
                found.append(int(folder.name))
    return found


def rss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def cpu(pid: int) -> float:
    """User and system, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description="How fast an agent sends, what it holds")
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--visits", type=int, default=2_000, help="to come")
    parser.add_argument("--history", type=int, default=30, help="days of past visits in the database")
    parser.add_argument("--rest", type=float, default=15.0, help="seconds before the idle memory is looked at")
    parser.add_argument("--json", action="store_true", help="one line")
    given = parser.parse_args(argv)
    result = measure(given)
    print(json.dumps(result, ensure_ascii=False, indent=None if given.json else 2), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
