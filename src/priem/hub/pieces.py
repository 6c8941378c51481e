"""Long lists, in pieces that a database takes: SQLite counts the parameters of a query."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db import connection

from priem.hub.models.owned import OwnedRows

T = TypeVar("T")
MOST_PARAMETERS = 900


def pieces(things: Iterable[T], size: int = MOST_PARAMETERS) -> Iterator[list[T]]:
    rest = iter(things)
    while piece := list(islice(rest, size)):
        yield piece


def among(rows: OwnedRows[Any], column: str, values: Collection[Any], *columns: str) -> Iterator[tuple[Any, ...]]:
    """These columns of the rows whose `column` is one of the values, which are numbers or texts."""
    name = connection.ops.quote_name
    owner = f"{name(rows.model._meta.db_table)}.{name(column)}"  # noqa: SLF001  # Django documents _meta
    for piece in pieces(values):
        # Through `filter`, Django would look at every value five times: the half of what a first sync costs.
        chosen = f"{owner} IN ({', '.join(['%s'] * len(piece))})"
        yield from rows.extra(where=[chosen], params=piece).values_list(*columns)  # noqa: S610  # our own names only
