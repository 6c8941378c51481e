"""The weather that a test can make, as the drivers feel it."""

import time
import urllib.error
from typing import Any

import pymssql
import pytds
import pytest

pytestmark = pytest.mark.slow


def test_slow_gives_up_at_the_client_s_timeout_and_at_once_at_the_server(fresh: Any, eventually: Any) -> None:
    with fresh.fault(kind="slow", seconds=30, match="Persons"):
        began = time.monotonic()
        with fresh.connect(timeout=1) as connection, connection.cursor() as cursor:
            with pytest.raises(pymssql.Error):
                cursor.execute("SELECT TOP 1 ID FROM Persons")
            assert time.monotonic() - began < 10
    eventually(lambda: fresh.http("GET", "state")["sessions_open"] == {"readonly_user": 0})


def test_an_attention_ends_a_slow_query_and_the_session_goes_on(fresh: Any) -> None:
    settings = fresh.sandbox.settings
    options = {"dsn": "127.0.0.1", "port": fresh.sandbox.server.port, "user": "readonly_user", "database": "PZ"}
    password = settings.passwords["readonly_user"]
    with pytds.connect(password=password, autocommit=True, timeout=1, **options) as connection:
        with fresh.fault(kind="slow", seconds=30, count=1), connection.cursor() as late, pytest.raises(TimeoutError):
            late.execute("SELECT 1")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 2")
            assert cursor.fetchall() == [(2,)]


def test_an_attention_stops_a_query_that_really_works(fresh: Any) -> None:
    """Three hundred cubed is more than a second of counting."""
    many = " CROSS JOIN ".join(f"Persons {name}" for name in "abcd")
    long = f"SELECT COUNT(*) FROM {many} WHERE a.Name < b.Name"  # noqa: S608  # four letters
    began = time.monotonic()
    with fresh.connect(timeout=1) as connection, connection.cursor() as cursor, pytest.raises(pymssql.Error):
        cursor.execute(long)
    assert time.monotonic() - began < 10
    last = fresh.http("GET", "statements?after=0")
    assert all(statement["milliseconds"] < 10_000 for statement in last)


def test_slow_is_only_late(fresh: Any) -> None:
    with fresh.fault(kind="slow", seconds=0.3, count=1):
        began = time.monotonic()
        assert fresh.rows("SELECT 1") == [(1,)]
        assert time.monotonic() - began >= 0.3


def test_silent_answers_nothing_and_the_driver_s_timeout_has_to_help(fresh: Any) -> None:
    connection = fresh.connect(timeout=1)
    with fresh.fault(kind="silent"):
        began = time.monotonic()
        with pytest.raises(pymssql.Error):
            connection.cursor().execute("SELECT 1")
        assert time.monotonic() - began < 10


def test_refused_logins_end_when_they_are_used_up(fresh: Any) -> None:
    with fresh.fault(kind="refuse_login", count=1):
        with pytest.raises(pymssql.OperationalError, match="18456"):
            fresh.connect()
        assert fresh.rows("SELECT 1") == [(1,)]


def test_gone_closes_connections_and_the_door_until_it_is_back(fresh: Any, eventually: Any) -> None:
    connection = fresh.connect()
    with fresh.fault(kind="gone"):
        eventually(lambda: not reachable(fresh))
        with pytest.raises(pymssql.Error):
            connection.cursor().execute("SELECT 1")
    eventually(lambda: reachable(fresh))
    assert fresh.rows("SELECT 1") == [(1,)]


def test_gone_for_a_time_comes_back_by_itself(fresh: Any, eventually: Any) -> None:
    fresh.http("POST", "faults", {"kind": "gone", "seconds": 0.5})
    eventually(lambda: not reachable(fresh))
    eventually(lambda: reachable(fresh))


def reachable(clinic: Any) -> bool:
    try:
        clinic.connect(login_timeout=2).close()
    except pymssql.Error:
        return False
    return True


def test_a_connection_dropped_inside_a_row(fresh: Any) -> None:
    with fresh.fault(kind="drop_mid_row", count=1, match="Persons"):
        with fresh.connect() as connection, connection.cursor() as cursor, pytest.raises(pymssql.Error):
            list(cursor.execute("SELECT ID, Surname, Name FROM Persons") or cursor)
        assert len(fresh.rows("SELECT ID, Surname, Name FROM Persons")) > 300


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        ({"kind": "lock_timeout"}, 1222),
        ({"kind": "deadlock"}, 1205),
        ({"kind": "error", "number": 17142}, 17142),
    ],
)
def test_errors_of_a_busy_server(fresh: Any, fault: dict[str, Any], number: int) -> None:
    with fresh.fault(**fault, count=2, match="SELECT 5"):
        assert fresh.error("SELECT 5")[0] == number
        assert fresh.rows("SELECT 6") == [(6,)]
        assert fresh.error("SELECT 5")[0] == number
        assert fresh.rows("SELECT 5") == [(5,)]


def test_faults_meet_the_reader_alone_unless_told_otherwise(fresh: Any) -> None:
    with fresh.fault(kind="lock_timeout"):
        assert fresh.rows("SELECT 1 AS a", login="clinic") == [(1,)]
        with pytest.raises(pymssql.Error):
            fresh.rows("SELECT 1 AS a")


def test_a_fault_that_nobody_knows_is_refused(fresh: Any) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fresh.http("POST", "faults", {"kind": "earthquake"})
    assert fresh.http("GET", "faults") == []
