"""What webhooks carry: PHP-bracket forms, everything a string (docs/reference/amocrm.md §3.19).

Companies come under `contacts` with `type=company`; dates have no `[value]` level; birthdays are dd.mm.yyyy texts.
"""

import datetime as dt
import json
from collections.abc import Iterator
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from .state.cards import Card, Company, Contact, Lead
from .state.crm import Change, Crm
from .state.history import SINGULAR
from .state.work import Note, Task
from .wire import Json

ELEMENT_TYPES = {"contacts": "1", "leads": "2", "companies": "3"}
NOTE_NUMBERS = {"common": 4, "call_in": 10, "call_out": 11, "service_message": 25, "sms_in": 102, "sms_out": 103}
CALL_KEYS = {"uniq": "UNIQ", "link": "LINK", "phone": "PHONE", "duration": "DURATION", "source": "SRC"}


def setting_of(change: Change) -> str | None:
    """The subscription setting that covers a change; None when none does."""
    if change.kind == "unsorted":
        return None
    return f"{change.action}_{SINGULAR.get(change.kind, change.kind)}"


def encode_change(crm: Crm, change: Change, host: str) -> bytes:
    """The body of the hook that tells of a change."""
    root = "contacts" if change.kind == "companies" else change.kind
    if isinstance(change.subject, Note):
        item: Json = {"note": _note(crm, change.subject)}
        if change.kind in ("contacts", "companies"):
            item["type"] = SINGULAR[change.kind]
    elif isinstance(change.subject, Task):
        item = _task(crm, change.subject)
    elif isinstance(change.subject, Card):
        item = _deleted(change.subject) if change.action == "delete" else _card(crm, change.kind, change.subject)
        item |= change.extra
    else:
        item = dict(change.subject)
    account: Json = {"subdomain": crm.account.subdomain, "id": crm.account.id, "_links": {"self": host}}
    return urlencode(list(_pairs({root: {change.action: [item]}, "account": account}))).encode()


def _pairs(tree: Json) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        yield from _branch(key, value)


def _branch(key: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _branch(f"{key}[{name}]", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _branch(f"{key}[{index}]", item)
    else:
        yield key, _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _deleted(card: Card) -> Json:
    if isinstance(card, Lead):
        return {"id": card.id, "status_id": card.status_id, "pipeline_id": card.pipeline_id}
    return {"id": card.id, "type": "company" if isinstance(card, Company) else "contact"}


def _card(crm: Crm, kind: str, card: Card) -> Json:
    shown: Json = {"id": card.id, "name": card.name}
    if isinstance(card, Lead):
        shown |= {"status_id": card.status_id, "price": card.price}
    shown |= {
        "responsible_user_id": card.responsible_user_id,
        "last_modified": card.updated_at,
        "modified_user_id": card.updated_by,
        "created_user_id": card.created_by,
        "date_create": card.created_at,
    }
    if isinstance(card, Lead):
        shown["pipeline_id"] = card.pipeline_id
    known = crm.tags.of(kind)
    shown["tags"] = [{"id": tag_id, "name": known[tag_id].name} for tag_id in card.tags]
    shown["account_id"] = crm.account.id
    shown["custom_fields"] = _fields(crm, kind, card)
    shown |= {"created_at": card.created_at, "updated_at": card.updated_at}
    return shown if isinstance(card, Lead) else shown | _person(crm, kind, card)


def _person(crm: Crm, kind: str, card: Card) -> Json:
    shown: Json = {"linked_leads_id": {lead: {"ID": lead} for lead in crm.links.of(kind, card.id, "leads")}}
    if not isinstance(card, Contact):
        return shown | {"type": "company"}
    for company_id in crm.links.of(kind, card.id, "companies")[:1]:
        company = crm.companies.get(company_id)
        shown |= {"company_name": company.name if company else "", "linked_company_id": company_id}
    return shown | {"type": "contact"}


def _fields(crm: Crm, kind: str, card: Card) -> list[Json]:
    shown: list[Json] = []
    for field_id, values in card.filled:
        field = crm.fields.of(kind).get(field_id)
        if field is None:
            continue
        entry: Json = {"id": field.id, "name": field.name}
        entry["values"] = [_value(crm, field.type, value, enum_id) for value, enum_id in values]
        if field.code:
            entry["code"] = field.code
        shown.append(entry)
    return shown


def _value(crm: Crm, kind: str, value: object, enum_id: int | None) -> object:
    if kind in ("date", "date_time"):
        return value
    if kind == "birthday" and isinstance(value, int):
        # The day that people see: it is kept as midnight in the account's zone.
        return {"value": dt.datetime.fromtimestamp(value, ZoneInfo(crm.account.timezone)).strftime("%d.%m.%Y")}
    return {"value": value} | ({"enum": enum_id} if enum_id is not None else {})


def _local(crm: Crm, moment: int) -> str:
    return dt.datetime.fromtimestamp(moment, ZoneInfo(crm.account.timezone)).strftime("%Y-%m-%d %H:%M:%S")


def _note(crm: Crm, note: Note) -> Json:
    text: object = note.params.get("text", "")
    if note.note_type.startswith("call_"):
        text = json.dumps({CALL_KEYS[key]: value for key, value in note.params.items() if key in CALL_KEYS})
    return {
        "id": note.id,
        "note_type": NOTE_NUMBERS.get(note.note_type, 4),
        "text": text,
        "element_id": note.entity_id,
        "element_type": ELEMENT_TYPES[note.entity],
        "created_by": note.created_by,
        "modified_by": note.updated_by,
        "main_user_id": note.responsible_user_id,
        "date_create": _local(crm, note.created_at),
        "timestamp_x": _local(crm, note.updated_at),
        "account_id": crm.account.id,
    }


def _task(crm: Crm, task: Task) -> Json:
    shown: Json = {
        "id": task.id,
        "element_id": task.entity_id or 0,
        "element_type": ELEMENT_TYPES.get(task.entity or "", "0"),
        "task_type": task.task_type_id,
        "date_create": _local(crm, task.created_at),
        "text": task.text,
        "status": int(task.is_completed),
        "account_id": crm.account.id,
        "created_user_id": task.created_by,
        "last_modified": _local(crm, task.updated_at),
        "responsible_user_id": task.responsible_user_id,
        "complete_till": _local(crm, task.complete_till),
        "action_close": int(task.is_completed),
    }
    return shown | ({"result": {"id": task.id + 1, "text": task.result}} if task.result else {})
