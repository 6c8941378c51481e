"""One statement made ready: SQLite's text, the result's columns, and what it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from priem.sandbox.ident.dialect.changes import Changes
from priem.sandbox.ident.dialect.functions import functions_of
from priem.sandbox.ident.dialect.parse import parse, sqlite
from priem.sandbox.ident.dialect.queries import Queries
from priem.sandbox.ident.dialect.scope import Scope
from priem.sandbox.ident.errors import SqlError
from priem.sandbox.ident.schema import Schema
from priem.sandbox.ident.tokens import Column
from priem.sandbox.ident.types import SqlType

CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE")


@dataclass(frozen=True, slots=True)
class Plan:
    sql: str
    columns: tuple[Column, ...]
    assigned: tuple[str, ...] = ()
    """Variables that a `SELECT @a = …` sets instead of giving rows."""
    changes: bool = False
    identity: bool = False
    """Whether it is an INSERT into a table with an identity."""


@dataclass(frozen=True)
class Compiler:
    compatibility: int

    def plan(
        self, kind: str, text: str, schema: Schema, variables: Mapping[str, SqlType], identity_insert: str = ""
    ) -> Plan:
        return _plan(kind, text, schema, tuple(sorted(variables.items())), identity_insert, self.compatibility)


@lru_cache(maxsize=500)
def _plan(
    kind: str,
    text: str,
    schema: Schema,
    variables: tuple[tuple[str, SqlType], ...],
    identity_insert: str,
    compatibility: int,
) -> Plan:
    tree = parse(text)
    queries = Queries(schema, dict(variables), functions_of(compatibility))
    if kind in CHANGES:
        if tree.args.get("with_"):
            raise SqlError(102, "Incorrect syntax near 'WITH'. (Not supported by the sandbox.)", severity=15)
        sql, columns, table = Changes(queries, identity_insert).change(tree)
        return Plan(sql, columns, changes=True, identity=isinstance(tree, exp.Insert) and table.identity is not None)
    bound, columns = queries.query(tree, Scope(), outermost=True)
    assigned = tuple(column.name[1:] for column in columns if column.name.startswith("@"))
    if assigned and len(assigned) != len(columns):
        raise SqlError(
            141,
            "A SELECT statement that assigns a value to a variable must not return rows as well.",
        )
    return Plan(sqlite(bound), columns, assigned)
