"""What happens to patients and their contacts over the years. Given, when, then."""

from dataclasses import replace
from typing import Literal

import pytest

from priem.engine.settings import Duplicates
from priem.model import PatientKey, VisitStatus
from tests.engine.clinic import ANNA, BOOKED, BORIS, NEW, Clinic, Mis, patient, visit

VERA = "+79215550000"

# One person, several cards; several persons, one phone


def test_mother_and_child_of_two_databases_stay_apart(clinic: Clinic) -> None:
    archimed = Mis("archimed")
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    archimed.put(patient("1", "Белов Миша", ANNA, connection="archimed"))

    clinic.sync()
    clinic.sync(archimed)

    assert clinic.names == ["Белов Миша", "Белова Анна"]
    assert clinic.contact_of("1") != clinic.contact_of("1", "archimed")


@pytest.mark.parametrize("several", ["newest", "active"])
def test_a_newer_namesake_does_not_part_one_person_of_two_databases(
    clinic: Clinic, several: Literal["newest", "active"]
) -> None:
    clinic.settings = replace(clinic.settings, duplicates=Duplicates(several_contacts=several))
    other = Mis("west")
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    clinic.clock.wait(60)
    clinic.crm.add_contact("Белова Анна", ANNA)
    other.put(patient("77", "Белова Анна", ANNA, connection="west"))

    clinic.sync(other)

    assert clinic.contact_of("77", "west") == clinic.contact_of("1")


def test_visits_of_two_databases_are_leads_on_the_one_contact(clinic: Clinic) -> None:
    archimed = Mis("archimed")
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500", "1"))
    archimed.put(patient("77", "Белова Анна", ANNA, connection="archimed"), visit("500", "77", connection="archimed"))

    clinic.sync()
    clinic.sync(archimed)
    clinic.sync()

    assert len(clinic.crm.all_contacts) == 1
    assert clinic.lead_of("500").contacts == clinic.lead_of("500", "archimed").contacts
    assert clinic.lead_of("500").id != clinic.lead_of("500", "archimed").id


def test_two_branches_in_one_database_share_the_patient(clinic: Clinic) -> None:
    clinic.mis.put(patient(), replace(visit("500"), branch="1"), replace(visit("501"), branch="2"))

    clinic.sync()

    assert len(clinic.crm.all_contacts) == 1
    assert clinic.lead_of("500").contacts == clinic.lead_of("501").contacts


def test_a_phone_that_moves_from_one_patient_to_another_takes_nobodys_contact_along(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS))
    clinic.sync()
    before = (clinic.contact_of("1").id, clinic.contact_of("2").id)
    clinic.mis.put(patient("1", "Белова Анна", VERA), patient("2", "Чернов Борис", ANNA))

    clinic.sync()

    assert (clinic.contact_of("1").id, clinic.contact_of("2").id) == before
    assert clinic.names == ["Белова Анна", "Чернов Борис"]
    assert ANNA in [phone.text for phone in clinic.contact_of("2").phones]


def test_a_request_by_a_phone_that_moved_becomes_the_visit_of_whoever_books(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS))
    clinic.sync()
    clinic.mis.put(patient("2", "Чернов Борис", ANNA))
    clinic.sync()
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Заявка", ANNA))
    clinic.mis.put(visit("500", "2"))

    clinic.sync()

    assert clinic.lead_of("500").id == request
    assert clinic.contact_of("2").id in clinic.lead_of("500").contacts
    assert clinic.contact_of("1").id not in clinic.lead_of("500").contacts


@pytest.mark.parametrize("junk", ["+7 999 999-99-99", "8 800 555-35-35", "123"])
def test_a_junk_phone_makes_nobody_the_same(clinic: Clinic, junk: str) -> None:
    clinic.settings = replace(clinic.settings, duplicates=Duplicates(junk_phones=("8 800 555-35-35",)))
    stranger = clinic.crm.add_contact("Белова Анна", junk)
    request = clinic.crm.add_lead(contact=stranger)
    clinic.mis.put(patient("1", "Белова Анна", "+78005553535"), visit())

    clinic.sync()

    assert clinic.contact_of("1").id != stranger
    assert clinic.lead_of("500").id != request


def test_any_of_several_phones_finds_the_contact(clinic: Clinic) -> None:
    known = clinic.crm.add_contact("Анна Белова", BORIS, "8 921 333 44 55, доб. 3", VERA)
    clinic.mis.put(patient("1", "Белова Анна", "+79210000001", ANNA))

    clinic.sync()

    assert clinic.contact_of("1").id == known
    assert [phone.text for phone in clinic.contact_of("1").phones] == [
        BORIS,
        "8 921 333 44 55, доб. 3",
        VERA,
        "+79210000001",
    ]


def test_a_name_and_a_phone_that_change_in_the_clinic_change_the_one_contact(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    clinic.mis.put(patient("1", "Чернова Анна", BORIS))

    clinic.sync()

    assert clinic.names == ["Чернова Анна"]
    assert [phone.text for phone in clinic.contact_of("1").phones] == [ANNA, BORIS]


# What managers do


def test_what_a_manager_wrote_into_a_contact_stays(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, contacts=replace(clinic.settings.contacts, name="fill"))
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    clinic.crm.edit_contact(clinic.contact_of("1").id, name="Анечка (VIP)", phones=(ANNA, VERA))
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA, BORIS))

    clinic.sync()

    assert clinic.names == ["Анечка (VIP)"]
    assert [phone.text for phone in clinic.contact_of("1").phones] == [ANNA, VERA, BORIS]


def merged(clinic: Clinic, winner: int, loser: int) -> None:
    """By a manager, and Priem was told."""
    clinic.crm.merge_contacts(winner, loser)
    clinic.store.merged(contacts={loser: winner})


@pytest.mark.parametrize("winner", ["1", "2"])
def test_two_patients_whose_contacts_a_manager_merged_share_it_from_then_on(clinic: Clinic, winner: str) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Белов Миша", ANNA), visit("500", "1"))
    clinic.sync()
    loser = "2" if winner == "1" else "1"
    merged(clinic, clinic.contact_of(winner).id, clinic.contact_of(loser).id)
    clinic.mis.put(
        patient("1", "Белова Анна И", ANNA), patient("2", "Белов Миша И", ANNA), visit("501", "2"), visit("502", "1")
    )

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    (only,) = clinic.crm.all_contacts.values()
    assert set(only.keys) == {PatientKey("ident", "1"), PatientKey("ident", "2")}
    assert {lead.contacts for lead in clinic.crm.all_leads.values()} == {(only.id,)}
    assert len(clinic.crm.all_leads) == 3


def test_two_contacts_of_one_patient_that_a_manager_merged_stay_one(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    clinic.sync()
    winner = clinic.crm.add_contact("Белова Анна", BORIS)
    merged(clinic, winner, clinic.contact_of("1").id)
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA), visit("501", hours=1))

    clinic.sync()

    assert list(clinic.crm.all_contacts) == [winner]
    assert {lead.contacts for lead in clinic.crm.all_leads.values()} == {(winner,)}


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_deleted_contact_is_made_again_only_where_that_is_wanted(clinic: Clinic, *, is_wanted: bool) -> None:
    clinic.settings = replace(clinic.settings, contacts=replace(clinic.settings.contacts, make_again=is_wanted))
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    gone = clinic.contact_of("1").id
    clinic.crm.delete_contact(gone)
    clinic.store.gone(contacts=[gone])
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA))

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    assert clinic.names == (["Белова Анна Ивановна"] if is_wanted else [])


@pytest.mark.parametrize(
    ("is_wanted", "status", "made"),
    [(True, VisitStatus.ARRIVED, 1), (True, VisitStatus.CANCELLED, 0), (False, VisitStatus.ARRIVED, 0)],
)
def test_a_deleted_lead_is_made_again_only_where_that_is_wanted(
    clinic: Clinic, *, is_wanted: bool, status: VisitStatus, made: int
) -> None:
    clinic.decides(make_again=is_wanted)
    clinic.mis.put(patient(), visit())
    clinic.sync()
    gone = clinic.lead_of("500").id
    clinic.crm.delete_lead(gone)
    clinic.store.gone(leads=[gone])
    clinic.mis.put(visit(status=status))

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    assert len(clinic.crm.all_leads) == made


# What the clinic does to its cards


def test_a_patient_who_is_archived_stays_in_amocrm(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())
    clinic.sync()
    clinic.mis.put(replace(patient("1", "Белова Анна", ANNA), archived=True))

    clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert clinic.lead_of("500").stage == BOOKED


def test_cards_that_the_clinic_merged_bring_the_lead_to_the_contact_that_stays(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Белова А", BORIS), visit("500", "2"))
    clinic.sync()
    lead = clinic.lead_of("500").id
    clinic.mis.put(replace(patient("2", "Белова А", BORIS), archived=True), visit("500", "1"))

    clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert clinic.contact_of("1").id in clinic.lead_of("500").contacts
    assert len(clinic.crm.all_contacts) == 2
    assert clinic.lead_of("500").stage != NEW


def test_patients_who_share_a_contact_add_their_phones_and_keys_in_one_pass(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS))
    clinic.sync()
    kept = clinic.contact_of("1").id
    clinic.crm.merge_contacts(kept, clinic.contact_of("2").id)
    clinic.mis.put(patient("2", "Чернов Борис Ильич", BORIS))
    clinic.sync()
    clinic.mis.put(patient("1", "Белова Анна", ANNA, VERA), patient("2", "Чернов Борис", BORIS, "+79216660000"))

    clinic.sync()

    contact = clinic.crm.all_contacts[kept]
    assert set(contact.keys) == {PatientKey("ident", "1"), PatientKey("ident", "2")}
    assert {entry.text for entry in contact.phones} == {ANNA, BORIS, VERA, "+79216660000"}
