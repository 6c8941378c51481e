"""Rows by the thousand: one statement, and values as the database takes them, without a model's instance for each.

A first sync writes half a dozen rows for every patient; made the ordinary way, they would take longer than
amoCRM's limit.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model, UUIDField

from priem.hub.models.owned import grown
from priem.hub.storable import storable_json

Value = Any


def put(
    table: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Value]], *, key: Sequence[str] = ()
) -> None:
    """Inserts; with a `key`, the columns of a unique constraint, what is there already is written over.

    Every column without a default in the database has to be named. Runs inside the caller's transaction.
    """
    fields = enumerate(field_of(table, name) for name in columns)
    ways = {place: way for place, field in fields if (way := way_of(field))}
    prepared = [[ways[place](value) if place in ways else value for place, value in enumerate(row)] for row in rows]
    if prepared:
        grown(table)
        many(statement(table, tuple(columns), tuple(key)), prepared)


def many(statement_: str, rows: Sequence[Sequence[Value]]) -> None:
    """One row without the pipeline that PostgreSQL's driver opens for many."""
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(statement_, rows[0])
        else:
            cursor.executemany(statement_, rows)


@cache
def statement(table: type[Model], columns: Sequence[str], key: Sequence[str]) -> str:
    names = {name: quoted(field_of(table, name).column or name) for name in columns}
    places = ", ".join(["%s"] * len(columns))
    into = quoted(table._meta.db_table)  # noqa: SLF001  # Django documents _meta
    insert = f"INSERT INTO {into} ({', '.join(names.values())}) VALUES ({places})"  # noqa: S608  # our own names only
    if not key:
        return insert
    changes = ", ".join(f"{names[name]} = EXCLUDED.{names[name]}" for name in columns if name not in key)
    return f"{insert} ON CONFLICT ({', '.join(names[name] for name in key)}) DO UPDATE SET {changes}"


def field_of(table: type[Model], name: str) -> "Field[Any, Any]":
    field = table._meta.get_field(name)  # noqa: SLF001  # as above
    assert isinstance(field, Field), "only columns of its own are written"  # noqa: S101 - says what holds
    return field


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def way_of(field: "Field[Any, Any]") -> Callable[[Value], Value] | None:
    """How this field's values become the database's; None when they are already."""
    if isinstance(field, JSONField):
        return lambda value: None if value is None else storable_json(json.dumps(field.get_prep_value(value)))
    if isinstance(field, DateTimeField | UUIDField):
        # Hundreds of rows carry the same moment.
        return lru_cache(maxsize=16)(lambda value: field.get_db_prep_save(value, connection))
    return None
