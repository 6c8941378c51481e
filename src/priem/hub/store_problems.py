"""What ails the hub's database, in words: it is away, too old, or does not let Priem work."""

from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError, NotSupportedError, OperationalError, connection

from priem.errors import AskOperator, PriemError, TryLater
from priem.model import Finding, Severity
from priem.texts import text

NOT_ALLOWED, READ_ONLY = "42501", "25006"
"""PostgreSQL's manual, «PostgreSQL Error Codes»."""
FACTS = """
SELECT current_setting('server_encoding'), current_setting('transaction_read_only') = 'on',
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""
# Sentences that are said by commands and by `priem doctor --hub`.
AWAY = text("The hub's database does not answer.")
REACH_IT = text("Does it run, does DATABASE_URL name it, and may this machine reach it?")
TOO_OLD = text("PostgreSQL is too old for this version of Priem.")
RENEW = text("Bring it to 14 or newer: pg_upgrade, or a dump that is read into a new one.")
TAKES_NO_CHANGES = text("This PostgreSQL takes no changes.")
NAME_THE_FIRST = text("If it is a replica, name the one that it follows in DATABASE_URL; else let it be written to.")
MAKES_NO_TABLES = text("PostgreSQL does not let Priem make or change tables.")
GIVE_RIGHTS = text("Let the database belong to the user of DATABASE_URL: ALTER DATABASE … OWNER TO …;")


def problem_of(error: DatabaseError | InterfaceError) -> PriemError | None:
    """None: it is no trouble of PostgreSQL's, but a fault of Priem's own."""
    if connection.vendor != "postgresql":
        return None
    if isinstance(error, NotSupportedError):
        return AskOperator(TOO_OLD, RENEW)
    state = getattr(error.__cause__, "sqlstate", None)
    if state == READ_ONLY:
        return AskOperator(TAKES_NO_CHANGES, NAME_THE_FIRST)
    if state == NOT_ALLOWED:
        return AskOperator(MAKES_NO_TABLES, GIVE_RIGHTS)
    # Where no session came about, or it broke off, there is no answer with a state.
    is_away = isinstance(error, OperationalError | InterfaceError) and (state is None or state.startswith("57P"))
    return TryLater(AWAY, REACH_IT) if is_away else None


def lacks() -> Iterator[Finding]:
    """What PostgreSQL answers, but is not as Priem needs it. Nothing on SQLite."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        encoding, is_read_only, may_make_tables = cursor.fetchone()
    if encoding != "UTF8":
        yield Finding(
            Severity.BROKEN,
            text("The database keeps its texts as {encoding}: not every name fits into it.", encoding=encoding),
            text("Make a database with --encoding=UTF8 --template=template0, and bring the data there by a dump."),
        )
    if is_read_only:
        yield Finding(Severity.BROKEN, TAKES_NO_CHANGES, NAME_THE_FIRST)
    elif not may_make_tables:
        yield Finding(Severity.WARNING, MAKES_NO_TABLES, GIVE_RIGHTS)  # it works, up to the next version
