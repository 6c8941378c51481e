"""`readonly_user` reads, and nothing else; the journal tells on whoever tries."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow

WRITES = [
    ("INSERT INTO dbo.Persons (ID) VALUES (1)", 229, "INSERT"),
    ("UPDATE dbo.Persons SET Name = N'x'", 229, "UPDATE"),
    ("DELETE FROM Receptions", 229, "DELETE"),
    ("WITH x AS (SELECT 1 AS a) DELETE FROM Persons", 229, "DELETE"),
    ("SELECT 1 AS a; DELETE FROM Persons", 229, "DELETE"),
    ("MERGE Persons AS t USING Staffs AS s ON 1 = 1 WHEN MATCHED THEN UPDATE SET Name = N'x';", 229, "MERGE"),
    ("TRUNCATE TABLE Persons", 229, "ALTER"),
    ("DROP TABLE Persons", 229, "ALTER"),
    ("ALTER TABLE Persons ADD x int", 229, "ALTER"),
    ("EXEC sp_who", 229, "EXECUTE"),
    ("GRANT SELECT ON Persons TO public", 229, "GRANT"),
    ("CREATE TABLE x (a int)", 262, "CREATE TABLE"),
    ("SELECT * INTO x FROM Persons", 262, "CREATE TABLE"),
    ("BACKUP DATABASE PZ TO DISK = 'x'", 262, "BACKUP DATABASE"),
]


@pytest.mark.parametrize(("sql", "number", "permission"), WRITES, ids=[sql[:50] for sql, _, _ in WRITES])
def test_a_write_of_the_reader_is_refused_with_sql_server_s_number(
    clinic: Any, sql: str, number: int, permission: str
) -> None:
    before = clinic.http("GET", "state")["tables"]
    if sql.startswith("SELECT 1"):
        with clinic.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.fetchall()
            with pytest.raises(Exception, match=str(number)):
                cursor.nextset()
    else:
        found, text = clinic.error(sql)
        assert found == number
        assert permission in text
    assert clinic.http("GET", "state")["tables"] == before
    assert any(permission.split(maxsplit=1)[0] in text or sql[:10] in text for text in not_select(clinic))


def not_select(clinic: Any) -> list[str]:
    texts = clinic.http("GET", "state")["statements"]["not_select"]
    assert isinstance(texts, list)
    return texts


def test_reading_leaves_nothing_that_is_not_a_select(fresh: Any) -> None:
    with fresh.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCK_TIMEOUT 1000")
        cursor.execute("SELECT TOP 1 ID FROM Persons")
        cursor.fetchall()
        cursor.execute("WITH x AS (SELECT 1 AS a) SELECT a FROM x")
        cursor.fetchall()
    assert not_select(fresh) == []
    state = fresh.http("GET", "state")
    assert state["statements"]["by_kind"]["SELECT"] == 2
    assert state["max_open_transaction_seconds"] == {"readonly_user": 0.0}


def test_a_driver_that_opens_a_transaction_is_found_out(fresh: Any) -> None:
    with fresh.connect(autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT TOP 1 ID FROM Persons")
        cursor.fetchall()
        assert fresh.http("GET", "state")["transactions_open"] == {"readonly_user": 1}
        connection.rollback()
        connection.autocommit(True)
        assert fresh.http("GET", "state")["transactions_open"] == {"readonly_user": 0}
    assert fresh.http("GET", "state")["max_open_transaction_seconds"]["readonly_user"] > 0
    assert any("TRAN" in text.upper() for text in not_select(fresh))
