"""Staff change data in transactions; readers see committed rows only, and can tell what is still open."""

import random
import threading
from datetime import datetime
from typing import Any

import pymssql
import pytest

pytestmark = pytest.mark.slow

MARKS = "SELECT @@DBTS AS last, MIN_ACTIVE_ROWVERSION() AS active"


def number(rowversion: bytes) -> int:
    return int.from_bytes(rowversion, "big")


def marks(clinic: Any) -> tuple[int, int]:
    last, active = clinic.rows(MARKS)[0]
    return number(last), number(active)


def test_every_insert_and_update_takes_the_next_rowversion(fresh: Any) -> None:
    last, active = marks(fresh)
    assert active == last + 1
    with fresh.connect("clinic") as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO Receptions (ID_Patients, PlanStart) OUTPUT INSERTED.ID, INSERTED.RowVersion VALUES "
            "(10001, GETDATE())"
        )
        visit, first = cursor.fetchone()
        assert number(first) == last + 1
        cursor.execute("UPDATE Receptions SET Comment = N'x' OUTPUT INSERTED.RowVersion WHERE ID = %d", (visit,))
        assert number(cursor.fetchone()[0]) == last + 2
        cursor.execute("UPDATE Persons SET Name = Name WHERE ID = 10001")
    assert marks(fresh) == (last + 2, last + 3)


def test_an_open_transaction_hides_its_rows_and_holds_the_active_mark(fresh: Any) -> None:
    last, _ = marks(fresh)
    with (
        fresh.connect("clinic") as one,
        fresh.connect("clinic") as other,
        one.cursor() as slow,
        other.cursor() as quick,
    ):
        slow.execute("BEGIN TRAN; UPDATE Receptions SET Comment = N'медленно' WHERE ID = 1")
        quick.execute("UPDATE Receptions SET Comment = N'быстро' WHERE ID = 2")
        assert marks(fresh) == (last + 2, last + 1)
        between = "RowVersion > CAST({} AS binary(8)) AND RowVersion < MIN_ACTIVE_ROWVERSION()"
        safe = f"SELECT ID FROM Receptions WHERE {between}"  # noqa: S608  # two marks
        assert fresh.rows(safe.format(last)) == []
        assert fresh.rows("SELECT Comment FROM Receptions WHERE ID IN (1, 2) ORDER BY ID") == [(None,), ("быстро",)]
        slow.execute("SELECT Comment FROM Receptions WHERE ID = 1")
        assert slow.fetchone() == ("медленно",)
        slow.execute("COMMIT")
    assert marks(fresh) == (last + 2, last + 3)
    assert fresh.rows(safe.format(last) + " ORDER BY RowVersion") == [(1,), (2,)]


def test_two_transactions_side_by_side_keep_their_identities_and_rowversions(fresh: Any) -> None:
    insert = "INSERT INTO Receptions (Comment) OUTPUT INSERTED.ID, INSERTED.RowVersion VALUES ({})"
    with (
        fresh.connect("clinic") as one,
        fresh.connect("clinic") as other,
        one.cursor() as first,
        other.cursor() as second,
    ):
        given = []
        first.execute("BEGIN TRAN")
        second.execute("BEGIN TRAN")
        for cursor, text in ((first, "N'а1'"), (second, "N'б1'"), (first, "N'а2'"), (second, "N'б2'")):
            cursor.execute(insert.format(text))
            given.append((*cursor.fetchone(), text.strip("N'")))
        second.execute("COMMIT")
        first.execute("COMMIT")
    found = fresh.rows(
        "SELECT ID, RowVersion, Comment FROM Receptions WHERE Comment IN (N'а1', N'а2', N'б1', N'б2') ORDER BY ID"
    )
    assert found == given
    assert [number(row[1]) - number(given[0][1]) for row in found] == [0, 1, 2, 3]


def test_a_rollback_leaves_nothing_but_gaps(fresh: Any) -> None:
    last, _ = marks(fresh)
    count = fresh.rows("SELECT COUNT(*) FROM Receptions")
    with fresh.connect("clinic", autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO Receptions (Comment) VALUES (N'x')")
        assert marks(fresh) == (last + 1, last + 1)
        connection.rollback()
    assert fresh.rows("SELECT COUNT(*) FROM Receptions") == count
    assert marks(fresh) == (last + 1, last + 2)
    before = fresh.rows("SELECT MAX(ID) FROM Receptions")[0][0]
    with fresh.connect("clinic") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO Receptions (Comment) OUTPUT INSERTED.ID VALUES (N'x')")
        assert cursor.fetchone() == (before + 2,)


def test_a_connection_that_breaks_takes_its_transaction_with_it(fresh: Any, eventually: Any) -> None:
    connection = fresh.connect("clinic")
    cursor = connection.cursor()
    cursor.execute("BEGIN TRAN; UPDATE Receptions SET Comment = N'x' WHERE ID = 1")
    last, active = marks(fresh)
    assert active == last
    connection.close()
    eventually(lambda: marks(fresh) == (last, last + 1))
    assert fresh.rows("SELECT Comment FROM Receptions WHERE ID = 1") == [(None,)]


def test_identities_are_told_as_sql_server_tells_them(fresh: Any) -> None:
    with fresh.connect("clinic") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO Receptions (Comment) VALUES (N'x')")
        cursor.execute("SELECT CAST(SCOPE_IDENTITY() AS int), CAST(@@IDENTITY AS int), MAX(ID) FROM Receptions")
        scope, identity, greatest = cursor.fetchone()
    assert scope == identity == greatest


def test_times_are_the_clinic_s_own_and_added_by_default(fresh: Any) -> None:
    fresh.rows("INSERT INTO Receptions (ID_Patients) VALUES (10002)", login="clinic")
    (added,) = fresh.rows("SELECT TOP 1 DateTimeAdded FROM Receptions ORDER BY ID DESC")[0]
    assert added.replace(second=0, microsecond=0) == datetime(2026, 3, 3, 12, 0)  # noqa: DTZ001  # naive by nature
    assert added.microsecond // 1000 % 10 in (0, 3, 7)


BROKEN = [
    ("INSERT INTO Persons (ID) VALUES (10001)", 2627),
    ("INSERT INTO Receptions (ID_Patients) VALUES (987654)", 547),
    ("DELETE FROM Persons WHERE ID = 10001", 547),
    ("INSERT INTO Armchairs (ID, NameArmchair) VALUES (900, N'x')", 515),
    ("UPDATE Persons SET Birthday = N'0123456789012345678901' WHERE ID = 10001", 8152),
    ("INSERT INTO Receptions (ID) VALUES (1)", 544),
    ("INSERT INTO Receptions (RowVersion) VALUES (0x01)", 273),
    ("UPDATE Receptions SET ID = 5", 8102),
    ("UPDATE Receptions SET PlanStart = N'завтра' WHERE ID = 1", 241),
    ("UPDATE StaffsView SET Name = N'x'", 4406),
    ("COMMIT", 3902),
    ("ROLLBACK", 3903),
    ("EXEC nothing", 2812),
]


@pytest.mark.parametrize(("sql", "number"), BROKEN, ids=[sql[:50] for sql, _ in BROKEN])
def test_what_staff_gets_wrong_is_told_with_sql_server_s_number(clinic: Any, sql: str, number: int) -> None:
    assert clinic.error(sql, login="clinic")[0] == number


def test_a_column_that_an_upgrade_took_away_is_gone_from_everywhere(fresh: Any) -> None:
    fresh.rows("ALTER TABLE dbo.Receptions DROP COLUMN CheckIssued", login="clinic")
    assert fresh.error("SELECT CheckIssued FROM Receptions")[0] == 207
    assert fresh.rows("SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE COLUMN_NAME = N'CheckIssued'") == [(0,)]
    assert fresh.rows("SELECT COUNT(*) FROM Receptions WHERE CAST(PlanStart AS date) > '2000-01-01'") == [(160,)]


def test_whoever_reads_below_the_active_mark_misses_nothing(fresh: Any) -> None:
    """Transactions commit in another order than they took their rowversions, or not at all."""
    over = threading.Event()
    seen: dict[int, bytes] = {}

    def read() -> None:
        last, safe = b"\x00" * 8, "RowVersion > %s AND RowVersion < MIN_ACTIVE_ROWVERSION()"
        page = f"SELECT ID, RowVersion FROM Receptions WHERE {safe} ORDER BY RowVersion"  # noqa: S608  # our own text
        with fresh.connect() as connection, connection.cursor() as cursor:
            while True:
                ended = over.is_set()
                cursor.execute(page, (pymssql.Binary(last),))
                rows = cursor.fetchall()
                seen.update(rows)
                last = rows[-1][1] if rows else last
                if ended and not rows:
                    return

    def write(seed: int) -> None:
        dice = random.Random(seed)
        with fresh.connect("clinic", autocommit=False) as connection, connection.cursor() as cursor:
            for _ in range(60):
                for _ in range(dice.randint(1, 4)):
                    cursor.execute("UPDATE Receptions SET Comment = N'%d' WHERE ID = %d", (seed, dice.randint(1, 160)))
                (connection.commit if dice.random() < 0.8 else connection.rollback)()

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    reader.join()
    assert seen == dict(fresh.rows("SELECT ID, RowVersion FROM Receptions"))
