"""A new release of IDENT: its schema upgrade touches every row, so that every rowversion is a new one."""

from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.facts import Facts
from priem.sandbox.ident.interpreter import Interpreter
from priem.sandbox.ident.journal import Journal
from priem.sandbox.ident.permissions import STAFF


def rewrite_rowversions(database: Database, journal: Journal) -> None:
    interpreter = Interpreter(database, journal, Facts(login=STAFF, spid=50))
    try:
        for table in ("Receptions", "CurrentTimeTable", "OnlineTickets"):
            list(interpreter.run(f"UPDATE dbo.{table} SET ID_Staffs = ID_Staffs"))  # noqa: S608  # three fixed names
    finally:
        interpreter.close()
