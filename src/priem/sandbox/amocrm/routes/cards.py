"""Contacts, companies and leads: lists, single cards, POST and PATCH (docs/reference/amocrm.md §3.2–§3.5)."""

import time
from functools import partial
from typing import cast

from ..paging import asked_page, page_answer
from ..problems import keyed_errors
from ..state import leads, writing
from ..state.cards import Card, Company, Contact, Lead
from ..state.rules import check_stage
from ..state.search import Wanted, find
from ..validation import Findings, batch, check_batch, conform, request_id, shape, single
from ..wire import Answer, Json, Request, empty, hal
from .render import Renderer, self_link
from .router import Api, Router

ORDERS = {
    "leads": ("created_at", "updated_at", "id"),
    "contacts": ("updated_at", "id"),
    "companies": ("updated_at", "id"),
}
NAMES = {"leads": "Lead", "contacts": "Contact", "companies": "Company"}


def mount(router: Router) -> None:
    """The paths of this area."""
    for kind in NAMES:
        router.add("GET", kind, partial(_list, kind=kind))
        router.add("POST", kind, partial(_create, kind=kind))
        router.add("PATCH", kind, partial(_change_many, kind=kind))
        router.add("GET", f"{kind}/#", partial(_get, kind=kind))
        router.add("PATCH", f"{kind}/#", partial(_change_one, kind=kind))


def wanted(api: Api, request: Request, kind: str) -> Wanted:
    """What a list request asks for."""
    order = request.tree("order")
    name, direction = next(iter(order.items())) if isinstance(order, dict) and order else ("id", "asc")
    asked = Wanted(kind, request.tree("filter"), request.parameter("query"))
    if name in ORDERS[kind]:
        asked.order, asked.descending = name, str(direction).lower() == "desc"
    lag = api.stale_search_seconds(request) if asked.query else None
    asked.hidden_since = time.time() - lag if lag is not None else None
    return asked


def _list(api: Api, request: Request, *, kind: str) -> Answer:
    page = asked_page(request)
    renderer = Renderer(api.crm, request, kind)
    if kind == "leads" and "only_deleted" in request.with_():
        trash = sorted(api.crm.leads.deleted(), key=lambda lead: lead.id)
        shown = [renderer.trashed(lead) for lead in trash[page.offset : page.offset + page.limit]]
        return page_answer(request, page, kind, shown, more=len(trash) > page.offset + page.limit)
    found, more = find(api.crm, wanted(api, request, kind), page.offset, page.offset + page.limit)
    return page_answer(request, page, kind, renderer.cards(found), more=more)


def _get(api: Api, request: Request, card_id: int, *, kind: str) -> Answer:
    card = api.crm.card(kind, card_id)
    return hal(Renderer(api.crm, request, kind).card(card), records=1) if card else empty()


def _create(api: Api, request: Request, *, kind: str) -> Answer:
    items = batch(request.json())
    check = shape(api.rules.for_create(kind))
    if kind == "leads":
        check_batch(
            items,
            lambda item, found: check(item, "", found),
            lambda item, found: check_stage(api.crm, item, None, found),
        )
        leads.refuse_loss_reasons([(index, None, item) for index, item in enumerate(items)])
    else:
        conform(items, api.rules.for_create(kind))
    refs = [_created(api, request, kind, item, index) for index, item in enumerate(items)]
    return hal({"_links": self_link(request.base, kind), "_embedded": {kind: refs}}, records=len(refs))


def _created(api: Api, request: Request, kind: str, item: Json, index: int) -> Json:
    card: Card
    if kind == "leads":
        card = leads.create_lead(api.crm, item, request.user_id)
    elif kind == "contacts":
        card = writing.create_contact(api.crm, item, request.user_id)
    else:
        card = writing.create_company(api.crm, item, request.user_id)
    return {
        "id": card.id,
        "request_id": request_id(item, index),
        "_links": self_link(request.base, f"{kind}/{card.id}"),
    }


def _change_many(api: Api, request: Request, *, kind: str) -> Answer:
    items = batch(request.json())
    refs = _changed(api, request, kind, items, ["id"])
    return hal({"_links": self_link(request.base, kind), "_embedded": {kind: refs}}, records=len(refs))


def _change_one(api: Api, request: Request, card_id: int, *, kind: str) -> Answer:
    item = single(request.json())
    [ref] = _changed(api, request, kind, [{**item, "id": card_id}], [])
    return hal(ref, records=1)


def _changed(api: Api, request: Request, kind: str, items: list[Json], required: list[str]) -> list[Json]:
    check = shape(api.rules.for_change(kind), required)
    rows = api.crm.cards(kind)

    def check_stages(item: Json, findings: Findings) -> None:
        lead = rows.get(item.get("id")) if kind == "leads" else None
        if isinstance(lead, Lead):
            check_stage(api.crm, item, lead, findings)

    check_batch(items, lambda item, found: check(item, "", found), check_stages)
    _refuse_unknown(api, kind, items)
    for item in items:
        _change(api, request, kind, item)
    return [_changed_ref(request, kind, cast(Card, rows.get(item["id"]))) for item in items]


def _refuse_unknown(api: Api, kind: str, items: list[Json]) -> None:
    unknown = [item["id"] for item in items if api.crm.card(kind, item["id"]) is None]
    if unknown:
        raise keyed_errors({str(card_id): f"{NAMES[kind]} not found" for card_id in unknown})
    if kind == "leads":
        stored = [(cast(int, item["id"]), api.crm.leads.get(item["id"]), item) for item in items]
        leads.refuse_loss_reasons(stored)


def _change(api: Api, request: Request, kind: str, item: Json) -> None:
    card = api.crm.card(kind, item["id"])
    if isinstance(card, Lead):
        leads.change_lead(api.crm, card, item, request.user_id)
    elif isinstance(card, Contact | Company):
        writing.change_person(api.crm, kind, card, item, request.user_id)


def _changed_ref(request: Request, kind: str, card: Card) -> Json:
    ref: Json = {"id": card.id}
    if kind != "leads":
        ref["name"] = card.name
    return ref | {"updated_at": card.updated_at, "_links": self_link(request.base, f"{kind}/{card.id}")}
