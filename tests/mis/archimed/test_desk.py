"""The desk in installations that differ from one another, and with people who wrote phones as they liked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from priem.booking import NewPatient, Order, RefusalKind, Refused, ScheduleQuery, Time
from priem.errors import AskOperator, OutcomeUnknown
from priem.mis.archimed.config import Config
from priem.mis.archimed.schedule import shifts
from priem.model import PatientKey, Visit, VisitStatus
from tests.mis.archimed.clinic import ZONE, ArchimedClinic, started

pytestmark = pytest.mark.slow
NEW = NewPatient(last_name="Белова", first_name="Анна", phone="+79213334455")


@pytest.fixture(scope="module")
def shared() -> Iterator[ArchimedClinic]:
    sandbox = started(visits=0)
    yield ArchimedClinic(sandbox)
    sandbox.stop()


@pytest.fixture
def clinic(shared: ArchimedClinic) -> Iterator[ArchimedClinic]:
    yield shared
    usual = {"collision": "403", "ignored_fields": [], "ignored_filters": [], "cancel_deletes": False, "missing": {}}
    shared.sandbox.change(branch=0, **usual)
    shared.close()


def slot(clinic: ArchimedClinic) -> Time:
    [free] = clinic.free()
    starts, ends = (datetime.fromisoformat(free[name]).replace(tzinfo=ZoneInfo(ZONE)) for name in ("start", "end"))
    return Time(doctor=str(free["doctor"]), starts_at=starts, ends_at=ends)


def booked(clinic: ArchimedClinic) -> Visit:
    desk = clinic.open_desk()
    key = desk.book(Order(patient=PatientKey("center", "1"), time=slot(clinic)))
    visit = desk.visit(key.id)
    assert visit
    return visit


@pytest.mark.parametrize("written", ["8 (921) 333-44-55", "+7 921 333-44-55", "79213334455", "9213334455"])
def test_a_patient_is_found_however_the_phone_was_typed(clinic: ArchimedClinic, written: str) -> None:
    id_ = clinic.register("Седова", phone=written)

    assert id_ in [one.key.id for one in clinic.open_desk().find_patients(["+79213334455"])]
    clinic.act("delete_patient", medcard=int(id_))


def test_a_second_number_counts_too_and_a_stranger_is_not_found(clinic: ArchimedClinic) -> None:
    id_ = clinic.register("Седова", phone="222", phone1="+79213334466")

    assert [one.key.id for one in clinic.open_desk().find_patients(["+79213334466"])] == [id_]
    assert clinic.open_desk().find_patients(["+79213330000"]) == []


def test_where_filters_do_nothing_all_cards_are_looked_through(clinic: ArchimedClinic) -> None:
    id_ = clinic.register("Седова", phone="8-921-333 44-77")  # a spelling that nobody thinks of
    clinic.sandbox.change(branch=0, ignored_filters=["*"])

    assert [one.key.id for one in clinic.open_desk().find_patients(["+79213334477"])] == [id_]


@pytest.mark.parametrize("collision", ["403", "400", "409", "200"])
def test_a_taken_time_is_refused_however_the_installation_says_it(clinic: ArchimedClinic, collision: str) -> None:
    clinic.sandbox.change(branch=0, collision=collision)
    visit = booked(clinic)
    assert visit.ends_at
    time = Time(doctor=visit.doctor, starts_at=visit.starts_at, ends_at=visit.ends_at)

    with pytest.raises(Refused) as caught:
        clinic.open_desk().book(Order(patient=PatientKey("center", "2"), time=time))

    assert caught.value.kind is RefusalKind.BUSY


def test_of_many_who_want_one_slot_one_gets_it(clinic: ArchimedClinic) -> None:
    desk, time = clinic.open_desk(), slot(clinic)

    def book(patient: int) -> str:
        try:
            return desk.book(Order(patient=PatientKey("center", str(patient)), time=time)).id
        except Refused as refused:
            return refused.kind

    with ThreadPoolExecutor(8) as managers:
        told = list(managers.map(book, range(1, 9)))

    assert told.count(RefusalKind.BUSY) == 7
    [winner] = [answer for answer in told if answer != RefusalKind.BUSY]
    visit = desk.visit(winner)
    assert visit
    assert visit.starts_at == time.starts_at
    assert not any(clinic.sandbox.state("double_bookings")["double_bookings"].values())


def test_a_doctor_without_a_length_of_visit_is_told_before_and_refused_after(clinic: ArchimedClinic) -> None:
    desk = clinic.open_desk()
    [idle] = [doctor for doctor in desk.doctors() if doctor.minutes == 0]
    time = slot(clinic)
    wrong = Time(doctor=idle.id, starts_at=time.starts_at, ends_at=time.ends_at)

    with pytest.raises(Refused) as caught:
        desk.book(Order(patient=PatientKey("center", "1"), time=wrong))

    assert caught.value.kind is RefusalKind.NOT_WORKING
    assert "не указал время" in str(caught.value.advice)


def test_an_installation_that_cannot_move_says_ok_and_is_not_believed(clinic: ArchimedClinic) -> None:
    visit, to = booked(clinic), slot(clinic)
    clinic.sandbox.change(branch=0, ignored_fields=["date", "begintime", "doc_id", "endtime"])

    with pytest.raises(Refused) as caught:
        clinic.open_desk().reschedule(visit.key.id, to)

    assert caught.value.kind is RefusalKind.UNABLE


@pytest.mark.parametrize("how", ["status", "delete"])
def test_a_visit_is_cancelled_as_the_settings_say(clinic: ArchimedClinic, how: str) -> None:
    visit = booked(clinic)
    desk = clinic.open_desk(cancel_by=how)

    desk.cancel(visit.key.id, desk.cancel_reasons()[0].id, "Позвонит сам")

    after = desk.visit(visit.key.id)
    assert after
    assert after.status is VisitStatus.CANCELLED
    assert after.raw_status.startswith("deleted") is (how == "delete")
    assert after.comment == "Позвонит сам"


def test_services_are_named_in_the_note(clinic: ArchimedClinic) -> None:
    desk = clinic.open_desk()
    first, second = desk.services()[:2]
    order = Order(
        patient=PatientKey("center", "1"), time=slot(clinic), services=(first.id, second.id), comment="Впервые"
    )

    visit = desk.visit(desk.book(order).id)

    assert visit
    assert visit.comment.splitlines() == [f"{first.name}, {second.name}", "Впервые"]
    assert first.price
    assert first.category


def test_a_status_that_is_not_there_is_refused_without_asking(clinic: ArchimedClinic) -> None:
    with pytest.raises(Refused) as caught:
        clinic.open_desk().change_status("1", "777")

    assert caught.value.kind is RefusalKind.INCOMPLETE


@pytest.mark.parametrize("fault", ["500_after", "502_after", "504_after", "html_200", "lost_after_commit"])
def test_whatever_is_no_plain_yes_is_unknown(clinic: ArchimedClinic, fault: str) -> None:
    clinic.sandbox.fault(fault, method="POST", path="/medcards")

    with pytest.raises(OutcomeUnknown):
        clinic.open_desk().make_patient(NEW)


def test_visits_of_a_patient_are_filtered_where_the_list_of_their_own_is_missing(clinic: ArchimedClinic) -> None:
    visit = booked(clinic)
    usual = [one.key for one in clinic.open_desk().visits_of("1")]
    clinic.sandbox.change(branch=0, missing={"medcards/talons": 404}, ignored_filters=["patient_id"])

    assert visit.key in usual
    assert [one.key for one in clinic.open_desk().visits_of("1")] == usual


def test_where_visits_cannot_be_deleted_nobody_is_told_that_the_visit_is_gone(clinic: ArchimedClinic) -> None:
    visit = booked(clinic)
    clinic.sandbox.change(branch=0, missing={"DELETE talons": 404})
    with pytest.raises(AskOperator, match="no method DELETE talons"):
        clinic.open_desk(cancel_by="delete").cancel(visit.key.id)


def test_the_schedule_is_filtered_here_too_and_what_is_over_is_not_free() -> None:
    config = Config(connection="c", api_id="1", api_secret="s", time_zone=ZONE)
    now = datetime(2026, 4, 26, 12, 10, tzinfo=ZoneInfo(ZONE))
    slots = [{"start": f"{hour}:00", "end": f"{hour}:20", "free": "1"} for hour in (14, 12, 13)]
    schedule = {"date": "26.04.2026", "start": "08:00", "end": "00:00", "room": " Кабинет  2 ", "intervals": slots}
    rows: list[dict[str, Any]] = [
        {"id": "8", "name": "Сергеев", "schedules": [schedule, schedule | {"date": "27.04.2026"}, {"date": "?"}]},
        {"id": 9, "name": "Орлова", "schedules": [schedule]},
    ]

    query = ScheduleQuery(first=now.date(), last=now.date(), doctors=("8",))
    [shift] = shifts(rows, query, config, now)

    assert (shift.doctor, shift.room, shift.branch) == ("8", "Кабинет 2", "1")
    assert shift.ends_at - shift.starts_at == timedelta(hours=16)
    assert [(slot.starts_at.hour, slot.free) for slot in shift.slots] == [(12, False), (13, True), (14, True)]
