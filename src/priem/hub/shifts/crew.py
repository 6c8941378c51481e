"""Threads that take turns with clinics. Who is due longest comes first, and nobody has more than one thread.

A clinic whose database hangs, or whose first sync takes hours, must not cost others their turns: those have places of
their own, and a turn that takes long makes its place free while it goes on.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

LONG = 3.0
"""Seconds, after which a turn does not count among the live ones any more."""
SLICE = 300.0
"""Seconds of a first sync, after which another one that waits has its turn."""


LONGEST_WAIT = 60.0


class Lane(StrEnum):
    LIVE = "live"
    """In step, or nearly: turns are short."""
    SLOW = "slow"
    """Troubles, or turns that take long."""
    BULK = "bulk"
    """A first sync, a nightly comparison: busy for hours."""


PLACES: Mapping[Lane, int] = {Lane.LIVE: 8, Lane.SLOW: 16, Lane.BULK: 2}
"""How many turns at once. Two first syncs keep a processor busy; the others wait for somebody's answer, mostly."""


class Served(Protocol):
    """A clinic, as far as turns are concerned."""

    @property
    def id(self) -> int: ...

    @property
    def lane(self) -> Lane:
        """Of its next turn."""

    def turn(self, is_enough: Callable[[], bool]) -> float:
        """Gives when the next one is due, on the monotonic clock. Raises nothing. Ends soon once `is_enough`."""

    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class Seat:
    """A clinic among those that wait for their turn, or have it."""

    served: Served
    due: float
    began: float | None = None
    """None: it waits."""
    lane: Lane = Lane.LIVE
    woken: float = math.inf
    """While it had its turn: when the next one is due, then."""
    is_leaving: bool = False
    turns: int = 0


class Crew:
    def __init__(self, places: Mapping[Lane, int] = PLACES) -> None:
        self._places = dict(places)
        self._seats: dict[int, Seat] = {}
        self._changed = threading.Condition()
        self._is_over = False
        self._pool = ThreadPoolExecutor(sum(places.values()) + 1, thread_name_prefix="turn")

    def add(self, served: Served, due: float) -> bool:
        """False: it still has its last turn, of before it was let go; try again later."""
        with self._changed:
            if served.id in self._seats:
                return False
            self._seats[served.id] = Seat(served, due)
            self._changed.notify_all()
            return True

    def let_go(self, ids: Collection[int]) -> None:
        """Turns under way end soon; nobody is closed before."""
        with self._changed:
            seats = [seat for id_ in ids if (seat := self._seats.get(id_))]
            for seat in seats:
                seat.is_leaving = True
                if seat.began is None:
                    self._pool.submit(self._close, seat)
                    seat.began = time.monotonic()

    def has_any(self, ids: Collection[int]) -> bool:
        with self._changed:
            return any(id_ in self._seats for id_ in ids)

    def wake(self, id_: int, within: float = 0.0) -> None:
        """Its turn is due now; or in so many seconds, in which more may gather."""
        with self._changed:
            seat = self._seats.get(id_)
            if seat is None:
                return
            due = time.monotonic() + within
            if seat.began is None:
                seat.due = min(seat.due, due)
            else:
                seat.woken = min(seat.woken, due)
            self._changed.notify_all()

    def seats(self) -> list[Seat]:
        with self._changed:
            return list(self._seats.values())

    def run(self) -> None:
        """Until `stop`."""
        with self._changed:
            while not self._is_over:
                now = time.monotonic()
                for seat in self._next(now):
                    self._begin(seat, now)
                self._changed.wait(self._pause(now))

    def stop(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _next(self, now: float) -> Iterator[Seat]:
        waiting = [seat for seat in self._seats.values() if seat.began is None and seat.due <= now]
        taken = self._taken(now) if waiting else Counter()
        for seat in sorted(waiting, key=lambda one: one.due):
            lane = seat.served.lane
            if taken[lane] < self._places[lane]:
                taken[lane] += 1
                yield seat

    def _taken(self, now: float) -> Counter[Lane]:
        """Places by lane. What takes long is slow, as long as there is room among the slow ones."""
        taken = Counter(seat.lane for seat in self._seats.values() if seat.began is not None)
        long = sum(self._is_long(seat, now) for seat in self._seats.values())
        moved = min(long, max(0, self._places[Lane.SLOW] - taken[Lane.SLOW]))
        taken[Lane.LIVE] -= moved
        taken[Lane.SLOW] += moved
        return taken

    def _is_long(self, seat: Seat, now: float) -> bool:
        return seat.began is not None and seat.lane is Lane.LIVE and now - seat.began > LONG

    def _pause(self, now: float) -> float:
        """Seconds until somebody is due, or a turn has taken long."""
        moments = [seat.due if seat.began is None else seat.began + LONG for seat in self._seats.values()]
        later = [min(moment - now, LONGEST_WAIT) for moment in moments if moment > now]
        return min(later, default=LONGEST_WAIT) + 0.001

    def _begin(self, seat: Seat, now: float) -> None:
        seat.began, seat.lane, seat.woken = now, seat.served.lane, math.inf
        self._pool.submit(self._turn, seat)

    def _turn(self, seat: Seat) -> None:
        due = seat.served.turn(partial(self._is_enough, seat))
        with self._changed:
            seat.turns += 1
            if not seat.is_leaving:
                seat.began, seat.due = None, min(due, seat.woken)
                self._changed.notify_all()
                return
        self._close(seat)

    def _is_enough(self, seat: Seat) -> bool:
        if seat.is_leaving or self._is_over:
            return True
        if seat.lane is not Lane.BULK or seat.began is None or time.monotonic() - seat.began < SLICE:
            return False
        with self._changed:
            now = time.monotonic()
            return any(
                other.began is None and other.due <= now and other.served.lane is Lane.BULK
                for other in self._seats.values()
            )

    def _close(self, seat: Seat) -> None:
        seat.served.close()
        with self._changed:
            if self._seats.get(seat.served.id) is seat:
                del self._seats[seat.served.id]
            self._changed.notify_all()
