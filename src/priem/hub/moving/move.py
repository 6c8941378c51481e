"""The move itself."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.management.color import no_style
from django.db import DataError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from priem.errors import AskOperator
from priem.hub.backup import key_fits
from priem.hub.moving.arriving import NAME, arriving, empty, make_tables, where
from priem.hub.moving.carrying import Advance, Carried, carry, sum_of
from priem.hub.moving.leaving import set_aside, to_ourselves
from priem.hub.moving.tables import Table
from priem.hub.moving.tables import tables as all_tables
from priem.hub.references import resolve
from priem.hub.start import setup
from priem.texts import text


@dataclass(frozen=True, slots=True)
class Moved:
    tables: int
    rows: int
    cleaned: int
    """Values out of which characters were left that PostgreSQL cannot hold."""
    seconds: float
    kept_as: Path
    """The SQLite database that was left."""
    where: str
    key_fits: bool


def move(to: str, advance: Advance = lambda _table, _rows: None) -> Moved:
    """To the PostgreSQL of this address, or that `env:NAME` or `file:/path` stands for. All or nothing.

    Raises AskOperator when this hub is on PostgreSQL already, when somebody works with its database, and when the other
    one cannot be reached or is not empty.
    """
    setup()
    if connection.vendor != "sqlite":
        raise AskOperator(text("This hub is on PostgreSQL already."), text("Take DATABASE_URL away to move a file."))
    began, tables, fits = time.monotonic(), list(all_tables()), key_fits()
    with arriving(resolve(to)) as target:
        make_tables(target, tables)
        place = where(target.settings_dict)
        with to_ourselves() as source:
            carried = carry_all(source, target, tables, advance)
            kept_as = set_aside(place)
        with target.cursor() as cursor:
            cursor.execute("ANALYZE")
    return Moved(len(tables), carried.rows, carried.cleaned, time.monotonic() - began, kept_as, place, fits)


def carry_all(
    source: sqlite3.Connection, target: BaseDatabaseWrapper, tables: Sequence[Table], advance: Advance
) -> Carried:
    carried = Carried()
    with transaction.atomic(using=NAME), target.cursor() as cursor:
        empty(cursor, tables)
        for table in tables:
            try:
                carry(source, cursor, table, carried, advance)
            except DataError as error:
                raise AskOperator(
                    text("A row of the table {table} does not fit into PostgreSQL.", table=table.name),
                    text("Nothing was moved, and the hub may go on as it is. Tell the engineer which table it was."),
                ) from error
        for table in tables:
            if sum_of(cursor, table, advance) != carried.sums[table.name]:
                raise AskOperator(
                    text("The table {table} did not arrive as it was.", table=table.name),
                    text("Nothing was moved, and the hub may go on as it is. Tell the engineer which table it was."),
                )
        for statement in target.ops.sequence_reset_sql(no_style(), [table.model for table in tables]):
            cursor.execute(statement)
    return carried
