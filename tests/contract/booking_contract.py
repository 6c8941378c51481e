"""What every desk promises, whichever МИС stands behind it. A subclass gives a `place`: a desk with people at work."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import pytest

from priem.booking import Ability, Booking, NewPatient, Order, Refused, ScheduleQuery, Slot, Time
from priem.errors import OutcomeUnknown, TryLater
from priem.model import PatientKey, VisitStatus

PHONE = "+79213334455"
NEW = NewPatient(last_name="Белова", first_name="Анна", middle_name="Игоревна", phone=PHONE, birthday=date(1990, 4, 23))


class Place(Protocol):
    """A system that stands behind a desk, as the tests need it."""

    @property
    def desk(self) -> Booking: ...

    @property
    def doctor(self) -> str:
        """One who works on `day`, with some free slots."""

    @property
    def day(self) -> date: ...

    def loses_next_answer(self) -> None:
        """The next write is done, and its answer does not come."""

    def loses_next_request(self) -> None:
        """The next write is not done, and it fails in the same way."""


@dataclass(frozen=True)
class Booked:
    patient: PatientKey
    slot: Slot
    visit: str


class BookingContract:
    @pytest.fixture
    @abstractmethod
    def place(self) -> Place: ...

    def free(self, place: Place) -> list[Slot]:
        shifts = place.desk.schedule(ScheduleQuery(first=place.day, last=place.day, doctors=(place.doctor,)))
        return [slot for shift in shifts for slot in shift.slots if slot.free]

    def time(self, place: Place, slot: Slot) -> Time:
        return Time(doctor=place.doctor, starts_at=slot.starts_at, ends_at=slot.ends_at)

    def booked(self, place: Place) -> Booked:
        patient, slot = place.desk.make_patient(NEW), self.free(place)[0]
        visit = place.desk.book(Order(patient=patient, time=self.time(place, slot), comment="Впервые"))
        return Booked(patient, slot, visit.id)

    def test_the_schedule_is_of_the_doctor_and_the_day_that_were_asked_for(self, place: Place) -> None:
        shifts = place.desk.schedule(ScheduleQuery(first=place.day, last=place.day, doctors=(place.doctor,)))

        assert shifts
        assert {(shift.doctor, shift.starts_at.date()) for shift in shifts} == {(place.doctor, place.day)}
        for shift in shifts:
            assert shift.starts_at.tzinfo is not None
            assert all(shift.starts_at <= slot.starts_at < slot.ends_at <= shift.ends_at for slot in shift.slots)
            assert list(shift.slots) == sorted(shift.slots, key=lambda slot: slot.starts_at)

    def test_the_dictionaries_name_who_and_what_there_is(self, place: Place) -> None:
        desk = place.desk
        assert place.doctor in {doctor.id for doctor in desk.doctors()}
        assert all(branch.id and branch.time_zone for branch in desk.branches())
        if Ability.CHANGE_STATUS in desk.abilities:
            assert VisitStatus.BOOKED in {status.status for status in desk.statuses()}

    def test_a_patient_that_is_made_is_found_by_the_phone(self, place: Place) -> None:
        key = place.desk.make_patient(NEW)

        (found,) = [one for one in place.desk.find_patients([PHONE]) if one.key == key]

        assert (found.name, found.birthday, PHONE in found.phones) == ("Белова Анна Игоревна", NEW.birthday, True)
        known = place.desk.patient(key.id)
        assert known
        assert known.key == key
        assert place.desk.find_patients(["+79990000001"]) == []

    def test_a_visit_that_is_booked_is_there_and_its_slot_is_taken(self, place: Place) -> None:
        booked = self.booked(place)

        visit = place.desk.visit(booked.visit)

        assert visit
        assert (visit.patient, visit.doctor, visit.starts_at) == (booked.patient, place.doctor, booked.slot.starts_at)
        assert (visit.ends_at, visit.status, visit.comment) == (booked.slot.ends_at, VisitStatus.BOOKED, "Впервые")
        assert booked.slot.starts_at not in {slot.starts_at for slot in self.free(place)}
        assert [one.key for one in place.desk.visits_of(booked.patient.id)] == [visit.key]

    def test_a_visit_is_looked_up_by_patient_doctor_and_minute(self, place: Place) -> None:
        booked = self.booked(place)
        looked_up = place.desk.look_up(booked.patient.id, place.doctor, booked.slot.starts_at)

        assert looked_up
        assert looked_up.key.id == booked.visit
        later = booked.slot.starts_at + timedelta(hours=12)
        assert place.desk.look_up(booked.patient.id, place.doctor, later) is None
        assert place.desk.look_up("999999", place.doctor, booked.slot.starts_at) is None

    def test_the_visits_of_a_day_are_everybodys(self, place: Place) -> None:
        booked = self.booked(place)
        day = booked.slot.starts_at.date()
        asked = ScheduleQuery(first=day, last=day, doctors=(place.doctor,))

        found = place.desk.visits_between(asked)

        assert booked.visit in [visit.key.id for visit in found]
        assert {visit.starts_at.date() for visit in found} == {day}
        assert {visit.doctor for visit in found} == {place.doctor}
        assert [visit.starts_at for visit in found] == sorted(visit.starts_at for visit in found)
        elsewhere = replace(asked, branch="999")
        assert list(place.desk.visits_between(elsewhere)) == []

    def test_a_lost_answer_is_unknown_and_what_was_done_is_looked_up(self, place: Place) -> None:
        patient, slot = place.desk.make_patient(NEW), self.free(place)[0]
        place.loses_next_answer()
        with pytest.raises(OutcomeUnknown):
            place.desk.book(Order(patient=patient, time=self.time(place, slot)))

        assert place.desk.look_up(patient.id, place.doctor, slot.starts_at)

    def test_a_lost_request_is_unknown_and_nothing_is_there(self, place: Place) -> None:
        patient, slot = place.desk.make_patient(NEW), self.free(place)[0]
        place.loses_next_request()
        with pytest.raises(TryLater):
            place.desk.book(Order(patient=patient, time=self.time(place, slot)))

        assert place.desk.look_up(patient.id, place.doctor, slot.starts_at) is None

    def test_a_cancelled_visit_gives_its_slot_back_and_is_not_looked_up(self, place: Place) -> None:
        booked = self.booked(place)
        reasons = place.desk.cancel_reasons()

        place.desk.cancel(booked.visit, reasons[0].id if reasons else "")
        place.desk.cancel(booked.visit)

        visit = place.desk.visit(booked.visit)
        assert visit
        assert visit.status in (VisitStatus.CANCELLED, VisitStatus.DELETED)
        assert place.desk.look_up(booked.patient.id, place.doctor, booked.slot.starts_at) is None
        assert booked.slot.starts_at in {slot.starts_at for slot in self.free(place)}

    def test_a_moved_visit_is_where_it_was_moved_to(self, place: Place) -> None:
        booked = self.booked(place)
        if Ability.RESCHEDULE not in place.desk.abilities:
            pytest.skip("this desk moves no visits")
        to = self.free(place)[-1]

        key = place.desk.reschedule(booked.visit, self.time(place, to))

        visit = place.desk.visit(key.id)
        assert visit
        assert (visit.starts_at, visit.patient) == (to.starts_at, booked.patient)
        free = {slot.starts_at for slot in self.free(place)}
        assert booked.slot.starts_at in free
        assert to.starts_at not in free

    def test_a_status_that_is_given_is_the_visits_status(self, place: Place) -> None:
        booked = self.booked(place)
        for status in place.desk.statuses():
            if status.status in (VisitStatus.CONFIRMED, VisitStatus.ARRIVED):
                place.desk.change_status(booked.visit, status.id)
                visit = place.desk.visit(booked.visit)
                assert visit
                assert (visit.status, visit.raw_status) == (status.status, status.id)

    def test_a_comment_that_is_changed_is_the_visits_comment(self, place: Place) -> None:
        booked = self.booked(place)
        if Ability.COMMENT not in place.desk.abilities:
            pytest.skip("this desk changes no comments")

        place.desk.update(booked.visit, comment="Опоздает")

        visit = place.desk.visit(booked.visit)
        assert visit
        assert (visit.comment, visit.starts_at) == ("Опоздает", booked.slot.starts_at)

    def test_what_there_is_not_is_none_or_refused(self, place: Place) -> None:
        assert place.desk.visit("999999") is None
        assert place.desk.patient("999999") is None
        with pytest.raises(Refused):
            place.desk.cancel("999999")

    def test_the_reading_of_a_moment_is_a_moment(self, place: Place) -> None:
        """Aware, so that a day of the clinic is a day wherever Priem runs."""
        for slot in self.free(place):
            assert isinstance(slot.starts_at, datetime)
            assert slot.starts_at.utcoffset() is not None
