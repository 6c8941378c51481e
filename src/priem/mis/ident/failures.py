"""What drivers raise, sorted by who moves next. The numbers are SQL Server's own: docs/reference/ident.md §5.

A server's message may quote the values it stumbled over, so only names of logins, databases, tables and columns are
taken out of it.
"""

import re
from collections.abc import Callable, Collection

from priem.asked import called
from priem.errors import AskOperator, PriemError, TryLater
from priem.mis.ident.asking import ASKED, ENCRYPTION
from priem.texts import Text, text

QUOTED = re.compile(r"[\"'«“](.+?)[\"'»”]")
WRONG_LOGIN = frozenset({18452, 18456, 18470, 18486, 18487, 18488})
NO_DATABASE = frozenset({911, 916, 4060})
NO_TABLE, NO_COLUMN = 208, 207
NO_PERMISSION = frozenset({229, 230, 300})
BUSY = frozenset({1204, 1205, 1222, 3960, 701, 8645, 8651, 17197, 17809, 40501, 41301})
"""Locks, deadlocks, memory: the clinic's own work comes first."""
AWAY = frozenset({921, 922, 924, 927, 983, 6005, 17142, 17187, 18401, 18451, 42003})
"""Starting, stopping, being restored."""
DB_LIBRARY = re.compile(r"DB-Lib error message (?P<number>\d+), severity (?P<severity>\d+)")
REFUSED = 20018
"""The server answered with an error, and pymssql lost which."""
SLOW = frozenset({20003})
"""FreeTDS's own time limit."""
FREETDS = range(20000, 21000)
"""FreeTDS's own, from under pymssql: the server or the way to it is gone."""
CLOSED_AT_ONCE = frozenset({20002, 20017})
"""Something answers, and ends it before it has begun."""
NEEDS_ENCRYPTION = "encryption"
RIGHTS = frozenset({"SELECT", "EXECUTE", "REFERENCES", "VIEW DEFINITION"})


class Unreachable(TryLater):
    """Nothing answers at that address. When nothing ever did, the address is wrong."""


class Lost(TryLater):
    """The connection broke off, maybe long ago: an idle one dies without a word."""


class WrongLogin(AskOperator):
    """Or a right one, for a database that is not there: SQL Server says both, and drivers keep the last word only."""


class NoDatabase(AskOperator):
    """The login is right, the database is not there for it."""


def number_of(error: BaseException) -> int:
    """SQL Server's or FreeTDS's number of what was raised; 0 when it has none.

    While connecting, pymssql mixes up attempts: the number, and the server's words, may be those of an earlier failure
    of the whole process. FreeTDS's own words are always this one's, so without the server's they are believed.
    """
    if own := DB_LIBRARY.match(message_of(error)):
        return REFUSED if f"message {REFUSED}," in message_of(error) else int(own["number"])
    number = getattr(error, "number", 0) or getattr(error, "msg_no", 0)
    inner = error.args[0] if error.args else None
    candidates = (number, inner[0] if isinstance(inner, tuple) and inner else inner)
    return next((one for one in candidates if isinstance(one, int) and one), 0)


def message_of(error: BaseException) -> str:
    parts = [part for arg in error.args for part in (arg if isinstance(arg, tuple) else (arg,))]
    words = (part.decode("utf-8", "replace") if isinstance(part, bytes) else part for part in parts)
    return " ".join(word for word in words if isinstance(word, str))


def named_in(message: str) -> str:
    """A server that speaks Russian puts the right in quotes, too, and before the table."""
    return next((name for name in QUOTED.findall(message) if name not in RIGHTS), "?")


def sorted_out(error: Exception, statement: str, server: str) -> PriemError:
    """The error to raise instead of what came up in answer to a statement."""
    number = number_of(error)
    if number in SORTS:
        return SORTS[number](statement, message_of(error))
    if number > 0 and number not in FREETDS:
        return not_answered(statement, number)
    return no_answer(error, server)


def not_connected(error: Exception, server: str, database: str) -> PriemError:
    """The error to raise instead of what came up while connecting."""
    number, message = number_of(error), message_of(error)
    if number in NO_DATABASE:
        return no_database(database)
    if number in WRONG_LOGIN or number == REFUSED:
        return wrong_login(server)
    if number in SORTS:
        return SORTS[number]("", message)
    if NEEDS_ENCRYPTION in message.lower():
        return refused_encryption(server)
    return closed_at_once(server) if number in CLOSED_AT_ONCE else unreachable(server)


def no_answer(error: Exception, server: str) -> TryLater:
    return slow(server) if isinstance(error, TimeoutError) or number_of(error) in SLOW else lost(server)


def wrong_login(server: str) -> WrongLogin:
    return WrongLogin(
        text("The SQL Server {server} does not accept the login or the password.", server=server),
        text("Check both. IDENT's support gives a read-only login at the clinic's written request."),
        beside=dict.fromkeys(("login", "password"), text("The server does not accept this login with this password.")),
    )


def no_database(database: str, known: Collection[str] = ()) -> NoDatabase:
    return NoDatabase(
        text("There is no database {database}, or the login may not open it.", database=database),
        text(
            "Databases that this login can see: {known}. Correct the setting {setting}.",
            known=", ".join(known),
            setting=called(ASKED, "database"),
        )
        if known
        else text("IDENT's database is usually called PZ. Check the name in the settings."),
        beside={"database": text("There is no such database, or the login may not open it.")},
    )


def unreachable(server: str) -> Unreachable:
    return Unreachable(
        text("The SQL Server {server} does not answer.", server=server),
        text("Check that the computer is on, the address and the port are right and the firewall lets Priem in."),
        beside={"server": text("Nothing answers at this address.")},
    )


def closed_at_once(server: str) -> Unreachable:
    return Unreachable(
        text("The SQL Server {server} answers, but closes the connection at once.", server=server),
        text(
            "An old server needs the value «{value}» of the setting {setting}. If that does not help, check the port: "
            "something else may answer there.",
            value=ENCRYPTION["old"],
            setting=called(ASKED, "encryption"),
        ),
        beside={"encryption": text("The server wants another kind of encryption.")},
    )


def refused_encryption(server: str) -> AskOperator:
    return AskOperator(
        text("The SQL Server {server} and Priem do not agree on encryption.", server=server),
        text(
            "Choose another value of the setting {setting}: {values}.",
            setting=called(ASKED, "encryption"),
            values=[ENCRYPTION[name] for name in ("required", "off", "old")],
        ),
        beside={"encryption": text("The server wants another kind of encryption.")},
    )


def slow(server: str) -> TryLater:
    return TryLater(text("The SQL Server {server} takes too long to answer.", server=server), after=30)


def lost(server: str) -> TryLater:
    return Lost(text("The connection to the SQL Server {server} was lost.", server=server))


def busy(statement: str, _: str) -> TryLater:
    return TryLater(
        text("IDENT's database is busy with the clinic's own work ({statement}).", statement=statement), after=5
    )


def away(_: str, __: str) -> TryLater:
    return TryLater(text("IDENT's database is just starting, stopping or being restored."), after=30)


def no_table(statement: str, message: str) -> AskOperator:
    return lacking(
        text(
            "IDENT's database has no table {name}, which the statement {statement} reads.",
            name=named_in(message),
            statement=statement,
        )
    )


def no_column(statement: str, message: str) -> AskOperator:
    return lacking(
        text(
            "IDENT's database has no column {name}, which the statement {statement} reads.",
            name=named_in(message),
            statement=statement,
        )
    )


def lacking(what: Text) -> AskOperator:
    return AskOperator(
        what,
        text(
            "This release of IDENT differs. priem ident profile copies the profile into a file: correct the name there "
            "and set profile to its path."
        ),
    )


def no_permission(statement: str, message: str) -> AskOperator:
    return AskOperator(
        text(
            "The login may not read {name}, which the statement {statement} reads.",
            name=named_in(message),
            statement=statement,
        ),
        text("Ask IDENT's support to let the login read the whole database."),
    )


def not_answered(statement: str, number: int) -> AskOperator:
    return AskOperator(
        text(
            "SQL Server refuses the statement {statement} with its error {number}.",
            statement=statement or "-",
            number=number,
        ),
        text("If the profile is your own, compare the statement with the built-in one."),
    )


SORTS: dict[int, Callable[[str, str], PriemError]] = {
    NO_TABLE: no_table,
    NO_COLUMN: no_column,
    **dict.fromkeys(NO_PERMISSION, no_permission),
    **dict.fromkeys(BUSY, busy),
    **dict.fromkeys(AWAY, away),
}
