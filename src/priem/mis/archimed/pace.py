"""How many questions a branch may be asked on average. What is saved up is little: a burst is no politeness."""

from datetime import datetime

from priem.ports import Clock

SAVED = 3.0
"""Requests that may be saved up."""
MARGIN = 0.95
"""So that even what was saved up keeps a minute's average within the rate."""


class Pace:
    """A purse that fills at the rate. Whoever cannot wait may take more than is in it; others then wait for longer."""

    def __init__(self, requests_per_second: float, clock: Clock) -> None:
        self._rate = requests_per_second * MARGIN
        self._most = max(SAVED, requests_per_second)
        self._clock = clock
        self._there = self._most
        self._counted_at = clock.now()

    def may(self) -> bool:
        """Whether one more request is within the rate now."""
        return self._count(self._clock.now()) >= 1

    def spend(self) -> None:
        self._count(self._clock.now())
        self._there -= 1

    def wait(self) -> None:
        """Until one more request is within the rate."""
        while (missing := 1 - self._count(self._clock.now())) > 0:
            self._clock.wait(missing / self._rate)

    def _count(self, now: datetime) -> float:
        # A clock that was set back gives nothing.
        passed = max(0.0, (now - self._counted_at).total_seconds())
        self._there = min(self._most, self._there + passed * self._rate)
        self._counted_at = now
        return self._there
