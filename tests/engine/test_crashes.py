"""A pass that is killed at any moment and begun again ends in the same state as one that was not."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from priem.engine import line
from priem.model import VisitStatus
from tests.engine.clinic import ANNA, BORIS, Clinic, patient, visit
from tests.engine.crashing import Death, Killed, Moment, dying

Life = Callable[[Clinic], None]


@dataclass(frozen=True)
class Seen:
    """amoCRM as people see it, whatever its ids."""

    contacts: list[tuple[str, tuple[str, ...], tuple[str, ...]]]
    leads: list[tuple[str, int, tuple[str, ...], tuple[str, ...]]]


def seen(clinic: Clinic) -> Seen:
    names = {contact.id: contact.name for contact in clinic.crm.all_contacts.values()}
    return Seen(
        contacts=sorted(
            (one.name, tuple(phone.text for phone in one.phones), tuple(map(str, one.keys)))
            for one in clinic.crm.all_contacts.values()
        ),
        leads=sorted(
            (one.name, one.stage, tuple(names[contact] for contact in one.contacts), tuple(map(str, one.keys)))
            for one in clinic.crm.all_leads.values()
        ),
    )


def first_sync(clinic: Clinic) -> None:
    """A household, a request of the mother's, a contact nobody knows, more pages than one."""
    clinic.mis.page_size = 2
    mother = clinic.crm.add_contact("Анна Белова", "8 921 333-44-55")
    clinic.crm.add_lead(contact=mother)
    clinic.crm.add_contact("Клиент", BORIS)
    clinic.mis.put(
        patient("1", "Белов Миша", ANNA),
        patient("2", "Чернов Борис", BORIS),
        patient("3", "Белова Анна", ANNA),
        visit("500", "3", hours=48),
        visit("501", "1"),
        visit("502", "3", VisitStatus.CONFIRMED, hours=24),
    )


def nothing_yet(clinic: Clinic) -> None:
    """The first sync is what is killed."""


def a_day(clinic: Clinic) -> None:
    """A name, a phone, a new patient, moves, a cancellation; and a manager has renamed a lead."""
    clinic.crm.edit_lead(clinic.lead_of("501").id, name="Спросить у мамы")
    clinic.mis.put(
        patient("3", "Белова Анна Ивановна", ANNA, "+79215550000"),
        patient("4", "Новая Вера"),
        visit("500", "3", VisitStatus.CANCELLED, hours=48, moved_to="503"),
        visit("503", "3", hours=72, moved_from="500"),
        visit("501", "1", VisitStatus.CANCELLED),
        visit("502", "3", VisitStatus.ARRIVED, hours=25),
        visit("504", "4", hours=5),
    )


def lived(then: Life) -> Clinic:
    clinic = Clinic()
    first_sync(clinic)

    if then is not nothing_yet:
        clinic.sync()
        then(clinic)
    return clinic


def calls_of(then: Life) -> int:
    clinic, death = lived(then), Death(-1, "before")
    clinic.sync(parts=dying(clinic, death))
    return death.calls


CASES = [
    pytest.param(then, call, moment, id=f"{then.__name__}-{call}-{moment}")
    for then in (nothing_yet, a_day)
    for call in range(calls_of(then))
    for moment in ("before", "after")
]


@pytest.mark.parametrize(("then", "call", "moment"), CASES)
def test_a_killed_pass_ends_as_if_it_had_not_been_killed(then: Life, call: int, moment: Moment) -> None:
    unhurt = lived(then)
    unhurt.sync()
    clinic = lived(then)
    with pytest.raises(Killed):
        clinic.sync(parts=dying(clinic, Death(call, moment)))

    clinic.sync()

    assert seen(clinic) == seen(unhurt)
    assert clinic.store.open_steps() == ()
    assert clinic.store.patient_links.keys() == unhurt.store.patient_links.keys()
    assert clinic.store.visit_links.keys() == unhurt.store.visit_links.keys()


def the_next_day(clinic: Clinic) -> None:
    clinic.mis.put(
        patient("4", "Новая Вера Павловна"),
        visit("501", "1", VisitStatus.CONFIRMED),
        visit("502", "3", VisitStatus.COMPLETED, hours=26),
        visit("503", "3", VisitStatus.CANCELLED, hours=72, moved_from="500", moved_to="505"),
        visit("505", "3", hours=96, moved_from="503"),
        visit("504", "4", hours=6),
    )


@pytest.mark.parametrize(("then", "call", "moment"), [case for case in CASES if case.values[0] is a_day])
def test_what_changes_before_a_killed_pass_is_begun_again_is_not_lost(then: Life, call: int, moment: Moment) -> None:
    unhurt = lived(then)
    unhurt.sync()
    the_next_day(unhurt)
    unhurt.sync()
    clinic = lived(then)
    with pytest.raises(Killed):
        clinic.sync(parts=dying(clinic, Death(call, moment)))
    the_next_day(clinic)

    clinic.sync()

    assert seen(clinic) == seen(unhurt)


@pytest.mark.parametrize("then", [nothing_yet, a_day])
def test_a_pass_that_is_killed_again_and_again_still_arrives(then: Life) -> None:
    unhurt = lived(then)
    unhurt.sync()
    clinic = lived(then)
    for call in range(3, 200):
        try:
            clinic.sync(parts=dying(clinic, Death(call, "after")))
        except Killed:
            continue
        break

    assert seen(clinic) == seen(unhurt)


@pytest.mark.parametrize("lost", ["lose_next_answers", "lose_next_requests"])
@pytest.mark.parametrize("batches", [1, 2, 3, 4])
def test_answers_that_are_lost_during_a_day_change_nothing_in_the_end(lost: str, batches: int) -> None:
    unhurt = lived(a_day)
    unhurt.sync()
    clinic = lived(a_day)
    getattr(clinic.crm, lost)(batches)

    clinic.sync_until_it_works()

    assert seen(clinic) == seen(unhurt)


@pytest.mark.parametrize("then", [nothing_yet, a_day])
def test_visits_that_do_not_wait_for_other_patients_contacts_come_out_the_same(
    then: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_after_another = lived(then)
    one_after_another.sync()
    the_next_day(one_after_another)
    one_after_another.sync()

    monkeypatch.setattr(line, "MANY", 1)
    clinic = lived(then)
    clinic.sync()
    the_next_day(clinic)
    clinic.sync()

    assert seen(clinic) == seen(one_after_another)
    assert clinic.store.open_steps() == ()


def test_a_visit_takes_no_answer_of_the_patient_who_has_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A МИС counts both from one: they are on their way together as soon as visits do not wait."""
    monkeypatch.setattr(line, "MANY", 1)
    clinic = Clinic()
    clinic.mis.put(patient("1", "Белов Миша", ANNA), patient("2", "Чернов Борис", BORIS))
    clinic.sync()
    clinic.mis.put(patient("5", "Орлова Яна", "+79213334456"), patient("6", "Сомов Глеб", "+79213334457"))
    clinic.mis.put(visit("5", "1"), visit("6", "2"), visit("7", "5"))

    clinic.sync()

    leads = {number: clinic.lead_of(number).contacts for number in ("5", "6", "7")}
    assert leads == {number: (clinic.contact_of(whose).id,) for number, whose in (("5", "1"), ("6", "2"), ("7", "5"))}
    assert clinic.store.open_steps() == ()
