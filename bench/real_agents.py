"""Agents as clinics have them: a process of `priem agent` each, beside a database of its own (bench/idents.py)."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AT_ONCE = 2
"""Agents that are enrolled at once: each costs a second of a processor."""
PATIENCE = 20.0
AGENT = [sys.executable, "-m", "priem.agent"]


@dataclass(frozen=True, slots=True)
class RealAgents:
    number: int
    databases: "subprocess.Popen[str] | None" = None

    def let_live(self, rate: float) -> None:
        """So many changes a second, of all of them together."""
        if self.databases and self.databases.stdin:
            self.databases.stdin.write(f"{rate}\n")
            self.databases.stdin.flush()


@contextlib.contextmanager
def running(codes: Sequence[str], hub: str, home: Path) -> Iterator[RealAgents]:
    """One for each code, until the block ends."""
    if not codes:
        yield RealAgents(0)
        return
    with contextlib.ExitStack() as ending:
        command = [sys.executable, "-m", "bench.idents", str(len(codes))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        databases: subprocess.Popen[str] = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]  # the options of all
        ending.callback(end, databases)
        said = json.loads(databases.stdout.readline()) if databases.stdout else {}
        homes = [home / f"agent-{number}" for number in range(len(codes))]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(enrol, codes, [hub] * len(codes), said["databases"], homes))
        for one in homes:
            with (one / "said").open("ab") as log:
                agent = subprocess.Popen([*AGENT, "run", "--home", str(one)], stdout=log, stderr=log)
            ending.callback(end, agent)
        yield RealAgents(len(codes), databases)


def enrol(code: str, hub: str, database: Mapping[str, Any], home: Path) -> None:
    environment = {**os.environ, "PRIEM_AGENT_PASSWORD": str(database["logins"]["readonly_user"])}
    way = ["--server", str(database["host"]), "--port", str(database["port"]), "--login", "readonly_user"]
    command = [*AGENT, "enrol", code, "--hub", hub, *way, "--home", str(home)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def end(process: "subprocess.Popen[Any]") -> None:
    if process.stdin:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
