"""Two databases of one clinic, and managers who merge, delete and edit: whatever happens, and in whatever order, nobody
is there twice, nobody is missing whom no person took away, and both sides come to rest."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from priem.engine.reconcile import Drift, Drifted, reconcile
from priem.engine.settings import Contacts, Duplicates, Leads
from priem.engine.told import learn_losses, look_at
from priem.errors import TryLater
from priem.model import LOST, WON, Contact, Key, Lead, PatientKey, Visit, VisitKey, VisitStatus
from tests.engine.clinic import ANNA, BORIS, CAME, CONFIRMED, NEW, SETTINGS, STAGES, Clinic, Mis, at, patient, visit
from tests.engine.crashing import Death, Killed, dying

NAMES = st.sampled_from(["Белова Анна", "Белов Миша", "Чернов Борис", "Белова Анна Ивановна", "", "Анна"])
PHONES = st.lists(st.sampled_from([ANNA, BORIS, "+79215550000"]), max_size=2, unique=True)
PATIENTS = st.sampled_from(["1", "2", "3"])
STATUSES = st.sampled_from([*STAGES, VisitStatus.UNMAPPED])
HOURS = st.integers(0, 100)
DATABASES = st.sampled_from(["ident", "west"])
PRIORITIES = st.sampled_from(["oldest", "newest", "active"])
MOMENTS = st.sampled_from(["before", "after"])
OURS = frozenset({Drift.MISSING, Drift.RECORD_GONE})
"""What a comparison tells and cannot repair: a person has taken it away."""


class WideHistories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clinic = Clinic()
        self.databases = {"ident": self.clinic.mis, "west": Mis("west")}
        self.visits: dict[VisitKey, PatientKey] = {}
        """Those that live on in themselves, with the patient of each."""
        self.touched: set[int] = set()
        """Leads that a manager has moved, made or merged."""
        self.made_by_hand: set[int] = set()
        self.parted: set[str] = set()
        """Of which kind managers have merged or deleted some."""
        self.ids = iter(range(1, 10_000))  # as patients have them, too: a МИС counts both from one

    @initialize(
        size=st.sampled_from([1, 2, 100]),
        make_again=st.booleans(),
        back=st.sampled_from(["own", "always"]),
        priority=PRIORITIES,
        guarded=st.booleans(),
        untouched=st.booleans(),
    )
    def opens(
        self,
        size: int,
        back: Literal["own", "always"],
        priority: Literal["oldest", "newest", "active"],
        *,
        make_again: bool,
        guarded: bool,
        untouched: bool,
    ) -> None:
        for mis in self.databases.values():
            mis.page_size = size
        self.clinic.settings = replace(
            SETTINGS,
            duplicates=Duplicates(several_contacts=priority, several_leads=priority),
            leads=Leads(
                back=back,
                make_again=make_again,
                guarded=(at(CAME),) if guarded else (),
                untouched=(at(CONFIRMED),) if untouched else (),
            ),
            contacts=Contacts(make_again=make_again),
        )

    # In the clinic

    @rule(where=DATABASES, id_=PATIENTS, name=NAMES, phones=PHONES)
    def patient_comes(self, where: str, id_: str, name: str, phones: list[str]) -> None:
        self.databases[where].put(patient(id_, name, *phones, connection=where))

    @precondition(lambda self: self.patients)
    @rule(data=st.data(), status=STATUSES, hours=HOURS)
    def visit_is_booked(self, data: st.DataObject, status: VisitStatus, hours: int) -> None:
        whose = data.draw(st.sampled_from(self.patients))
        key = VisitKey(whose.connection, str(next(self.ids)))
        self.visits[key] = whose
        row = visit(key.id, whose.id, status, hours=hours, connection=whose.connection)
        self.databases[whose.connection].put(row)

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), status=STATUSES, hours=HOURS)
    def visit_changes(self, data: st.DataObject, status: VisitStatus, hours: int) -> None:
        row = self.row(data.draw(st.sampled_from(sorted(self.visits))))
        starts_at = visit(hours=hours).starts_at
        changed = replace(row, status=status, raw_status=status.value, starts_at=starts_at)
        self.databases[row.key.connection].put(changed)

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), hours=HOURS)
    def visit_is_moved(self, data: st.DataObject, hours: int) -> None:
        row = self.row(data.draw(st.sampled_from(sorted(self.visits))))
        where, whose = row.key.connection, self.visits.pop(row.key)
        new = VisitKey(where, str(next(self.ids)))
        self.visits[new] = whose
        self.databases[where].put(
            replace(row, status=VisitStatus.CANCELLED, raw_status="cancelled", moved_to=new),
            visit(new.id, whose.id, hours=hours, moved_from=row.key.id, connection=where),
        )

    @precondition(lambda self: self.visits)
    @rule(data=st.data())
    def cards_are_merged(self, data: st.DataObject) -> None:
        """A visit is another patient's from then on."""
        row = self.row(data.draw(st.sampled_from(sorted(self.visits))))
        whose = data.draw(st.sampled_from(self.databases[row.key.connection].patients_now)).key
        self.visits[row.key] = whose
        self.databases[row.key.connection].put(replace(row, patient=whose))

    # In amoCRM

    @rule(name=NAMES, phone=st.sampled_from([ANNA, BORIS]), with_lead=st.booleans())
    def site_brings_a_request(self, name: str, phone: str, *, with_lead: bool) -> None:
        contact = self.clinic.crm.add_contact(name, phone)
        self.made_by_hand.add(contact)
        if with_lead:
            self.touched.add(self.clinic.crm.add_lead(contact=contact))

    @precondition(lambda self: self.leads)
    @rule(data=st.data(), stage=st.sampled_from([NEW, CAME, LOST, WON]), rename=st.booleans())
    def manager_works_on_a_lead(self, data: st.DataObject, stage: int, *, rename: bool) -> None:
        lead = data.draw(st.sampled_from(sorted(self.leads)))
        self.clinic.crm.edit_lead(lead, stage=stage, name="Перезвонить" if rename else None)
        self.touched.add(lead)

    @precondition(lambda self: self.contacts)
    @rule(data=st.data(), name=NAMES, phones=PHONES)
    def manager_edits_a_contact(self, data: st.DataObject, name: str, phones: list[str]) -> None:
        contact = data.draw(st.sampled_from(sorted(self.contacts)))
        self.clinic.crm.edit_contact(contact, name=name or None, phones=tuple(phones))

    @precondition(lambda self: len(self.contacts) > 1)
    @rule(data=st.data())
    def manager_merges_contacts(self, data: st.DataObject) -> None:
        winner, loser = data.draw(st.permutations(sorted(self.contacts)))[:2]
        self.clinic.crm.merge_contacts(winner, loser)
        self.parted.add("contacts")

    @precondition(lambda self: len(self.leads) > 1)
    @rule(data=st.data(), fields_of_loser=st.booleans())
    def manager_merges_leads(self, data: st.DataObject, *, fields_of_loser: bool) -> None:
        winner, loser = data.draw(st.permutations(sorted(self.leads)))[:2]
        self.clinic.crm.merge_leads(winner, loser, fields_of_loser=fields_of_loser)
        self.touched.add(winner)
        self.parted.add("leads")

    @precondition(lambda self: self.contacts)
    @rule(data=st.data())
    def manager_deletes_a_contact(self, data: st.DataObject) -> None:
        self.clinic.crm.delete_contact(data.draw(st.sampled_from(sorted(self.contacts))))
        self.parted.add("contacts")

    @precondition(lambda self: self.leads)
    @rule(data=st.data())
    def manager_deletes_a_lead(self, data: st.DataObject) -> None:
        self.clinic.crm.delete_lead(data.draw(st.sampled_from(sorted(self.leads))))
        self.parted.add("leads")

    # Between them

    @rule(answers=st.integers(0, 2), requests=st.integers(0, 2))
    def network_fails(self, answers: int, requests: int) -> None:
        self.clinic.crm.lose_next_answers(answers)
        self.clinic.crm.lose_next_requests(requests)

    @rule(where=DATABASES)
    def priem_makes_a_pass(self, where: str) -> None:
        try:
            self.clinic.sync(mis=self.databases[where])
        except TryLater:
            self.clinic.clock.wait(1)

    @rule(data=st.data(), where=DATABASES)
    def a_manager_deletes_what_priem_made_without_hearing_so(self, data: st.DataObject, where: str) -> None:
        contacts, leads = set(self.contacts), set(self.leads)
        self.clinic.crm.lose_next_answers()
        self.priem_makes_a_pass(where)
        self.clinic.crm.lose_next_answers(0)
        for kind, made, delete in (
            ("contacts", self.contacts.keys() - contacts, self.clinic.crm.delete_contact),
            ("leads", self.leads.keys() - leads, self.clinic.crm.delete_lead),
        ):
            for one in data.draw(st.sets(st.sampled_from(sorted(made)))) if made else ():
                delete(one)
                self.parted.add(kind)

    @precondition(lambda self: self.clinic.store.mirrored_until() is not None)
    @rule(where=DATABASES)
    def webhooks_tell_everything_and_priem_makes_a_pass(self, where: str) -> None:
        parts = replace(self.clinic.parts(), is_told=True, is_told_at_once=True)
        store = self.clinic.store
        look_at({*store.contacts, *self.contacts}, {*store.leads, *self.leads}, parts.crm, store, parts.bound)
        learn_losses(0, parts.crm, store, parts.bound)
        try:
            self.clinic.sync(mis=self.databases[where], parts=parts)
        except TryLater:
            self.clinic.clock.wait(1)

    @precondition(lambda self: self.clinic.store.mirrored_until() is not None)
    @rule(data=st.data())
    def some_webhooks_come(self, data: st.DataObject) -> None:
        store = self.clinic.store
        contacts = data.draw(st.sets(st.sampled_from(sorted({0, *store.contacts, *self.contacts}))))
        leads = data.draw(st.sets(st.sampled_from(sorted({0, *store.leads, *self.leads}))))
        look_at(contacts - {0}, leads - {0}, self.clinic.crm, store, self.clinic.bound)

    @rule(call=st.integers(0, 60), moment=MOMENTS, where=DATABASES)
    def priem_is_killed(self, call: int, moment: Literal["before", "after"], where: str) -> None:
        try:
            self.clinic.sync(mis=self.databases[where], parts=dying(self.clinic, Death(call, moment)))
        except (Killed, TryLater):
            self.clinic.clock.wait(1)

    @rule(call=st.integers(0, 90), moment=MOMENTS)
    def a_comparison_is_killed(self, call: int, moment: Literal["before", "after"]) -> None:
        self.clinic.clock.wait(60)
        try:
            for _ in reconcile(self.every, dying(self.clinic, Death(call, moment)), repair=True):
                pass
        except (Killed, TryLater):
            self.clinic.clock.wait(1)

    # What must hold

    @invariant()
    def nobody_is_there_twice(self) -> None:
        carried: Counter[Key] = Counter()
        for contact in self.contacts.values():
            carried.update(contact.keys)
        for lead in self.leads.values():
            carried.update(lead.keys)
        assert [key for key, times in carried.items() if times > 1] == []

    @invariant()
    def nothing_is_made_twice(self) -> None:
        """Not even when the first was taken away before anybody heard that it was made."""
        assert self.clinic.settings.leads.make_again or set(self.clinic.crm.made.values()) <= {1}

    def teardown(self) -> None:
        """Once it is quiet, both sides agree, and nothing is written any more."""
        self.clinic.crm.lose_next_answers(0)
        self.clinic.crm.lose_next_requests(0)
        self.sync_all()
        self.compared()
        self.sync_all()
        self.compared()
        assert self.clinic.store.open_steps() == ()
        self.everybody_is_there()
        self.leads_are_where_their_visits_are()
        self.nothing_is_left_to_do()
        self.nobody_is_there_twice()

    def nothing_is_left_to_do(self) -> None:
        assert [drift for drift in self.compared() if not OURS.issuperset(drift.kinds)] == []
        for _ in range(2):  # a contact that patients share is called after the last of them, and then its leads are
            self.read_all_anew()
        before = without_times(self.contacts), without_times(self.leads)
        self.read_all_anew()
        assert (without_times(self.contacts), without_times(self.leads)) == before

    def everybody_is_there(self) -> None:
        again = self.clinic.settings.leads.make_again
        patients = {key for contact in self.contacts.values() for key in contact.keys}
        assert patients <= set(self.patients)
        assert patients == set(self.patients) or ("contacts" in self.parted and not again)
        if self.clinic.settings.leads.untouched:
            return  # nothing is written there, not even whose the lead is by now
        visits = {key for lead in self.leads.values() for key in lead.keys}
        missing = {key for key in set(self.visits) - visits if not (again and self.row(key).status.is_over)}
        assert not missing or (self.parted and not (again and "leads" not in self.parted))
        assert visits <= set(self.visits) or self.parted
        unknown = {contact.id for contact in self.contacts.values() if not contact.keys} - self.made_by_hand
        assert not unknown or self.parted

    def leads_are_where_their_visits_are(self) -> None:
        left = set(self.clinic.bound.guarded | self.clinic.bound.untouched)
        for lead in self.leads.values():
            known = [key for key in lead.keys if key in self.visits]
            if not known or lead.id in self.touched or (lead.pipeline, lead.stage) in left:
                continue
            assert lead.stage == STAGES.get(self.row(known[0]).status, lead.stage)
            for contact in self.contacts.values():
                assert self.visits[known[0]] not in contact.keys or contact.id in lead.contacts

    # Inside

    @property
    def contacts(self) -> Mapping[int, Contact]:
        return self.clinic.crm.all_contacts

    @property
    def leads(self) -> Mapping[int, Lead]:
        return self.clinic.crm.all_leads

    @property
    def every(self) -> list[Mis]:
        return list(self.databases.values())

    @property
    def patients(self) -> list[PatientKey]:
        return [one.key for mis in self.every for one in mis.patients_now]

    def row(self, key: VisitKey) -> Visit:
        row = self.databases[key.connection].rows["visit", key.id][1]
        assert isinstance(row, Visit)
        return row

    def read_all_anew(self) -> None:
        for mis in self.every:
            mis.touch()
        self.sync_all()

    def sync_all(self) -> None:
        for _ in range(9):
            try:
                for mis in self.every:
                    self.clinic.sync(mis=mis)
            except TryLater:
                continue
            return
        raise AssertionError("nine passes were not enough")

    def compared(self) -> list[Drifted]:
        self.clinic.clock.wait(60)
        return [drift for piece in reconcile(self.every, self.clinic.parts(), repair=True) for drift in piece.drifted]


def without_times(rows: Mapping[int, Contact] | Mapping[int, Lead]) -> dict[int, Contact | Lead]:
    return {id_: replace(row, updated_at=0) for id_, row in rows.items()}


TestWideHistories = WideHistories.TestCase
TestWideHistories.settings = settings(
    max_examples=int(os.environ.get("PRIEM_HISTORIES", "60")),  # `make nightly` tells two thousand
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
