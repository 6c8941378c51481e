"""Whatever happens, and in whatever order: one contact for a patient, one lead for a visit, nothing missing."""

import os
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from priem.engine import line
from priem.errors import TryLater
from priem.model import Key, PatientKey, VisitKey, VisitStatus
from tests.engine.clinic import ANNA, BORIS, CAME, NEW, STAGES, Clinic, patient, visit
from tests.engine.crashing import Death, Killed, dying

NAMES = st.sampled_from(["Белова Анна", "Белов Миша", "Чернов Борис", "Белова Анна Ивановна", ""])
PHONES = st.lists(st.sampled_from([ANNA, BORIS, "+79215550000"]), max_size=2, unique=True)
PATIENTS = st.sampled_from(["1", "2", "3", "4"])
STATUSES = st.sampled_from([*STAGES, VisitStatus.UNMAPPED])
HOURS = st.integers(0, 100)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clinic = Clinic()
        self.visits: dict[str, str] = {}
        """Those that live on in themselves, with the patient of each."""
        self.touched: set[int] = set()
        """Leads that a manager has moved or made."""
        self.made_by_hand = {"contacts": 0, "leads": 0}
        self.ids = iter(range(1, 10_000))  # as patients have them, too: a МИС counts both from one
        self.phones = iter(range(10_000))

    @initialize(size=st.sampled_from([1, 2, 100]), many=st.sampled_from([1, 100]))
    def opens(self, size: int, many: int) -> None:
        self.clinic.mis.page_size = size
        line.MANY = many

    # In the clinic

    @rule(id_=PATIENTS, name=NAMES, phones=PHONES)
    def patient_comes(self, id_: str, name: str, phones: list[str]) -> None:
        self.clinic.mis.put(patient(id_, name, *phones))

    @precondition(lambda self: self.clinic.mis.patients_now)
    @rule(data=st.data(), status=STATUSES, hours=HOURS)
    def visit_is_booked(self, data: st.DataObject, status: VisitStatus, hours: int) -> None:
        whose = data.draw(st.sampled_from(self.clinic.mis.patients_now)).key.id
        id_ = str(next(self.ids))
        self.visits[id_] = whose
        self.clinic.mis.put(visit(id_, whose, status, hours=hours))

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), status=STATUSES, hours=HOURS)
    def visit_changes(self, data: st.DataObject, status: VisitStatus, hours: int) -> None:
        self.change_visit(data.draw(st.sampled_from(sorted(self.visits))), status, hours)

    @precondition(lambda self: self.visits)
    @rule(who=PATIENTS, name=NAMES, status=STATUSES, hours=HOURS)
    def a_card_and_all_visits_change(self, who: str, name: str, status: VisitStatus, hours: int) -> None:
        """Within one pass: visits of others are on their way beside this patient, and one may have the same number."""
        self.clinic.mis.put(patient(who, name, f"+7921666{next(self.phones):04}"))
        for id_ in self.visits:
            self.change_visit(id_, status, hours)

    def change_visit(self, id_: str, status: VisitStatus, hours: int) -> None:
        known = self.clinic.mis.rows["visit", id_][1]
        assert not isinstance(known.key if hasattr(known, "key") else None, PatientKey)
        before = getattr(known, "moved_from", None)
        self.clinic.mis.put(visit(id_, self.visits[id_], status, hours=hours, moved_from=before.id if before else ""))

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), hours=HOURS)
    def visit_is_moved(self, data: st.DataObject, hours: int) -> None:
        old = data.draw(st.sampled_from(sorted(self.visits)))
        new, whose = str(next(self.ids)), self.visits.pop(old)
        known = self.clinic.mis.rows["visit", old][1]
        before = getattr(known, "moved_from", None)
        self.visits[new] = whose
        self.clinic.mis.put(
            visit(old, whose, VisitStatus.CANCELLED, moved_from=before.id if before else "", moved_to=new),
            visit(new, whose, hours=hours, moved_from=old),
        )

    # In amoCRM

    @rule(name=NAMES, phone=st.sampled_from([ANNA, BORIS]), with_lead=st.booleans())
    def site_brings_a_request(self, name: str, phone: str, *, with_lead: bool) -> None:
        contact = self.clinic.crm.add_contact(name, phone)
        self.made_by_hand["contacts"] += 1
        if with_lead:
            self.touched.add(self.clinic.crm.add_lead(contact=contact))
            self.made_by_hand["leads"] += 1

    @precondition(lambda self: self.clinic.crm.all_leads)
    @rule(data=st.data(), stage=st.sampled_from([NEW, CAME]), rename=st.booleans())
    def manager_works_on_a_lead(self, data: st.DataObject, stage: int, *, rename: bool) -> None:
        lead = data.draw(st.sampled_from(sorted(self.clinic.crm.all_leads)))
        self.clinic.crm.edit_lead(lead, stage=stage, name="Перезвонить" if rename else None)
        self.touched.add(lead)

    # Between them

    @rule(answers=st.integers(0, 2), requests=st.integers(0, 2))
    def network_fails(self, answers: int, requests: int) -> None:
        self.clinic.crm.lose_next_answers(answers)
        self.clinic.crm.lose_next_requests(requests)

    @rule()
    def priem_makes_a_pass(self) -> None:
        try:
            self.clinic.sync()
        except TryLater:
            self.clinic.clock.wait(1)

    @rule(call=st.integers(0, 60), moment=st.sampled_from(["before", "after"]))
    def priem_is_killed(self, call: int, moment: str) -> None:
        try:
            self.clinic.sync(parts=dying(self.clinic, Death(call, "before" if moment == "before" else "after")))
        except (Killed, TryLater):
            self.clinic.clock.wait(1)

    # What must hold

    @invariant()
    def nobody_is_there_twice(self) -> None:
        carried: Counter[Key] = Counter()
        for contact in self.clinic.crm.all_contacts.values():
            carried.update(contact.keys)
        for lead in self.clinic.crm.all_leads.values():
            carried.update(lead.keys)
        assert [key for key, times in carried.items() if times > 1] == []

    def teardown(self) -> None:
        """Once it is quiet, both sides agree."""
        line.MANY = 100
        self.clinic.crm.lose_next_answers(0)
        self.clinic.crm.lose_next_requests(0)
        self.clinic.sync_until_it_works()
        self.clinic.sync()
        self.nobody_is_there_twice()
        self.everybody_is_there()
        self.leads_stand_where_their_visits_are()
        assert self.clinic.store.open_steps() == ()

    def everybody_is_there(self) -> None:
        contacts, leads = self.clinic.crm.all_contacts, self.clinic.crm.all_leads
        patients = {one.key for one in self.clinic.mis.patients_now}
        visits = {VisitKey("ident", id_) for id_ in self.visits}
        assert {key for contact in contacts.values() for key in contact.keys} == patients
        assert {key for lead in leads.values() for key in lead.keys} == visits
        assert sum(not contact.keys for contact in contacts.values()) <= self.made_by_hand["contacts"]
        assert sum(not lead.keys for lead in leads.values()) <= self.made_by_hand["leads"]
        for id_, whose in self.visits.items():
            lead = self.clinic.lead_of(id_)
            if lead.id not in self.touched:
                assert lead.contacts == (self.clinic.contact_of(whose).id,)

    def leads_stand_where_their_visits_are(self) -> None:
        for id_ in self.visits:
            lead, row = self.clinic.lead_of(id_), self.clinic.mis.rows["visit", id_][1]
            stage = STAGES.get(row.status) if hasattr(row, "status") else None
            if lead.id not in self.touched and stage:
                assert lead.stage == stage


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("PRIEM_HISTORIES", "100")),  # `make nightly` tells two thousand
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
