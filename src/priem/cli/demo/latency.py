"""How long a change took: from the clinic's commit until amoCRM had written it."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from priem.cli.demo import setup
from priem.cli.demo.stage import Stage

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What the living clinic did."""

    record: str
    """`patient lenina:4821` or `visit lenina:17`."""
    at: float
    """Unix seconds."""


@dataclass(slots=True)
class Written:
    """When which record's step was done, in unix seconds."""

    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, record: str, at: float) -> None:
        self.times[record].append(at)

    def delay(self, change: Change) -> float | None:
        """Seconds from the change to the first write of its record after it; None when nothing had to be written."""
        first = min((at for at in self.times.get(change.record, ()) if at >= change.at), default=None)
        return None if first is None else first - change.at


def changes(stage: Stage) -> Sequence[Change]:
    """All so far, each system's in their order."""
    ident = [of_ident(row) for row in told(stage.ident, "/_sandbox/changes")] if stage.ident else []
    archimed = [of_archimed(row, stage) for row in told(stage.archimed, "/changes")] if stage.archimed else []
    return [*ident, *archimed]


def told(system: Row, path: str) -> Sequence[Row]:
    rows: Sequence[Row] = httpx2.get(f"{system['control']}{path}", params={"after": 0}, timeout=30).json()
    return rows


def of_ident(row: Row) -> Change:
    what = (
        f"visit {setup.CONNECTION}:{row['visit']}"
        if row.get("visit")
        else f"patient {setup.CONNECTION}:{row['patient']}"
    )
    return Change(what, float(row["at"]))


def of_archimed(row: Row, stage: Stage) -> Change:
    key = next(key for key, branch in setup.branches(stage) if branch["api_id"] == row["branch"])
    what = f"visit {key}:{row['talon']}" if row["talon"] else f"patient {key}:{row['medcard']}"
    return Change(what, float(row["at"]))


def let_live(stage: Stage, wanted: Mapping[str, object]) -> int:
    """Every system of the clinic. Gives how many changes that makes."""
    doors = [f"{stage.ident['control']}/_sandbox/live"] if stage.ident else []
    doors += [f"{stage.archimed['control']}/live"] if stage.archimed else []
    for door in doors:
        httpx2.post(door, json=wanted, timeout=30).raise_for_status()
    return len(doors) * int(str(wanted.get("changes", 0)))


def percentiles(delays: Iterable[float]) -> dict[str, float | None]:
    """p50 and p99 in seconds; None without a single delay."""
    sorted_delays = sorted(delays)
    if not sorted_delays:
        return {"p50": None, "p99": None}
    rank = max(0, -(-99 * len(sorted_delays) // 100) - 1)
    return {"p50": round(statistics.median(sorted_delays), 3), "p99": round(sorted_delays[rank], 3)}
