"""IDENT's desk: the timetable that it posted, and applications that wait for it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from priem.booking import Ability, Application, NewPatient, RefusalKind, Refused, ScheduleQuery, Time
from priem.engine.bindings import bind
from priem.engine.booking_rights import of_user
from priem.engine.settings import Bookings, Settings, UserBooking
from priem.hub.ident.desk import IdentDesk, ident_desk
from priem.hub.ident.services import open_service
from priem.hub.models import Clinic, IdentTicket, Timetable, TimetableDay
from priem.hub.widget.places import refusal
from tests.contract.fake_account import ACCOUNT

ZONE = ZoneInfo("Asia/Novosibirsk")
MORNING = (datetime.now(ZONE) + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
ANNA = NewPatient(last_name="Белова", first_name="Анна", phone="+79213334455")


@pytest.fixture
def desk(clinic: Clinic) -> IdentDesk:
    open_service(clinic.pk, "ident", ZONE.key)
    found = ident_desk(clinic.pk, "ident")
    assert found
    return found


@pytest.fixture
def posted(clinic: Clinic) -> None:
    """Nine to ten; from half past nine somebody is there."""
    Timetable.objects.create(
        clinic=clinic,
        connection="ident",
        posted_at=datetime.now(UTC),
        doctors={"7": "Седова"},
        branches={"1": "На Мира"},
    )
    second = int(MORNING.timestamp())
    quarters = [[second + 900 * number, 420, 15, 0] for number in range(2)]
    TimetableDay.objects.create(
        clinic=clinic, connection="ident", day=MORNING.date(), branch=1, doctor=7,
        intervals=[*quarters, [second + 1800, 420, 30, 1]],
    )  # fmt: skip


def at(minutes: int = 0) -> Time:
    return Time(
        doctor="7", starts_at=MORNING + timedelta(minutes=minutes), ends_at=MORNING + timedelta(minutes=minutes + 30)
    )


def test_a_connection_without_a_service_has_no_desk(clinic: Clinic) -> None:
    assert ident_desk(clinic.pk, "ident") is None


@pytest.mark.usefixtures("posted")
def test_the_timetable_is_shown_in_quarters_of_an_hour(desk: IdentDesk) -> None:
    (shift,) = desk.schedule(ScheduleQuery(first=MORNING.date(), last=MORNING.date(), doctors=("7",)))

    assert (shift.doctor, shift.doctor_name, shift.branch) == ("7", "Седова", "1")
    assert [(f"{slot.starts_at:%H:%M}", slot.free) for slot in shift.slots] == [
        ("09:00", True), ("09:15", True), ("09:30", False),
    ]  # fmt: skip
    assert (shift.starts_at, shift.ends_at) == (MORNING, MORNING + timedelta(hours=1))
    assert desk.schedule(ScheduleQuery(first=MORNING.date(), last=MORNING.date(), doctors=("8",))) == []
    assert [one.name for one in desk.branches()] == ["На Мира"]
    assert desk.abilities == {Ability.APPLY}


def test_before_a_timetable_has_come_a_manager_is_told_what_is_missing(desk: IdentDesk, clinic: Clinic) -> None:
    nobody = UserBooking(user=502, books=False)
    bound = bind(Settings(booking=Bookings(users=(nobody,))), ACCOUNT)

    said = refusal(of_user(501), {"ident": desk}, bound)
    assert "Расписание из IDENT ещё не пришло" in said.what.read("ru")
    assert "Выгрузка расписания" in str(said.advice)
    forbidden = "You may not book in this branch."
    assert str(refusal(of_user(502), {"ident": desk}, bound).what) == forbidden

    Timetable.objects.create(clinic=clinic, connection="ident", posted_at=datetime.now(UTC), branches={"1": "На Мира"})
    assert str(refusal(of_user(501), {"ident": desk}, bound).what) == forbidden


def test_an_application_waits_for_ident_and_the_same_again_is_one(desk: IdentDesk, clinic: Clinic) -> None:
    wanted = Application(ref="click", patient=ANNA, time=at(), comment="Впервые", lead=31)
    assert desk.apply(wanted) == desk.apply(wanted)

    (row,) = IdentTicket.objects.of(clinic.pk)
    assert (row.lead, row.content["ClientPhone"], row.content["DoctorId"]) == (31, "+79213334455", 7)
    with pytest.raises(Refused) as refused:
        desk.apply(Application(ref="other", patient=ANNA, time=at(30), lead=31))
    assert refused.value.kind is RefusalKind.HAS_VISIT
