"""Which of what amoCRM posts is news, seen from the mirror. docs/reference/amocrm.md §3.19

A hook carries most of its contact or lead. That is not enough to keep a mirror by: a lead comes without its contacts,
hooks overtake each other, and nothing proves who sent one. It is enough to recognise what is known already: Priem's
own writes come back as hooks, and so does everything twice. What is not recognised is read from the API.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, TypeVar

from priem.amocrm.contacts import PATIENT_KEYS, VISIT_KEYS, custom_values, read_keys, to_contact
from priem.amocrm.leads import to_lead
from priem.amocrm.webhooks_in import Change, Kind, text_of
from priem.model import Contact, Key, Lead, PatientKey, VisitKey

Record = TypeVar("Record", Contact, Lead)

DELETED = "delete"
WITH_CONTENT = frozenset({"add", "update", "status", "responsible"})
"""Hooks that show their contact or lead as it was then; others only say that there is something to look at."""
NOTED = frozenset({"note"})
"""What is hung onto a contact or lead does not change it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is needed to read a hook's custom fields, which come without their kinds."""

    zone: tzinfo
    contact_fields: Mapping[int, str]
    """Those that the mirror keeps, and their kinds."""
    lead_fields: Mapping[int, str]


def ids_named(changes: Iterable[Change], kind: Kind) -> set[int]:
    return {change.id for change in changes if concerns(change, kind)}


def concerns(change: Change, kind: Kind) -> bool:
    if kind == "lead" and change.kind == "unsorted":
        return change.id != 0
    return change.kind == kind and change.action not in NOTED


def contacts_to_read(changes: Iterable[Change], mirrored: Mapping[int, Contact], shape: Shape) -> set[int]:
    def told(change: Change) -> Contact:
        row = as_api_shows_it(change.row, shape.contact_fields)
        return to_contact(row, shape.contact_fields.keys(), shape.zone)

    return {id_ for id_, about in by_id(changes, "contact").items() if is_news(about, mirrored.get(id_), told)}


def leads_to_read(changes: Iterable[Change], mirrored: Mapping[int, Lead], shape: Shape) -> set[int]:
    def told(change: Change) -> Lead:
        return to_lead(as_api_shows_it(change.row, shape.lead_fields), shape.lead_fields.keys(), shape.zone)

    return {id_ for id_, about in by_id(changes, "lead").items() if is_news(about, mirrored.get(id_), told)}


def keys_told(changes: Iterable[Change], kind: Kind, ids: Collection[int]) -> Mapping[int, set[Key]]:
    """Whose these contacts or leads are, as far as the hooks show it: only Priem writes that."""
    found: dict[int, set[Key]] = {id_: set() for id_ in ids}
    for id_, about in by_id(changes, kind).items():
        for change in about if id_ in found else ():
            found[id_] |= keys_in(change)
    return found


def keys_in(change: Change) -> set[Key]:
    try:
        values = custom_values(as_api_shows_it(change.row, {}))
    except ValueError:
        return set()
    return {*read_keys(PatientKey, PATIENT_KEYS, values), *read_keys(VisitKey, VISIT_KEYS, values)}


def by_id(changes: Iterable[Change], kind: Kind) -> Mapping[int, list[Change]]:
    found: dict[int, list[Change]] = {}
    for change in changes:
        if concerns(change, kind):
            found.setdefault(change.id, []).append(change)
    return found


def is_news(about: list[Change], mirrored: Record | None, told: Callable[[Change], Record]) -> bool:
    """About one contact or lead. Of several hooks the latest counts, whichever came last."""
    if mirrored is None:
        return any(change.action != DELETED for change in about)
    if any(change.action not in WITH_CONTENT or not change.changed_at for change in about):
        return True
    latest = max(change.changed_at for change in about)
    if latest < mirrored.updated_at:
        return False
    known = essence(mirrored, mirrored)
    try:
        # Times are whole seconds: of two in one nobody knows which was later, Priem's own or a manager's.
        return any(essence(told(change), mirrored) != known for change in about if change.changed_at == latest)
    except (ValueError, TypeError, KeyError):
        return True  # an odd hook is no reason to know less


def essence(record: Record, mirrored: Record) -> Record:
    """What hooks tell and the mirror keeps. What Priem made itself is there without what amoCRM added to it."""
    same = replace(
        record,
        fields={id_: value for id_, value in record.fields.items() if value},
        created_at=0,
        updated_at=0,
        responsible=record.responsible if mirrored.responsible else 0,
    )
    if isinstance(same, Contact):
        return replace(same, phones=tuple(replace(phone, label="") for phone in same.phones))
    return replace(same, contacts=(), loss_reason=None)


def as_api_shows_it(row: Mapping[str, Any], kinds: Mapping[int, str]) -> dict[str, Any]:
    """A hook's item in the words of the API."""
    plain = {name: value for name, value in row.items() if isinstance(value, str)}
    fields = row.get("custom_fields")
    items = fields.values() if isinstance(fields, dict) else ()
    return {**plain, "custom_fields_values": [field_of(item, kinds) for item in items if isinstance(item, dict)]}


def field_of(item: Mapping[str, Any], kinds: Mapping[int, str]) -> dict[str, Any]:
    field = int(text_of(dict(item), "id") or 0)
    kind = kinds.get(field, "text")
    values = item.get("values")
    found = values.values() if isinstance(values, dict) else ()
    return {
        "field_id": field,
        "field_code": text_of(dict(item), "code"),
        "field_type": kind,
        "values": [value_of(value, kind) for value in found],
    }


def value_of(value: object, kind: str) -> dict[str, Any]:
    """Dates come bare, birthdays as dd.mm.yyyy, all others one level deeper."""
    told = value if isinstance(value, dict) else {"value": value}
    if kind == "birthday" and isinstance(day := told.get("value"), str) and day.count(".") == 2:
        return {"value": datetime.strptime(day, "%d.%m.%Y").date().isoformat()}  # noqa: DTZ007  a day has no zone
    return told
