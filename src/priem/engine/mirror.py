"""The CRM as it is, kept locally, so that deciding costs no requests."""

from collections.abc import Iterator
from dataclasses import dataclass

from priem.engine.apply import settles
from priem.engine.bindings import Bound
from priem.model import Patient, PatientKey, State, VisitKey
from priem.ports import Clock, Crm, OpenStep, Store

OVERLAP = 60
"""Seconds that a reading of changes goes back: amoCRM's clock is not ours, and a write shows after its own time."""

SETTLE = 15.0
"""Seconds after which a creation that nobody can find did not happen. A request may still be at work inside amoCRM when
its answer is lost; looking too early and repeating would make a second contact."""


@dataclass(slots=True)
class Mirror:
    crm: Crm
    store: Store
    clock: Clock
    bound: Bound
    is_fresh: bool = False
    """Brought up to now during this pass."""

    def fill(self) -> Iterator[int]:
        """Reads everything once, if that was never done. Gives the number of contacts and leads that came."""
        if self.store.mirrored_until() is not None:
            return
        yield from self.read(None)
        self.is_fresh = True

    def catch_up(self) -> None:
        """Brings the mirror up to now."""
        until = self.store.mirrored_until()
        for _ in self.read(None if until is None else until - OVERLAP):
            pass
        self.is_fresh = True

    def read(self, since: int | None) -> Iterator[int]:
        began = int(self.clock.now().timestamp())
        for contacts in self.crm.contacts(since, self.bound.contact_field_ids):
            self.store.mirror(contacts=contacts)
            yield len(contacts)
        for leads in self.crm.leads(since, self.bound.lead_field_ids):
            self.store.mirror(leads=leads)
            yield len(leads)
        self.store.mirrored(began)

    def settle(self) -> None:
        """Learns what became of steps whose answers were lost. A creation is repeated only once it surely was not."""
        pause = 1.0
        while waiting := self.unsettled():
            age = (self.clock.now() - max(step.sent_at for step in waiting)).total_seconds()
            if age >= SETTLE:
                self.store.close_steps([step.id for step in waiting], State.POSTPONED)
                return
            self.clock.wait(min(pause, SETTLE - age))
            pause *= 2

    def unsettled(self) -> list[OpenStep]:
        """Looks once; gives the creations that are not to be seen (yet). Changes are simply decided anew."""
        steps = self.store.open_steps()
        if not steps:
            return []
        self.catch_up()
        creations = [step for step in steps if step.creates]
        there = [step for step in creations if self.is_there(step.key)]
        self.store.close_steps([step.id for step in steps if not step.creates], State.POSTPONED)
        self.store.close_steps([step.id for step in there], State.DONE)
        return [step for step in creations if step not in there]

    def is_there(self, key: PatientKey | VisitKey) -> bool:
        if isinstance(key, PatientKey):
            return settles(key, self.store.around_patients([Patient(key=key, name="")]))
        return settles(key, self.store.around_visits({key: None}, []))
