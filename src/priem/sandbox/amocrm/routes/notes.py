"""Notes (docs/reference/amocrm.md §3.8). They cannot be deleted: 405 without a body."""

from functools import partial

from ..paging import asked_page, cut, page_answer
from ..problems import keyed_errors, listed_errors
from ..state.crm import Change
from ..state.links import KINDS
from ..state.work import Note
from ..state.writing import number, text
from ..validation import (
    Check,
    Findings,
    anything,
    batch,
    boolean,
    check_batch,
    integer,
    integer_or_string,
    one_of,
    request_id,
    seconds,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, empty, hal, whole
from . import render
from .router import Api, Router

_CALL: dict[str, Check] = {
    **dict.fromkeys(("uniq", "source", "link", "phone", "call_result"), string),
    "duration": seconds,
    "call_status": integer,
    "call_responsible": integer_or_string,
}
_SERVICE: dict[str, Check] = {"service": string, "text": string}
_SMS: dict[str, Check] = {"text": string, "phone": string}
PARAMS: dict[str, tuple[dict[str, Check], list[str]]] = {
    "common": ({"text": string}, ["text"]),
    "call_in": (_CALL, ["duration", "source", "phone"]),
    "call_out": (_CALL, ["duration", "source", "phone"]),
    "service_message": (_SERVICE, ["service", "text"]),
    "extended_service_message": (_SERVICE, ["service", "text"]),
    "message_cashier": ({"status": one_of(("created", "shown", "canceled")), "text": string}, ["status", "text"]),
    "geolocation": (
        dict.fromkeys(("text", "address", "longitude", "latitude"), integer_or_string),
        ["text", "address"],
    ),
    "sms_in": (_SMS, ["text", "phone"]),
    "sms_out": (_SMS, ["text", "phone"]),
    "attachment": (dict.fromkeys(("file_uuid", "version_uuid", "file_name"), string), ["file_uuid", "file_name"]),
}
NUMBERS = {"common": 4, "call_in": 10, "call_out": 11, "service_message": 25, "sms_in": 102, "sms_out": 103}
ELEMENT_TYPES = {"contacts": 1, "leads": 2, "companies": 3}
UNKNOWN_CARD = 226


def mount(router: Router) -> None:
    """The paths of this area."""
    for kind in KINDS:
        router.add("GET", f"{kind}/notes", partial(_list, kind=kind))
        router.add("POST", f"{kind}/notes", partial(_add, kind=kind))
        router.add("PATCH", f"{kind}/notes", partial(_change_many, kind=kind))
        router.add("GET", f"{kind}/notes/#", partial(_get_any, kind=kind))
        router.add("PATCH", f"{kind}/notes/#", partial(_change_any, kind=kind))
        router.add("POST", f"{kind}/notes/#/pin", partial(_pin, kind=kind, pinned=True))
        router.add("POST", f"{kind}/notes/#/unpin", partial(_pin, kind=kind, pinned=False))
        router.add("POST", f"{kind}/#/notes/#/pin", partial(_pin_at, kind=kind, pinned=True))
        router.add("POST", f"{kind}/#/notes/#/unpin", partial(_pin_at, kind=kind, pinned=False))
        router.add("GET", f"{kind}/#/notes", partial(_list, kind=kind))
        router.add("POST", f"{kind}/#/notes", partial(_add, kind=kind))
        router.add("PATCH", f"{kind}/#/notes", partial(_change_many, kind=kind))
        router.add("GET", f"{kind}/#/notes/#", partial(_get, kind=kind))
        router.add("PATCH", f"{kind}/#/notes/#", partial(_change_one, kind=kind))


def _list(api: Api, request: Request, card_id: int | None = None, *, kind: str) -> Answer:
    page = asked_page(request)
    notes = api.crm.notes.rows.values() if card_id is None else api.crm.notes.of(kind, card_id)
    wanted = request.tree("filter")
    found = [note for note in notes if note.entity == kind and _matches(note, wanted)]
    order = request.tree("order")
    name, direction = next(iter(order.items())) if isinstance(order, dict) and order else ("id", "asc")
    key = "updated_at" if name == "updated_at" else "id"
    found.sort(key=lambda note: (getattr(note, key), note.id), reverse=str(direction).lower() == "desc")
    shown, more = cut(found, page)
    return page_answer(request, page, "notes", [_shown(api, request, each) for each in shown], more=more)


def _shown(api: Api, request: Request, note: Note) -> Json:
    shown = render.note(api.crm, request.base, note)
    return shown | {"is_pinned": note.is_pinned} if "is_pinned" in request.with_() else shown


def _matches(note: Note, wanted: object) -> bool:
    for name, value in wanted.items() if isinstance(wanted, dict) else ():
        if name == "updated_at":
            span = value if isinstance(value, dict) else {"from": value}
            if not whole(span.get("from"), 0) <= note.updated_at <= whole(span.get("to"), 2**40):
                return False
        elif name in ("id", "entity_id", "note_type"):
            allowed = value.values() if isinstance(value, dict) else [value]
            if str(getattr(note, name)) not in allowed:
                return False
    return True


def _get(api: Api, request: Request, card_id: int, note_id: int, *, kind: str) -> Answer:
    found = api.crm.notes.rows.get(note_id)
    known = found is not None and found.entity == kind and found.entity_id == card_id
    return hal(_shown(api, request, found)) if found is not None and known else empty()


def _get_any(api: Api, request: Request, note_id: int, *, kind: str) -> Answer:
    found = api.crm.notes.rows.get(note_id)
    return hal(_shown(api, request, found)) if found is not None and found.entity == kind else empty()


def _pin(api: Api, _request: Request, note_id: int, *, kind: str, pinned: bool) -> Answer:
    found = api.crm.notes.rows.get(note_id)
    if found is None or found.entity != kind:
        return empty(404)
    found.is_pinned = pinned
    return empty()


def _pin_at(api: Api, request: Request, card_id: int, note_id: int, *, kind: str, pinned: bool) -> Answer:
    found = api.crm.notes.rows.get(note_id)
    if found is None or found.entity_id != card_id:
        return empty(404)
    return _pin(api, request, note_id, kind=kind, pinned=pinned)


def _keys(api: Api) -> dict[str, Check]:
    return {
        "entity_id": integer,
        "created_by": api.rules.author,
        "updated_by": api.rules.author,
        "created_at": seconds,
        "updated_at": seconds,
        "note_type": one_of(PARAMS),
        "params": anything,
        "responsible_user_id": api.rules.user,
        "request_id": string,
        "is_need_to_trigger_digital_pipeline": boolean,
    }


def _check_params(item: Json, findings: Findings) -> None:
    known = PARAMS.get(str(item.get("note_type")))
    if known is not None and item.get("params") is not None:
        shape(*known)(item["params"], "params", findings)


def _add(api: Api, request: Request, card_id: int | None = None, *, kind: str) -> Answer:
    items = batch(request.json())
    required = ["note_type", "params", *(["entity_id"] if card_id is None else [])]
    check = shape(_keys(api), required)
    check_batch(items, lambda item, found: check(item, "", found), _check_params)
    if card_id is not None:
        items = [{**item, "entity_id": card_id} for item in items]
    _refuse_unknown_cards(api, kind, items)
    refs = [_made(api, request, kind, item, index) for index, item in enumerate(items)]
    body = {"_links": render.self_link(request.base, f"{kind}/notes"), "_embedded": {"notes": refs}}
    return hal(body, records=len(refs))


def _refuse_unknown_cards(api: Api, kind: str, items: list[Json]) -> None:
    errors: list[Json] = []
    for item in items:
        if api.crm.card(kind, item["entity_id"]) is None:
            source: Json = {"element_id": item["entity_id"], "element_type": ELEMENT_TYPES[kind]}
            source["note_type"] = NUMBERS.get(str(item["note_type"]), 4)
            params = item["params"]
            source["text"] = params.get("text", "") if isinstance(params, dict) else ""
            errors.append({"code": UNKNOWN_CARD, "message": f"Error {UNKNOWN_CARD}.", "source": source})
    if errors:
        raise listed_errors(errors)


def _made(api: Api, request: Request, kind: str, item: Json, index: int) -> Json:
    note = write_note(api, kind, item, request.user_id)
    link = render.self_link(request.base, f"{kind}/{note.entity_id}/notes/{note.id}")
    return {"id": note.id, "entity_id": note.entity_id, "request_id": request_id(item, index), "_links": link}


def write_note(api: Api, kind: str, item: Json, by: int) -> Note:
    """Store a checked note and tell of it."""
    now, params = api.crm.now(), item["params"]
    note = Note(
        id=api.crm.notes.next_id(),
        entity=kind,
        entity_id=number(item, "entity_id", 0),
        note_type=text(item, "note_type"),
        params=dict(params) if isinstance(params, dict) else {},
        responsible_user_id=number(item, "responsible_user_id", by),
        created_by=number(item, "created_by", by),
        updated_by=number(item, "updated_by", by),
        created_at=number(item, "created_at", now),
        updated_at=number(item, "updated_at", now),
    )
    api.crm.notes.add(note)
    event = {"call_in": "incoming_call", "call_out": "outgoing_call", "common": "common_note_added"}
    name = event.get(note.note_type, "service_note_added")
    api.crm.history.record(name, kind, note.entity_id, by, now, after=[{"note": {"id": note.id}}])
    api.crm.tell(Change("note", kind, note, card=api.crm.card(kind, note.entity_id)))
    return note


def _change_many(api: Api, request: Request, _card_id: int | None = None, *, kind: str) -> Answer:
    items = batch(request.json())
    refs = _changed(api, request, kind, items)
    body = {"_links": render.self_link(request.base, f"{kind}/notes"), "_embedded": {"notes": refs}}
    return hal(body, records=len(refs))


def _change_one(api: Api, request: Request, _card_id: int, note_id: int, *, kind: str) -> Answer:
    return _change_any(api, request, note_id, kind=kind)


def _change_any(api: Api, request: Request, note_id: int, *, kind: str) -> Answer:
    [ref] = _changed(api, request, kind, [{**single(request.json()), "id": note_id}])
    return hal(ref)


def _changed(api: Api, request: Request, kind: str, items: list[Json]) -> list[Json]:
    check = shape(_keys(api) | {"id": integer}, ["id", "note_type", "params"])
    check_batch(items, lambda item, found: check(item, "", found), _check_params)
    rows = api.crm.notes.rows
    unknown = [
        item["id"] for item in items if (known := rows.get(int(str(item["id"])))) is None or known.entity != kind
    ]
    if unknown:
        raise keyed_errors({str(note_id): "Note not found" for note_id in unknown})
    refs: list[Json] = []
    for item in items:
        note, params = rows[int(str(item["id"]))], item["params"]
        note.params = dict(params) if isinstance(params, dict) else note.params
        note.updated_at, note.updated_by = api.crm.now(), request.user_id
        link = render.self_link(request.base, f"{kind}/{note.entity_id}/notes/{note.id}")
        refs.append({"id": note.id, "entity_id": note.entity_id, "updated_at": note.updated_at, "_links": link})
    return refs
