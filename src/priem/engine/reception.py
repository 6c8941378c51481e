"""What everybody who books shares: the clinic's desks, the answer that a caller gets, and how long it is waited for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from priem.booking import Ability, Booking, RefusalKind, Refused, ScheduleQuery, Time, unable
from priem.engine.bindings import Bound
from priem.engine.booking_rights import Actor, may_book
from priem.engine.slots import nearest
from priem.errors import TryLater
from priem.intents import Finished, Intent, Phase, Wanted
from priem.model import Patient, VisitKey
from priem.ports import BookingStore, Clock, Crm
from priem.texts import Text, text

PATIENCE = 8.0
"""Seconds for which a caller waits for a lost answer to be found out."""
SETTLE = 60.0
"""Seconds after which a request that nobody hears of has not happened, and its thread is dead. Longer than any
connector waits for an answer."""
DAYS_AROUND = 7
TAKEN = frozenset({RefusalKind.BUSY, RefusalKind.NOT_WORKING, RefusalKind.PAST})
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a caller is told, and what is true."""

    ref: str
    phase: Phase
    """INTENDED and SENT: it is not known yet. Ask again by the same `ref`; do not make another request."""
    visit: VisitKey | None = None
    kind: RefusalKind | None = None
    said: Text | None = None
    advice: Text | None = None
    nearest: tuple[Time, ...] = ()
    candidates: tuple[Patient, ...] = ()
    """Among whom a person has to choose."""


class SeveralPatients(Refused):
    def __init__(self, candidates: tuple[Patient, ...]) -> None:
        super().__init__(
            RefusalKind.SEVERAL_PATIENTS,
            text("Several patients fit."),
            text("Choose one of them, or give the birthday."),
        )
        self.candidates = candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """One clinic's desks, and what is needed around them. Used by many threads."""

    crm: Crm
    store: BookingStore
    bound: Bound
    clock: Clock
    desks: Mapping[str, Booking] = field(default_factory=dict)
    """By connection."""
    patience: float = PATIENCE
    settle_seconds: float = SETTLE
    looked_at: dict[str, datetime] = field(default_factory=dict)
    """When amoCRM was last asked for moves of leads, by connection, where webhooks do not tell of them."""

    def desk(self, connection: str, *abilities: Ability) -> Booking:
        """Raises Refused unless it is there and able."""
        desk = self.desks.get(connection)
        if desk is None or not desk.abilities.issuperset(abilities):
            raise unable()
        return desk

    def local(self, time: Time, connection: str) -> Time:
        """In the branch's own zone: a day is a day there, whatever zone the caller speaks."""
        branches = desk.branches() if (desk := self.desks.get(connection)) else ()
        names = [one.time_zone for one in branches if one.id == time.branch or not time.branch]
        if not names:
            return time
        zone = ZoneInfo(names[0])
        return replace(time, starts_at=time.starts_at.astimezone(zone), ends_at=time.ends_at.astimezone(zone))

    def require(self, actor: Actor, connection: str, branch: str) -> None:
        if not may_book(actor, connection, branch, self.bound):
            raise not_allowed()

    def finish(self, intent: Intent, outcome: Finished) -> Answer:
        return self.answer(self.store.finish(intent.id, outcome))

    def answer(self, intent: Intent) -> Answer:
        said = WAIT if intent.phase.is_open else intent.said
        offered = self.nearest(intent.wanted) if intent.kind in TAKEN else ()
        return Answer(
            ref=intent.wanted.ref,
            phase=intent.phase,
            visit=intent.visit,
            kind=intent.kind,
            said=said,
            nearest=offered,
        )

    def refusal(self, wanted: Wanted, no: Refused) -> Answer:
        """Of a request that was not even written down."""
        offered = self.nearest(wanted) if no.kind in TAKEN else ()
        candidates = no.candidates if isinstance(no, SeveralPatients) else ()
        return Answer(
            ref=wanted.ref,
            phase=Phase.REFUSED,
            kind=no.kind,
            said=no.what,
            advice=no.advice,
            nearest=offered,
            candidates=candidates,
        )

    def nearest(self, wanted: Wanted) -> tuple[Time, ...]:
        """A kindness: without it a refusal is still one."""
        time, desk = wanted.time, self.desks.get(wanted.connection)
        if time is None or desk is None:
            return ()
        now = self.clock.now()
        first = max(time.starts_at, now.astimezone(time.starts_at.tzinfo)).date()
        last = first + timedelta(days=DAYS_AROUND)
        try:
            shifts = desk.schedule(ScheduleQuery(first=first, last=last, doctors=(time.doctor,)))
        except (TryLater, Refused):
            return ()
        return tuple(nearest(time, shifts, now))

    def wait_for(self, look: Callable[[], T | None]) -> T | None:
        """Looks again and again, for as long as a caller waits. A look that fails is one that saw nothing."""
        began, pause = self.clock.now(), 0.2
        while True:
            try:
                if seen := look():
                    return seen
            except TryLater:
                pass
            left = self.patience - (self.clock.now() - began).total_seconds()
            if left <= 0:
                return None
            self.clock.wait(min(pause, left))
            pause *= 2


def not_allowed() -> Refused:
    return Refused(
        RefusalKind.NOT_ALLOWED,
        text("You may not book in this branch."),
        text("The administrator of Priem says who books where."),
    )


WAIT = text("The medical information system has not answered yet. Priem finds out; do not book once more.")
