"""`POST /calls` (docs/reference/amocrm.md §3.17): the only writing path where part of a batch may fail."""

from ..state.cards import Card
from ..state.crm import Crm
from ..state.duplicates import key_fields, keys_of
from ..state.incoming import Call
from ..state.pipelines import CLOSED
from ..state.search import digits_of
from ..state.writing import number
from ..validation import batch, conform, integer, integer_or_string, one_of, request_id, seconds, string
from ..wire import Answer, Json, Request, hal
from .notes import write_note
from .render import self_link
from .router import Api, Router

DIGITS = 10
SINGULAR = {"leads": "lead", "contacts": "contact", "companies": "company"}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("POST", "calls", _add)


def _add(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    keys = {
        **dict.fromkeys(("source", "phone", "uniq", "link", "call_result", "request_id"), string),
        **dict.fromkeys(("duration", "created_at", "updated_at"), seconds),
        "call_status": integer,
        "direction": one_of(("inbound", "outbound")),
        "call_responsible": integer_or_string,
        "responsible_user_id": api.rules.user,
        "created_by": api.rules.author,
        "updated_by": api.rules.author,
    }
    conform(items, keys, ["direction", "duration", "source", "phone"])
    errors: list[Json] = []
    calls: list[Json] = []
    for index, item in enumerate(items):
        found = who_called(api.crm, str(item["phone"]))
        if found is None:
            errors.append(
                {
                    "request_id": request_id(item, index),
                    "title": "Entity not found",
                    "status": 263,
                    "detail": "Entity not found by phone",
                }
            )
        else:
            calls.append(_made(api, request, item, *found) | {"request_id": request_id(item, index)})
    body = {"_total_items": len(calls), "errors": errors, "_embedded": {"calls": calls}}
    return hal(body, records=len(calls))


def who_called(crm: Crm, phone: str) -> tuple[str, Card] | None:
    """By the last ten digits: the contact's one active lead, else the contact, else a company."""
    key, fields = digits_of(phone)[-DIGITS:], key_fields(crm)
    for contact in crm.contacts.living():
        if key in keys_of(fields, contact):
            leads = (crm.leads.get(lead_id) for lead_id in crm.links.of("contacts", contact.id, "leads"))
            active = [lead for lead in leads if lead is not None and lead.status_id not in CLOSED]
            return ("leads", active[0]) if len(active) == 1 else ("contacts", contact)
    field = crm.fields.coded("companies", "PHONE")
    for company in crm.companies.living() if field else ():
        if field and any(digits_of(str(value))[-DIGITS:] == key for value, _ in company.values(field.id)):
            return "companies", company
    return None


def _made(api: Api, request: Request, item: Json, kind: str, card: Card) -> Json:
    names = ("uniq", "duration", "source", "link", "phone", "call_result", "call_status", "call_responsible")
    params = {name: item[name] for name in names if item.get(name) is not None}
    params["duration"] = number(item, "duration", 0)
    note_type = "call_in" if item["direction"] == "inbound" else "call_out"
    write_note(
        api, kind, {**_times(item), "entity_id": card.id, "note_type": note_type, "params": params}, request.user_id
    )
    api.crm.calls.last_id += 2
    call = Call(api.crm.calls.last_id, kind, card.id, str(item["direction"]), str(item["phone"]), api.crm.now())
    api.crm.calls.rows.append(call)
    entity = {"id": card.id, "_links": self_link(request.base, f"{kind}/{card.id}")}
    shown: Json = {"id": call.id, "entity_id": card.id, "entity_type": SINGULAR[kind]}
    return shown | {"account_id": api.crm.account.id, "_embedded": {"entity": entity}}


def _times(item: Json) -> Json:
    names = ("created_at", "updated_at", "created_by", "updated_by", "responsible_user_id")
    return {name: item[name] for name in names if item.get(name) is not None}
