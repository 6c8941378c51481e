"""Leads that went to the МИС as applications: the visit that staff make from one is that lead's."""

from dataclasses import replace
from datetime import timedelta

from priem.engine.settings import Duplicates
from priem.handed import HandedLead
from priem.model import LOST, Visit, VisitStatus
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, NEW, NOON, Clinic, at, patient, visit


def hand_over(clinic: Clinic, name: str = "Белова Анна", phone: str = ANNA, **known: object) -> int:
    """A lead on a contact of its own, handed over an hour before noon."""
    lead = clinic.crm.add_lead(contact=clinic.crm.add_contact(name, phone), stage=NEW)
    whole = {"connection": "ident", "application": f"amo-{lead}", "at": NOON - timedelta(hours=1), **known}
    clinic.store.handed.append(HandedLead(lead=lead, name=name, phone=phone, **whole))  # type: ignore[arg-type]  # by their names
    return lead


def booked(id_: str = "500", patient: str = "1", *, minutes: int = 0, doctor: str = "", application: str = "") -> Visit:
    """Booked at noon, for so many minutes after the day's noon."""
    made = replace(visit(id_, patient, hours=24 + minutes / 60), added_at=NOON)
    return replace(made, doctor=doctor, application=application)


def test_of_several_leads_of_a_patient_the_one_that_was_handed_over_becomes_the_visits(clinic: Clinic) -> None:
    older = clinic.crm.add_lead(contact=clinic.crm.add_contact("Белова Анна", ANNA), stage=NEW)
    handed = hand_over(clinic)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), booked())

    clinic.sync()

    assert (clinic.lead_of("500").id, clinic.lead_of("500").stage) == (handed, BOOKED)
    assert len(clinic.crm.all_leads) == 2
    assert older != handed


def test_an_application_is_known_by_its_name_when_the_card_has_another_phone(clinic: Clinic) -> None:
    handed = hand_over(clinic, "Белова Анна", ANNA)
    clinic.mis.put(patient("1", "Белова Анна Петровна", BORIS), booked())

    clinic.sync()

    assert clinic.lead_of("500").id == handed
    assert clinic.contact_of("1").id in clinic.lead_of("500").contacts
    assert len(clinic.crm.all_leads) == 1


def test_a_mothers_application_becomes_the_visit_of_her_child_on_the_same_phone(clinic: Clinic) -> None:
    handed = hand_over(clinic, "Белова Анна", ANNA)
    clinic.mis.put(patient("7", "Белов Пётр", ANNA), booked(patient="7"))

    clinic.sync()

    assert clinic.lead_of("500").id == handed


def test_the_wished_doctor_at_the_wished_time_is_enough_when_all_else_is_another(clinic: Clinic) -> None:
    wished = {"doctor": "2002", "starts": NOON + timedelta(hours=24), "ends": NOON + timedelta(hours=25)}
    handed = hand_over(clinic, "Клиент с сайта", ANNA, **wished)
    clinic.mis.put(patient("1", "Белова Вера", BORIS), booked("499", minutes=30, doctor="2003"))
    clinic.mis.put(booked("500", minutes=30, doctor="2002"), booked("501", minutes=90, doctor="2002"))

    clinic.sync()

    assert clinic.lead_of("500").id == handed
    assert len(clinic.crm.all_leads) == 3


def test_what_the_mis_itself_says_goes_before_every_likeness(clinic: Clinic) -> None:
    by_name, named = hand_over(clinic, "Белова Анна", ANNA), hand_over(clinic, "Кто-то", BORIS)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), booked(application=f"amo-{named}"))

    clinic.sync()

    assert clinic.lead_of("500").id == named
    assert by_name != named


def test_of_two_visits_the_better_fitting_one_is_the_applications(clinic: Clinic) -> None:
    handed = hand_over(clinic, "Белова Анна", ANNA)
    clinic.mis.page_size = 1
    clinic.mis.put(patient("1", "Белов Пётр", ANNA), patient("2", "Белова Анна", ANNA))
    clinic.mis.put(booked("500", "1"), booked("501", "2", minutes=60))

    clinic.sync()

    assert len(clinic.crm.all_leads) == 2
    assert handed in {clinic.lead_of("500").id, clinic.lead_of("501").id}
    assert clinic.sync() == []


def test_an_application_is_not_for_visits_that_were_there_before_it_nor_for_cancelled_ones(clinic: Clinic) -> None:
    handed = hand_over(clinic)
    clinic.settings = replace(clinic.settings, duplicates=Duplicates(waiting=(at(NEW),)))
    clinic.crm.edit_lead(handed, stage=CAME)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), replace(booked("499"), added_at=NOON - timedelta(days=3)))
    clinic.mis.put(replace(booked("498"), status=VisitStatus.CANCELLED))
    clinic.sync()
    assert handed not in {clinic.lead_of("498").id, clinic.lead_of("499").id}

    clinic.mis.put(booked("500"))
    clinic.sync()

    assert clinic.lead_of("500").id == handed


def test_a_lead_that_was_closed_meanwhile_is_left_closed(clinic: Clinic) -> None:
    handed = hand_over(clinic)
    clinic.crm.edit_lead(handed, stage=LOST)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), booked())

    clinic.sync()

    assert clinic.lead_of("500").id != handed
