"""SET options, and the little DDL that a test needs to play an upgrade of IDENT."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.errors import SqlError, no_column, no_object, syntax, unsupported
from priem.sandbox.ident.schema import INDEXES

if TYPE_CHECKING:
    from priem.sandbox.ident.facts import Facts

HARMLESS = frozenset(
    [
        "ARITHABORT",
        "ARITHIGNORE",
        "ANSI_NULLS",
        "ANSI_NULL_DFLT_ON",
        "ANSI_NULL_DFLT_OFF",
        "ANSI_PADDING",
        "ANSI_WARNINGS",
        "ANSI_DEFAULTS",
        "CONCAT_NULL_YIELDS_NULL",
        "CURSOR_CLOSE_ON_COMMIT",
        "QUOTED_IDENTIFIER",
        "TEXTSIZE",
        "NOCOUNT",
        "XACT_ABORT",
        "LANGUAGE",
        "DATEFORMAT",
        "DATEFIRST",
        "NUMERIC_ROUNDABORT",
        "DEADLOCK_PRIORITY",
        "QUERY_GOVERNOR_COST_LIMIT",
        "FMTONLY",
        "IMPLICIT_TRANSACTIONS",
        "ROWCOUNT",
        "NOEXEC",
        "STATISTICS",
        "CONTEXT_INFO",
    ]
)
MUST_BE_OFF = frozenset(("FMTONLY", "IMPLICIT_TRANSACTIONS", "NOEXEC", "STATISTICS", "CONTEXT_INFO"))
LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE")


def apply(text: str, facts: "Facts") -> None:
    words = text.upper().replace(",", " ").replace("=", " ").rstrip(";").split()
    if not words:
        raise syntax("SET")
    name = words[0]
    if name == "TRANSACTION":
        _isolation(words)
    elif name == "LOCK_TIMEOUT":
        facts.lock_timeout = _number(words)
    elif name == "IDENTITY_INSERT":
        table = text.split()[1].replace("[", "").replace("]", "").rpartition(".")[2]
        facts.identity_insert = table if words[-1] == "ON" else ""
    elif name not in HARMLESS:
        raise SqlError(195, f"'{name}' is not a recognized SET option.", severity=15, state=5)
    elif name in MUST_BE_OFF and words[-1] != "OFF":
        raise unsupported(f"SET {name}")
    elif name == "ROWCOUNT" and _number(words) != 0:
        raise unsupported("SET ROWCOUNT")


def _isolation(words: list[str]) -> None:
    if " ".join(words[3:]) not in LEVELS:
        raise syntax(words[-1])


def _number(words: list[str]) -> int:
    try:
        return int(words[1])
    except (IndexError, ValueError) as error:
        raise syntax(words[-1]) from error


DROP_COLUMN = re.compile(
    r"ALTER\s+TABLE\s+(?:\[?dbo\]?\.)?\[?(\w+)\]?\s+DROP\s+COLUMN\s+\[?(\w+)\]?\s*$", re.IGNORECASE
)
DROP_TABLE = re.compile(r"DROP\s+(TABLE|VIEW)\s+(?:\[?dbo\]?\.)?\[?(\w+)\]?\s*$", re.IGNORECASE)


def change_schema(text: str, database: Database) -> None:
    column, table = DROP_COLUMN.match(text), DROP_TABLE.match(text)
    if column:
        _drop_column(database, column[1], column[2])
    elif table:
        found = database.schema.find("dbo", table[2])
        if found is None:
            raise no_object(table[2])
        database.change_schema(database.schema.without_table(found), f"DROP {table[1]} [{found.name}]")
    else:
        raise unsupported(text.split(maxsplit=1)[0])


def _drop_column(database: Database, table_name: str, column_name: str) -> None:
    table = database.schema.find("dbo", table_name)
    column = table.column(column_name) if table else None
    if table is None:
        raise no_object(table_name)
    if column is None:
        raise no_column(column_name)
    left = replace(table, columns=tuple(kept for kept in table.columns if kept is not column))
    for position, (owner, columns) in enumerate(INDEXES):
        if owner == table.name and column.name in columns:
            database.change_schema(database.schema, f"DROP INDEX IF EXISTS [IX_{owner}_{position}]")
    database.change_schema(database.schema.with_table(left), f"ALTER TABLE [{table.name}] DROP COLUMN [{column.name}]")
