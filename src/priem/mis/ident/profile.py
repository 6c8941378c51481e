"""A profile: what Priem asks IDENT's database, one named SELECT per entity, in a file that an integrator can copy."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from priem.errors import AskOperator
from priem.mis.ident.statements import aliases, columns, nothings, require_reading, schemas, tables, tokens
from priem.texts import text

FOLDER = Path(__file__).parent / "profiles"
ALIASES: Mapping[str, tuple[str, ...]] = {
    "patients": (
        *("ID", "Person", "Surname", "Name", "Patronymic", "Birthday", "MobilePhone", "Phone", "Email", "CardNumber"),
        *("Parent", "InfoSource", "FirstVisit", "ArchivingReason", "Changed", "PersonChanged", "PersonAdded"),
    ),
    "visits": (
        *("ID", "Patient", "Doctor", "Chair", "PlanStart", "PlanEnd", "Comment", "Notified", "Appeared", "Started"),
        *("Ended", "CheckIssued", "Cancelled", "CancelReason", "MovedFrom", "Booked", "Added", "Changed"),
        *("RowVersion", "ExternalUID", "FirstVisit"),
    ),
    "orders": ("ID", "Visit", "Branch", "Added", "Changed"),
    "services": ("ID", "Visit", "Service", "Name", "Quantity", "Price", "Discount", "Added", "Changed"),
    "debts": ("ID", "Visit", "IsFormed", "Debt"),
    "payments": ("ID", "Patient", "Added", "Changed"),
    "cells": ("Visit", "Day", "Starts", "Ends", "Doctor", "Chair"),
    "timetable": ("ID", "Day", "Starts", "Ends", "Doctor", "Branch", "Visit", "Reserve", "IsWorking"),
    "branches": ("ID", "Name", "BranchName"),
    "chairs": ("ID", "Name", "Branch"),
    "doctors": ("ID", "Surname", "Name", "Patronymic"),
    "professions": ("Doctor", "Name"),
    "cancel_reasons": ("ID", "Name"),
    "info_sources": ("ID", "Name"),
    "categories": ("Service", "Name"),
    "applications": ("ID", "Ticket", "Created", "Inserted", "Discarded"),
    "jobs": ("ID", "Patient", "Type", "Comment", "ByVisit", "ByDelay", "ByRefusal", "ByTalk", "Added"),
    "job_types": ("ID", "Name"),
    "plans": ("ID", "Patient", "Name", "Created", "IsActive", "Until", "Added", "Changed"),
    "plan_lines": ("ID", "Treatment", "Patient", "Price", "Discount", "Teeth", "Added", "Changed"),
    "plan_work": ("ID", "Line", "Patient", "Added", "Changed"),
}
"""What each statement has to give."""
MAY_LACK = frozenset(
    {"debts", "payments", "timetable", "applications", "jobs", "job_types", "plans", "plan_lines", "plan_work"}
)
"""Statements that a profile need not have."""
OUTER = frozenset({"ORDER", "TOP", "OPTION"})
"""What Priem says itself around a statement. Inside, TOP would hide all other rows, and nobody would notice."""
HEADER = re.compile(r"^--\s*name:\s*(\w+)\s*$", re.MULTILINE)
OPTIONAL = re.compile(r"^--\s*optional:\s*(.+?)\s*$", re.MULTILINE)
OPTIONAL_COLUMN = re.compile(r"([\w.]+)\s+(\w+(?:\(\w+\))?)")
PLAIN_TYPE = re.compile(r"^(n?varchar|binary)\((\d+|max)\)$|^(int|bigint|bit|date|datetime|decimal)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    sql: str
    optional: Mapping[str, str] = field(default_factory=dict)
    """Columns, as `alias.column` in lower case → the type of the NULL that stands for a missing one."""
    is_optional: bool = False
    """All of it: left out where anything of it is missing."""

    def lacks(self, alias: str) -> bool:
        """Whether it gives nothing under that name: a NULL, written so or put in for a missing column."""
        return alias.lower() in nothings(self.sql)

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """(table, column) of every column that it cannot do without."""
        known = tables(self.sql)
        return tuple(
            (known[alias], column) for alias, column in columns(self.sql) if not is_optional(self, alias, column)
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that the login can see, in lower case."""

    columns: frozenset[tuple[str, str]]

    def has(self, table: str, column: str) -> bool:
        return (table.lower(), column.lower()) in self.columns

    def has_table(self, table: str) -> bool:
        return any(known == table.lower() for known, _ in self.columns)


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    statements: Mapping[str, Statement]

    def __getitem__(self, name: str) -> Statement:
        return self.statements[name]

    def __contains__(self, name: str) -> bool:
        return name in self.statements

    @property
    def tables(self) -> tuple[str, ...]:
        named = {table for statement in self.statements.values() for table in tables(statement.sql).values()}
        return tuple(sorted(named))

    @property
    def schemas(self) -> tuple[str, ...]:
        """Where its tables are: another schema may hold tables of the same names, such as copies of old years."""
        return tuple(sorted({schema for statement in self.statements.values() for schema in schemas(statement.sql)}))

    def missing(self, schema: Schema) -> tuple[tuple[str, str], ...]:
        """(table, column) that reading cannot do without; the column is empty when the whole table is missing."""
        wanted = (
            pair for statement in self.statements.values() if not statement.is_optional for pair in statement.needs
        )
        lacking = (
            (table, column if schema.has_table(table) else "")
            for table, column in wanted
            if not schema.has(table, column)
        )
        return tuple(dict.fromkeys(lacking))

    def left_out(self, schema: Schema) -> tuple[str, ...]:
        """What this database lacks and reading can do without: names of statements, and `Table.Column` of tables that
        are there."""
        lost = [name for name, statement in self.statements.items() if not readable(statement, schema)]
        for name, statement in self.statements.items():
            known = tables(statement.sql) if name not in lost else {}
            read = columns(statement.sql)
            pairs = [(known.get(alias, ""), column) for alias, column in read if is_optional(statement, alias, column)]
            lost += [
                f"{table}.{column}"
                for table, column in pairs
                if schema.has_table(table) and not schema.has(table, column)
            ]
        return tuple(dict.fromkeys(lost))

    def fitted(self, schema: Schema) -> "Profile":
        """The profile for a database that lacks some of what is optional."""
        kept = {
            name: fitted(statement, schema)
            for name, statement in self.statements.items()
            if readable(statement, schema)
        }
        return replace(self, statements=kept)


def is_optional(statement: Statement, alias: str, column: str) -> bool:
    return f"{alias}.{column.lower()}" in statement.optional


def readable(statement: Statement, schema: Schema) -> bool:
    return not statement.is_optional or all(schema.has(table, column) for table, column in statement.needs)


def fitted(statement: Statement, schema: Schema) -> Statement:
    known = tables(statement.sql)
    lacking = {
        f"{alias}.{column.lower()}"
        for alias, column in columns(statement.sql)
        if not schema.has(known[alias], column) and is_optional(statement, alias, column)
    }
    return replace(statement, sql=without(statement, lacking)) if lacking else statement


def without(statement: Statement, lacking: Iterable[str]) -> str:
    """The statement with a typed NULL in place of these columns. Untyped, it would be text to some engines."""
    gone = set(lacking)
    found = list(tokens(statement.sql))
    sql = statement.sql
    for first, dot, column in reversed(list(zip(found, found[1:], found[2:], strict=False))):
        path = f"{first.name}.{column.name}"
        if dot.text == "." and path in gone:
            sql = f"{sql[: first.at]}CAST(NULL AS {statement.optional[path]}){sql[column.at + len(column.text) :]}"
    return sql


def load(name_or_path: str) -> Profile:
    """A profile of Priem's own by its name, or anybody's by the path of its file.

    Raises AskOperator when there is no such file, or when it does more than read or gives less than is needed.
    """
    own = FOLDER / f"{name_or_path}.sql"
    path = own if own.is_file() else Path(name_or_path)
    try:
        written = path.read_text(encoding="utf-8-sig")  # editors on Windows begin a file with a mark of their own
    except UnicodeDecodeError as error:
        raise AskOperator(
            text("The profile {name} cannot be read: it is not in UTF-8.", name=name_or_path),
            text("Save the file once more, as UTF-8."),
        ) from error
    except OSError as error:
        raise AskOperator(
            text("The profile {name} cannot be read.", name=name_or_path),
            text("Give the name of a built-in profile ({known}) or the path of a file.", known=", ".join(built_in())),
        ) from error
    return parse(path.stem, written)


def built_in() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def parse(name: str, written: str) -> Profile:
    _, *parts = HEADER.split(written)
    statements = {part: statement(part, body) for part, body in zip(parts[::2], parts[1::2], strict=True)}
    if lacking := [needed for needed in ALIASES if needed not in statements and needed not in MAY_LACK]:
        raise AskOperator(
            text("The profile {name} lacks the statement {statement}.", name=name, statement=", ".join(lacking)),
            text("Copy it from the built-in profile."),
        )
    return Profile(name, statements)


def statement(name: str, body: str) -> Statement:
    notes = OPTIONAL.findall(body)
    sql = body.strip()
    require_reading(sql, name)
    missing = set(ALIASES.get(name, ())) - set(aliases(sql))
    if missing:
        raise AskOperator(
            text(
                "The statement {name} of the profile gives no {columns}.", name=name, columns=", ".join(sorted(missing))
            ),
            text("Each of these names has to stand after AS; CAST(NULL AS int) AS Name says that there is none."),
        )
    if outer := next((token.word for token in tokens(sql) if token.word in OUTER and token.depth == 0), ""):
        raise AskOperator(
            text("The statement {name} of the profile has {word} in it.", name=name, word=outer),
            text("Remove it: Priem reads in pages, and sorts and limits them itself."),
        )
    optional = {
        path.lower(): kind for note in notes for path, kind in OPTIONAL_COLUMN.findall(note) if PLAIN_TYPE.match(kind)
    }
    return Statement(name, bare(sql), optional, is_optional="everything" in notes)


def bare(sql: str) -> str:
    """Without its comments: they need not travel to the server ten times a minute."""
    found = list(tokens(sql))
    ends = [token.at + len(token.text) for token in found]
    gaps = ["" if end == token.at else " " for end, token in zip(ends, found[1:], strict=False)]
    return "".join(token.text + gap for token, gap in zip(found, [*gaps, ""], strict=True))


def path_of(table: str, column: str) -> str:
    return f"{table}.{column}" if column else table
