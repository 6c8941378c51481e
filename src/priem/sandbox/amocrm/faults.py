"""Ways in which the sandbox fails on request: `POST /_sandbox/faults`."""

import random
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

HTTP_KINDS = frozenset(
    [
        "lost_after_commit",
        "cut_before",
        "429",
        "block_403",
        "ip_403",
        "402",
        "500",
        "502",
        "504_before",
        "504_after",
        "slow",
        "html_200",
        "refresh_lost",
        "stale_search",
    ]
)
WEBHOOK_KINDS = frozenset(["webhook_lost", "webhook_doubled", "webhook_late", "webhook_reordered"])
KINDS = HTTP_KINDS | WEBHOOK_KINDS
AFTER = frozenset({"lost_after_commit", "504_after", "refresh_lost"})
"""These do the work first."""
TOKEN_PATH = "/oauth2/access_token"  # noqa: S105 - a path


@dataclass(slots=True)
class Fault:
    """One order to fail.

    `count` requests fail, each with `probability`; count None is until it is taken back. `method` and `path` (a prefix)
    narrow it down; `skip` lets so many matching requests pass first. `seconds` is how long `slow` and `webhook_late`
    wait, and how far behind `stale_search` is.
    """

    kind: str
    count: int | None = 1
    probability: float = 1.0
    method: str | None = None
    path: str | None = None
    seconds: float = 5.0
    skip: int = 0
    fired: int = 0

    def fits(self, method: str, path: str) -> bool:
        """Whether it means this request."""
        return (self.method in (None, method)) and (self.path is None or path.startswith(self.path))


@dataclass(slots=True)
class Faults:
    """The orders in force, and how often each kind came true."""

    chance: random.Random
    rows: list[Fault] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    """Large requests are made in a thread of their own, and ask, too."""

    def order(self, sent: dict[str, object]) -> Fault:
        """Add an order.

        Raises ValueError with a text for people when it makes no sense.
        """
        if sent.get("kind") not in KINDS:
            raise ValueError(f"kind: one of {', '.join(sorted(KINDS))}")
        unknown = set(sent) - {"kind", "count", "probability", "method", "path", "seconds", "skip"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if "probability" in sent and "count" not in sent:
            sent = {**sent, "count": None}
        fault = Fault(**cast(dict[str, Any], sent))
        if fault.kind == "refresh_lost":
            fault.method, fault.path = "POST", TOKEN_PATH
        self.rows.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any. `stale_search` is asked for apart."""
        return self._take(lambda fault: fault.kind in HTTP_KINDS - {"stale_search"}, method, path)

    def take_kind(self, kind: str, method: str = "", path: str = "") -> Fault | None:
        """The fault of one kind, e.g. of webhooks."""
        return self._take(lambda fault: fault.kind == kind, method, path)

    def _take(self, wanted: Callable[[Fault], bool], method: str, path: str) -> Fault | None:
        with self._turn:
            for fault in self.rows:
                if wanted(fault) and fault.fits(method, path) and self._comes_true(fault):
                    self._spend(fault)
                    return fault
        return None

    def _comes_true(self, fault: Fault) -> bool:
        if fault.skip > 0:
            fault.skip -= 1
            return False
        return fault.probability >= 1 or self.chance.random() < fault.probability

    def _spend(self, fault: Fault) -> None:
        fault.fired += 1
        self.fired[fault.kind] = self.fired.get(fault.kind, 0) + 1
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self.rows.remove(fault)

    def clear(self) -> dict[str, object]:
        """Take every order back."""
        self.rows.clear()
        return self.shown()

    def shown(self) -> dict[str, object]:
        """For the controls."""
        return {"faults": [asdict(fault) for fault in self.rows], "fired": dict(self.fired)}
