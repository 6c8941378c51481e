"""What was asked: the latest requests one by one, and how many came within one second, per branch."""

import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field

KEPT = 200_000
SECOND = 1.0


@dataclass(slots=True)
class Entry:
    """One request; `at` is unix seconds, `status` None a cut connection, `form` the names of what a write sent."""

    number: int
    branch: str
    method: str
    path: str
    query: str
    at: float
    sent: list[str] = field(default_factory=list)
    status: int | None = None
    milliseconds: float = 0
    fault: str | None = None


@dataclass(slots=True)
class Pace:
    """Of one branch, by rolling seconds."""

    total: int = 0
    in_last_second: deque[float] = field(default_factory=deque)
    most_in_one_second: int = 0

    def count(self, now: float) -> int:
        """One more; how many there were within the last second."""
        self.total += 1
        self.in_last_second.append(now)
        while self.in_last_second[0] <= now - SECOND:
            self.in_last_second.popleft()
        self.most_in_one_second = max(self.most_in_one_second, len(self.in_last_second))
        return len(self.in_last_second)


class Journal:
    """`arrive` when a request comes, `leave` when it is answered."""

    def __init__(self) -> None:
        self.total = 0
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.paces: dict[str, Pace] = {}
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()

    def arrive(self, branch: str, method: str, path: str, query: str, sent: list[str]) -> tuple[Entry, int]:
        """The entry, and the branch's requests within this second."""
        self.total += 1
        entry = Entry(self.total, branch, method, path, query, time.time(), sent)
        self.entries.append(entry)
        return entry, self.paces.setdefault(branch, Pace()).count(time.monotonic())

    def leave(self, entry: Entry, status: int | None) -> None:
        """Note how it ended."""
        entry.status = status
        entry.milliseconds = round((time.time() - entry.at) * 1000, 3)
        self.by_path[f"{entry.method} {template(entry.path)}"] += 1
        self.by_status[str(status) if status is not None else "cut"] += 1

    def after(self, number: int) -> dict[str, object]:
        """Later ones."""
        entries = [asdict(entry) for entry in list(self.entries) if entry.number > number]
        return {"requests": entries, "last": self.total}

    def summary(self) -> dict[str, object]:
        """Counts, for `/_sandbox/state`; copied first, for requests go on arriving."""
        return {
            "total": self.total,
            "by_path": dict(sorted(dict(self.by_path).items())),
            "by_status": dict(sorted(dict(self.by_status).items())),
            "by_branch": {
                branch: {"total": pace.total, "max_in_one_second": pace.most_in_one_second}
                for branch, pace in list(self.paces.items())
            },
        }


def template(path: str) -> str:
    """A path with its ids as `#`, to count by."""
    return "/".join("#" if part.isdecimal() else part for part in path.split("/"))
