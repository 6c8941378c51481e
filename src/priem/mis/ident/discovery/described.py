"""What INFORMATION_SCHEMA says: tables, columns, keys. Some engines and logins tell no keys, and none is needed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from priem.errors import AskOperator
from priem.mis.ident.driver import Database

COLUMNS = (
    "SELECT c.TABLE_SCHEMA AS S, c.TABLE_NAME AS T, c.COLUMN_NAME AS C, c.DATA_TYPE AS K,"
    " c.ORDINAL_POSITION AS N, t.TABLE_TYPE AS Y FROM INFORMATION_SCHEMA.COLUMNS AS c"
    " JOIN INFORMATION_SCHEMA.TABLES AS t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME"
)
PRIMARY = (
    "SELECT k.TABLE_SCHEMA AS S, k.TABLE_NAME AS T, k.COLUMN_NAME AS C FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS t"
    " JOIN INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS k"
    " ON k.CONSTRAINT_NAME = t.CONSTRAINT_NAME AND k.TABLE_SCHEMA = t.TABLE_SCHEMA"
    " WHERE t.CONSTRAINT_TYPE = 'PRIMARY KEY'"
)
FOREIGN = (
    "SELECT k.TABLE_NAME AS T, k.COLUMN_NAME AS C, u.TABLE_NAME AS R FROM"
    " INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS AS r"
    " JOIN INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS k"
    " ON k.CONSTRAINT_NAME = r.CONSTRAINT_NAME AND k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA"
    " JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS u"
    " ON u.CONSTRAINT_NAME = r.UNIQUE_CONSTRAINT_NAME AND u.CONSTRAINT_SCHEMA = r.UNIQUE_CONSTRAINT_SCHEMA"
)
KINDS: Mapping[str, str] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "whole"),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "text", "ntext"), "text"),
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), "moment"),
    **dict.fromkeys(("decimal", "numeric", "money", "smallmoney", "float", "real"), "figure"),
    **dict.fromkeys(("timestamp", "rowversion"), "version"),
    "bit": "flag",
    "date": "day",
    "time": "clock",
}
LONG = frozenset({"text", "ntext"})
"""LEFT does not take them."""


def quoted(name: str) -> str:
    return f"[{name.replace(']', ']]')}]"


@dataclass(frozen=True, slots=True)
class Column:
    table: str
    name: str
    kind: str
    """A value of KINDS, or `other`."""
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    columns: tuple[Column, ...]
    key: str = ""
    """The one column of its primary key."""
    is_view: bool = False
    """A few rows of one may cost the server as much as all of them: it is known by its names alone."""

    @property
    def path(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"


@dataclass(frozen=True, slots=True)
class Described:
    tables: Mapping[str, Table]
    references: Mapping[tuple[str, str], str]
    """Declared: (table, column) → table."""


def describe(database: Database) -> Described:
    columns: dict[tuple[str, str], list[tuple[int, Column]]] = defaultdict(list)
    views = set()
    for row in database.rows("columns", COLUMNS):
        kind = str(row["K"]).lower()
        column = Column(str(row["T"]), str(row["C"]), KINDS.get(kind, "other"), kind in LONG)
        columns[str(row["S"]), str(row["T"])].append((int(str(row["N"])), column))
        views |= {(str(row["S"]), str(row["T"]))} if row["Y"] == "VIEW" else set()
    keys = primary_keys(database)
    # Of tables with one name the program's own, which stands in dbo, is the last and stays.
    ordered = sorted(columns.items(), key=lambda one: one[0][0].lower() == "dbo")
    tables = {
        name: Table(schema, name, tuple(column for _, column in sorted(found, key=lambda one: one[0])),
                    keys.get((schema, name), ""), (schema, name) in views)
        for (schema, name), found in ordered
    }  # fmt: skip
    return Described(tables, references(database))


def primary_keys(database: Database) -> dict[tuple[str, str], str]:
    """By schema and table, those of one column; a key of several joins nothing that is looked for here."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for schema, table, column in told(database, "primary keys", PRIMARY, "S", "T", "C"):
        found[schema, table].append(column)
    return {table: names[0] for table, names in found.items() if len(names) == 1}


def references(database: Database) -> dict[tuple[str, str], str]:
    rows = told(database, "foreign keys", FOREIGN, "T", "C", "R")
    return {(table, column): target for table, column, target in rows}


def told(database: Database, what: str, sql: str, *names: str) -> list[tuple[str, ...]]:
    try:
        return [tuple(str(row[name]) for name in names) for row in database.rows(what, sql)]
    except AskOperator:
        return []  # this server does not tell: joins that hold in samples say as much
