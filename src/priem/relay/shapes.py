"""Values of the model as JSON and back.

A dataclass goes as the list of its fields. Which field stands where is said once a message, in `shapes`: so a side that
is older or newer than the other reads what both know, and takes the default for the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from priem.relay.texts import as_json, from_json
from priem.texts import Text

T = TypeVar("T")
Turn = Callable[[Any], Any]
"""One way or the other."""
MOST_DIGITS = 30


class Unreadable(ValueError):
    """What came is not what was agreed upon."""


def written(kind: Any, value: object) -> dict[str, Any]:  # noqa: ANN401 - a type, such as tuple[Patient, ...]
    """Ready for JSON."""
    return {"shapes": shapes_of(kind), "value": writer(kind)(value)}


def read(kind: Any, message: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an object of that type
    """Raises Unreadable."""
    try:
        shapes = {str(name): tuple(map(str, names)) for name, names in message["shapes"].items()}
        return Reading(shapes).reader(kind)(message["value"])
    except Unreadable:
        raise
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from error


def parted(kind: Any, names: Mapping[str, Any], rows: Sequence[Any]) -> tuple[list[Any], list[Any]]:  # noqa: ANN401 - of any dataclass
    """Rows of one kind as they were written: those that can be read, and those that cannot."""
    good: list[Any] = []
    bad: list[Any] = []
    for row in rows:
        try:
            read(kind, {"shapes": names, "value": row})
        except Unreadable:
            bad.append(row)
        else:
            good.append(row)
    return good, bad


@cache
def hints_of(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def shapes_of(kind: Any) -> dict[str, list[str]]:  # noqa: ANN401 - a type
    """Every dataclass that stands in such a value, by name → its fields in order."""
    if is_shape(kind):
        found = {kind.__name__: list(hints_of(kind))}
        for hint in hints_of(kind).values():
            found |= shapes_of(hint)
        return found
    return {name: names for part in get_args(kind) for name, names in shapes_of(part).items()}


def is_shape(kind: object) -> bool:
    return isinstance(kind, type) and is_dataclass(kind) and kind is not Text


def as_it_is(value: Any) -> Any:  # noqa: ANN401 - text, a figure, a flag or nothing
    return value


@cache
def writer(kind: Any) -> Turn:  # noqa: ANN401 - a type
    if is_shape(kind):
        return row_writer(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return union_writer(tuple(inner))
    if origin is tuple:
        return list_writer(writer(inner[0]))
    if origin is not None and issubclass(origin, Mapping):
        return table_writer(writer(inner[1]))
    return cast(Turn, PLAIN_WRITERS.get(kind, as_it_is))


def row_writer(kind: Any) -> Turn:  # noqa: ANN401 - a dataclass
    turns = [(name, turn) for name, hint in hints_of(kind).items() for turn in (writer(hint),)]

    def write(value: Any) -> list[Any]:  # noqa: ANN401 - of this dataclass
        return [getattr(value, name) if turn is as_it_is else turn(getattr(value, name)) for name, turn in turns]

    return write


def union_writer(kinds: tuple[Any, ...]) -> Turn:
    """`X | None` as X; of several dataclasses each with its name in front."""
    several = [kind for kind in kinds if kind is not NoneType]
    if len(several) == 1:
        turn = writer(several[0])
        return as_it_is if turn is as_it_is else lambda value: None if value is None else turn(value)
    turns = {kind: writer(kind) for kind in several}
    return lambda value: None if value is None else [type(value).__name__, turns[type(value)](value)]


def list_writer(turn: Turn) -> Turn:
    return list if turn is as_it_is else lambda values: [turn(value) for value in values]


def table_writer(turn: Turn) -> Turn:
    return lambda table: {name: turn(value) for name, value in table.items()}


def moment(value: datetime) -> str:
    """Aware: the instant with its offset, and the zone's name behind it, as RFC 9557 has it."""
    zone = getattr(value.tzinfo, "key", None)
    return f"{value.isoformat()}[{zone}]" if zone else value.isoformat()


def to_moment(value: str) -> datetime:
    told, _, zone = value.rstrip("]").partition("[")
    found = datetime.fromisoformat(told)
    return found.astimezone(zone_named(zone)) if zone else found


@cache
def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise Unreadable(name) from error


def to_amount(value: str) -> Decimal:
    """Of a size that money and counts have: a thousand million digits fit into a dozen characters, and whoever makes a
    whole number of them is busy for hours."""
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount.adjusted()) > MOST_DIGITS:
        raise Unreadable("an amount that cannot be")
    return amount


PLAIN_WRITERS: Mapping[type, Turn] = {
    datetime: moment,
    date: date.isoformat,
    Decimal: str,
    Text: as_json,
}
PLAIN_READERS: Mapping[type, Turn] = {
    datetime: to_moment,
    date: date.fromisoformat,
    Decimal: to_amount,
    Text: from_json,
}


class Reading:
    """Of one message, by the shapes that it tells."""

    def __init__(self, shapes: Mapping[str, tuple[str, ...]]) -> None:
        self._shapes = shapes
        self._known: dict[Any, Turn] = {}

    def reader(self, kind: Any) -> Turn:  # noqa: ANN401 - a type
        if kind not in self._known:
            self._known[kind] = self._made(kind)
        return self._known[kind]

    def _made(self, kind: Any) -> Turn:  # noqa: ANN401 - a type
        if is_shape(kind):
            return self._row(kind)
        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return self._union([one for one in inner if one is not NoneType])
        if origin is tuple:
            turn = self.reader(inner[0])
            return tuple if turn is as_it_is else lambda values: tuple([turn(value) for value in values])
        if origin is not None and issubclass(origin, Mapping):
            turn = self.reader(inner[1])
            return lambda table: {str(name): turn(value) for name, value in table.items()}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind
        return PLAIN_READERS[kind] if kind in PLAIN_READERS else checked(kind)

    def _row(self, kind: Any) -> Turn:  # noqa: ANN401 - a dataclass
        hints = hints_of(kind)
        there = self._shapes[kind.__name__]
        wanted = {field.name for field in fields(kind) if is_needed(field)}
        if lacking := wanted.difference(there):
            raise Unreadable(f"{kind.__name__} without {', '.join(sorted(lacking))}")
        places = [(place, name, self.reader(hints[name])) for place, name in enumerate(there) if name in hints]

        def read_row(row: list[Any]) -> object:
            return kind(**{name: turn(row[place]) for place, name, turn in places})

        return read_row

    def _union(self, kinds: list[Any]) -> Turn:
        if len(kinds) == 1:
            turn = self.reader(kinds[0])
            return lambda value: None if value is None else turn(value)
        turns = {kind.__name__: self.reader(kind) for kind in kinds}
        return lambda value: None if value is None else turns[value[0]](value[1])


def is_needed(field: Any) -> bool:  # noqa: ANN401 - a dataclass's field
    return field.default is MISSING and field.default_factory is MISSING


def checked(kind: Any) -> Turn:  # noqa: ANN401 - a plain type
    """The other side is another program: a figure where a text belongs would travel far before it hurts."""
    if kind not in (str, int, bool, float):
        raise Unreadable(f"no such kind: {kind}")

    def read_plain(value: object) -> object:
        if type(value) is not kind:
            raise Unreadable(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return read_plain
