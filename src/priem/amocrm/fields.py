"""Custom fields: what amoCRM writes in JSON ↔ a FieldValue. docs/reference/amocrm.md §3.9

decode and encode are each other's inverse for every kind: what was written compares equal when it is read.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from priem.errors import BadRecord
from priem.model import FieldInfo, FieldValue
from priem.texts import text

CHOICES = frozenset({"select", "radiobutton", "multiselect"})
SEVERAL = frozenset({"multiselect", "multitext", "items", "linked_entity", "chained_list"})
NUMBERS = frozenset({"numeric", "monetary", "price"})
DAYS = frozenset({"date", "birthday"})
STRUCTURES = frozenset({"legal_entity", "items", "linked_entity", "file", "payer", "supplier"})
ADDRESS_PARTS = ("address_line_1", "address_line_2", "city", "state", "zip", "country")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Option:
    id: int
    value: str
    sort: int = 0
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field with what writing to it needs: options have ids, and lose them when they are sent without."""

    id: int
    name: str
    kind: str
    code: str = ""
    options: tuple[Option, ...] = ()

    @property
    def info(self) -> FieldInfo:
        return FieldInfo(self.id, self.name, self.kind, self.code, tuple(option.value for option in self.options))

    _ids: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Backwards: of options that are called alike the first counts.
        object.__setattr__(self, "_ids", {option.value.strip(): option.id for option in reversed(self.options)})

    def option_id(self, value: str) -> int | None:
        """Whatever blanks stand around either: amoCRM trims options, a МИС may not."""
        return self._ids.get(value.strip())


def read_field(row: Mapping[str, Any]) -> CustomField:
    enums = [enum for enum in row.get("enums") or () if isinstance(enum, dict)]
    options = [
        Option(int(enum["id"]), str(enum.get("value", "")), int(enum.get("sort") or 0), enum.get("code"))
        for enum in enums
    ]
    return CustomField(int(row["id"]), str(row["name"]), str(row["type"]), str(row.get("code") or ""), tuple(options))


def decode(row: Mapping[str, Any], zone: tzinfo) -> FieldValue:
    """One item of `custom_fields_values`. Nonsense comes out as its text: a strange field must not hide a contact."""
    kind = str(row.get("field_type", "text"))
    values = [value for value in row.get("values") or () if isinstance(value, dict)]
    if kind == "smart_address":
        return decode_address(values)
    decoded = [one for value in values if (one := decode_one(kind, value, zone))]
    if kind in SEVERAL:
        return tuple(sorted(set(decoded)))
    return decoded[0] if decoded else ""


def decode_one(kind: str, value: Mapping[str, Any], zone: tzinfo) -> str:
    if kind == "chained_list":
        return as_json(value)
    raw = value.get("value")
    if raw is None:
        return ""
    if kind == "checkbox":
        return "true" if raw in (True, 1, "1", "true") else "false"
    if kind in NUMBERS:
        return plain_number(str(raw)) or str(raw)
    if kind in DAYS or kind == "date_time":
        return decode_time(raw, zone, only_day=kind in DAYS)
    written = as_json(raw) if isinstance(raw, dict | list) else str(raw)
    return written.strip() if kind in CHOICES else written


def decode_time(raw: object, zone: tzinfo, *, only_day: bool) -> str:
    """Unix seconds, or RFC 3339."""
    try:
        written = str(raw)
        seconds = written.removeprefix("-").isdigit()
        moment = EPOCH + timedelta(seconds=int(written)) if seconds else datetime.fromisoformat(written)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(zone).date().isoformat() if only_day else in_utc(moment)
    except (ValueError, OverflowError):
        return str(raw)


def in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decode_address(values: Iterable[Mapping[str, Any]]) -> str:
    """The parts in their order, between commas. One that Priem wrote has a single part."""

    def place(value: Mapping[str, Any]) -> int:
        code = value.get("enum_code")
        return ADDRESS_PARTS.index(code) + 1 if code in ADDRESS_PARTS else int(value.get("enum_id") or 99)

    return ", ".join(str(value["value"]) for value in sorted(values, key=place) if value.get("value"))


def plain_number(written: str) -> str | None:
    """`1500.00` → `1500`; None for what is no number."""
    try:
        number = Decimal(written.replace(",", ".").replace(" ", ""))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    shown = f"{number:f}"
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) if number else "0"


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def encode(
    field: CustomField, value: FieldValue, zone: tzinfo, labels: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """An item of `custom_fields_values`. Raises BadRecord when the field cannot hold the value.

    `labels` are those that texts of a multitext field have so far.
    """
    parts = [value] if isinstance(value, str) else list(value)
    parts = [part for part in parts if part]
    if len(parts) > 1 and field.kind not in SEVERAL:
        parts = [", ".join(parts)]
    values = [encode_one(field, part, zone) for part in parts]
    if field.kind == "multitext":
        values = [{"value": part, "enum_code": labels.get(part, "WORK")} for part in parts]
    return {"field_id": field.id, "values": values or None}


def encode_one(field: CustomField, part: str, zone: tzinfo) -> dict[str, Any]:
    if field.kind in CHOICES:
        return {"enum_id": chosen(field, part)}
    if field.kind == "smart_address":
        return {"value": part, "enum_code": ADDRESS_PARTS[0]}
    if field.kind == "chained_list":
        return structure(field, part)
    return {"value": plain_value(field, part, zone)}


def chosen(field: CustomField, part: str) -> int:
    if (option := field.option_id(part)) is None:
        raise BadRecord(text("amoCRM's field {field} has no such option, and it could not be added.", field=field.name))
    return option


def plain_value(field: CustomField, part: str, zone: tzinfo) -> object:
    if field.kind == "checkbox":
        return part == "true"
    if field.kind in STRUCTURES:
        return structure(field, part)
    if field.kind in NUMBERS:
        if (number := plain_number(part)) is None:
            raise not_a(field)
        return number
    if field.kind in DAYS or field.kind == "date_time":
        return unix_seconds(field, part, zone)
    return part


def unix_seconds(field: CustomField, part: str, zone: tzinfo) -> int:
    """A day is midnight in the account's zone, in which amoCRM shows it."""
    try:
        return midnight(part[:10], zone) if field.kind in DAYS else seconds_of(part, zone)
    except ValueError as error:
        raise not_a(field) from error


@lru_cache(maxsize=4096)
def midnight(day: str, zone: tzinfo) -> int:
    return int((datetime.combine(date.fromisoformat(day), time(), zone) - EPOCH).total_seconds())


@lru_cache(maxsize=4096)
def seconds_of(moment: str, zone: tzinfo) -> int:
    read = datetime.fromisoformat(moment)
    return int(((read if read.tzinfo else read.replace(tzinfo=zone)) - EPOCH).total_seconds())


def structure(field: CustomField, part: str) -> dict[str, Any]:
    """JSON, or for those that have one, a bare name."""
    try:
        found = json.loads(part)
    except ValueError:
        found = {"name": part} if field.kind in ("legal_entity", "linked_entity") else None
    if not isinstance(found, dict):
        raise not_a(field)
    return found


def not_a(field: CustomField) -> BadRecord:
    return BadRecord(text("amoCRM's field {field} ({kind}) cannot hold this value.", field=field.name, kind=field.kind))


def missing_options(field: CustomField, value: FieldValue) -> set[str]:
    parts = {value.strip()} if isinstance(value, str) else {part.strip() for part in value}
    return {part for part in parts if part and field.option_id(part) is None} if field.kind in CHOICES else set()


def with_options(field: CustomField, added: Iterable[str]) -> list[dict[str, Any]]:
    """All options of the field and the new ones after them. Those that are there keep their ids: an option sent
    without its id is made anew and every lead loses it."""
    kept = [
        {"id": option.id, "value": option.value, "sort": option.sort} | ({"code": option.code} if option.code else {})
        for option in field.options
    ]
    last = max((option.sort for option in field.options), default=0)
    return kept + [{"value": value, "sort": last + place} for place, value in enumerate(sorted(set(added)), 1)]
