"""Serves the board at `/` and the data that it polls: what a manager sees, without the clicks."""

import mimetypes
from functools import cache
from importlib import resources

from ..state.cards import Contact, Lead
from ..state.crm import Crm
from ..state.history import PLURAL, SINGULAR, Event
from ..state.values import shown_fields
from ..wire import Answer, Json, Request, whole

CARDS_PER_COLUMN = 40
EVENTS_PER_CARD = 60
TOLD_OTHERWISE = ("common_note_added", "service_note_added", "incoming_call", "outgoing_call", "task_added")
"""Their notes and tasks stand in the timeline themselves."""
FILES = ("index.html", "board.js", "board.css")


def serve(path: str) -> Answer:
    """The page and its two files."""
    name = path.removeprefix("/board/").removeprefix("/") or "index.html"
    return Answer(200, _file(name), f"{mimetypes.guess_type(name)[0]}; charset=utf-8") if name in FILES else Answer(404)


@cache
def _file(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()


def data(crm: Crm, request: Request) -> Json:
    """One pipeline's columns; `since` (a version) answers nothing when nothing happened in between."""
    version = f"{crm.history.count}.{len(crm.leads.rows)}.{len(crm.contacts.rows)}"
    if request.parameter("since") == version and request.parameter("changed", "1") == "1":
        return {"version": version, "same": True}
    pipelines = crm.pipelines.in_order()
    asked = whole(request.parameter("pipeline"), 0)
    chosen = crm.pipelines.rows.get(asked) or pipelines[0]
    columns: dict[int, list[Lead]] = {status.id: [] for status in chosen.in_order()}
    for lead in crm.leads.living():
        if lead.pipeline_id == chosen.id and lead.status_id in columns:
            columns[lead.status_id].append(lead)
    return {
        "version": version,
        "account": crm.account.name,
        "pipeline": chosen.id,
        "pipelines": [{"id": each.id, "name": each.name} for each in pipelines],
        "columns": [
            {"id": status.id, "name": status.name, "color": status.color, **_column(crm, columns[status.id])}
            for status in chosen.in_order()
        ],
    }


def _column(crm: Crm, leads: list[Lead]) -> Json:
    newest = sorted(leads, key=lambda lead: (lead.updated_at, lead.id), reverse=True)[:CARDS_PER_COLUMN]
    return {
        "count": len(leads),
        "sum": sum(lead.price for lead in leads),
        "cards": [_tile(crm, lead) for lead in newest],
    }


def _tile(crm: Crm, lead: Lead) -> Json:
    contact = crm.contacts.get(crm.links.main.get(lead.id, 0))
    known = crm.tags.of("leads")
    return {
        "id": lead.id,
        "name": lead.name,
        "price": lead.price,
        "contact": contact.name if contact else "",
        "updated_at": lead.updated_at,
        "tags": [known[tag].name for tag in lead.tags],
    }


def card(crm: Crm, kind: str, card_id: int) -> Json:
    """A lead or a contact with all that belongs to it."""
    found = crm.card(kind, card_id)
    if found is None:
        return {"missing": True}
    user = crm.users.rows.get(found.responsible_user_id)
    known = crm.tags.of(kind)
    shown: Json = {
        "id": found.id,
        "kind": kind,
        "name": found.name,
        "responsible": user.name if user else "",
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "tags": [known[tag].name for tag in found.tags],
        "fields": _fields(crm, kind, found.filled),
        "timeline": _timeline(crm, kind, found.id),
    }
    if isinstance(found, Lead):
        status = crm.pipelines.rows[found.pipeline_id].statuses.get(found.status_id)
        shown |= {
            "price": found.price,
            "status": status.name if status else "?",
            "color": status.color if status else "",
        }
        shown["contacts"] = [
            _person(crm, each, crm.links.main.get(found.id)) for each in _living(crm, kind, found.id, "contacts")
        ]
    else:
        shown["leads"] = [
            _tile(crm, lead) for lead_id in _living(crm, kind, found.id, "leads") if (lead := crm.leads.get(lead_id))
        ]
    return shown


def _living(crm: Crm, kind: str, card_id: int, other: str) -> list[int]:
    return [each for each in crm.links.of(kind, card_id, other) if crm.card(other, each) is not None]


def _person(crm: Crm, contact_id: int, main: int | None) -> Json:
    contact: Contact = crm.contacts.rows[contact_id]
    fields = _fields(crm, "contacts", contact.filled)
    return {"id": contact.id, "name": contact.name, "is_main": contact.id == main, "fields": fields}


def _fields(crm: Crm, kind: str, filled: object) -> list[Json]:
    shown: list[Json] = []
    for field in shown_fields(crm.fields.of(kind), filled) or []:  # type: ignore[arg-type]  # callers pass a card's own fields
        values = field["values"]
        if isinstance(values, list):
            texts = [each.get("value") for each in values]
            shown.append({"name": field["field_name"], "type": field["field_type"], "values": texts})
    return shown


def _timeline(crm: Crm, kind: str, card_id: int) -> list[Json]:
    """Events, notes and open tasks, newest first."""
    singular = SINGULAR[kind]
    own = [
        event
        for event in crm.history.rows
        if event.entity_id == card_id and event.entity == singular and event.type not in TOLD_OTHERWISE
    ]
    shown: list[Json] = [_event(crm, kind, event) for event in own]
    for note in crm.notes.of(kind, card_id):
        text = note.params.get("text") or note.params.get("phone") or ""
        shown.append(
            {
                "at": note.created_at,
                "what": "note",
                "type": note.note_type,
                "text": text,
                "by": _name(crm, note.created_by),
            }
        )
    for task in crm.tasks.of(kind, card_id):
        entry: Json = {"at": task.created_at, "what": "task", "text": task.text, "until": task.complete_till}
        shown.append(entry | {"done": task.is_completed, "by": _name(crm, task.created_by)})
    shown.reverse()
    return sorted(shown, key=lambda each: -int(str(each["at"])))[:EVENTS_PER_CARD]


def _name(crm: Crm, user_id: int) -> str:
    user = crm.users.rows.get(user_id)
    return user.name if user else "Робот"


def _event(crm: Crm, kind: str, event: Event) -> Json:
    shown: Json = {"at": event.created_at, "what": "event", "type": event.type, "by": _name(crm, event.created_by)}
    before, after = (_values(crm, kind, values) for values in (event.before, event.after))
    return shown | {"before": before, "after": after}


def _values(crm: Crm, kind: str, values: list[Json]) -> str:
    return ", ".join(filter(None, (_value(crm, kind, value) for value in values)))


def _value(crm: Crm, kind: str, value: Json) -> str:
    for name, content in value.items():
        if isinstance(content, dict):
            return _told(crm, kind, name, content)
    return ""


def _told(crm: Crm, kind: str, name: str, content: Json) -> str:
    if name == "lead_status":
        pipeline = crm.pipelines.rows.get(whole(content["pipeline_id"], 0))
        status = pipeline.statuses.get(whole(content["id"], 0)) if pipeline else None
        return status.name if status else "?"
    if name == "responsible_user":
        return _name(crm, whole(content["id"], 0))
    if name == "custom_field_value":
        field = crm.fields.of(kind).get(whole(content["field_id"], 0))
        return f"{field.name if field else '?'}: {content['text']}"
    entity = content.get("entity")
    if name == "link" and isinstance(entity, dict):
        far = crm.card(PLURAL[entity["type"]], entity["id"])
        return far.name if far else f"№ {entity['id']}"
    return ", ".join(str(each) for each in content.values() if isinstance(each, str | int))
