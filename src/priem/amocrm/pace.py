"""When the next request may go: the arithmetic of the limit, on any clock. docs/reference/amocrm.md §2"""

import secrets
from bisect import insort
from dataclasses import dataclass, field
from typing import Literal

from priem.amocrm.stopping import LONGEST_PAUSE, TRYING, AccountStopped, Stop, stop_after

Lane = Literal["interactive", "live", "bulk"]
LANES: tuple[Lane, ...] = ("interactive", "live", "bulk")
"""A person who waits; a change just made; a first sync. None waits for a later one."""

STEADY = 1.042
"""Seconds for a full set of requests: 7 in 1.042 s are 6.72 a second, and 42 ms of jitter are forgiven. At 6.7 a second
nothing forgives more than 45: eight requests are 7 / 6.7 s apart, and amoCRM counts them in its own time."""
WINDOW = 1.033
"""Seconds in which never more than a full set goes. What a busy machine sends late it makes up for within this."""
MADE_UP = 0.1
"""Seconds of lateness that are made up for."""
SPACING = 0.9
"""Of the even distance. Under steady work requests go out evenly: a server that stumbles over a clump would
otherwise count the next one too early."""
FORGOTTEN_AFTER = 8.0
"""Seconds until a granted slot whose process died counts no more; connecting takes 5 s at most."""
POLL = 0.01
CALLING = 0.2
"""Seconds for which a waiting lane's call stays valid: it repeats it, a dead process does not."""

SLOW_AT_FIRST = 15.0
"""Seconds after a lone refusal: a jump in the network explains it, and a first sync is held up by 2 s instead of 8."""
SLOW_FOR = 60.0
"""Seconds after one that follows another: somebody else uses up a part of the limit."""
SOON_AFTER = 300.0
ROUNDS_BEFORE_CLOSING = 4
CLOSED_FOR = 300.0
"""amoCRM blocks the whole account after repeated 429s, for everybody's integrations. Priem goes quiet long before."""


@dataclass(slots=True)
class Pace:
    """What is shared. All times are seconds of the machine's monotonic clock."""

    sent: list[float] = field(default_factory=list)
    going: dict[str, float] = field(default_factory=dict)
    calling: dict[str, float] = field(default_factory=dict)
    slow_until: float = 0.0
    not_before: float = 0.0
    closed_until: float = 0.0
    refused_at: float = 0.0
    rounds: int = 0
    """Of refusals without a single good answer in between."""
    steps_down: int = 0
    due: float = 0.0
    """When the next one should go for the even pace."""
    stop: Stop | None = None
    outdated: float = 0.0
    """What was granted until then and is refused only now tells nothing: it has been mended since."""

    def forget_old(self, now: float) -> None:
        # What lies in the future was written before the machine's last start, when the clock began anew.
        self.sent = [stamp for stamp in self.sent if now - 2 * WINDOW < stamp <= now]
        self.due = min(self.due, now + 2 * STEADY)
        self.going = {slot: at for slot, at in self.going.items() if now - FORGOTTEN_AFTER < at <= now}
        if max(self.not_before, self.slow_until, self.closed_until) > now + CLOSED_FOR + 1:
            self.slow_until = self.not_before = self.closed_until = self.refused_at = 0.0
        if now >= self.slow_until:
            self.steps_down = 0
        if self.outdated > now:
            self.outdated = 0.0
        if self.stop and self.stop.not_before > now + LONGEST_PAUSE + TRYING + 1:
            self.stop.let_try(now)
            self.stop.since = 0.0

    def wait(self, lane: Lane, now: float, full: int) -> float:
        """Seconds until it makes sense to ask again; 0 when a slot is free."""
        if now < self.not_before:
            return self.not_before - now
        if any(self.calling.get(ahead, 0) > now for ahead in LANES[: LANES.index(lane)]):
            return POLL
        limit = self.limit(full)
        return max(self._until_free(now, limit), self._until_spaced(now, limit))

    def grant(self, slot: str, now: float, full: int) -> None:
        self.going[slot] = now
        self.due = max(self.due, now - MADE_UP) + STEADY / self.limit(full)

    def date(self, slot: str, now: float) -> None:
        """Its last byte has left."""
        self.going.pop(slot, None)
        insort(self.sent, now)

    def limit(self, full: int) -> int:
        """One less after a single refusal, which a jump in the network may explain; then halves."""
        return max(1, full - 1 if self.steps_down == 1 else full >> max(0, self.steps_down - 1))

    def _until_free(self, now: float, limit: int) -> float:
        busy = [stamp for stamp in self.sent if stamp > now - WINDOW]
        too_many = len(busy) + len(self.going) - limit + 1
        if too_many <= 0:
            return 0.0
        # Slots still under way get their date in a moment; until then nobody can say when they end.
        return busy[too_many - 1] + WINDOW - now if too_many <= len(busy) else POLL / 4

    def _until_spaced(self, now: float, limit: int) -> float:
        if len(self.sent) + len(self.going) < limit:
            return 0.0  # after a quiet second or two a handful may go at once
        last = max([*self.sent[-1:], *self.going.values()])
        return max(0.0, self.due - now, last + SPACING * STEADY / limit - now)

    def refuse(self, granted: float, now: float) -> None:
        """A 429. Those granted before the last one was answered belong to the same round."""
        if granted <= self.refused_at:
            return
        is_alone = not self.refused_at or now - self.refused_at > SOON_AFTER
        self.rounds += 1
        self.steps_down += 1
        self.refused_at = now
        self.slow_until = now + (SLOW_AT_FIRST if is_alone else SLOW_FOR)
        self.not_before = now + 2.0 ** (self.rounds - 1) * (1 + secrets.randbelow(250) / 1000)
        if self.rounds >= ROUNDS_BEFORE_CLOSING:
            self.closed_until, self.rounds = now + CLOSED_FOR, 0

    def halt(self, error: AccountStopped, now: float, granted: float | None = None) -> None:
        """The account has stopped. Once that is known, requests that were under way by then tell nothing new."""
        is_outdated = granted is not None and granted <= self.outdated
        if not is_outdated and not (self.stop and self.stop.is_closed(now)):
            self.stop = stop_after(self.stop, error, now)

    def let_try(self, now: float) -> None:
        """A person has mended it, or hopes so."""
        self.outdated = now
        if self.stop:
            self.stop.let_try(now)

    def welcome(self, granted: float, now: float, *, served: bool, wrote: bool) -> None:
        """An answer other than 429, at least: what was refused before is over. `served`: amoCRM did as asked."""
        if self.rounds and granted > self.refused_at:
            self.rounds = 0
        if not (self.stop and served and granted > self.stop.since):
            return
        if wrote or not self.stop.only_writes:
            self.stop, self.outdated = None, granted
        else:
            self.stop.reads(now)
