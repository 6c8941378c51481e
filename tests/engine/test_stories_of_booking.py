"""A manager books out of the lead's card. Given, when, then."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from priem.booking import Ability, NewPatient, RefusalKind
from priem.engine.settings import Bookings, BookingTask, UserBooking
from priem.engine.sync import sync
from priem.intents import Phase
from priem.model import Patient, PatientKey, Visit, VisitKey, VisitStatus
from tests.engine.booking_kit import ANNA_NEW, HOUSE, MIS, OLGA, BookingClinic
from tests.engine.clinic import ANNA, BOOKED, BORIS, NEW, NOON


@pytest.fixture
def clinic() -> BookingClinic:
    return BookingClinic()


def known(id_: str = "77", name: str = "Белова Анна", phone: str = ANNA, birthday: date | None = None) -> Patient:
    return Patient(key=PatientKey(MIS, id_), name=name, phones=(phone,), birthday=birthday)


def visit_of(patient: str, id_: str, starts_at: datetime) -> Visit:
    """As the МИС has it."""
    return Visit(
        key=VisitKey(MIS, id_),
        patient=PatientKey(MIS, patient),
        status=VisitStatus.BOOKED,
        raw_status="1",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        doctor="20",
        added_at=starts_at - timedelta(days=1),
    )


def test_a_request_becomes_a_visit_and_stays_one_lead(clinic: BookingClinic) -> None:
    lead = clinic.request()

    visit = clinic.booked(lead)
    clinic.sync()
    clinic.sync()

    assert len(clinic.crm.all_leads) == len(clinic.crm.all_contacts) == 1
    assert (clinic.lead_now(lead).stage, clinic.lead_now(lead).keys) == (BOOKED, (visit.key,))
    assert clinic.contact_of(visit.patient.id, MIS).name == "Белова Анна"


def test_the_next_poll_makes_no_second_lead_even_when_it_comes_before_the_answer(clinic: BookingClinic) -> None:
    lead, other = clinic.request(), clinic.request("Белова Анна")
    clinic.desk.fails("", "lost")
    clinic.clock.meanwhile = lambda: None
    looked = clinic.desk.look_up
    clinic.desk.look_up = lambda *_: None  # type: ignore[method-assign]  # the МИС is slow to show it
    assert clinic.books(lead, ref="click").phase is Phase.SENT

    clinic.sync()

    (visit,) = clinic.bookings
    assert clinic.lead_of(visit.key.id, MIS).id == lead
    assert clinic.lead_now(other).keys == ()
    clinic.desk.look_up = looked  # type: ignore[method-assign]  # by now it shows
    clinic.clock.wait(60)
    clinic.sync()
    assert clinic.books(lead, ref="click").visit == visit.key
    assert len(clinic.crm.all_leads) == 2


def test_a_patient_who_is_known_is_not_made_again(clinic: BookingClinic) -> None:
    clinic.desk.has(known())

    visit = clinic.booked(clinic.request("Анна Белова"))

    assert visit.patient.id == "77"
    assert clinic.desk.writes == ["book"]


def test_a_son_on_his_mothers_phone_is_somebody_else(clinic: BookingClinic) -> None:
    clinic.desk.has(known())
    lead = clinic.request()
    son = NewPatient(last_name="Белов", first_name="Пётр", phone=ANNA, birthday=date(2018, 5, 1))

    answer = clinic.books(lead, new=son)
    clinic.sync()

    assert answer.visit
    visit = clinic.desk.visits[answer.visit.id]
    assert visit.patient.id != "77"
    assert clinic.names == ["Белов Пётр", "Белова Анна"]
    assert clinic.lead_of(visit.key.id, MIS).id == lead


def test_another_birthday_is_another_person_and_two_who_fit_are_a_question(clinic: BookingClinic) -> None:
    clinic.desk.has(known("77", birthday=date(1990, 1, 1)), known("78", birthday=date(1960, 1, 1)))

    unsure = clinic.books(new=ANNA_NEW)
    sure = clinic.books(new=replace(ANNA_NEW, birthday=date(1960, 1, 1)))
    other = clinic.books(hours=1, new=replace(ANNA_NEW, birthday=date(2001, 1, 1)))

    assert (unsure.phase, unsure.kind) == (Phase.NOT_DONE, RefusalKind.SEVERAL_PATIENTS)
    assert [one.key.id for one in unsure.candidates] == ["77", "78"]
    assert [clinic.desk.visits[one.visit.id].patient.id for one in (sure,) if one.visit] == ["78"]
    assert other.visit
    assert clinic.desk.visits[other.visit.id].patient.id not in ("77", "78")


@pytest.mark.parametrize("name", ["Анна", "+7 921 333-44-55", ""])
def test_a_contact_that_does_not_say_who_it_is_needs_a_person(clinic: BookingClinic, name: str) -> None:
    answer = clinic.books(clinic.request(name))

    assert (answer.phase, answer.kind) == (Phase.REFUSED, RefusalKind.INCOMPLETE)
    assert clinic.desk.writes == []


def test_a_double_click_books_once(clinic: BookingClinic) -> None:
    lead = clinic.request()

    first, second = clinic.books(lead, ref="click"), clinic.books(lead, ref="click")

    assert first == second
    assert len(clinic.bookings) == 1


def test_the_same_name_for_another_request_is_refused(clinic: BookingClinic) -> None:
    lead = clinic.request()
    clinic.books(lead, ref="click")

    assert clinic.books(lead, hours=2, ref="click").kind is RefusalKind.OTHER
    assert len(clinic.bookings) == 1


def test_a_slot_that_was_taken_meanwhile_is_refused_with_the_nearest_free_ones(clinic: BookingClinic) -> None:
    clinic.booked(clinic.request("Иванов Иван", BORIS))

    answer = clinic.books(clinic.request())

    assert (answer.phase, answer.kind) == (Phase.REFUSED, RefusalKind.BUSY)
    assert answer.nearest[0].starts_at - clinic.at().starts_at == timedelta(minutes=30)
    assert all(time.doctor == "20" for time in answer.nearest)
    assert len(clinic.bookings) == 1


def test_nobody_gets_a_card_for_a_time_that_is_taken(clinic: BookingClinic) -> None:
    clinic.booked(clinic.request("Иванов Иван", BORIS))
    clinic.desk.writes.clear()

    answer = clinic.books(new=ANNA_NEW)

    assert answer.kind is RefusalKind.BUSY
    assert clinic.desk.writes == []
    assert clinic.desk.find_patients([ANNA]) == []


def test_a_refusal_of_the_mis_is_told_as_it_is(clinic: BookingClinic) -> None:
    lead = clinic.request()
    clinic.desk.has(known())
    clinic.desk.patients.clear()

    answer = clinic.books(lead, patient="77")

    assert (answer.phase, answer.kind) == (Phase.REFUSED, RefusalKind.UNKNOWN_PATIENT)
    clinic.sync()
    assert clinic.lead_now(lead).stage == NEW


@pytest.mark.parametrize(
    ("hours", "kind"), [(-40, RefusalKind.PAST), (9, RefusalKind.NOT_WORKING), (5.75, RefusalKind.NOT_WORKING)]
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    clinic: BookingClinic, hours: float, kind: RefusalKind
) -> None:
    clinic.desk.has(known())

    answer = clinic.books(clinic.request(), hours=hours)

    assert (answer.phase, answer.kind) == (Phase.REFUSED, kind)
    assert clinic.desk.writes == []


def test_a_lead_whose_visit_is_still_to_come_gets_no_second_one(clinic: BookingClinic) -> None:
    lead = clinic.request()
    clinic.booked(lead)

    assert clinic.books(lead, hours=2).kind is RefusalKind.HAS_VISIT


def test_of_two_managers_who_looked_at_once_only_one_books_from_the_lead(clinic: BookingClinic) -> None:
    lead = clinic.request()
    looked = clinic.store.patients_of_contacts

    def while_another_books(contacts: Collection[int]) -> Mapping[int, tuple[PatientKey, ...]]:
        clinic.store.patients_of_contacts = looked  # type: ignore[method-assign]  # only the first look is that slow
        clinic.booked(lead)
        return looked(contacts)

    clinic.store.patients_of_contacts = while_another_books  # type: ignore[method-assign]  # after the lead was free

    assert clinic.books(lead, hours=2).kind is RefusalKind.HAS_VISIT
    assert len(clinic.bookings) == 1


def test_after_a_cancelled_visit_the_next_one_has_a_lead_of_its_own(clinic: BookingClinic) -> None:
    lead = clinic.request()
    first = clinic.booked(lead)
    clinic.sync()
    clinic.desk.cancel(first.key.id)
    clinic.sync()

    second = clinic.booked(lead, 2)
    clinic.sync()

    assert clinic.lead_of(second.key.id, MIS).id != lead
    assert clinic.lead_of(first.key.id, MIS).id == lead


@pytest.mark.parametrize("faults", [("lost",), ("", "lost"), ("lost", "lost")])
def test_a_lost_answer_is_looked_up_and_nothing_is_done_twice(clinic: BookingClinic, faults: tuple[str, ...]) -> None:
    clinic.desk.fails(*faults)

    clinic.booked(clinic.request())

    assert clinic.desk.writes == ["make_patient", "book"]


def test_a_request_that_never_arrived_is_found_out_and_may_be_tried_again(clinic: BookingClinic) -> None:
    lead = clinic.request()
    clinic.desk.fails("", "vanished")

    first = clinic.books(lead, ref="click")
    again = clinic.books(lead, ref="click")
    clinic.clock.wait(60)
    clinic.sync()
    clinic.sync()

    assert (first.phase, again.phase) == (Phase.SENT, Phase.SENT)
    assert "ещё не ответила" in str(first.said and first.said.read("ru"))
    assert [note.entity_id for note in clinic.crm.all_notes] == [lead]
    assert clinic.books(lead, ref="click").phase is Phase.DONE
    assert clinic.desk.writes == ["make_patient", "book"]


def test_when_the_mis_is_away_nothing_is_done_and_it_may_be_tried_again(clinic: BookingClinic) -> None:
    lead = clinic.request()
    clinic.desk.fails("", "away")

    answer = clinic.books(lead, ref="click")

    assert (answer.phase, answer.kind) == (Phase.NOT_DONE, RefusalKind.NOT_DONE)
    assert clinic.books(lead, ref="click").phase is Phase.DONE
    assert len(clinic.bookings) == 1


def test_a_booking_that_was_given_up_and_turns_up_goes_to_its_lead(clinic: BookingClinic) -> None:
    lead = clinic.request()
    clinic.desk.has(known())
    clinic.desk.fails("vanished")
    clinic.books(lead, ref="click")
    clinic.clock.wait(120)
    clinic.sync()
    clinic.desk.has(visit_of("77", "900", NOON))

    clinic.sync()
    clinic.sync()

    assert clinic.lead_of("900", MIS).id == lead
    assert len(clinic.crm.all_leads) == 1


def test_after_booking_there_are_a_task_and_a_note(clinic: BookingClinic) -> None:
    clinic.decides(task=BookingTask(text="Позвонить: {patient}", responsible="Ольга"))
    lead = clinic.request()

    clinic.booked(lead)
    clinic.sync()
    clinic.sync()

    assert [(task.lead, task.text) for task in clinic.crm.all_tasks.values()] == [(lead, "Позвонить: Белова Анна")]
    assert [(note.entity_id, note.text) for note in clinic.crm.all_notes] == [
        (lead, "Записан: Белова Анна, 26.11 12:00, Седова Мария Петровна")
    ]


def test_a_user_books_only_where_the_settings_allow(clinic: BookingClinic) -> None:
    rights = (UserBooking(user="Ольга", branches=(f"{MIS}:2",)), UserBooking(user=501, branches=(MIS,)))
    clinic.settings = replace(clinic.settings, booking=Bookings(users=rights, others=False))
    lead = clinic.request()

    assert clinic.books(lead, actor=OLGA).kind is RefusalKind.NOT_ALLOWED
    assert clinic.books(lead, actor=replace(OLGA, user=503)).kind is RefusalKind.NOT_ALLOWED
    assert clinic.books(lead, actor=replace(OLGA, user=501)).phase is Phase.DONE
    assert clinic.books(new=ANNA_NEW, hours=1, actor=HOUSE).phase is Phase.DONE


def test_a_mis_that_takes_no_bookings_says_so_and_one_that_takes_applications_gets_one(clinic: BookingClinic) -> None:
    clinic.desk.abilities = frozenset()
    assert clinic.books(clinic.request()).kind is RefusalKind.UNABLE

    clinic.desk.abilities = frozenset({Ability.APPLY})
    lead = clinic.request()
    answer = clinic.books(lead, ref="click")

    assert (answer.phase, answer.visit) == (Phase.DONE, None)
    assert [one.lead for one in clinic.desk.applications.values()] == [lead]


def test_a_request_that_is_being_booked_is_not_given_to_another_visit(clinic: BookingClinic) -> None:
    """The clinic books the same person at its own desk, while a manager's answer is on its way."""
    clinic.desk.has(known())
    lead = clinic.request()
    clinic.desk.fails("vanished")
    clinic.books(lead)
    clinic.desk.has(visit_of("77", "901", NOON + timedelta(hours=3)))

    list(sync(clinic.mis, clinic.parts()))

    assert clinic.lead_now(lead).keys == ()
    assert clinic.lead_of("901", MIS).id != lead
