"""One clock for all branches: running or frozen, set or pushed forward, and a gateway that may be ahead of it."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class Clock:
    """Threads of the clinic's life and of the server read it side by side."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False, skew: float = 0.0) -> None:
        self.skew = skew
        self._shift = timedelta()
        self._frozen: datetime | None = None
        self._lock = threading.Lock()
        if frozen:
            self.freeze()
        if start is not None:
            self.set(start)

    def utc(self) -> datetime:
        """Aware."""
        with self._lock:
            return self._frozen or datetime.now(UTC) + self._shift

    def local(self, zone: ZoneInfo) -> datetime:
        """Naive, whole seconds: what a branch's program writes down."""
        return self.utc().astimezone(zone).replace(tzinfo=None, microsecond=0)

    def gateway(self) -> float:
        """Unix time by which tokens are judged."""
        return self.utc().timestamp() + self.skew

    def set(self, moment: datetime) -> None:
        """A naive moment is UTC."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        with self._lock:
            self._shift = aware - datetime.now(UTC)
            self._frozen = aware if self._frozen else None

    def advance(self, seconds: float) -> None:
        """Forward, or back."""
        with self._lock:
            self._shift += timedelta(seconds=seconds)
            if self._frozen:
                self._frozen += timedelta(seconds=seconds)

    def freeze(self) -> None:
        """Stand still."""
        moment = self.utc()
        with self._lock:
            self._frozen = moment

    def run(self) -> None:
        """Go on from where it stands."""
        moment = self.utc()
        with self._lock:
            self._frozen = None
        self.set(moment)

    @property
    def is_frozen(self) -> bool:
        """Whether it moves only when told."""
        return self._frozen is not None
