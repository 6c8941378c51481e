"""At most so many requests in any second, counted where amoCRM counts them, by all threads and processes together.

A request takes a slot, and the slot is dated when its last byte has left, not when it was granted: what the
scheduler, the connection or the lock cost in between can then never push two requests closer than they were
meant to be. What is left to chance is the network's own jitter, for which WINDOW is longer than a second.

Ready-made limiters date at granting time and know no lanes, hence these pages. docs/reference/amocrm.md §2
"""

import fcntl
import json
import math
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol, cast

from priem.amocrm.pace import CALLING, LANES, POLL, Lane, Pace
from priem.amocrm.stopping import AccountStopped, Stop
from priem.errors import TryLater
from priem.texts import text

ASLEEP = 8.0
"""Seconds that no step of waiting takes unless the whole process stood still, or the memory did not answer. Others take
longer to give up a worker (hub/shifts)."""
SLEPT = text(
    "This process stood still, or lost the hub's database, for a while: others may have gone on with its work."
)


class Slot:
    """The right to send one request."""

    def __init__(self, limiter: "Limiter", granted: float) -> None:
        self.name = secrets.token_hex(6)
        self.granted = granted
        self.sent = False
        self.is_calm = False
        """When it was granted, nothing was being held against the account: a good answer tells nothing new."""
        self.is_trial = False
        """It finds out whether an account that had stopped goes on."""
        self._limiter = limiter

    def mark_sent(self) -> None:
        """The last byte has left, or it is not known whether it has."""
        if not self.sent:
            self.sent = True
            self._limiter.settle(self)


class PaceMemory(Protocol):
    """Where an account's pace is kept, for all who ask it."""

    def held(self) -> AbstractContextManager[Pace]:
        """Nobody else has it meanwhile. What became of it is kept, unless the block raises."""

    def now(self) -> float:
        """Seconds of the clock that all of them share. Asked inside `held`."""


class PaceMemories(Protocol):
    def of(self, account: str) -> PaceMemory: ...


class Limiter:
    """One account's limit, for all who share its memory: a folder is the machine's, None this process's own."""

    def __init__(
        self, account: str, requests_per_second: int = 7, memories: "PaceMemories | Path | None" = None
    ) -> None:
        self._full = requests_per_second
        self._memory = memory_of(account, memories)
        self._may_be_replaced = not isinstance(memories, Path | None)
        self._woke = -math.inf
        self._turns = {lane: threading.Lock() for lane in LANES}

    @contextmanager
    def slot(self, lane: Lane) -> Iterator[Slot]:
        """Waits for a slot. Raises TryLater while amoCRM's refusals have closed the account, and AccountStopped while
        it is left alone. Raises TryLater, too, after a sleep in the midst of waiting where other machines share the
        memory: somebody may have taken over what was decided before it, and made anew what would only now be sent.

        A slot that was not marked as sent when the block ends counts for nothing. Inside the block, tell what the
        answer was: `refused`, `stopped` or `welcomed`.
        """
        slot = self._wait_for_slot(lane)
        try:
            yield slot
        finally:
            if not slot.sent or slot.is_trial:
                self.release(slot)

    def _wait_for_slot(self, lane: Lane) -> Slot:
        came, last = time.monotonic(), math.inf
        # Of the threads of one lane only one at a time looks at the shared pace.
        with self._turns[lane]:
            while True:
                began = time.monotonic()
                taken, now = self._try(lane)
                if max(time.monotonic() - began, now - last) > ASLEEP:
                    self._woke = time.monotonic()
                if self._may_be_replaced and self._woke > came:
                    if isinstance(taken, Slot):
                        self.release(taken)
                    raise TryLater(SLEPT)
                if isinstance(taken, Slot):
                    return taken
                last = now
                time.sleep(min(taken, CALLING / 4))

    def _try(self, lane: Lane) -> tuple[Slot | float, float]:
        """A slot, or how long there will be none; and when that was, on the shared clock."""
        with self._memory.held() as pace:
            now = self._memory.now()
            return self._slot_or_wait(pace, lane, now), now

    def _slot_or_wait(self, pace: Pace, lane: Lane, now: float) -> Slot | float:
        pace.forget_old(now)
        if pace.stop:
            gate = pace.stop.gate(now)
            if gate == "closed":
                raise pace.stop.error
            if gate == "busy":
                return POLL
        if now < pace.closed_until:
            raise too_many_refusals(pace.closed_until - now)
        if wait := pace.wait(lane, now, self._full):
            pace.calling[lane] = now + CALLING
            return wait
        pace.calling.pop(lane, None)
        slot = Slot(self, now)
        pace.grant(slot.name, now, self._full)
        slot.is_calm = not (pace.rounds or pace.stop)
        if pace.stop:
            pace.stop.trial, slot.is_trial = slot.name, True
        return slot

    def settle(self, slot: Slot) -> None:
        with self._memory.held() as pace:
            pace.date(slot.name, self._memory.now())

    def release(self, slot: Slot) -> None:
        with self._memory.held() as pace:
            pace.going.pop(slot.name, None)
            if pace.stop and pace.stop.trial == slot.name:
                pace.stop.trial = ""

    def refused(self, slot: Slot) -> None:
        """That request was answered 429."""
        with self._memory.held() as pace:
            pace.refuse(slot.granted, self._memory.now())

    def welcomed(self, slot: Slot, *, served: bool, wrote: bool) -> None:
        """That request was answered otherwise. `served`: amoCRM did as asked, or minded only what was in it."""
        if slot.is_calm:
            return  # what was held against the account since is younger than the request
        with self._memory.held() as pace:
            pace.welcome(slot.granted, self._memory.now(), served=served, wrote=wrote)

    def stopped(self, error: AccountStopped, slot: Slot | None = None) -> None:
        """`slot`: of the request whose answer says so."""
        with self._memory.held() as pace:
            pace.halt(error, self._memory.now(), slot.granted if slot else None)

    def try_now(self) -> None:
        """A person has mended what had stopped the account, or hopes so: the next request finds out."""
        with self._memory.held() as pace:
            pace.let_try(self._memory.now())


def too_many_refusals(seconds: float) -> TryLater:
    return TryLater(
        text("amoCRM keeps answering that there are too many requests."),
        text(
            "Priem is quiet for {seconds} s, so that the account is not blocked. If it comes again and again, "
            "another integration of this account is using up the limit.",
            seconds=round(seconds),
        ),
        after=seconds,
    )


def memory_of(account: str, memories: "PaceMemories | Path | None") -> PaceMemory:
    if memories is None:
        return OwnPace()
    if isinstance(memories, Path):
        return SharedPace(memories / f"{re.sub(r'[^A-Za-z0-9.-]', '-', account)}.pace")
    return memories.of(account)


class OwnPace:
    """Of this process alone."""

    now = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._pace = Pace()
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[Pace]:
        with self._lock:
            yield self._pace


class SharedPace:
    """In a file of a few hundred bytes, for all processes of this machine. It is locked for microseconds, and a process
    that dies leaves nothing to clean up. An unreadable file is an empty one: the limit is kept again a second later.
    """

    now = staticmethod(time.monotonic)

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = -1
        self._owner = 0

    @contextmanager
    def held(self) -> Iterator[Pace]:
        with self._lock:
            file = self._opened()
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                pace = read_pace(os.pread(file, 65536, 0))
                yield pace
                written = write_pace(pace).encode()
                os.pwrite(file, written, 0)
                os.ftruncate(file, len(written))
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)

    def _opened(self) -> int:
        # After a fork the lock would be held together with the parent.
        if self._owner != os.getpid():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner = os.getpid()
        return self._file

    def __del__(self) -> None:
        if self._owner == os.getpid():
            os.close(self._file)


def write_pace(pace: Pace) -> str:
    return json.dumps(asdict(pace))


def known(kind: type[Pace] | type[Stop], told: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: told[one.name] for one in fields(kind) if one.init and one.name in told}


def read_pace(written: bytes | str) -> Pace:
    """Takes what it knows: a newer version beside this one may have written more, and shares the same budget."""
    try:
        pace = Pace(**known(Pace, json.loads(written)))
        if pace.stop is not None:
            pace.stop = Stop(**known(Stop, cast(dict[str, Any], pace.stop)))
    except (ValueError, TypeError):
        return Pace()
    return pace
