"""Rows of one clinic by statements that are put together once. What a pass asks for with every change comes through
here: Django makes each query anew, which takes several times as long as PostgreSQL takes to answer it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model

from priem.hub.models.owned import ClinicOwned
from priem.hub.pieces import MOST_PARAMETERS, pieces

Table = type[ClinicOwned]
Convert = Callable[[Any], Any]
Value = Any
Row = tuple[Value, ...]


def rows_of(table: Table, clinic_id: int, *columns: str, order: str = "", **equal: Value) -> list[Row]:
    """These columns, as Django would give them. `equal`: columns that have this value, or none where it is None."""
    statement = select(table, columns, tuple(equal), nothing_in(equal), "", 0, order)
    return asked(table, columns, statement, [clinic_id, *given_in(equal)])


def among(
    table: Table, clinic_id: int, column: str, values: Collection[int] | Collection[str], *columns: str, **equal: Value
) -> Iterator[Row]:
    """Likewise, of the rows whose `column` is one of the values."""
    is_one = connection.vendor == "postgresql"
    for piece in [list(values)] if is_one and values else pieces(values, MOST_PARAMETERS):
        statement = select(table, columns, tuple(equal), nothing_in(equal), column, 0 if is_one else len(piece), "")
        yield from asked(table, columns, statement, [clinic_id, *given_in(equal), *([piece] if is_one else piece)])


def first_of(table: Table, clinic_id: int, column: str, **equal: Value) -> Any:  # noqa: ANN401 - the column's
    """None, too, where there is no such row."""
    return next((value for (value,) in rows_of(table, clinic_id, column, **equal)), None)


def nothing_in(equal: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in equal.items() if value is None)


def given_in(equal: dict[str, Any]) -> list[object]:
    return [value for value in equal.values() if value is not None]


@cache
def select(
    table: Table,
    columns: Sequence[str],
    equal: Sequence[str],
    nothing: Sequence[str],
    column: str,
    values: int,
    order: str,
) -> str:
    """`values`: how many the column may have; 0: they come as a list."""
    wanted = ", ".join(named(table, name) for name in columns)
    tests = [f"{named(table, 'clinic')} = %s"]
    tests += [f"{named(table, name)} {'IS NULL' if name in nothing else '= %s'}" for name in equal]
    if column:
        tests.append(f"{named(table, column)} " + (f"IN ({', '.join(['%s'] * values)})" if values else "= ANY(%s)"))
    end = f" ORDER BY {named(table, order)}" if order else ""
    return f"SELECT {wanted} FROM {name_of(table)} WHERE {' AND '.join(tests)}{end}"  # noqa: S608  # our own names only


def named(table: Table, column: str) -> str:
    field = table._meta.get_field(column)  # noqa: SLF001  # Django documents _meta
    return connection.ops.quote_name(getattr(field, "column", column))


def name_of(table: type[Model]) -> str:
    return connection.ops.quote_name(table._meta.db_table)  # noqa: SLF001  # as above


def asked(table: Table, columns: Sequence[str], statement: str, parameters: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    ways = conversions(table, tuple(columns), connection.vendor)
    return [converted(row, ways) for row in found] if ways else found


def converted(row: Row, ways: Sequence[tuple[int, Convert]]) -> Row:
    values = list(row)
    for place, way in ways:
        values[place] = way(values[place])
    return tuple(values)


@cache
def conversions(table: Table, columns: Sequence[str], vendor: str) -> tuple[tuple[int, Convert], ...]:
    """From the database's values to the field's, as Django itself has them for this database."""
    del vendor  # tests change it in one process
    fields = [table._meta.get_field(name).cached_col for name in columns]  # type: ignore[union-attr]  # noqa: SLF001  # columns
    known = table.objects.all().query.get_compiler(using="default").get_converters(fields)
    return tuple((place, in_turn(ways, expression)) for place, (ways, expression) in known.items())


def in_turn(ways: Sequence[Callable[..., Any]], expression: object) -> Convert:
    def convert(value: Any) -> Any:  # noqa: ANN401 - of the column
        for way in ways:
            value = way(value, expression, connection)
        return value

    return convert


def change(table: Table, clinic_id: int, values: dict[str, object], **equal: Value) -> int:
    """Gives how many rows there were."""
    fields = [table._meta.get_field(name) for name in values]  # noqa: SLF001  # as above
    ready = [field.get_db_prep_save(value, connection) for field, value in zip(fields, values.values(), strict=True)]  # type: ignore[union-attr]  # columns
    return done(update(table, tuple(values), tuple(equal), nothing_in(equal)), [*ready, clinic_id, *given_in(equal)])


@cache
def update(table: Table, values: Sequence[str], equal: Sequence[str], nothing: Sequence[str]) -> str:
    changes = ", ".join(f"{named(table, name)} = %s" for name in values)
    tests = [f"{named(table, name)} {'IS NULL' if name in nothing else '= %s'}" for name in ("clinic", *equal)]
    return f"UPDATE {name_of(table)} SET {changes} WHERE {' AND '.join(tests)}"  # noqa: S608  # our own names only


def delete(table: Table, clinic_id: int, column: str, values: Collection[int] | Collection[str]) -> None:
    """Of a table to which no other one refers."""
    is_one = connection.vendor == "postgresql"
    for piece in [list(values)] if is_one and values else pieces(values, MOST_PARAMETERS):
        marks = "= ANY(%s)" if is_one else f"IN ({', '.join(['%s'] * len(piece))})"
        where = f"{named(table, 'clinic')} = %s AND {named(table, column)} {marks}"
        done(f"DELETE FROM {name_of(table)} WHERE {where}", [clinic_id, *([piece] if is_one else piece)])  # noqa: S608  # likewise


def done(statement: str, parameters: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
