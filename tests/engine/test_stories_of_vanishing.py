"""A manager merges or deletes in the very moment in which Priem writes. Given, when, then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from priem.engine import line
from priem.engine.settings import Contacts, Leads
from priem.errors import OutcomeUnknown
from priem.model import (
    Action,
    ContactDraft,
    LeadDraft,
    Outcome,
    PatientKey,
    State,
    Step,
    VisitKey,
    VisitStatus,
    Why,
)
from priem.ports import Crm, Writing
from tests.contract.fake_crm import LateWriting
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, Clinic, Row, patient, visit

VERA = "+79215550000"


class Meanwhile:
    """The clinic's amoCRM, in which something happens once, before the first contacts or leads are written."""

    def __init__(self, clinic: Clinic, what: str, happens: Callable[[], None]) -> None:
        self._crm = clinic.crm
        self._what = what
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)

    def write_contacts(self, drafts: Sequence[ContactDraft]) -> Iterator[Sequence[Outcome]]:
        self._now("contacts")
        return self._crm.write_contacts(drafts)

    def write_leads(self, drafts: Sequence[LeadDraft]) -> Iterator[Sequence[Outcome]]:
        self._now("leads")
        return self._crm.write_leads(drafts)

    def writing(self) -> Writing:
        return LateWriting(self)

    def _now(self, what: str) -> None:
        if what == self._what:
            self._what = ""
            self._happens()


@pytest.fixture
def clinic(clinic: Clinic) -> Clinic:
    """Two patients with a visit each are known on both sides."""
    clinic.mis.put(
        patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS), visit("500", "1"), visit("501", "2")
    )
    clinic.sync()
    return clinic


def sync_while(clinic: Clinic, what: str, happens: Callable[[], None]) -> None:
    crm: Crm = Meanwhile(clinic, what, happens)
    clinic.sync(parts=clinic.parts(crm=crm))


def refused(clinic: Clinic) -> list[object]:
    return [entry.step.key for entry in clinic.store.journal.values() if entry.state is State.REFUSED]


def test_a_contact_that_is_merged_meanwhile_hands_its_changes_to_the_one_that_lives_on(clinic: Clinic) -> None:
    old, new = clinic.contact_of("1").id, clinic.crm.add_contact("Аня")
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA))

    sync_while(clinic, "contacts", lambda: clinic.crm.merge_contacts(new, old))

    assert clinic.crm.all_contacts[new].name == "Белова Анна Ивановна"
    assert clinic.store.patient_links[PatientKey("ident", "1")].contact == new
    assert clinic.names == ["Белова Анна Ивановна", "Чернов Борис"]
    assert refused(clinic) == []
    assert clinic.store.open_steps() == ()


def test_a_contact_that_is_deleted_meanwhile_is_left_and_is_no_error(clinic: Clinic) -> None:
    deleted = clinic.contact_of("1").id
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA), patient("2", "Чернов Борис Львович", BORIS))

    sync_while(clinic, "contacts", lambda: clinic.crm.delete_contact(deleted))
    clinic.mis.touch()
    clinic.sync()

    assert clinic.names == ["Чернов Борис Львович"]
    assert refused(clinic) == []


def test_a_lead_that_is_merged_meanwhile_hands_its_stage_to_the_one_that_lives_on(clinic: Clinic) -> None:
    old = clinic.lead_of("500").id
    new = clinic.crm.add_lead(contact=clinic.contact_of("1").id, stage=BOOKED)
    clinic.mis.put(visit("500", "1", VisitStatus.ARRIVED))

    sync_while(clinic, "leads", lambda: clinic.crm.merge_leads(new, old))

    assert clinic.lead_of("500").id == new
    assert clinic.crm.all_leads[new].stage == CAME
    assert refused(clinic) == []


def test_a_lead_that_is_deleted_meanwhile_stays_deleted_and_the_others_are_written(clinic: Clinic) -> None:
    deleted = clinic.lead_of("500").id
    clinic.mis.put(visit("500", "1", VisitStatus.ARRIVED), visit("501", "2", VisitStatus.ARRIVED))

    sync_while(clinic, "leads", lambda: clinic.crm.delete_lead(deleted))

    assert [lead.stage for lead in clinic.crm.all_leads.values()] == [CAME]
    assert refused(clinic) == []


def test_a_new_visit_finds_its_patients_contact_that_is_merged_meanwhile(clinic: Clinic) -> None:
    old, new = clinic.contact_of("1").id, clinic.crm.add_contact("Аня")
    clinic.mis.put(visit("502", "1", hours=30))

    sync_while(clinic, "leads", lambda: clinic.crm.merge_contacts(new, old))

    assert clinic.lead_of("502").contacts == (new,)
    assert refused(clinic) == []


def test_a_new_visit_whose_patients_contact_is_deleted_meanwhile_is_named(clinic: Clinic) -> None:
    deleted = clinic.contact_of("1").id
    clinic.mis.put(visit("502", "1", hours=30))

    sync_while(clinic, "leads", lambda: clinic.crm.delete_contact(deleted))

    assert ("ident", "visit", "502") in clinic.store.rejected
    assert refused(clinic) == []


@pytest.mark.parametrize("rounds", [0, 1, 20])
def test_behind_a_contact_that_was_deleted_may_stand_another_and_nobody_is_lost(
    clinic: Clinic, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "MOST_VANISHED", rounds)
    namesakes = [clinic.crm.add_contact("Верин Пётр", VERA) for _ in range(3)]
    clinic.mis.put(patient("4", "Сомов Лев"))
    clinic.sync()
    for contact in namesakes:
        clinic.crm.delete_contact(contact)
    clinic.mis.put(patient("3", "Верин Пётр", VERA))

    clinic.sync_until_it_works()

    assert clinic.contact_of("3").id not in namesakes


def unheard_of(clinic: Clinic, *rows: Row) -> None:
    """These are in the clinic now, and Priem hears nothing of what amoCRM wrote for them."""
    clinic.mis.put(*rows)
    clinic.crm.lose_next_answers()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()


@pytest.mark.parametrize("again", [False, True])
def test_what_is_deleted_before_priem_has_heard_of_it_is_made_again_only_where_that_is_wanted(
    clinic: Clinic, *, again: bool
) -> None:
    clinic.settings = replace(clinic.settings, leads=Leads(make_again=again), contacts=Contacts(make_again=again))
    unheard_of(clinic, patient("3", "Новая Вера", VERA))
    clinic.crm.delete_contact(clinic.contact_of("3").id)
    clinic.sync()
    unheard_of(clinic, visit("502", "1", hours=3))
    clinic.crm.delete_lead(clinic.lead_of("502").id)

    clinic.sync()

    made = clinic.crm.made
    assert (made[PatientKey("ident", "3")], made[VisitKey("ident", "502")]) == ((2, 2) if again else (1, 1))
    assert (len(clinic.crm.all_contacts), len(clinic.crm.all_leads)) == ((3, 3) if again else (2, 2))
    assert clinic.store.open_steps() == ()


def test_what_never_arrived_is_made_whatever_managers_delete_meanwhile(clinic: Clinic) -> None:
    clinic.mis.put(patient("3", "Новая Вера", VERA), visit("502", "1", hours=3))
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    clinic.crm.delete_contact(clinic.crm.add_contact("Спам"))
    clinic.crm.delete_contact(clinic.contact_of("2").id)

    clinic.sync()

    assert clinic.contact_of("3").name == "Новая Вера"
    assert clinic.lead_of("502").contacts == (clinic.contact_of("1").id,)


def test_what_is_merged_away_before_priem_has_heard_of_it_is_the_one_that_lives_on(clinic: Clinic) -> None:
    unheard_of(clinic, patient("3", "Новая Вера", VERA))
    anna = clinic.contact_of("1").id
    clinic.crm.merge_contacts(anna, clinic.contact_of("3").id)

    clinic.mis.put(visit("502", "3", hours=3))
    clinic.sync()

    assert clinic.contact_of("3").id == anna
    assert clinic.lead_of("502").contacts == (anna,)
    assert clinic.crm.made[PatientKey("ident", "3")] == 1


def test_what_was_found_by_its_key_and_is_deleted_at_that_moment_is_not_made_again(clinic: Clinic) -> None:
    unheard_of(clinic, patient("3", "Новая Вера", VERA))
    made = clinic.contact_of("3").id
    clinic.mis.put(patient("3", "Новая Вера Ильинична", VERA))

    sync_while(clinic, "contacts", lambda: clinic.crm.delete_contact(made))

    assert (len(clinic.crm.all_contacts), clinic.crm.made[PatientKey("ident", "3")]) == (2, 1)


def test_what_was_still_seen_a_moment_ago_is_not_made_again_either(clinic: Clinic) -> None:
    unheard_of(clinic, patient("3", "Новая Вера", VERA))
    made = clinic.contact_of("3").id
    clinic.store.mirror(contacts=[clinic.crm.all_contacts[made]])
    clinic.crm.delete_contact(made)
    clinic.mis.put(patient("4", "Иной Пётр"))
    clinic.store.intend([creation("4")])

    clinic.sync()

    assert clinic.crm.made[PatientKey("ident", "3")] == 1
    assert clinic.contact_of("4").name == "Иной Пётр"


def creation(id_: str) -> Step:
    """That of a pass which died before it sent anything."""
    key = PatientKey("ident", id_)
    return Step(action=Action.CREATE, key=key, draft=ContactDraft(ref=str(key), name="Иной Пётр"), why=Why("nobody"))
