"""The PostgreSQL that is gone to: reachable, with tables, and empty."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from priem.errors import AskOperator
from priem.hub import environment
from priem.hub.moving.tables import Table
from priem.texts import text

NAME = "arriving"
FILLED_BY_MIGRATIONS = ("django_content_type", "auth_permission")


@contextmanager
def arriving(url: str) -> Iterator[BaseDatabaseWrapper]:
    """Raises AskOperator when nobody answers there, or lets us in."""
    described = environment.postgresql(url)
    connections.settings[NAME] = connections.configure_settings({"default": described})["default"]
    try:
        opened = connections[NAME]
        opened.ensure_connection()
    except DatabaseError as error:
        raise AskOperator(
            text("The PostgreSQL {where} lets nobody in.", where=where(described)),
            text("Does it run, may this machine reach it, are name and password right, and is the database made?"),
        ) from error
    try:
        yield opened
    finally:
        opened.close()
        del connections[NAME], connections.settings[NAME]


def where(described: dict[str, object]) -> str:
    """Without what gives access."""
    return f"{described['HOST'] or 'localhost'}/{described['NAME']}"


def make_tables(target: BaseDatabaseWrapper, tables: Sequence[Table]) -> None:
    """Raises AskOperator when there is anything of a hub already."""
    there = set(target.introspection.table_names())
    with target.cursor() as cursor:
        for table in tables:
            if table.name in there and table.name not in FILLED_BY_MIGRATIONS and has_rows(cursor, table):
                raise AskOperator(
                    text("This PostgreSQL holds a hub's data already ({table}).", table=table.name),
                    text("Name an empty database: nothing is written over."),
                )
    call_command("migrate", database=NAME, interactive=False, verbosity=0)


def has_rows(cursor: CursorWrapper, table: Table) -> bool:
    cursor.execute(f'SELECT EXISTS (SELECT FROM "{table.name}")')  # noqa: S608  # our own names only
    return bool(cursor.fetchone()[0])


def empty(cursor: CursorWrapper, tables: Sequence[Table]) -> None:
    """Of what migrations put there: the rows that are carried have ids of their own."""
    cursor.execute("TRUNCATE " + ", ".join(f'"{table.name}"' for table in tables))
