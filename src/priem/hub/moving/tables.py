"""What there is to carry: every table of every model, and how a value is written on both sides.

A value has three forms: as SQLite keeps it, as PostgreSQL takes it, and one to compare, which both can be brought to.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Field, Model

from priem.hub.storable import storable, storable_json

EXACT = len("2026-11-22 05:17:16.352144")
Way = Callable[[Any], Any]
"""Never gets None: that is nothing on both sides."""


@dataclass(frozen=True, slots=True)
class Kind:
    compared: str
    """PostgreSQL's expression for the form to compare, a text. {} is the column."""
    taken: Way | None = None
    """SQLite's value → PostgreSQL's. None: as it is."""
    comparable: Way = str
    """What PostgreSQL takes → the form to compare."""
    found: Way | None = None
    """What PostgreSQL says → the form to compare."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    model: type[Model]


def ordered_json(written: str) -> str:
    return json.dumps(json.loads(written), sort_keys=True)


def exact_moment(written: str) -> str:
    if len(written) == EXACT:
        return written
    moment = datetime.fromisoformat(written)
    in_utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return in_utc.replace(tzinfo=None).isoformat(" ", "microseconds")


def exact_float(written: object) -> str:
    return repr(float(str(written)))


def exact_decimal(places: int) -> Way:
    unit = Decimal(1).scaleb(-places)
    # SQLite keeps sums as whole numbers or floats, whatever they were written as.
    return lambda value: str(Decimal(str(value)).quantize(unit))


PLAIN = Kind("{}::text")
TEXT = Kind("{}::text", taken=storable)
KINDS = {
    **dict.fromkeys(("AutoField", "BigAutoField", "IntegerField", "BigIntegerField", "SmallIntegerField"), PLAIN),
    **dict.fromkeys(("PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField"), PLAIN),
    **dict.fromkeys(("CharField", "TextField", "SlugField", "EmailField", "URLField"), TEXT),
    "BooleanField": Kind("{}::int::text"),
    "FloatField": Kind("{}::text", comparable=exact_float, found=exact_float),
    "DateField": Kind("to_char({}, 'YYYY-MM-DD')"),
    "DateTimeField": Kind(
        "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", taken=exact_moment, comparable=str
    ),
    "UUIDField": Kind("replace({}::text, '-', '')"),
    "JSONField": Kind("{}::text", taken=storable_json, comparable=ordered_json, found=ordered_json),
    "BinaryField": Kind("encode({}, 'hex')", comparable=lambda value: bytes(value).hex()),
    "GenericIPAddressField": Kind("host({})"),
}


def tables() -> Iterator[Table]:
    """Of all installed applications. Raises KeyError for a kind of column that nobody has thought of."""
    for model in apps.get_models(include_auto_created=True):
        options = model._meta  # noqa: SLF001  # Django documents _meta
        if options.managed and not options.proxy:
            columns = (Column(field.column or field.name, kind_of(field)) for field in options.local_concrete_fields)
            yield Table(options.db_table, tuple(columns), model)


def kind_of(field: "Field[Any, Any]") -> Kind:
    target = field
    while target.remote_field:
        target = target.target_field  # type: ignore[attr-defined]  # a foreign key's, which the stubs give to no field
    if target.get_internal_type() == "DecimalField":
        return Kind("{}::text", taken=exact_decimal(target.decimal_places))  # type: ignore[attr-defined]  # its own
    return KINDS[target.get_internal_type()]


def ways(table: Table, choose: Callable[[Kind], Way | None]) -> Sequence[tuple[int, Way]]:
    """Places of a row, and what is done with the value there."""
    return [(place, way) for place, column in enumerate(table.columns) if (way := choose(column.kind))]
