"""Every statement that came in: how a test proves that a product only reads. Texts are bounded, counts are exact."""

import threading
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

from priem.sandbox.ident.permissions import READER

KEPT = 20_000
KEPT_TEXT = 2000
READS = frozenset(("SELECT", "SET", "USE"))
"""USE is what FreeTDS says after every login that names a database."""


@dataclass(frozen=True, slots=True)
class Logged:
    n: int
    login: str
    kind: str
    text: str
    at: float
    milliseconds: float
    rows: int
    error: int | None


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Logged] = deque(maxlen=KEPT)
        self._other: deque[str] = deque(maxlen=KEPT)
        self._total = 0
        self._not_select = 0
        self._kinds: dict[str, Counter[str]] = {}
        self._milliseconds: Counter[str] = Counter()

    def record(
        self, login: str, kind: str, text: str, *, seconds: float, rows: int = 0, error: int | None = None
    ) -> None:
        with self._lock:
            self._total += 1
            self._kinds.setdefault(login, Counter())[kind] += 1
            self._milliseconds[login] += seconds * 1000  # type: ignore[assignment]  # a Counter sums floats as well
            if login == READER and kind not in READS:
                self._not_select += 1
                self._other.append(text[:KEPT_TEXT])
            logged = Logged(self._total, login, kind, text[:KEPT_TEXT], time.time(), seconds * 1000, rows, error)
            self._kept.append(logged)

    def summary(self) -> dict[str, Any]:
        with self._lock:
            return {
                "total": self._total,
                "not_select": list(self._other),
                "not_select_count": self._not_select,
                "by_kind": dict(sum(self._kinds.values(), Counter())),
                "by_login": {login: dict(kinds) for login, kinds in self._kinds.items()},
                "milliseconds": {login: round(spent, 3) for login, spent in self._milliseconds.items()},
            }

    def after(self, number: int) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(logged) for logged in self._kept if logged.n > number]
