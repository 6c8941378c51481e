"""What a test may look at, read straight from SQLite: nothing here is shared with the product."""

import sqlite3
from typing import TYPE_CHECKING, Any

from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.errors import no_object
from priem.sandbox.ident.permissions import READER

if TYPE_CHECKING:
    from priem.sandbox.ident.sandbox import IdentSandbox


def state_of(sandbox: "IdentSandbox") -> dict[str, Any]:
    statements = sandbox.journal.summary()
    spent = statements.pop("milliseconds")
    transactions = sandbox.server.open_transactions()
    return {
        "statements": statements,
        "server_milliseconds": spent.get(READER, 0.0),
        "milliseconds_by_login": spent,
        "sessions_open": sandbox.server.open_sessions(),
        "transactions_open": transactions,
        "max_open_transaction_seconds": sandbox.server.longest_transactions(),
        "live": sandbox.live.summary(),
        "faults": sandbox.faults.listed(),
        "now": sandbox.database.clock.now().isoformat(),
        **_contents(sandbox.database),
    }


def _contents(database: Database) -> dict[str, Any]:
    connection = database.plain_connection()
    now = database.clock.now().isoformat(" ", "milliseconds")
    try:
        tables = {t.name: _one(connection, f"SELECT COUNT(*) FROM [{t.name}]") for t in database.schema.own()}  # noqa: S608  # our own names
        future = (
            _one(connection, "SELECT COUNT(*) FROM Receptions WHERE PlanStart > ?", now)
            if "Receptions" in tables
            else 0
        )
    finally:
        connection.close()
    return {
        "tables": tables,
        "patients": tables.get("Patients", 0),
        "visits": tables.get("Receptions", 0),
        "future_visits": future,
        "rowversion": database.last_rowversion().hex(),
        "min_active_rowversion": database.min_active_rowversion().hex(),
    }


def _one(connection: sqlite3.Connection, sql: str, *arguments: object) -> int:
    return int(connection.execute(sql, arguments).fetchone()[0])


def rows_of(database: Database, name: str, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Rows by key, those with a greater one than `after`; binary as hex."""
    table = database.schema.find("dbo", name)
    if table is None:
        raise no_object(name)
    key = table.columns[0].name
    connection = database.plain_connection()
    try:
        where = f"WHERE [{key}] > ?" if after is not None else ""
        sql = f"SELECT * FROM [{table.name}] {where} ORDER BY [{key}] LIMIT ?"  # noqa: S608  # names out of the schema
        cursor = connection.execute(sql, (limit,) if after is None else (after, limit))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor]
    finally:
        connection.close()


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
