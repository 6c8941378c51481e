"""The control port: state and rows that share nothing with a product, backups, upgrades, time, and life."""

import urllib.error
from collections import Counter
from typing import Any

import pymssql
import pytest

pytestmark = pytest.mark.slow

MARK = "SELECT @@DBTS"


def test_rows_come_by_key_page_by_page(clinic: Any) -> None:
    first = clinic.http("GET", "rows?table=Receptions&limit=50")
    second = clinic.http("GET", f"rows?table=Receptions&limit=1000&after={first[-1]['ID']}")
    assert [row["ID"] for row in first + second] == list(range(1, 161))
    assert len(first[0]["RowVersion"]) == 16
    patients = clinic.http("GET", "rows?table=Patients&limit=1&after=10005")
    assert patients[0]["ID_Persons"] == 10_006


def test_state_counts_what_there_is(clinic: Any) -> None:
    state = clinic.http("GET", "state")
    assert (state["patients"], state["visits"], state["future_visits"]) == (300, 160, 120)
    assert state["tables"]["Times"] == 48


def test_statements_are_listed_with_time_and_rows(clinic: Any) -> None:
    before = clinic.http("GET", "state")["statements"]["total"]
    clinic.rows("SELECT ID FROM Times")
    last = clinic.http("GET", f"statements?after={before}")[-1]
    assert (last["login"], last["kind"], last["rows"]) == ("readonly_user", "SELECT", 48)
    assert last["milliseconds"] >= 0


def test_a_restored_backup_goes_back_with_rowversions_and_identities(fresh: Any) -> None:
    fresh.http("POST", "backup")
    (before,) = fresh.rows(MARK)[0]
    insert = "INSERT INTO Receptions (Comment) OUTPUT INSERTED.ID, INSERTED.RowVersion VALUES (N'потеряется')"
    lost = insert_as_staff(fresh, insert)
    connection = fresh.connect()
    fresh.http("POST", "restore")
    assert fresh.rows(MARK)[0][0] == before
    assert fresh.rows("SELECT COUNT(*) FROM Receptions WHERE Comment = N'потеряется'") == [(0,)]
    assert insert_as_staff(fresh, insert) == lost
    connection.close()


def insert_as_staff(clinic: Any, sql: str) -> Any:
    with clinic.connect("clinic") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_restore_throws_everybody_out(fresh: Any) -> None:
    fresh.http("POST", "backup")
    connection = fresh.connect()
    fresh.http("POST", "restore")
    with pytest.raises(pymssql.Error):
        connection.cursor().execute("SELECT 1")


def test_restore_without_a_backup_is_an_error_not_a_crash(fresh: Any) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fresh.http("POST", "restore")
    assert fresh.rows("SELECT 1") == [(1,)]


def test_an_upgrade_gives_every_row_a_new_rowversion_and_changes_nothing_else(fresh: Any) -> None:
    columns = "ID, ID_Patients, PlanStart, DateTimeChanged"
    before = fresh.rows(f"SELECT {columns} FROM Receptions ORDER BY ID")  # noqa: S608  # names
    (last,) = fresh.rows("SELECT MAX(RowVersion) FROM Receptions")[0]
    fresh.http("POST", "upgrade")
    assert fresh.rows(f"SELECT {columns} FROM Receptions ORDER BY ID") == before  # noqa: S608  # same
    assert fresh.rows("SELECT COUNT(*) FROM Receptions WHERE RowVersion <= %s", (last,)) == [(0,)]


def test_the_clock_can_be_set_and_pushed(fresh: Any) -> None:
    fresh.http("POST", "clock", {"set": "2026-07-01T08:30:00"})
    assert fresh.rows("SELECT CONVERT(varchar(16), GETDATE(), 120)") == [("2026-07-01 08:30",)]
    fresh.http("POST", "clock", {"advance": 86_400})
    assert fresh.rows("SELECT CONVERT(varchar(10), SYSDATETIME(), 120)") == [("2026-07-02",)]


def live(clinic: Any, eventually: Any, changes: int) -> list[dict[str, Any]]:
    before = clinic.http("GET", "state")["live"]["made"]
    clinic.http("POST", "live", {"changes": changes, "rate": 2000})
    eventually(lambda: not clinic.http("GET", "state")["live"]["running"])
    found = clinic.http("GET", f"changes?after={before}")
    assert isinstance(found, list)
    return found


def test_the_clinic_lives_as_many_changes_as_it_is_told_and_every_kind_of_them(fresh: Any, eventually: Any) -> None:
    changes = live(fresh, eventually, 400)
    assert [change["n"] for change in changes] == list(range(1, 401))
    assert set(Counter(change["kind"] for change in changes)) == {
        "patient_added", "visit_booked", "visit_moved_time", "visit_moved_new_row", "visit_confirmed", "arrived",
        "started", "ended", "billed", "cancelled", "no_show", "patient_changed",
    }  # fmt: skip
    assert changes == sorted(changes, key=lambda change: change["at"])
    state = fresh.http("GET", "state")
    assert state["live"]["failed"] == 0
    assert state["statements"]["not_select"] == []


def test_what_the_living_clinic_says_it_did_stands_in_the_tables(fresh: Any, eventually: Any) -> None:
    (last,) = fresh.rows(MARK)[0]
    changes = live(fresh, eventually, 120)
    visits = {change["visit"] for change in changes if change["visit"]}
    changed = {row[0] for row in fresh.rows("SELECT ID FROM Receptions WHERE RowVersion > %s", (last,))}
    assert visits <= changed
    for change in changes:
        if change["kind"] == "patient_added":
            assert fresh.rows("SELECT COUNT(*) FROM Patients WHERE ID_Persons = %d", (change["patient"],)) == [(1,)]
    booked = [change["visit"] for change in changes if change["kind"] == "visit_booked"]
    cells = "SELECT COUNT(*) FROM CurrentTimeTable WHERE ID_Receptions = %d"
    cancelled = {row[0] for row in fresh.rows("SELECT ID FROM Receptions WHERE ReceptionCanceled IS NOT NULL")}
    assert all((fresh.rows(cells, (visit,))[0][0] >= 2) != (visit in cancelled) for visit in booked)
    moved = [change["visit"] for change in changes if change["kind"] == "visit_moved_new_row"]
    for visit in moved:
        assert fresh.rows(
            "SELECT o.ID_ReceptionCancelReasons FROM Receptions n JOIN Receptions o ON o.ID = "
            "n.ID_ReceptionsTransferFrom "
            "WHERE n.ID = %d", (visit,)
        ) == [(6,)]  # fmt: skip


def test_life_goes_on_after_a_restore(fresh: Any, eventually: Any) -> None:
    fresh.http("POST", "backup")
    live(fresh, eventually, 30)
    fresh.http("POST", "restore")
    assert len(live(fresh, eventually, 30)) == 30
    assert fresh.http("GET", "state")["live"]["failed"] == 0
