"""Bookings and moves of leads in plain memory: the store's part for them. Locked, since many threads book at once."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from priem.booking import RefusalKind, Refused
from priem.engine.collisions import (
    OTHER_CONTENT,
    being_given,
    collision,
    forgotten,
    given_up,
    is_of_interest,
    other_content,
)
from priem.engine.indexes import Index, Merges
from priem.intents import Deed, Finished, Intent, Move, Phase, Wanted
from priem.model import Lead, PatientKey, PatientLink, VisitKey, VisitLink

MOST_SHOWN = 20


@dataclass(slots=True)
class Diary:
    """What somebody asked for, and who moved which lead."""

    now: Callable[[], datetime]
    lock: threading.RLock = field(default_factory=threading.RLock)
    intents: dict[int, Intent] = field(default_factory=dict)
    moved: dict[int, Move] = field(default_factory=dict)
    """By lead."""
    armed: dict[tuple[int, int], datetime] = field(default_factory=dict)
    ids: "count[int]" = field(default_factory=lambda: count(1))

    def note_move(self, before: Lead | None, lead: Lead) -> None:
        if before is None or (before.pipeline, before.stage) != (lead.pipeline, lead.stage):
            self.moved[lead.id] = Move(next(self.ids), lead.id, lead.pipeline, lead.stage)


class BookingMemory:
    """The methods of priem.intents.Intents, for the store that has these."""

    diary: Diary
    leads: dict[int, Lead]
    patient_links: dict[PatientKey, PatientLink]
    visit_links: dict[VisitKey, VisitLink]
    _lead_owners: dict[int, VisitKey]
    journal: dict[int, Any]
    _open: dict[PatientKey | VisitKey, list[int]]
    _contact_owners: Index[PatientKey, int]
    _merged_leads: Merges
    _merged_contacts: Merges
    _owners_of_contacts: Callable[[Collection[int]], dict[int, tuple[PatientKey, ...]]]
    _owners_of_leads: Callable[[Collection[int]], dict[int, VisitKey]]
    _link_patient: Callable[[PatientKey, PatientLink], None]

    def begin(self, wanted: Wanted) -> tuple[Intent, bool]:
        with self.diary.lock:
            known = self.intent(wanted.ref)
            if known and other_content(known, wanted):
                raise Refused(RefusalKind.OTHER, OTHER_CONTENT)
            if known and known.phase is not Phase.NOT_DONE:
                return known, False
            rest = [one for one in self.diary.intents.values() if one.phase.is_open]
            if refused := collision(wanted, rest):
                raise refused
            if wanted.lead and wanted.deed is Deed.BOOK and self._is_being_given(wanted.lead):
                raise being_given()
            now = self.diary.now()
            intent = Intent(
                id=known.id if known else next(self.diary.ids),
                wanted=wanted,
                phase=Phase.INTENDED,
                attempt=known.attempt + 1 if known else 1,
                begun_at=now,
                changed_at=now,
            )
            self.diary.intents[intent.id] = intent
            return intent, True

    def _is_being_given(self, lead: int) -> bool:
        steps = [self.journal[id_].step for ids in self._open.values() for id_ in ids]
        return any(isinstance(step.key, VisitKey) and step.target == lead for step in steps) and not (
            self._owners_of_leads([lead])
        )

    def patient_known(self, id_: int, patient: PatientKey) -> None:
        with self.diary.lock:
            intent = self.diary.intents[id_]
            self._put(replace(intent, wanted=replace(intent.wanted, patient=patient)))
            contact = intent.wanted.contact
            if contact is None or patient in self.patient_links:
                return
            contact = self._merged_contacts.living(contact)
            owners = self._owners_of_contacts([contact]).get(contact, ())
            if not any(owner.connection == patient.connection for owner in owners):
                self._link_patient(patient, PatientLink(contact=contact))

    def sent(self, id_: int, attempt: int) -> None:
        with self.diary.lock:
            intent = self.diary.intents[id_]
            if not intent.phase.is_open or intent.attempt != attempt:
                raise given_up()
            self._put(replace(intent, phase=Phase.SENT))

    def turned_up(self, id_: int, visit: VisitKey) -> None:
        with self.diary.lock:
            intent = self.diary.intents[id_]
            if intent.wanted.lead:
                self._link_booked(visit, intent.wanted.lead)
            if intent.phase is Phase.NOT_DONE:
                self.diary.intents[id_] = replace(intent, phase=Phase.SENT)

    def finish(self, id_: int, outcome: Finished) -> Intent:
        with self.diary.lock:
            intent = self.diary.intents[id_]
            if intent.phase is Phase.DONE:
                return intent
            if outcome.visit and intent.wanted.lead and intent.wanted.visit is None:
                self._link_booked(outcome.visit, intent.wanted.lead)
            after = replace(
                intent,
                phase=outcome.phase,
                visit=outcome.visit,
                kind=outcome.kind,
                said=outcome.said,
                note=outcome.note,
                wanted=forgotten(intent.wanted, outcome.phase),
            )
            return self._put(after)

    def _link_booked(self, visit: VisitKey, lead: int) -> None:
        lead = self._merged_leads.living(lead)
        if visit in self.visit_links or self._owners_of_leads([lead]):
            return
        place = self.leads.get(lead)
        self.visit_links[visit] = VisitLink(
            lead=lead, pipeline=place.pipeline if place else 0, stage=place.stage if place else 0
        )
        self._lead_owners[lead] = visit

    def _put(self, intent: Intent) -> Intent:
        after = self.diary.intents[intent.id] = replace(intent, changed_at=self.diary.now())
        return after

    def intent(self, ref: str) -> Intent | None:
        with self.diary.lock:
            return next((one for one in self.diary.intents.values() if one.wanted.ref == ref), None)

    def unsettled(self, connection: str) -> Sequence[Intent]:
        with self.diary.lock:
            since = self.diary.now() - timedelta(days=1)
            every = [one for one in self.diary.intents.values() if one.wanted.connection == connection]
            return [one for one in every if is_of_interest(one, since)]

    def noted(self, id_: int) -> None:
        with self.diary.lock:
            self.diary.intents[id_] = replace(self.diary.intents[id_], note="")

    def bookings_of(self, lead: int) -> Sequence[Intent]:
        with self.diary.lock:
            mine = [one for one in self.diary.intents.values() if one.wanted.lead == lead]
            return sorted(mine, key=lambda one: one.id, reverse=True)[:MOST_SHOWN]

    def visits_of_leads(self, leads: Collection[int]) -> Mapping[int, VisitKey]:
        return self._owners_of_leads(leads)

    def patients_of_contacts(self, contacts: Collection[int]) -> Mapping[int, tuple[PatientKey, ...]]:
        return self._owners_of_contacts(contacts)

    def stands_by_us(self, visit: VisitKey, pipeline: int, stage: int, status: str = "") -> None:
        link = self.visit_links[visit]
        self.visit_links[visit] = replace(link, pipeline=pipeline, stage=stage, status=status or link.status)

    def arm(self, stages: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], datetime]:
        with self.diary.lock:
            now = self.diary.now()
            self.diary.armed = {stage: self.diary.armed.get(stage, now) for stage in stages}
            return dict(self.diary.armed)

    def moves(self) -> Sequence[Move]:
        with self.diary.lock:
            return sorted(self.diary.moved.values(), key=lambda move: move.id)

    def moves_are_over(self, ids: Collection[int]) -> None:
        with self.diary.lock:
            for lead in [lead for lead, move in self.diary.moved.items() if move.id in ids]:
                del self.diary.moved[lead]
