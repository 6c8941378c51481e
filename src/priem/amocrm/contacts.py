"""Contacts: JSON ↔ the model. docs/reference/amocrm.md §3.3"""

from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Any, TypeVar

from priem.amocrm.fields import decode
from priem.model import Contact, ContactDraft, FieldValue, Key, PatientKey, PhoneEntry

K = TypeVar("K", bound=Key)

PATIENT_KEYS = "PRIEM_PATIENT"
VISIT_KEYS = "PRIEM_VISIT"
"""Codes of the fields in which Priem writes whose contact or lead it is."""

EncodeField = Callable[[int, FieldValue], dict[str, Any]]
"""An item of `custom_fields_values`; raises BadRecord."""


def to_contact(row: Mapping[str, Any], fields: Collection[int], zone: tzinfo) -> Contact:
    values = custom_values(row)
    return Contact(
        id=int(row["id"]),
        name=str(row.get("name") or ""),
        phones=read_phones(values),
        keys=read_keys(PatientKey, PATIENT_KEYS, values),
        fields=read_fields(values, fields, zone),
        created_at=int(row.get("created_at") or 0),
        updated_at=int(row.get("updated_at") or 0),
        responsible=int(row.get("responsible_user_id") or 0),
    )


def custom_values(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [value for value in row.get("custom_fields_values") or () if isinstance(value, dict)]


def values_of(code: str, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The filled values of the field with this code."""
    found = next((value.get("values") for value in values if value.get("field_code") == code), None)
    return [one for one in found or () if isinstance(one, dict) and one.get("value") not in (None, "")]


def read_phones(values: list[dict[str, Any]]) -> tuple[PhoneEntry, ...]:
    return tuple(
        PhoneEntry(str(one["value"]), str(one.get("enum_code") or "WORK")) for one in values_of("PHONE", values)
    )


def read_keys(kind: type[K], code: str, values: list[dict[str, Any]]) -> tuple[K, ...]:
    """Words that are no keys are somebody's own and stay out."""
    words = " ".join(str(one["value"]) for one in values_of(code, values)).split()
    return tuple(key for word in words if (key := kind.parse(word)))


def read_fields(values: list[dict[str, Any]], wanted: Collection[int], zone: tzinfo) -> dict[int, FieldValue]:
    rows = [(int(value.get("field_id") or 0), value) for value in values]
    decoded = {field: decode(value, zone) for field, value in rows if field in wanted}
    return {field: value for field, value in decoded.items() if value}


def write_keys(code: str, keys: Collection[Key]) -> dict[str, Any]:
    written = " ".join(str(key) for key in keys)
    return {"field_code": code, "values": [{"value": written}] if written else None}


def write_phones(phones: Collection[PhoneEntry]) -> dict[str, Any]:
    values = [{"value": phone.text, "enum_code": phone.label} for phone in phones]
    return {"field_code": "PHONE", "values": values or None}


def from_contact_draft(draft: ContactDraft, encode: EncodeField) -> dict[str, Any]:
    """Only what changes: a read-only key, or a deactivated user sent back unchanged, refuses the whole record."""
    values = [encode(field, value) for field, value in draft.fields.items()]
    if draft.phones is not None:
        values.append(write_phones(draft.phones))
    if draft.keys is not None:
        values.append(write_keys(PATIENT_KEYS, draft.keys))
    sent = {"id": draft.id, "name": draft.name, "responsible_user_id": draft.responsible}
    return {name: value for name, value in sent.items() if value is not None} | lists(values, draft.tags)


def lists(values: list[dict[str, Any]], tags: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"custom_fields_values": values} if values else {}
    return found | ({"tags_to_add": [{"name": tag} for tag in tags]} if tags else {})
