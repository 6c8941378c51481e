"""Links of cards (docs/reference/amocrm.md §3.6): written as `metadata.is_main`, read as `metadata.main_contact`."""

from functools import partial

from ..paging import self_url
from ..problems import bad_request
from ..state import writing
from ..state.links import KINDS, ElementLink
from ..validation import Findings, anything, batch, boolean, check_batch, conform, integer, shape, string
from ..wire import Answer, Json, Request, empty, hal
from .router import Api, Router

METADATA = shape(
    {"is_main": boolean, "quantity": anything, "catalog_id": integer, "price_id": integer, "updated_by": integer}
)
KEYS = {"to_entity_id": integer, "to_entity_type": string, "metadata": METADATA}


def mount(router: Router) -> None:
    """The paths of this area."""
    for kind in KINDS:
        router.add("GET", f"{kind}/#/links", partial(_list, kind=kind))
        router.add("GET", f"{kind}/links", partial(_list_many, kind=kind))
        router.add("POST", f"{kind}/#/link", partial(_link_one, kind=kind))
        router.add("POST", f"{kind}/link", partial(_link_many, kind=kind))
        router.add("POST", f"{kind}/#/unlink", partial(_unlink_one, kind=kind))
        router.add("POST", f"{kind}/unlink", partial(_unlink_many, kind=kind))


def links_of(api: Api, kind: str, card_id: int) -> list[Json]:
    """Everything that a card is linked with."""
    shown: list[Json] = []
    for other in KINDS:
        if other != kind:
            ids = [each for each in api.crm.links.of(kind, card_id, other) if api.crm.card(other, each) is not None]
            shown += [_link(api, kind, card_id, other, other_id) for other_id in ids]
    for element in api.crm.links.elements.get((kind, card_id), []):
        metadata = {"quantity": element.quantity, "catalog_id": element.catalog_id, "price_id": element.price_id}
        shown.append({"to_entity_id": element.element_id, "to_entity_type": "catalog_elements", "metadata": metadata})
    return shown


def _link(api: Api, kind: str, card_id: int, other: str, other_id: int) -> Json:
    metadata = _metadata(api, kind, card_id, other, other_id)
    return {"to_entity_id": other_id, "to_entity_type": other, "metadata": metadata}


def _metadata(api: Api, kind: str, card_id: int, other: str, other_id: int) -> Json | None:
    if {kind, other} != {"leads", "contacts"}:
        return None
    lead, contact = (card_id, other_id) if kind == "leads" else (other_id, card_id)
    return {"main_contact": api.crm.links.main.get(lead) == contact}


def _answer(request: Request, shown: list[Json]) -> Answer:
    body = {"_total_items": len(shown), "_links": {"self": {"href": self_url(request)}}, "_embedded": {"links": shown}}
    return hal(body, records=len(shown))


def _list(api: Api, request: Request, card_id: int, *, kind: str) -> Answer:
    if api.crm.card(kind, card_id) is None:
        return empty()
    return _answer(request, _filtered(request, links_of(api, kind, card_id)))


def _filtered(request: Request, shown: list[Json]) -> list[Json]:
    wanted = request.tree("filter")
    if not isinstance(wanted, dict):
        return shown
    for name in ("to_entity_id", "to_entity_type"):
        if name in wanted:
            allowed = wanted[name].values() if isinstance(wanted[name], dict) else [wanted[name]]
            shown = [each for each in shown if str(each[name]) in allowed]
    return shown


def _list_many(api: Api, request: Request, *, kind: str) -> Answer:
    wanted = request.tree("filter")
    ids = wanted.get("entity_id") if isinstance(wanted, dict) else None
    if not ids:
        raise bad_request("filter[entity_id] is required")
    shown: list[Json] = []
    for card_id in ids.values() if isinstance(ids, dict) else [ids]:
        if str(card_id).isdecimal() and api.crm.card(kind, int(card_id)) is not None:
            own = _filtered(request, links_of(api, kind, int(card_id)))
            shown += [{"entity_id": int(card_id), "entity_type": kind, **each} for each in own]
    return _answer(request, shown) if shown else empty()


def _require_card(api: Api, kind: str, card_id: int) -> None:
    if api.crm.card(kind, card_id) is None:
        raise bad_request("Entity not found")


def _link_one(api: Api, request: Request, card_id: int, *, kind: str) -> Answer:
    _require_card(api, kind, card_id)
    items = batch(request.json())
    _check(api, items, kind, need_card=False)
    return _linked(api, request, kind, [{**item, "entity_id": card_id} for item in items])


def _link_many(api: Api, request: Request, *, kind: str) -> Answer:
    items = batch(request.json())
    _check(api, items, kind, need_card=True)
    return _linked(api, request, kind, items)


def _check(api: Api, items: list[Json], kind: str, *, need_card: bool) -> None:
    keys = KEYS | ({"entity_id": integer} if need_card else {})
    required = ["to_entity_id", "to_entity_type", *(["entity_id"] if need_card else [])]
    check = shape(keys, required)

    def check_ends(item: Json, findings: Findings) -> None:
        if need_card and isinstance(item.get("entity_id"), int) and api.crm.card(kind, item["entity_id"]) is None:
            findings.not_a_choice("entity_id")
        _check_target(api, kind, item, findings)

    check_batch(items, lambda item, found: check(item, "", found), check_ends)


def _check_target(api: Api, kind: str, item: Json, findings: Findings) -> None:
    other, other_id = item.get("to_entity_type"), item.get("to_entity_id")
    if other == "catalog_elements":
        if isinstance(other_id, int) and other_id not in api.crm.catalogs.elements:
            findings.not_a_choice("to_entity_id")
        metadata = item.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("catalog_id") is None:
            findings.missing("metadata.catalog_id")
    elif other not in KINDS or other == kind:
        findings.not_a_choice("to_entity_type")
    elif isinstance(other_id, int) and api.crm.card(other, other_id) is None:
        findings.not_a_choice("to_entity_id")


def _linked(api: Api, request: Request, kind: str, items: list[Json]) -> Answer:
    shown = [_put(api, request, kind, item) for item in items]
    return _answer(request, shown)


def _put(api: Api, request: Request, kind: str, item: Json) -> Json:
    card_id, other_id, other = int(str(item["entity_id"])), int(str(item["to_entity_id"])), str(item["to_entity_type"])
    metadata = item.get("metadata")
    sent = metadata if isinstance(metadata, dict) else {}
    if other == "catalog_elements":
        found = api.crm.links.elements.setdefault((kind, card_id), [])
        found[:] = [each for each in found if each.element_id != other_id]
        found.append(
            ElementLink(int(sent["catalog_id"]), other_id, float(sent.get("quantity") or 1), sent.get("price_id"))
        )
        shown: Json | None = dict(sent)
    else:
        writing.link(api.crm, kind, card_id, other, other_id, request.user_id, main=sent.get("is_main") is True)
        shown = _metadata(api, kind, card_id, other, other_id)
    return {
        "entity_id": card_id,
        "entity_type": kind,
        "to_entity_id": other_id,
        "to_entity_type": other,
        "metadata": shown,
    }


def _unlink_one(api: Api, request: Request, card_id: int, *, kind: str) -> Answer:
    _require_card(api, kind, card_id)
    items = batch(request.json())
    conform(items, KEYS, ["to_entity_id", "to_entity_type"])
    return _unlinked(api, request, kind, [{**item, "entity_id": card_id} for item in items])


def _unlink_many(api: Api, request: Request, *, kind: str) -> Answer:
    items = batch(request.json())
    conform(items, KEYS | {"entity_id": integer}, ["entity_id", "to_entity_id", "to_entity_type"])
    return _unlinked(api, request, kind, items)


def _unlinked(api: Api, request: Request, kind: str, items: list[Json]) -> Answer:
    for item in items:
        card_id, other_id, other = (
            int(str(item["entity_id"])),
            int(str(item["to_entity_id"])),
            str(item["to_entity_type"]),
        )
        if other == "catalog_elements":
            found = api.crm.links.elements.get((kind, card_id), [])
            found[:] = [each for each in found if each.element_id != other_id]
        elif other in KINDS and other != kind:
            writing.unlink(api.crm, kind, card_id, other, other_id, request.user_id)
    return empty()
