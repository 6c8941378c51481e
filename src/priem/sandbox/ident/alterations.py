"""Other releases that never were: the same clinic under other names, or cut into other tables. For trying discovery."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources

from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.schema import Schema, SchemaColumn, Table
from priem.sandbox.ident.types import INT, TINYINT, nvarchar

SCHEMAS = ("ident", "renamed", "split-phones", "english", "cryptic")
"""In `cryptic` no name says anything: T01.C01."""
PHONES = Table(
    "PersonPhones",
    (
        SchemaColumn("ID", INT, "int", nullable=False, primary=True, identity=True),
        SchemaColumn("ID_Persons", INT, "int", nullable=False, references=("Persons", "ID")),
        SchemaColumn("Number", nvarchar(50), "nvarchar", nullable=False),
        SchemaColumn("Kind", TINYINT, "tinyint", nullable=False),
    ),
)
MOVED = ("MobilePhone", "Phone")


@dataclass(frozen=True, slots=True)
class Alteration:
    tables: Mapping[str, tuple[str, Mapping[str, str]]]
    """By the original name: the new one, and the columns' new names."""
    has_keys: bool = True
    splits_phones: bool = False


def cryptic(schema: Schema) -> Alteration:
    names = {
        table.name: (f"T{number:02}", {column.name: f"C{place:02}" for place, column in enumerate(table.columns, 1)})
        for number, table in enumerate(sorted(schema.own(), key=lambda table: table.name), 1)
    }
    return Alteration(names)


def read(name: str) -> Alteration:
    text = resources.files(__package__).joinpath("schemas", f"{name}.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    tables = {}
    for line in lines:
        head, colon, body = line.partition(":")
        if colon:
            old, new = pair(head)
            tables[old] = new, dict(pair(part) for part in body.split(",") if part.strip())
    return Alteration(tables, "no keys" not in lines, "split phones" in lines)


def pair(written: str) -> tuple[str, str]:
    old, _, new = written.partition(">")
    return old.strip(), new.strip()


def alter(database: Database, name: str) -> None:
    """After seeding: rows stay what they are."""
    connection = database.plain_connection()
    schema = without_view(database.schema, connection)
    alteration = cryptic(schema) if name == "cryptic" else read(name)
    if alteration.splits_phones:
        schema = split_phones(schema, connection, database)
    database.schema = renamed(schema, alteration, connection)
    connection.close()
    database.describe()


def without_view(schema: Schema, connection: sqlite3.Connection) -> Schema:
    for table in [table for table in schema.own() if table.view]:
        connection.execute(f"DROP VIEW [{table.name}]")
        schema = schema.without_table(table)
    return schema


def split_phones(schema: Schema, connection: sqlite3.Connection, database: Database) -> Schema:
    connection.execute(
        "CREATE TABLE [PersonPhones] ([ID] INTEGER PRIMARY KEY NOT NULL, [ID_Persons] INTEGER NOT NULL"
        " REFERENCES [Persons] ([ID]), [Number] TEXT NOT NULL COLLATE cyrillic, [Kind] INTEGER NOT NULL)"
    )
    for kind, column in enumerate(MOVED, start=1):
        connection.execute(
            f"INSERT INTO [PersonPhones] ([ID_Persons], [Number], [Kind])"  # noqa: S608  # two fixed names
            f" SELECT [ID], [{column}], {kind} FROM [Persons] WHERE [{column}] <> ''"
        )
        connection.execute(f"ALTER TABLE [Persons] DROP COLUMN [{column}]")
    connection.execute("CREATE INDEX [IX_PersonPhones] ON [PersonPhones] ([ID_Persons])")
    [(last,)] = connection.execute("SELECT COALESCE(MAX([ID]), 0) FROM [PersonPhones]")
    database.note_identity(PHONES.name, last)
    persons = schema.find("dbo", "Persons")
    if persons is None:
        raise ValueError("Persons")
    left = replace(persons, columns=tuple(column for column in persons.columns if column.name not in MOVED))
    return schema.with_table(left).with_table(PHONES)


def renamed(schema: Schema, alteration: Alteration, connection: sqlite3.Connection) -> Schema:
    for table in list(schema.own()):
        name, columns = alteration.tables.get(table.name, (table.name, {}))
        for old, new in columns.items():
            connection.execute(f"ALTER TABLE [{table.name}] RENAME COLUMN [{old}] TO [{new}]")
        if name != table.name:
            connection.execute(f"ALTER TABLE [{table.name}] RENAME TO [{name}]")
        altered = tuple(renamed_column(column, columns, alteration) for column in table.columns)
        schema = schema.without_table(table).with_table(replace(table, name=name, columns=altered))
    return schema


def renamed_column(column: SchemaColumn, columns: Mapping[str, str], alteration: Alteration) -> SchemaColumn:
    references = None
    if column.references and alteration.has_keys:
        table, key = column.references
        name, keys = alteration.tables.get(table, (table, {}))
        references = name, keys.get(key, key)
    return replace(column, name=columns.get(column.name, column.name), references=references)
