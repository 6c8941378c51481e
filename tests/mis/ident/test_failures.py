"""What drivers raise, as a person reads it."""

from collections.abc import Callable

import pymssql
import pytds
import pytest

from priem.errors import AskOperator, PriemError, TryLater
from priem.mis.ident.failures import Lost, NoDatabase, Unreachable, WrongLogin, not_connected, number_of, sorted_out


def of_pymssql(number: int, message: str) -> Exception:
    return pymssql.OperationalError(number, message.encode())


def of_pymssql_connecting(number: int, message: str) -> Exception:
    return pymssql.OperationalError((number, message.encode()))


def of_pytds(number: int, message: str) -> Exception:
    error: Exception = pytds.OperationalError(message)
    vars(error).update(number=number, msg_no=number)
    return error


Raised = Callable[[int, str], Exception]
DRIVERS = pytest.mark.parametrize("raised", [of_pymssql, of_pymssql_connecting, of_pytds])


@DRIVERS
@pytest.mark.parametrize(
    ("number", "message", "kind", "says"),
    [
        (208, "Invalid object name 'dbo.Armchairs'.", AskOperator, "dbo.Armchairs"),
        (207, 'Недопустимое имя столбца "NameArmchair".', AskOperator, "NameArmchair"),
        (229, "The SELECT permission was denied on the object 'Orders', database 'PZ'.", AskOperator, "Orders"),
        (229, 'Запрещено разрешение "SELECT" на объект "Orders" базы данных "PZ", схемы "dbo".', AskOperator, "Orders"),
        (1222, "Lock request time out period exceeded.", TryLater, "busy"),
        (1205, "Transaction (Process ID 52) was deadlocked.", TryLater, "busy"),
        (6005, "SHUTDOWN is in progress.", TryLater, "starting"),
        (245, "Conversion failed when converting the value 'Белова'.", AskOperator, "245"),
    ],
)  # fmt: skip - a case a line
def test_a_statements_error_goes_to_whom_it_concerns(
    raised: Raised, number: int, message: str, kind: type[PriemError], says: str
) -> None:
    error = raised(number, message)

    found = sorted_out(error, "chairs", "pc")

    assert number_of(error) == number
    assert isinstance(found, kind)
    assert says in str(found)
    assert "Белова" not in f"{found} {found.advice}"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (of_pymssql(20003, "DB-Lib error message 20003, severity 6:\nconnection timed out"), TryLater),
        (of_pymssql(20004, "DB-Lib error message 20004, severity 9:\nRead from the server failed"), Lost),
        (of_pymssql(20047, "DB-Lib error message 20047, severity 9:\nDBPROCESS is dead or not enabled"), Lost),
        (TimeoutError(), TryLater),
        (ConnectionResetError(), Lost),
        (pytds.ClosedConnectionError(), Lost),
    ],
)
def test_a_lost_server_is_waited_for(error: Exception, kind: type[PriemError]) -> None:
    found = sorted_out(error, "visits", "pc")

    assert isinstance(found, kind)
    assert isinstance(found, Lost) is (kind is Lost)


GENERAL = "General SQL Server error: Check messages from the SQL Server"
SEVERITY_14 = f"DB-Lib error message 20018, severity 14:\n{GENERAL}\n"
CLOSED = "DB-Lib error message 20017, severity 9:\nUnexpected EOF from the server\n"
NOBODY_THERE = "DB-Lib error message 20009, severity 9:\nUnable to connect: TDS server is unavailable\n"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(of_pymssql_connecting(18456, f"Login failed for user 'a'.{SEVERITY_14}"), WrongLogin, id="login"),
        pytest.param(of_pymssql_connecting(20009, NOBODY_THERE), Unreachable, id="nobody there"),
        pytest.param(of_pymssql_connecting(20017, CLOSED), Unreachable, id="closed at once"),
        pytest.param(of_pymssql_connecting(18456, NOBODY_THERE), Unreachable, id="nobody, after a wrong password"),
        pytest.param(of_pymssql_connecting(20009, SEVERITY_14), WrongLogin, id="login, after a lost server"),
        pytest.param(of_pytds(18456, "Login failed for user 'a'."), WrongLogin, id="login in python-tds"),
        pytest.param(of_pytds(4060, 'Cannot open database "PZ2".'), NoDatabase, id="no such database"),
        pytest.param(of_pytds(18401, "Server is in script upgrade mode."), TryLater, id="just starting"),
        pytest.param(ConnectionRefusedError(), Unreachable, id="refused"),
        pytest.param(OSError(-2, "Name or service not known"), Unreachable, id="no such host"),
        pytest.param(TimeoutError(), Unreachable, id="silence"),
        pytest.param(pytds.Error("Client does not have encryption enabled"), AskOperator, id="encryption"),
    ],
)
def test_why_a_connection_did_not_come_about(error: Exception, kind: type[PriemError]) -> None:
    assert isinstance(not_connected(error, "pc", "PZ2"), kind)
