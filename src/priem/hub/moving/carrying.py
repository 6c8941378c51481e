"""Carries rows by COPY, and reads them back: a copy is believed only when both sides give the same sum."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from priem.hub.moving.tables import Table, ways

AT_ONCE = 5_000
BITS = 2**64 - 1
SEPARATOR = "\x1f"
NOTHING = "\x00"
"""No text of PostgreSQL's can be this one."""
Advance = Callable[[str, int], None]
"""Told of a table's name, and how many more of its rows are done."""


@dataclass(slots=True)
class Sum:
    """Of rows in whatever order."""

    rows: int = 0
    digest: int = 0

    def add(self, forms: Sequence[str]) -> None:
        hashed = hashlib.blake2b(SEPARATOR.join(forms).encode("utf-8", "surrogatepass"), digest_size=8)
        self.rows += 1
        self.digest = (self.digest + int.from_bytes(hashed.digest())) & BITS


@dataclass(slots=True)
class Carried:
    sums: dict[str, Sum] = field(default_factory=dict)
    cleaned: int = 0
    """Values out of which characters had to be left that PostgreSQL cannot hold."""

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.sums.values())


def carry(source: sqlite3.Connection, target: CursorWrapper, table: Table, carried: Carried, advance: Advance) -> None:
    total = carried.sums[table.name] = Sum()
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    taken, comparable = ways(table, lambda kind: kind.taken), [column.kind.comparable for column in table.columns]
    rows = source.execute(f'SELECT {names} FROM "{table.name}"')  # noqa: S608  # our own names only
    with target.copy(f'COPY "{table.name}" ({names}) FROM STDIN (FREEZE)') as copy:
        while piece := rows.fetchmany(AT_ONCE):
            for written in piece:
                row = list(written)
                for place, way in taken:
                    if row[place] is not None:
                        row[place] = way(before := row[place])
                        carried.cleaned += isinstance(before, str) and len(row[place]) < len(before)
                copy.write_row(row)
                forms = zip(row, comparable, strict=True)
                total.add([NOTHING if value is None else way(value) for value, way in forms])
            advance(table.name, len(piece))


def sum_of(target: CursorWrapper, table: Table, advance: Advance) -> Sum:
    """What PostgreSQL has by now, as it reads it itself."""
    total, found = Sum(), ways(table, lambda kind: kind.found)
    for piece in pieces(target, table):
        for written in piece:
            forms = [NOTHING if value is None else value for value in written]
            for place, way in found:
                if written[place] is not None:
                    forms[place] = way(forms[place])
            total.add(forms)
        advance(table.name, len(piece))
    return total


def pieces(target: CursorWrapper, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    expressions = ", ".join(column.kind.compared.format(f'"{column.name}"') for column in table.columns)
    target.execute(
        f'DECLARE carried NO SCROLL CURSOR FOR SELECT {expressions} FROM "{table.name}"'  # noqa: S608  # as above
    )
    while True:
        target.execute(f"FETCH {AT_ONCE} FROM carried")
        piece = target.fetchall()
        if not piece:
            break
        yield piece
    target.execute("CLOSE carried")
