"""Patients become contacts: what a clinic sees in its amoCRM. Given, when, then."""

from datetime import date

from tests.engine.clinic import ANNA, BORIS, Clinic, Mis, patient, visit


def test_mother_and_child_on_one_phone_become_two_contacts(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Белов Миша", ANNA, birthday=date(2019, 5, 4)))

    clinic.sync()

    assert clinic.names == ["Белов Миша", "Белова Анна"]


def test_a_contact_that_is_there_goes_to_the_mother_even_when_her_son_comes_first(clinic: Clinic) -> None:
    known = clinic.crm.add_contact("Анна Белова", "8 921 333-44-55")
    clinic.mis.put(patient("1", "Белов Миша", ANNA), patient("2", "Белова Анна Ивановна", ANNA))

    clinic.sync()

    assert clinic.contact_of("2").id == known
    assert clinic.contact_of("1").id != known


def test_the_mother_gets_her_contact_even_when_her_son_comes_pages_earlier(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    known = clinic.crm.add_contact("Анна Белова", ANNA)
    clinic.mis.put(patient("1", "Белов Миша", ANNA), patient("2", "Чужой Иван"), patient("3", "Белова Анна", ANNA))

    clinic.sync()

    assert clinic.contact_of("3").id == known
    assert len(clinic.crm.all_contacts) == 3


def test_a_contact_with_another_name_is_the_patients_when_nobody_fits_better(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    known = clinic.crm.add_contact("Клиент с сайта", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чужой Иван"))

    clinic.sync()

    assert clinic.contact_of("1").id == known
    assert clinic.crm.all_contacts[known].name == "Белова Анна"


def test_a_contact_that_a_manager_deleted_is_not_made_again(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.crm.delete_contact(clinic.contact_of("1").id)
    clinic.mis.put(patient("1", "Белова Анна Ивановна"))

    clinic.sync()

    assert clinic.names == []


def test_a_contact_that_managers_merged_gets_no_twin(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    winner = clinic.crm.add_contact("Белова Аня", "+79215550000")
    clinic.crm.merge_contacts(winner, clinic.contact_of("1").id)
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA))

    clinic.sync()

    assert list(clinic.crm.all_contacts) == [winner]


def test_a_patient_without_a_phone_becomes_a_contact_of_his_own(clinic: Clinic) -> None:
    clinic.crm.add_contact("Белова Анна")
    clinic.mis.put(patient("1", "Белова Анна"))

    clinic.sync()

    assert len(clinic.crm.all_contacts) == 2


def test_one_person_in_two_databases_is_one_contact_with_both_keys(clinic: Clinic) -> None:
    archimed = Mis("archimed")
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    archimed.put(patient("77", "Белова Анна Ивановна", ANNA, connection="archimed"))

    clinic.sync()
    clinic.sync(archimed)

    assert clinic.contact_of("1") == clinic.contact_of("77", "archimed")
    assert len(clinic.crm.all_contacts) == 1


def test_what_the_clinic_does_not_know_never_wipes_what_amocrm_knows(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    before = clinic.contact_of("1")
    clinic.mis.put(patient("1", ""))

    clinic.sync()

    assert (clinic.contact_of("1").name, clinic.contact_of("1").phones) == (before.name, before.phones)


def test_phones_are_added_and_never_removed(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    clinic.crm.edit_contact(clinic.contact_of("1").id, phones=("8 921 333 44 55", "доб. 12"))
    clinic.mis.put(patient("1", "Белова Анна", BORIS))

    clinic.sync()

    assert [phone.text for phone in clinic.contact_of("1").phones] == ["8 921 333 44 55", "доб. 12", BORIS]


def test_a_visit_that_comes_before_its_patient_brings_the_patient(clinic: Clinic) -> None:
    clinic.mis.put(patient("1"), visit("500"))
    clinic.mis.late = {"1"}

    clinic.sync()

    assert clinic.lead_of("500").contacts == (clinic.contact_of("1").id,)
