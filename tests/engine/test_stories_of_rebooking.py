"""A visit that is there is moved, cancelled, marked or changed out of amoCRM. Given, when, then."""

from dataclasses import replace

import pytest

from priem.booking import Ability, RefusalKind
from priem.engine.rebooking import Change, cancel, change_status, reschedule, update
from priem.engine.settings import Bookings, UserBooking
from priem.intents import Phase
from priem.model import LOST, Visit, VisitKey, VisitStatus
from tests.engine.booking_kit import MIS, OLGA, BookingClinic
from tests.engine.clinic import CONFIRMED


@pytest.fixture
def clinic() -> BookingClinic:
    return BookingClinic()


@pytest.fixture
def visit(clinic: BookingClinic) -> Visit:
    visit = clinic.booked(clinic.request())
    clinic.sync()
    clinic.desk.writes.clear()
    return visit


def change(visit: Visit, ref: str = "change") -> Change:
    return Change(ref=ref, visit=visit.key)


def test_a_visit_is_moved_and_keeps_its_lead(clinic: BookingClinic, visit: Visit) -> None:
    answer = reschedule(change(visit), clinic.at(2), OLGA, clinic.reception)
    clinic.sync()

    assert (answer.phase, answer.visit) == (Phase.DONE, visit.key)
    assert clinic.desk.visits[visit.key.id].starts_at == clinic.at(2).starts_at
    assert clinic.lead_of(visit.key.id, MIS).keys == (visit.key,)
    assert len(clinic.crm.all_leads) == 1


def test_a_visit_may_be_moved_into_its_own_time(clinic: BookingClinic, visit: Visit) -> None:
    assert reschedule(change(visit), clinic.at(0.25), OLGA, clinic.reception).phase is Phase.DONE


def test_a_move_to_a_time_that_is_taken_is_refused_with_others(clinic: BookingClinic, visit: Visit) -> None:
    clinic.booked(clinic.request("Иванов Иван", "+79217778899"), 2)

    answer = reschedule(change(visit), clinic.at(2), OLGA, clinic.reception)

    assert (answer.phase, answer.kind) == (Phase.REFUSED, RefusalKind.BUSY)
    assert answer.nearest
    assert clinic.desk.visits[visit.key.id].starts_at == visit.starts_at


def test_a_cancelled_visit_loses_its_lead_by_the_rules(clinic: BookingClinic, visit: Visit) -> None:
    answer = cancel(change(visit), "отказ пациента", "", OLGA, clinic.reception)
    again = cancel(change(visit, "again"), "", "", OLGA, clinic.reception)
    clinic.sync()

    assert (answer.phase, again.phase) == (Phase.DONE, Phase.DONE)
    assert clinic.desk.writes == ["cancel"]
    assert clinic.lead_of(visit.key.id, MIS).stage == LOST


def test_a_status_is_given_by_its_name_or_its_meaning(clinic: BookingClinic, visit: Visit) -> None:
    change_status(change(visit), "confirmed", OLGA, clinic.reception)
    clinic.sync()
    assert clinic.lead_of(visit.key.id, MIS).stage == CONFIRMED

    assert change_status(change(visit, "2"), "Пришёл", OLGA, clinic.reception).phase is Phase.DONE
    assert change_status(change(visit, "3"), "Улетел", OLGA, clinic.reception).kind is RefusalKind.INCOMPLETE
    assert clinic.desk.visits[visit.key.id].status is VisitStatus.ARRIVED


def test_a_comment_is_changed(clinic: BookingClinic, visit: Visit) -> None:
    clinic.desk.fails("lost")

    assert update(change(visit), "Опоздает", None, OLGA, clinic.reception).phase is Phase.DONE
    assert clinic.desk.visits[visit.key.id].comment == "Опоздает"


@pytest.mark.parametrize("fault", ["lost", "vanished", "away"])
def test_whatever_is_lost_the_answer_is_true_in_the_end(clinic: BookingClinic, visit: Visit, fault: str) -> None:
    clinic.desk.fails(fault)

    answer = cancel(change(visit), "", "", OLGA, clinic.reception)
    if answer.phase.is_open:
        clinic.clock.wait(60)
        clinic.sync()
        left = clinic.store.intent("change")
        assert left
        answer = clinic.reception.answer(left)

    is_cancelled = clinic.desk.visits[visit.key.id].status is VisitStatus.CANCELLED
    assert (answer.phase is Phase.DONE) is is_cancelled
    assert answer.phase in (Phase.DONE, Phase.NOT_DONE)
    assert cancel(change(visit), "", "", OLGA, clinic.reception).phase is Phase.DONE


def test_what_has_begun_is_neither_moved_nor_cancelled(clinic: BookingClinic, visit: Visit) -> None:
    clinic.desk.change_status(visit.key.id, "5")

    assert cancel(change(visit), "", "", OLGA, clinic.reception).kind is RefusalKind.CHANGED
    assert reschedule(change(visit, "2"), clinic.at(2), OLGA, clinic.reception).kind is RefusalKind.CHANGED


def test_whoever_may_not_book_in_a_branch_changes_nothing_there(clinic: BookingClinic, visit: Visit) -> None:
    rights = (UserBooking(user="Ольга", branches=(f"{MIS}:2",)),)
    clinic.settings = replace(clinic.settings, booking=Bookings(users=rights))

    assert cancel(change(visit), "", "", OLGA, clinic.reception).kind is RefusalKind.NOT_ALLOWED


def test_a_visit_that_is_not_there_and_a_desk_that_cannot(clinic: BookingClinic, visit: Visit) -> None:
    nobody = Change(ref="x", visit=VisitKey(MIS, "999"))
    assert cancel(nobody, "", "", OLGA, clinic.reception).kind is RefusalKind.NO_VISIT

    clinic.desk.abilities -= {Ability.RESCHEDULE}
    assert reschedule(change(visit), clinic.at(2), OLGA, clinic.reception).kind is RefusalKind.UNABLE
