"""The weather that a test makes: slow, silent, refusing, gone, broken off in a row, locked, or wrong."""

import random
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from priem.sandbox.ident.permissions import READER

Kind = Literal["slow", "silent", "refuse_login", "gone", "drop_mid_row", "lock_timeout", "deadlock", "error"]
KINDS = get_args(Kind)


@dataclass(slots=True)
class Fault:
    """Hits `count` times, or with `probability`, or always; `seconds` is how long a wait is, or `gone` lasts."""

    kind: Kind
    count: int | None = None
    probability: float = 1.0
    seconds: float | None = None
    match: str = ""
    login: str = READER
    number: int = 50000
    until: float | None = field(default=None)

    @staticmethod
    def parse(given: Mapping[str, Any]) -> "Fault":
        unknown = set(given) - {"kind", "count", "probability", "seconds", "match", "login", "number"}
        if unknown or given.get("kind") not in KINDS:
            raise ValueError(f"a fault has a kind of {', '.join(KINDS)}; not understood: {dict(given)!r}")
        return Fault(**given)


class Faults:
    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._random = random.Random(seed)

    def add(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            for fault in faults:
                if fault.kind == "gone" and fault.seconds is not None:
                    fault.until = time.monotonic() + fault.seconds
                self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def gone(self) -> bool:
        now = time.monotonic()
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.until is None or fault.until > now]
            return any(fault.kind == "gone" for fault in self._faults)

    def hit(self, kinds: tuple[str, ...], login: str, text: str = "") -> Fault | None:
        """The first fault that applies now; it is used up by one."""
        with self._lock:
            for fault in self._faults:
                fits = fault.kind in kinds and fault.login in ("*", login) and fault.match.lower() in text.lower()
                if fits and self._random.random() < fault.probability:
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            names = ("kind", "count", "probability", "seconds", "match", "login", "number")
            return [{name: getattr(fault, name) for name in names} for fault in self._faults]
