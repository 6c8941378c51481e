"""Request rates and the block behind them (docs/reference/amocrm.md §2), and the counts that `/_sandbox/state` shows.

A second is any rolling second. Only requests that were let through count against the rate; each one over it is a
violation, and too many violations within a minute block everything until a person unblocks.
"""

import time
from collections import Counter, deque
from dataclasses import dataclass, field

WINDOW = 1.0
VIOLATION_WINDOW = 60.0
LOG_LENGTH = 200_000


@dataclass(slots=True)
class Rate:
    """The times of the last requests."""

    limit: int
    times: deque[float] = field(default_factory=deque)

    def allows(self, now: float) -> bool:
        """Whether one more request fits; it is not counted yet."""
        while self.times and self.times[0] <= now - WINDOW:
            self.times.popleft()
        return self.limit <= 0 or len(self.times) < self.limit


class Limits:
    """Who may still ask."""

    def __init__(self, per_integration: int, per_account: int, block_after: int) -> None:
        self.per_integration = per_integration
        self.block_after = block_after
        self.is_blocked = False
        self.violations: deque[float] = deque()
        self._account = Rate(per_account)
        self._integrations: dict[str, Rate] = {}

    def admit(self, client_id: str) -> bool:
        """Count a request, or refuse it."""
        now = time.monotonic()
        rate = self._integrations.get(client_id)
        if rate is None:
            rate = self._integrations[client_id] = Rate(self.per_integration)
        if rate.allows(now) and self._account.allows(now):
            rate.times.append(now)
            self._account.times.append(now)
            return True
        self._violate(now)
        return False

    def _violate(self, now: float) -> None:
        self.violations.append(now)
        while self.violations[0] <= now - VIOLATION_WINDOW:
            self.violations.popleft()
        if 0 < self.block_after < len(self.violations):
            self.is_blocked = True

    def unblock(self) -> None:
        """What amoCRM's support does."""
        self.is_blocked = False
        self.violations.clear()


@dataclass(slots=True)
class Entry:
    """One request as the log keeps it; `at` is unix seconds."""

    number: int
    method: str
    path: str
    at: float
    request_id: str
    status: int | None = None
    milliseconds: float = 0
    fault: str | None = None


class RequestLog:
    """Counts, and the latest requests one by one."""

    def __init__(self) -> None:
        self.total = 0
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.max_in_one_second = 0
        self.entries: deque[Entry] = deque(maxlen=LOG_LENGTH)
        self._recent: deque[float] = deque()

    def arrive(self, method: str, path: str, request_id: str, *, api: bool) -> Entry:
        """Note a request when it comes; token requests do not count into the busiest second."""
        self.total += 1
        entry = Entry(self.total, method, path, time.time(), request_id)
        self.entries.append(entry)
        if api:
            self._count_second(time.monotonic())
        return entry

    def _count_second(self, now: float) -> None:
        self._recent.append(now)
        while self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        self.max_in_one_second = max(self.max_in_one_second, len(self._recent))

    def leave(self, entry: Entry, status: int | None) -> None:
        """Note how a request ended; no status is a cut connection."""
        entry.status = status
        entry.milliseconds = round((time.time() - entry.at) * 1000, 3)
        self.by_path[f"{entry.method} {template(entry.path)}"] += 1
        self.by_status[str(status) if status is not None else "cut"] += 1

    def summary(self) -> dict[str, object]:
        """What `/_sandbox/state` shows under `requests`."""
        return {
            "total": self.total,
            "by_path": dict(sorted(self.by_path.items())),
            "by_status": dict(sorted(self.by_status.items())),
            "max_in_one_second": self.max_in_one_second,
            "in_flight": self.total - sum(self.by_status.values()),
        }


def template(path: str) -> str:
    """A path with its ids as `#`, to count by."""
    return "/".join("#" if part.isdecimal() or len(part) == 60 else part for part in path.split("/"))
