"""Where a clinic works with IDENT, the window shows the timetable that IDENT has posted, and sends an application."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from priem.booking import Ability, Application, NewPatient, Refused, ScheduleQuery, Time
from priem.hub.models import Clinic, IdentTicket
from priem.hub.widget.ident_desk import IdentDesk, ident_desks
from tests.hub.ident_program import Ident

ZONE = ZoneInfo("Europe/Moscow")
TOMORROW = (datetime.now(ZONE) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture
def desk(clinic: Clinic, ident: Ident) -> IdentDesk:
    table: dict[str, object] = {
        "Doctors": [{"Id": 20, "Name": "Седова Мария Петровна"}],
        "Branches": [{"Id": 1, "Name": "Ленина, 5"}],
        "Intervals": [interval(TOMORROW, 75, busy=False), interval(TOMORROW + timedelta(minutes=75), 30, busy=True)],
    }
    assert ident.post(table).status_code < 300
    return ident_desks(clinic.pk)["ident"]


def interval(starts_at: datetime, minutes: int, *, busy: bool) -> dict[str, object]:
    return {
        "DoctorId": 20,
        "BranchId": 1,
        "StartDateTime": starts_at.isoformat(),
        "LengthInMinutes": minutes,
        "IsBusy": busy,
    }


def test_the_timetable_is_shown_in_pieces_that_can_be_chosen(desk: IdentDesk) -> None:
    [shift] = desk.schedule(ScheduleQuery(first=TOMORROW.date(), last=TOMORROW.date(), branch="1"))

    assert desk.abilities == {Ability.APPLY}
    assert (shift.doctor, shift.doctor_name) == ("20", "Седова Мария Петровна")
    assert [(slot.ends_at - slot.starts_at, slot.free) for slot in shift.slots] == [
        (timedelta(minutes=30), True),
        (timedelta(minutes=30), True),
        (timedelta(minutes=15), True),
        (timedelta(minutes=30), False),
    ]
    assert desk.schedule(ScheduleQuery(first=TOMORROW.date(), last=TOMORROW.date(), branch="2")) == []


def test_an_application_waits_for_ident_with_the_time_and_the_doctor(clinic: Clinic, desk: IdentDesk) -> None:
    wanted = Application(
        ref="click-1",
        patient=NewPatient(last_name="Белова", first_name="Анна", phone="+79213334455"),
        time=Time(doctor="20", starts_at=TOMORROW, ends_at=TOMORROW + timedelta(minutes=30), branch="1"),
        comment="Впервые",
        lead=7,
    )

    assert desk.apply(wanted) == "amo-7"

    row = IdentTicket.objects.of(clinic.pk).get()
    assert row.lead == 7
    assert row.content["ClientSurname"] == "Белова"
    assert row.content["DoctorId"] == 20
    assert datetime.fromisoformat(row.content["PlanStart"]) == TOMORROW
    with pytest.raises(Refused):
        desk.apply(wanted)
