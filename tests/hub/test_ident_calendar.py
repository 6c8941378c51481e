"""Free time of a clinic whose IDENT posts no timetable: as its database has it, until it posts one."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from priem.hub.ident.calendar_watch import CalendarWatch
from priem.hub.ident.timetables import Slot, Wanted, free_slots
from priem.hub.models import Clinic, Timetable, TimetableDay
from priem.mis.ahead import ReadAhead
from priem.mis.ident.calendar import Calendar, DoctorsDay, Stretch
from priem.sandbox.ident_client.database import Access, IdentDatabase
from priem.sandbox.ident_client.timetable import intervals
from tests.hub.ident_program import Ident, interval, timetable
from tests.mis.ident.clinic import IdentClinic, Sandbox, Watch

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(patients=40, visits=40)
    yield sandbox
    sandbox.stop()


class Reading:
    """IDENT's database, and whoever reads its calendar."""

    def __init__(self, clinic: Clinic, sandbox: Sandbox) -> None:
        self.owner, self.staff, self.clock = clinic, IdentClinic(sandbox, connection="ident"), Watch()
        self.source = ReadAhead(self.staff.open_by(self.clock))
        self.watch = CalendarWatch(clinic_id=clinic.pk, clock=self.clock)

    def look(self, *, after: timedelta = timedelta(0)) -> None:
        self.clock.advance(after.total_seconds())
        self.watch(self.source)

    def slots(self) -> Sequence[Slot]:
        wanted = Wanted(since=date(2020, 1, 1), until=date(2200, 1, 1), minutes=15)
        return free_slots(self.owner.pk, "ident", wanted, now=datetime(2020, 1, 1, tzinfo=UTC))

    def asked(self) -> int:
        return len(self.staff.asked_for("ID_TimeReserves"))


@pytest.fixture
def reading(clinic: Clinic, sandbox: Sandbox) -> Iterator[Reading]:
    reading = Reading(clinic, sandbox)
    yield reading
    reading.staff.close()


def as_ident_posts(sandbox: Sandbox, now: datetime) -> dict[str, object]:
    """By IDENT's own program as the sandbox plays it, which knows nothing of Priem's reading."""
    zone = ZoneInfo(sandbox.facts["time_zone"])
    port, password = sandbox.facts["port"], sandbox.facts["logins"]["clinic"]
    database = IdentDatabase(Access(host="127.0.0.1", port=port, password=password, zone=zone))
    return {
        "Doctors": database.names("SELECT ID_Persons, Surname + ' ' + Name + ' ' + Patronymic FROM Staffs"
                                  " JOIN Persons ON ID = ID_Persons"),
        "Branches": database.names("SELECT ID, BranchName FROM OwnCompanies"),
        "Intervals": [
            {
                "DoctorId": one.doctor,
                "BranchId": one.branch,
                "StartDateTime": one.starts.replace(tzinfo=zone).isoformat(),
                "LengthInMinutes": int(one.length.total_seconds()) // 60,
                "IsBusy": one.busy,
            }
            for one in intervals(database.cells(now.date(), 30))
        ],
    }  # fmt: skip


def test_the_database_tells_the_same_free_time_as_ident_posts(ident: Ident, reading: Reading, sandbox: Sandbox) -> None:
    reading.look()
    read = reading.slots()
    assert ident.post(as_ident_posts(sandbox, reading.staff.now)).status_code == 200

    assert len(read) > 1000
    assert [asdict(slot) for slot in reading.slots()] == [asdict(slot) for slot in read]
    assert reading.staff.writes() == []


def test_a_quarter_that_is_taken_meanwhile_is_not_offered_ten_minutes_later(ident: Ident, reading: Reading) -> None:  # noqa: ARG001  # there is a service
    reading.look()
    before = len(reading.slots())
    reading.staff.do(
        "UPDATE CurrentTimeTable SET ID_Receptions = 1 WHERE ID IN (SELECT TOP (4) ID FROM CurrentTimeTable"
        " WHERE ID_Receptions IS NULL AND DateOfWork > GETDATE() ORDER BY DateOfWork, ID_Armchairs, ID_Times)"
    )
    asked = reading.asked()
    reading.look(after=timedelta(minutes=5))
    assert reading.asked() == asked

    reading.look(after=timedelta(minutes=6))

    assert len(reading.slots()) == before - 4


def test_what_ident_posts_is_believed_until_it_has_been_silent_for_a_day(ident: Ident, reading: Reading) -> None:
    reading.look()
    assert len(reading.slots()) > 1000
    ident.post(timetable([interval(7, 0)]))
    assert [slot.doctor for slot in reading.slots()] == [7]
    asked = reading.asked()

    reading.look(after=timedelta(hours=23))
    assert ([slot.doctor for slot in reading.slots()], reading.asked()) == ([7], asked)
    reading.look(after=timedelta(hours=2))

    assert len(reading.slots()) > 1000
    assert Timetable.objects.of(reading.owner.pk).get().from_database


def test_nobody_is_asked_where_nobody_shows_free_time(reading: Reading) -> None:
    reading.look()

    assert not Timetable.objects.of(reading.owner.pk).exists()
    assert reading.staff.journal.exchanges == []


class Nonsense:
    """An agent that tells what cannot be."""

    connection = "ident"

    def timetable(self, days: int) -> Calendar:  # noqa: ARG002 - the protocol's
        good, bad = Stretch(1778569200, 180, 15, busy=False), Stretch(1778569200, 99_999, 15, busy=False)
        odd = Stretch(2**62, 180, 15, busy=False)
        doctors = ((7, (good, bad, odd)), (2**70, (good,)))
        return Calendar(
            days=tuple(DoctorsDay(day=date(2026, 5, 12), branch=1, doctor=id_, stretches=told) for id_, told in doctors)
        )


def test_a_figure_that_no_clock_has_is_left_out(ident: Ident, clinic: Clinic) -> None:  # noqa: ARG001  # there is a service
    CalendarWatch(clinic_id=clinic.pk, clock=Watch())(Nonsense())  # type: ignore[arg-type]  # only what is asked of it

    table, [day] = Timetable.objects.of(clinic.pk).get(), TimetableDay.objects.of(clinic.pk)
    assert (table.intervals, table.unreadable) == (1, 3)
    assert (day.doctor, day.intervals) == (7, [[1778569200, 180, 15, 0]])
