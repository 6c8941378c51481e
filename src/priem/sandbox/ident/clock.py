"""The clinic's clock: naive local time of its zone, which a test may set or push forward."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class Clock:
    def __init__(self, zone: ZoneInfo, start: datetime | None = None) -> None:
        self.zone = zone
        self._shift = timedelta()
        self._lock = threading.Lock()
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """Naive, as IDENT writes it."""
        with self._lock:
            return (datetime.now(UTC) + self._shift).astimezone(self.zone).replace(tzinfo=None)

    def utc(self) -> datetime:
        with self._lock:
            return (datetime.now(UTC) + self._shift).replace(tzinfo=None)

    def set(self, moment: datetime) -> None:
        """A naive moment is the clinic's local time."""
        local = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        with self._lock:
            self._shift = local - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._shift += timedelta(seconds=seconds)
