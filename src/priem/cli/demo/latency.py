"""How long a change took: from the clinic's commit until amoCRM had written it."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Written:
    """When which record's step was done, in unix seconds."""

    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, record: str, at: float) -> None:
        """`record` is `patient 4821` or `visit 17`."""
        self.times[record].append(at)

    def delay(self, change: Mapping[str, Any]) -> float | None:
        """Seconds from the change to the first write of its record after it; None when nothing had to be written."""
        later = (at for name in records_of(change) for at in self.times.get(name, ()) if at >= change["at"])
        first = min(later, default=None)
        return None if first is None else first - float(change["at"])


def records_of(change: Mapping[str, Any]) -> Sequence[str]:
    if change.get("visit"):
        return (f"visit {change['visit']}",)
    return (f"patient {change['patient']}",)


def percentiles(delays: Iterable[float]) -> dict[str, float | None]:
    """p50 and p99 in seconds; None without a single delay."""
    sorted_delays = sorted(delays)
    if not sorted_delays:
        return {"p50": None, "p99": None}
    rank = max(0, -(-99 * len(sorted_delays) // 100) - 1)
    return {"p50": round(statistics.median(sorted_delays), 3), "p99": round(sorted_delays[rank], 3)}
