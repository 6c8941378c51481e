"""Long lists, in pieces that a database takes: SQLite counts the parameters of a query."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from priem.hub.models.owned import OwnedRows

T = TypeVar("T")
MOST_PARAMETERS = 900


def pieces(things: Iterable[T], size: int = MOST_PARAMETERS) -> Iterator[list[T]]:
    rest = iter(things)
    while piece := list(islice(rest, size)):
        yield piece


def among(rows: OwnedRows[Any], column: str, values: Collection[Any], *columns: str) -> Iterator[tuple[Any, ...]]:
    """These columns of the rows whose `column` is one of the values."""
    for piece in pieces(values):
        yield from rows.filter(**{f"{column}__in": piece}).values_list(*columns)
