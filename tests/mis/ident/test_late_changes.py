"""What is written late or without a time, and the two ways of asking what changed."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from datetime import timedelta

import pytest

from priem.mis.ident.reading import ORDERS, PATIENTS, PAYMENTS, SERVICES, VISITS
from tests.contract.source_contract import read_on, visits_of
from tests.mis.ident.clinic import IdentClinic

pytestmark = pytest.mark.slow


def test_what_a_long_transaction_commits_an_hour_late_is_not_missed(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Поздеева")
    # With a doctor of its own: nothing of the calendar, which is looked at anew now and then, brings this visit.
    visit = clinic.book(patient, ID_Staffs="(SELECT MIN(ID_Persons) FROM Staffs)")
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)
    slow = clinic.connect()
    slow.autocommit(False)
    slow.cursor().execute(
        f"UPDATE Persons SET Surname = N'Рановская', DateTimeChanged = GETDATE() WHERE ID = {patient}"
    )
    slow.cursor().execute(
        "INSERT INTO Orders (DateTimeOrder, ID_OwnCompanies, ID_Receptions, ID_Patients, DateTimeAdded)"
        f" VALUES (GETDATE(), 2, {visit}, {patient}, GETDATE())"
    )
    clinic.sandbox.control("clock", {"advance": 3600})
    _, cursor = read_on(source, cursor)

    slow.commit()
    slow.close()
    clinic.sandbox.control("clock", {"advance": 660})
    pages, cursor = read_on(source, cursor)

    assert {one.name.split()[0] for page in pages for one in page.patients if one.key.id == patient} == {"Рановская"}
    assert [one.branch for page in pages for one in page.visits if one.key.id == visit] == ["2"], "an order's branch"
    clinic.sandbox.control("clock", {"advance": 660})
    again, _ = read_on(source, cursor)
    assert not [one for page in again for one in (*page.patients, *page.visits)], "given out once"


def test_a_first_reading_takes_visits_whose_time_stands_in_the_calendar_alone(clinic: IdentClinic) -> None:
    patient = clinic.register("Пустельгина")
    to_come, past, nowhere = clinic.book(patient), clinic.book(patient), clinic.book(patient)
    clinic.do(
        f"UPDATE Receptions SET PlanStart = NULL WHERE ID IN ({to_come}, {past}, {nowhere})",
        f"DELETE FROM CurrentTimeTable WHERE ID_Receptions IN ({to_come}, {past}, {nowhere})",
        "INSERT INTO CurrentTimeTable (DateOfWork, ID_Times, ID_Armchairs, ID_Receptions)"
        f" SELECT TOP (1) CAST(DATEADD(day, 3, GETDATE()) AS date), 1, ID, {to_come} FROM Armchairs",
        "INSERT INTO CurrentTimeTable (DateOfWork, ID_Times, ID_Armchairs, ID_Receptions)"
        f" SELECT TOP (1) CAST(DATEADD(day, -90, GETDATE()) AS date), 1, ID, {past} FROM Armchairs",
    )

    pages, _ = read_on(clinic.open(), None)

    assert {to_come, past, nowhere} & visits_of(pages).keys() == {to_come}
    assert nowhere not in {one.id for page in pages for one in page.rejected}


def test_both_ways_of_asking_what_changed_bring_the_same(clinic: IdentClinic) -> None:
    patient = clinic.register("Дятлова")
    clinic.book(patient)
    reader = clinic.open()._reader
    since = reader.clocks().now - timedelta(hours=1)
    for window in (PATIENTS, VISITS, ORDERS, SERVICES, PAYMENTS):
        once = reader.windowed(window, since=since, newest=None, after=0)
        apart = reader.windowed(window, since=since, newest=None, after=0)
        assert list(once) == list(apart)
    assert clinic.asked_for("UNION")
