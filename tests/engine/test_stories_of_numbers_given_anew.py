"""A МИС that was put back to an older copy gives the numbers of visits that it has lost to others: a person has to
look. Whatever else happens to a visit is no question."""

from dataclasses import replace
from datetime import timedelta

import pytest

from priem.engine import by_hand
from priem.model import Action, Step, Told, Visit, VisitKey, VisitStatus
from tests.engine.clinic import ANNA, BORIS, NOON, Clinic, patient, visit

VISIT = VisitKey("ident", "500")
HOUR = timedelta(hours=1)
"""Moments of booking are told after this day's noon, which is when Anna's visit was booked."""


def decisions(steps: list[Step]) -> list[tuple[str, Action, str]]:
    return [(str(step.key), step.action, step.why.rule) for step in steps]


def booked(id_: str = "500", patient: str = "1", *, hours: float = 0, later: float = 0) -> Visit:
    return replace(visit(id_, patient, hours=hours), added_at=NOON + later * HOUR)


def with_a_visit(clinic: Clinic) -> int:
    """Anna has one; gives her lead."""
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS), booked())
    clinic.sync()
    return clinic.lead_of("500").id


def visit_given_anew(clinic: Clinic) -> int:
    """The МИС was put back to an older copy, and has given her visit's number to one of Boris; gives Anna's lead."""
    lead = with_a_visit(clinic)
    clinic.mis.put(booked("500", "2", hours=5, later=9))
    return lead


def test_a_visits_number_given_to_another_visit_changes_nothing_until_a_person_has_looked(clinic: Clinic) -> None:
    lead = visit_given_anew(clinic)
    before = clinic.crm.all_leads[lead]

    assert decisions(clinic.sync()) == [("ident:500", Action.LEAVE, "another_visit")]
    clinic.mis.touch()
    clinic.sync()

    assert clinic.crm.all_leads == {lead: before}
    assert clinic.store.rejected.keys() == {("ident", "visit", "500")}


@pytest.mark.parametrize(("answers", "requests"), [(0, 0), (1, 0), (0, 1)])
def test_the_other_visit_gets_a_lead_of_its_own_once_a_person_has_said_so(
    clinic: Clinic, answers: int, requests: int
) -> None:
    annas = visit_given_anew(clinic)
    clinic.sync()

    by_hand.undo(VISIT, clinic.parts(), Told.NEW)
    clinic.crm.lose_next_answers(answers)
    clinic.crm.lose_next_requests(requests)
    clinic.sync_until_it_works()
    clinic.sync_until_it_works()

    assert clinic.crm.all_leads[annas].name == "Белова Анна, 26.11 12:00"
    assert clinic.lead_of("500").contacts == (clinic.contact_of("2").id,)
    assert len(clinic.crm.all_leads) == 2
    assert clinic.store.rejected == {}


def test_the_visit_that_lost_its_number_finds_its_lead_when_it_is_written_down_again(clinic: Clinic) -> None:
    annas = visit_given_anew(clinic)
    clinic.sync()
    by_hand.undo(VISIT, clinic.parts(), Told.NEW)
    clinic.sync()

    clinic.mis.put(booked("501", "1", later=10))
    clinic.sync()

    assert clinic.lead_of("501").id == annas
    assert len(clinic.crm.all_leads) == 2


def test_a_person_may_say_that_it_is_the_same_visit_all_the_same(clinic: Clinic) -> None:
    lead = visit_given_anew(clinic)
    clinic.sync()

    by_hand.bind(VISIT, lead, clinic.parts())
    clinic.sync()

    assert clinic.lead_of("500").id == lead
    assert clinic.contact_of("2").id in clinic.lead_of("500").contacts
    assert (len(clinic.crm.all_leads), clinic.store.rejected) == (1, {})


def test_a_number_is_remembered_while_its_row_is_gone(clinic: Clinic) -> None:
    lead = with_a_visit(clinic)
    clinic.mis.put(visit("500", status=VisitStatus.DELETED))
    clinic.sync()

    clinic.mis.put(booked("500", "2", hours=5, later=9))

    assert decisions(clinic.sync()) == [("ident:500", Action.LEAVE, "another_visit")]
    assert list(clinic.crm.all_leads) == [lead]


ORDINARY = {
    "another time": booked(hours=30),
    "another time, told to have been booked later": booked(hours=30, later=9),
    "another patient": booked(patient="2"),
    "another patient, told to have been booked later": booked(patient="2", later=9),
    "another patient and time, as it was booked": booked(patient="2", hours=30),
    "another patient and time, booked before": booked(patient="2", hours=30, later=-9),
    "another patient and time, nobody knows when booked": visit("500", "2", hours=30),
}


@pytest.mark.parametrize("changed", ORDINARY.values(), ids=ORDINARY)
def test_a_visit_that_is_moved_or_put_right_is_never_asked_about(clinic: Clinic, changed: Visit) -> None:
    lead = with_a_visit(clinic)

    clinic.mis.put(changed)
    steps = clinic.sync()

    assert "another_visit" not in {step.why.rule for step in steps}
    assert clinic.lead_of("500").id == lead
    assert (len(clinic.crm.all_leads), clinic.store.rejected) == (1, {})
