"""What a worker looks after besides turns: which clinics there are, what has changed, and what others see of it."""

import os
import random
import socket
import threading
import time
from collections.abc import Collection
from datetime import UTC, datetime
from importlib.metadata import version

import structlog
from django.db import DatabaseError, connection

from priem.hub.models import Pulse, Shift, Work
from priem.hub.shifts import shards
from priem.hub.shifts.crew import Crew, Seat
from priem.hub.shifts.kept import IDLE, Kept, called_now
from priem.hub.shifts.shards import Wanted, shard_of
from priem.hub.watch.keeper import look_around

LOOK = 2.0
BETWEEN_BEATS = 5.0
BETWEEN_PULSES = 30.0
HOOKS_GATHER = 2.0
"""Seconds: every write comes back as a webhook. Where none sets anything off, several are taken in together, or by the
pass that comes before."""
BETWEEN_CHECKS = 10.0
"""Between looks for what a lost wake-up may have told of."""

VERSION = version("priem")

log = structlog.get_logger(__name__)


class Foreman:
    def __init__(self, crew: Crew) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._crew = crew
        self._kept: dict[int, Kept] = {}
        self._shards: dict[int, datetime] = {}
        """Those that this worker serves, and since when."""
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._at: dict[str, float] = {}
        self._is_deaf = True

    @property
    def shards(self) -> int:
        return len(self._shards)

    def take(self, shard: int) -> None:
        with self._lock:
            self._shards[shard] = datetime.now(UTC)
            self._at.clear()
        self._news.set()

    def leave(self, shard: int) -> Collection[int]:
        """Whose turns are to end; they are told."""
        with self._lock:
            self._shards.pop(shard, None)
            ids = [id_ for id_ in self._kept if shard_of(id_) == shard]
            for id_ in ids:
                del self._kept[id_]
        self._crew.let_go(ids)
        return ids

    def heard(self, clinic_id: int, is_hook: bool) -> None:  # noqa: FBT001 - as it is called by those who listen
        if kept := self._kept.get(clinic_id):
            self._wake(kept, is_hook=is_hook, at=called_now())

    def look_anew(self) -> None:
        """Wake-ups may have been missed."""
        self._is_deaf = True
        self._news.set()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._news.clear()
            try:
                self.look()
            except DatabaseError as error:
                log.warning("the hub's database is away", error=type(error).__name__)
                connection.close()
            except Exception:
                # Without its foreman a worker would hold its shards and open no clinic of them.
                log.exception("a look at the clinics broke off")
            self._news.wait(LOOK)
        connection.close()

    def look(self) -> None:
        with self._lock:
            mine = dict(self._shards)
        if mine:
            self._compare(mine)
        if self._is_due("check", BETWEEN_CHECKS) or self._is_deaf:
            self._is_deaf = False
            self._check()
        if self._is_due("beat", BETWEEN_BEATS):
            self._beat(mine)
        if self._is_due("pulse", BETWEEN_PULSES):
            self._pulse()

    def _is_due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now - self._at.get(what, -every) < every:
            return False
        self._at[what] = now
        return True

    def _compare(self, mine: Collection[int]) -> None:
        """With what there is to be done: clinics come, go, and are opened anew when their settings have changed."""
        wanted = shards.wanted(mine)
        if anew := [id_ for id_, one in wanted.items() if one.work is None]:
            shards.begin_works(anew)
            wanted = {id_: one for id_, one in wanted.items() if one.work is not None}
            self._news.set()
        with self._lock:  # shifts end meanwhile, in the thread of the jobs
            kept = dict(self._kept)
        old = [id_ for id_, one in kept.items() if id_ not in wanted or wanted[id_].mark != one.wanted.mark]
        with self._lock:
            for id_ in old:
                self._kept.pop(id_, None)
        self._crew.let_go(old)
        shards.end_stopped(mine)
        new = [one for id_, one in wanted.items() if id_ not in self._kept]
        ids = [one.id for one in new]
        waiting = shards.have_something(ids) | shards.have_hooks(ids) if new else set()
        for one in new:
            self._keep(one, is_idle=one.is_fed and one.id not in waiting)

    def _keep(self, one: Wanted, *, is_idle: bool) -> None:
        """Nothing waits for the idle ones: to open them all at once would be a storm of requests."""
        kept = Kept(one)
        due = time.monotonic() + (random.random() * IDLE if is_idle else 0.0)  # noqa: S311 - no secret
        with self._lock:
            if one.id not in self._kept and shard_of(one.id) in self._shards and self._crew.add(kept, due):
                self._kept[one.id] = kept

    def _check(self) -> None:
        """A webhook that still gathers with others is no reason for a pass: it would find nothing to read."""
        ids = list(self._kept)
        waiting, hooked = shards.have_something(ids), shards.have_hooks(ids)
        for id_ in waiting | hooked:
            if (kept := self._kept.get(id_)) and not kept.is_troubled:
                self._wake(kept, is_hook=id_ not in waiting)

    def _wake(self, kept: Kept, *, is_hook: bool, at: datetime | None = None) -> None:
        if is_hook:
            kept.hook()
        else:
            kept.call(at)
        self._crew.wake(kept.id, HOOKS_GATHER if is_hook and not kept.acts_on_hooks else 0.0)

    def _beat(self, mine: dict[int, datetime]) -> None:
        """So that nobody takes a clinic's sync for dead, and /metrics knows how the shards do."""
        now, clock = datetime.now(UTC), time.monotonic()
        works = [kept.wanted.work for kept in list(self._kept.values()) if kept.wanted.work]
        Work.objects.of_all().filter(pk__in=works).update(beat_at=now)
        seats = self._crew.seats()
        rows = [self._row(shard, since, seats, now, clock) for shard, since in mine.items()]
        Shift.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=("shard",),
            update_fields=("worker", "version", "began_at", "beat_at", "clinics", "troubled", "overdue", "rounds"),
        )

    def _row(self, shard: int, since: datetime, seats: Collection[Seat], now: datetime, clock: float) -> Shift:
        of_shard = [seat for seat in seats if shard_of(seat.served.id) == shard]
        late = (clock - seat.due for seat in of_shard if seat.began is None)
        troubled = (isinstance(seat.served, Kept) and seat.served.is_troubled for seat in of_shard)
        return Shift(
            shard=shard,
            worker=self.name,
            version=VERSION,
            began_at=since,
            beat_at=now,
            clinics=len(of_shard),
            troubled=sum(troubled),
            overdue=round(max(0.0, *late, 0.0), 3),
            rounds=sum(seat.turns for seat in of_shard),
        )

    def _pulse(self) -> None:
        now = datetime.now(UTC)
        Pulse.objects.bulk_create(
            [Pulse(clinic_id=id_, beat_at=now) for id_ in list(self._kept)],
            update_conflicts=True,
            unique_fields=("clinic",),
            update_fields=("beat_at", "rest"),
        )
        look_around()
