"""What drivers raise, as a person reads it."""

import pymssql
import pytds
import pytest

from priem.errors import AskOperator, PriemError, TryLater
from priem.mis.ident.failures import NoDatabase, Unreachable, number_of, sorted_out


def of_pymssql(number: int, message: str) -> Exception:
    return pymssql.OperationalError(number, message.encode())


def of_pymssql_connecting(number: int, message: str) -> Exception:
    return pymssql.OperationalError((number, message.encode()))


def of_pytds(number: int, message: str) -> Exception:
    error: Exception = pytds.OperationalError(message)
    vars(error).update(number=number, msg_no=number)
    return error


DRIVERS = pytest.mark.parametrize("raised", [of_pymssql, of_pymssql_connecting, of_pytds])


@DRIVERS
@pytest.mark.parametrize(
    ("number", "message", "kind", "says"),
    [
        (18456, "Login failed for user 'readonly_user'.", AskOperator, "password"),
        (4060, 'Cannot open database "PZ2" requested by the login.', NoDatabase, "PZ2"),
        (911, "Database 'PZ2' does not exist.", NoDatabase, "PZ2"),
        (208, "Invalid object name 'dbo.Armchairs'.", AskOperator, "dbo.Armchairs"),
        (207, 'Недопустимое имя столбца "NameArmchair".', AskOperator, "NameArmchair"),
        (229, "The SELECT permission was denied on the object 'Orders', database 'PZ'.", AskOperator, "Orders"),
        (1222, "Lock request time out period exceeded.", TryLater, "busy"),
        (1205, "Transaction (Process ID 52) was deadlocked.", TryLater, "busy"),
        (6005, "SHUTDOWN is in progress.", TryLater, "starting"),
        (245, "Conversion failed when converting the value 'Белова'.", AskOperator, "245"),
    ],
)  # fmt: skip - a case a line
def test_a_servers_error_goes_to_whom_it_concerns(
    raised: object, number: int, message: str, kind: type[PriemError], says: str
) -> None:
    assert callable(raised)
    error = raised(number, message)

    found = sorted_out(error, "chairs", "pc")

    assert number_of(error) == number
    assert isinstance(found, kind)
    assert says in str(found)
    assert "Белова" not in f"{found} {found.advice}"


@pytest.mark.parametrize(
    ("error", "statement", "kind"),
    [
        (of_pymssql(20003, "connection timed out"), "visits", TryLater),
        (TimeoutError(), "visits", TryLater),
        (of_pymssql(20004, "Read from the server failed"), "visits", TryLater),
        (ConnectionResetError(), "visits", TryLater),
        (pytds.ClosedConnectionError(), "visits", TryLater),
        (of_pymssql(20009, "Unable to connect"), "", Unreachable),
        (ConnectionRefusedError(), "", Unreachable),
        (OSError(-2, "Name or service not known"), "", Unreachable),
        (TimeoutError(), "", Unreachable),
        (pytds.Error("Client does not have encryption enabled"), "", AskOperator),
    ],
)
def test_a_lost_server_is_waited_for(error: Exception, statement: str, kind: type[PriemError]) -> None:
    assert isinstance(sorted_out(error, statement, "pc"), kind)
