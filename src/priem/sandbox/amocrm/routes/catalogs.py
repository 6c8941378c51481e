"""Catalogs and their elements, the basics (docs/reference/amocrm.md §3.14)."""

from ..paging import asked_page, cut, page_answer
from ..problems import bad_request, keyed_errors, missing
from ..state.catalogs import MAX_CATALOGS, Catalog, Element
from ..state.rules import filled
from ..state.values import kept_values, shown_fields
from ..state.writing import listed, number, text
from ..validation import Check, batch, boolean, check_batch, conform, integer, one_of, request_id, shape, single, string
from ..wire import Answer, Json, Request, empty, hal
from .render import self_link
from .router import Api, Router

FLAGS = ("can_add_elements", "can_show_in_cards", "can_link_multiple")
CATALOG_KEYS: dict[str, Check] = {
    "name": string,
    "type": one_of(("regular", "products", "invoices")),
    "sort": integer,
    "request_id": string,
    **dict.fromkeys(FLAGS, boolean),
}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "catalogs", _list)
    router.add("POST", "catalogs", _add)
    router.add("GET", "catalogs/#", _get)
    router.add("PATCH", "catalogs/#", _change)
    router.add("GET", "catalogs/#/elements", _elements)
    router.add("POST", "catalogs/#/elements", _add_elements)
    router.add("PATCH", "catalogs/#/elements", _change_elements)
    router.add("GET", "catalogs/#/elements/#", _element)
    router.add("PATCH", "catalogs/#/elements/#", _change_element)


def show(api: Api, request: Request, catalog: Catalog) -> Json:
    """A catalog."""
    names = ("id", "name", "created_by", "updated_by", "created_at", "updated_at", "sort", "type", *FLAGS)
    shown: Json = {name: getattr(catalog, name) for name in names}
    shown |= {"can_be_deleted": True, "sdk_widget_code": None, "account_id": api.crm.account.id}
    return shown | {"_links": self_link(request.base, f"catalogs/{catalog.id}")}


def _list(api: Api, request: Request) -> Answer:
    page = asked_page(request)
    shown, more = cut(list(api.crm.catalogs.rows.values()), page)
    return page_answer(request, page, "catalogs", [show(api, request, each) for each in shown], more=more)


def _catalog(api: Api, catalog_id: int) -> Catalog:
    found = api.crm.catalogs.rows.get(catalog_id)
    if found is None:
        raise missing("Catalog not found")
    return found


def _get(api: Api, request: Request, catalog_id: int) -> Answer:
    return hal(show(api, request, _catalog(api, catalog_id)))


def _add(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    conform(items, CATALOG_KEYS, ["name"])
    if len(api.crm.catalogs.rows) + len(items) > MAX_CATALOGS:
        raise bad_request("Catalogs limit exceeded")
    shown: list[Json] = []
    for index, item in enumerate(items):
        catalogs, now, by = api.crm.catalogs, api.crm.now(), request.user_id
        catalogs.last_id += 2
        kind = text(item, "type", "regular")
        made = Catalog(catalogs.last_id, text(item, "name"), kind, number(item, "sort", 10), by, by, now, now)
        _set_flags(made, item)
        catalogs.rows[made.id] = made
        if kind == "products":
            for code, field_type in (("SKU", "text"), ("DESCRIPTION", "textarea"), ("PRICE", "price")):
                api.crm.fields.make(f"catalogs/{made.id}", code, field_type, code=code)
        shown.append(show(api, request, made) | {"request_id": request_id(item, index)})
    return hal({"_links": self_link(request.base, "catalogs"), "_embedded": {"catalogs": shown}})


def _set_flags(catalog: Catalog, item: Json) -> None:
    for flag in FLAGS:
        if isinstance(item.get(flag), bool):
            setattr(catalog, flag, item[flag])


def _change(api: Api, request: Request, catalog_id: int) -> Answer:
    catalog, item = _catalog(api, catalog_id), single(request.json())
    conform([item], {key: check for key, check in CATALOG_KEYS.items() if key != "type"})
    catalog.name, catalog.sort = text(item, "name", catalog.name), number(item, "sort", catalog.sort)
    _set_flags(catalog, item)
    catalog.updated_at, catalog.updated_by = api.crm.now(), request.user_id
    return hal(show(api, request, catalog))


def _show_element(api: Api, request: Request, element: Element) -> Json:
    names = ("id", "name", "created_by", "updated_by", "created_at", "updated_at", "catalog_id")
    shown: Json = {name: getattr(element, name) for name in names}
    shown |= {"is_deleted": None, "account_id": api.crm.account.id}
    shown["custom_fields_values"] = shown_fields(api.crm.fields.of(f"catalogs/{element.catalog_id}"), element.filled)
    return shown | {"_links": self_link(request.base, f"catalogs/{element.catalog_id}/elements/{element.id}")}


def _elements(api: Api, request: Request, catalog_id: int) -> Answer:
    _catalog(api, catalog_id)
    page, needle = asked_page(request), request.parameter("query").casefold()
    wanted = request.tree("filter")
    ids = wanted.get("id") if isinstance(wanted, dict) else None
    allowed = None if ids is None else {str(each) for each in (ids.values() if isinstance(ids, dict) else [ids])}
    found = [
        each
        for each in api.crm.catalogs.elements.values()
        if each.catalog_id == catalog_id
        and needle in each.name.casefold()
        and (allowed is None or str(each.id) in allowed)
    ]
    shown, more = cut(found, page)
    return page_answer(request, page, "elements", [_show_element(api, request, each) for each in shown], more=more)


def _element(api: Api, request: Request, catalog_id: int, element_id: int) -> Answer:
    found = api.crm.catalogs.elements.get(element_id)
    known = found is not None and found.catalog_id == catalog_id
    return hal(_show_element(api, request, found)) if found is not None and known else empty()


def _element_keys(api: Api, catalog_id: int) -> dict[str, Check]:
    return {"name": string, "request_id": string, "custom_fields_values": filled(api.crm, f"catalogs/{catalog_id}")}


def _add_elements(api: Api, request: Request, catalog_id: int) -> Answer:
    _catalog(api, catalog_id)
    items = batch(request.json())
    check = shape(_element_keys(api, catalog_id), ["name"])
    check_batch(items, lambda item, found: check(item, "", found))
    shown: list[Json] = []
    for index, item in enumerate(items):
        catalogs, now, by = api.crm.catalogs, api.crm.now(), request.user_id
        catalogs.last_element_id += 2
        made = Element(catalogs.last_element_id, catalog_id, text(item, "name"), by, by, now, now)
        _fill(api, made, item)
        catalogs.elements[made.id] = made
        shown.append(_show_element(api, request, made) | {"request_id": request_id(item, index)})
    return _elements_answer(request, catalog_id, shown)


def _elements_answer(request: Request, catalog_id: int, shown: list[Json]) -> Answer:
    links = self_link(request.base, f"catalogs/{catalog_id}/elements")
    return hal({"_links": links, "_embedded": {"elements": shown}}, records=len(shown))


def _fill(api: Api, element: Element, item: Json) -> None:
    for entry in listed(item, "custom_fields_values"):
        of = api.crm.fields.find(f"catalogs/{element.catalog_id}", entry.get("field_id"), entry.get("field_code"))
        if of is not None:
            element.fill(of.id, kept_values(of, entry.get("values")))


def _change_elements(api: Api, request: Request, catalog_id: int) -> Answer:
    return _elements_answer(request, catalog_id, _changed(api, request, catalog_id, batch(request.json())))


def _change_element(api: Api, request: Request, catalog_id: int, element_id: int) -> Answer:
    [shown] = _changed(api, request, catalog_id, [{**single(request.json()), "id": element_id}])
    return hal(shown)


def _changed(api: Api, request: Request, catalog_id: int, items: list[Json]) -> list[Json]:
    """The answer's `request_id` is the element's id."""
    check = shape(_element_keys(api, catalog_id) | {"id": integer}, ["id"])
    check_batch(items, lambda item, found: check(item, "", found))
    rows = api.crm.catalogs.elements
    unknown = [item["id"] for item in items if item["id"] not in rows]
    if unknown:
        raise keyed_errors({str(each): "Element not found" for each in unknown})
    shown: list[Json] = []
    for item in items:
        element = rows[int(str(item["id"]))]
        element.name = text(item, "name", element.name)
        _fill(api, element, item)
        element.updated_at, element.updated_by = api.crm.now(), request.user_id
        shown.append(_show_element(api, request, element) | {"request_id": str(element.id)})
    return shown
