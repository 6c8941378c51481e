"""What processes of this machine have used, from /proc."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    cpu: float
    """Seconds."""
    rss: int
    """Bytes; what processes share is counted once for each."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.cpu + other.cpu, self.rss + other.rss)


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    command: str
    usage: Usage
    of_children: float
    """Seconds of those that have ended."""

    def with_children(self) -> "Process":
        return replace(self, usage=self.usage + Usage(self.of_children, 0))


def processes() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            rest = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it has ended meanwhile
        used = Usage((int(rest[11]) + int(rest[12])) / TICKS, int(rest[21]) * PAGE)
        yield Process(int(folder.name), int(rest[1]), command, used, (int(rest[13]) + int(rest[14])) / TICKS)


def of_machine() -> float:
    """Seconds for which its processors were busy, for anybody."""
    user, nice, system, _, _, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + sum(rest[:3])) / TICKS


def usage_of(workers: Sequence[int], database: str) -> dict[str, Usage]:
    """Of the hub, the workers, PostgreSQL and the played systems of the process that asks."""
    folder = database.partition("host=")[2]
    found = dict.fromkeys(
        ("hub", "workers", "postgresql", "accounts", "agents", "real_agents", "databases"), Usage(0.0, 0)
    )
    known = list(processes())
    server = next((one.pid for one in known if folder in one.command and "postgres" in one.command), -1)
    mine = [one for one in known if one.parent == os.getpid()]
    serving = {one.pid for one in mine if "serve" in one.command}
    for one in known:
        name = ""
        if one.pid in workers:
            name = "workers"
        elif one.pid in serving or one.parent in serving:
            name = "hub"
        elif server in (one.pid, one.parent):
            name = "postgresql"
        elif one.parent == os.getpid() and "bench.accounts" in one.command:
            name = "accounts"
        elif one.parent == os.getpid() and "priem.agent" in one.command:
            name = "real_agents"
        elif one.parent == os.getpid() and "bench.idents" in one.command:
            name = "databases"
        elif one.pid == os.getpid():
            name = "agents"
        if name:
            found[name] += one.with_children().usage if one.pid == server else one.usage
    return found
