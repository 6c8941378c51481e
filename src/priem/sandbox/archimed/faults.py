"""Ways in which the sandbox fails on request: `POST /_sandbox/faults`."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

BEFORE = frozenset({"cut_before", "401", "403", "429", "500", "502", "504_before", "slow", "html_200"})
AFTER = frozenset({"lost_after_commit", "cut_after", "500_after", "502_after", "504_after"})
"""These do the work first. `lost_after_commit` and `cut_after` are one thing under two names."""
KINDS = BEFORE | AFTER
GATEWAY = {"500": 500, "502": 502, "504_before": 504, "500_after": 500, "502_after": 502, "504_after": 504}

NUMBERS = {"count": int | None, "probability": int | float, "seconds": int | float, "skip": int}


@dataclass(slots=True)
class Fault:
    """One order to fail.

    `count` requests fail, each with `probability`; count None is until it is taken back. `method`, `path` (a part of
    it, such as `/talons`) and `branch` (an API id) narrow it down; `skip` lets so many fitting requests pass first.
    `seconds` is how long `slow` waits.
    """

    kind: str
    count: int | None = 1
    probability: float = 1.0
    method: str | None = None
    path: str | None = None
    branch: str | None = None
    seconds: float = 5.0
    skip: int = 0
    fired: int = 0

    def fits(self, method: str, path: str, branch: str) -> bool:
        """Whether it means this request."""
        same = self.method in (None, method) and self.branch in (None, branch)
        return same and (self.path is None or self.path in path)


@dataclass(slots=True)
class Faults:
    """The orders in force, and how often each kind came true."""

    chance: random.Random
    rows: list[Fault] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)

    def order(self, sent: dict[str, Any]) -> Fault:
        """Add an order; ValueError or TypeError with a text for people when it makes no sense."""
        if sent.get("kind") not in KINDS:
            raise ValueError(f"kind: one of {', '.join(sorted(KINDS))}")
        unknown = set(sent) - {"kind", "count", "probability", "method", "path", "branch", "seconds", "skip"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        for name, kind in NUMBERS.items():
            if not isinstance(sent.get(name, 0), kind):
                raise TypeError(f"{name}: not a number")
        fault = Fault(**({"count": None} if "probability" in sent else {}) | sent)
        self.rows.append(fault)
        return fault

    def take(self, method: str, path: str, branch: str) -> Fault | None:
        """The fault that this request meets, if any."""
        for fault in self.rows:
            if fault.fits(method, path, branch) and self._comes_true(fault):
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
