"""Custom fields and their groups (docs/reference/amocrm.md §3.9)."""

import secrets
from functools import partial

from ..paging import Page, asked_page, counted_answer
from ..problems import bad_request, forbidden, missing
from ..state.fields import TYPES, WITH_OPTIONS, Field, Group, Option
from ..validation import (
    Check,
    Findings,
    anything,
    batch,
    boolean,
    check_batch,
    conform,
    integer,
    listing,
    one_of,
    request_id,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, empty, hal
from .render import self_link
from .router import Api, Router

PER_PAGE = 50
ENTITIES = ("leads", "contacts", "companies", "customers")
ENUM = shape({"id": integer, "value": string, "sort": integer, "code": string}, ["value"])
COMMON: dict[str, Check] = {
    "name": string,
    "code": string,
    "sort": integer,
    "group_id": string,
    "is_api_only": boolean,
    "is_visible": boolean,
    "is_required": boolean,
    "enums": listing(ENUM),
    "required_statuses": listing(shape({"status_id": integer, "pipeline_id": integer}, ["status_id", "pipeline_id"])),
    "hidden_statuses": listing(shape({"status_id": integer, "pipeline_id": integer}, ["status_id", "pipeline_id"])),
    "remind": one_of(("never", "day", "week", "month")),
    "currency": string,
    "settings": anything,
    "nested": anything,
    "chained_lists": anything,
    "tracking_callback": string,
    "search_in": string,
    "request_id": string,
}


def mount(router: Router) -> None:
    """The paths of this area."""
    for entity in ENTITIES:
        _mount(router, f"{entity}/custom_fields", entity)
    router.add("GET POST PATCH", "catalogs/#/custom_fields", _in_catalog)
    router.add("GET PATCH DELETE", "catalogs/#/custom_fields/#", _in_catalog)


def _mount(router: Router, path: str, entity: str) -> None:
    router.add("GET", path, partial(_list, entity=entity))
    router.add("POST", path, partial(_add, entity=entity))
    router.add("PATCH", path, partial(_change_many, entity=entity))
    router.add("GET", f"{path}/#", partial(_get, entity=entity))
    router.add("PATCH", f"{path}/#", partial(_change_one, entity=entity))
    router.add("DELETE", f"{path}/#", partial(_delete, entity=entity))
    router.add("GET", f"{path}/groups", partial(_groups, entity=entity))
    router.add("POST", f"{path}/groups", partial(_add_groups, entity=entity))
    router.add("GET", f"{path}/groups/*", partial(_group, entity=entity))
    router.add("PATCH", f"{path}/groups/*", partial(_change_group, entity=entity))
    router.add("DELETE", f"{path}/groups/*", partial(_delete_group, entity=entity))


def _in_catalog(api: Api, request: Request, catalog_id: int, field_id: int | None = None) -> Answer:
    if catalog_id not in api.crm.catalogs.rows:
        raise missing("Catalog not found")
    entity = f"catalogs/{catalog_id}"
    if field_id is None:
        return {"GET": _list, "POST": _add, "PATCH": _change_many}[request.method](api, request, entity=entity)
    return {"GET": _get, "PATCH": _change_one, "DELETE": _delete}[request.method](api, request, field_id, entity=entity)


def show_field(api: Api, request: Request, field: Field) -> Json:
    """A field definition; enums only where the type has them, codes of options only when set."""
    names = (
        "id",
        "name",
        "type",
        "code",
        "sort",
        "is_api_only",
        "group_id",
        "required_statuses",
        "is_deletable",
        "is_predefined",
    )
    shown: Json = {name: getattr(field, name) for name in names}
    shown["account_id"] = api.crm.account.id
    shown["entity_type"] = field.entity
    shown["enums"] = [_enum(option) for option in field.options] or None
    shown["remind"] = field.remind
    shown |= {"tracking_callback": None, "search_in": None, "currency": field.currency} | field.extra
    if field.entity == "leads":
        shown |= {"is_computed": field.is_computed, "hidden_statuses": field.hidden_statuses}
    shown["_links"] = self_link(request.base, f"{field.entity}/custom_fields/{field.id}")
    return shown


def _enum(option: Option) -> Json:
    shown: Json = {"id": option.id, "value": option.value, "sort": option.sort}
    if option.code is not None:
        shown["code"] = option.code
    return shown


def _list(api: Api, request: Request, *, entity: str) -> Answer:
    """At most 50 a page, whatever `limit` says."""
    page = asked_page(request, PER_PAGE)
    found = sorted(api.crm.fields.of(entity).values(), key=lambda each: (each.sort, each.id))
    order = request.tree("order")
    if isinstance(order, dict) and order:
        name, direction = next(iter(order.items()))
        found.sort(key=lambda each: each.id if name == "id" else each.sort, reverse=str(direction).lower() == "desc")
    wanted = request.tree("filter")
    kinds = wanted.get("type") if isinstance(wanted, dict) else None
    if kinds:
        named = set(kinds.values()) if isinstance(kinds, dict) else {kinds}
        found = [each for each in found if each.type in named]
    shown = [show_field(api, request, each) for each in found[page.offset : page.offset + page.limit]]
    return counted_answer(request, page, "custom_fields", shown, len(found))


def _field(api: Api, entity: str, field_id: int) -> Field:
    found = api.crm.fields.of(entity).get(field_id)
    if found is None:
        raise missing("Custom field not found")
    return found


def _get(api: Api, request: Request, field_id: int, *, entity: str) -> Answer:
    return hal(show_field(api, request, _field(api, entity, field_id)))


def _require_admin(api: Api, request: Request) -> None:
    if not api.crm.user(request.user_id).is_admin:
        raise forbidden()


def _add(api: Api, request: Request, *, entity: str) -> Answer:
    _require_admin(api, request)
    items = batch(request.json())
    kinds = TYPES["catalogs" if entity.startswith("catalogs/") else entity]
    check = shape(COMMON | {"type": one_of(kinds)}, ["type", "name"])
    check_batch(
        items, lambda item, found: check(item, "", found), lambda item, found: _check_new(api, entity, item, found)
    )
    made = [
        show_field(api, request, _made(api, entity, item)) | {"request_id": request_id(item, index)}
        for index, item in enumerate(items)
    ]
    return _answer(request, entity, made)


def _check_new(api: Api, entity: str, item: Json, findings: Findings) -> None:
    if item.get("type") in WITH_OPTIONS and not item.get("enums"):
        findings.missing("enums")
    if item.get("code") is not None and api.crm.fields.coded(entity, str(item["code"])):
        findings.not_a_choice("code")
    _check_group(api, entity, item, findings)


def _check_group(api: Api, entity: str, item: Json, findings: Findings) -> None:
    if item.get("group_id") is not None and item["group_id"] not in api.crm.fields.groups_of(entity):
        findings.not_a_choice("group_id")


def _answer(request: Request, entity: str, shown: list[Json]) -> Answer:
    body = {
        "_total_items": len(shown),
        "_links": self_link(request.base, f"{entity}/custom_fields"),
        "_embedded": {"custom_fields": shown},
    }
    return hal(body, 201, len(shown))


def _made(api: Api, entity: str, item: Json) -> Field:
    field = api.crm.fields.make(entity, str(item["name"]), str(item["type"]))
    _write(api, field, item)
    return field


def _write(api: Api, field: Field, item: Json) -> None:
    names = "name code sort group_id is_api_only required_statuses hidden_statuses remind currency"
    for name in names.split():
        if item.get(name) is not None:
            setattr(field, name, item[name])
    field.extra |= {name: item[name] for name in ("settings", "nested", "chained_lists") if item.get(name) is not None}
    enums = item.get("enums")
    if isinstance(enums, list) and field.type in WITH_OPTIONS:
        field.options = [_option(api, field, enum, index) for index, enum in enumerate(enums)]


def _option(api: Api, field: Field, enum: Json, index: int) -> Option:
    """An option that comes with its id stays; one without gets a new id, and the old one is gone."""
    known = field.option(enum.get("id")) if enum.get("id") is not None else None
    sort, code = enum.get("sort"), enum.get("code")
    if known is None:
        api.crm.fields.last_option_id += 2
        known = Option(api.crm.fields.last_option_id, "", index * 10 + 10)
    known.value = str(enum["value"])
    known.sort = sort if isinstance(sort, int) else known.sort
    known.code = code if isinstance(code, str) else known.code
    return known


def _change_many(api: Api, request: Request, *, entity: str) -> Answer:
    items = batch(request.json())
    return _changed(api, request, entity, items)


def _change_one(api: Api, request: Request, field_id: int, *, entity: str) -> Answer:
    _field(api, entity, field_id)
    answer = _changed(api, request, entity, [{**single(request.json()), "id": field_id}])
    if answer.status != 201:
        return answer
    return hal(show_field(api, request, _field(api, entity, field_id)) | {"request_id": "0"}, 201)


def _changed(api: Api, request: Request, entity: str, items: list[Json]) -> Answer:
    _require_admin(api, request)
    check = shape(COMMON | {"id": integer}, ["id"])
    check_batch(
        items, lambda item, found: check(item, "", found), lambda item, found: _check_change(api, entity, item, found)
    )
    shown: list[Json] = []
    for index, item in enumerate(items):
        field = _field(api, entity, int(str(item["id"])))
        _write(api, field, item)
        shown.append(show_field(api, request, field) | {"request_id": request_id(item, index)})
    return _answer(request, entity, shown)


def _check_change(api: Api, entity: str, item: Json, findings: Findings) -> None:
    field_id = item.get("id")
    field = api.crm.fields.of(entity).get(field_id) if isinstance(field_id, int) else None
    if field is None:
        findings.not_a_choice("id")
        return
    _check_group(api, entity, item, findings)
    enums = item.get("enums")
    for index, enum in enumerate(enums if isinstance(enums, list) else []):
        if isinstance(enum, dict) and enum.get("id") is not None and field.option(enum["id"]) is None:
            findings.not_a_choice(f"enums.{index}.id")


def _delete(api: Api, request: Request, field_id: int, *, entity: str) -> Answer:
    """Its values go, too."""
    _require_admin(api, request)
    field = _field(api, entity, field_id)
    if not field.is_deletable:
        raise bad_request("Custom field can not be deleted")
    del api.crm.fields.of(entity)[field_id]
    if entity in ("leads", "contacts", "companies"):
        for card in api.crm.cards(entity).living():
            if card.values(field_id):
                card.fill(field_id, ())
    return empty()


def show_group(api: Api, request: Request, group: Group) -> Json:
    """A group and the ids of its fields."""
    members = [each.id for each in api.crm.fields.of(group.entity).values() if (each.group_id or "default") == group.id]
    shown: Json = {"id": group.id, "name": group.name, "is_predefined": group.is_predefined, "type": "custom_fields"}
    shown |= {"entity_type": group.entity, "sort": group.sort, "fields": members}
    return shown | {"_links": self_link(request.base, f"{group.entity}/custom_fields/groups/{group.id}")}


def _groups(api: Api, request: Request, *, entity: str) -> Answer:
    groups = sorted(api.crm.fields.groups_of(entity).values(), key=lambda each: each.sort)
    shown = [show_group(api, request, each) for each in groups]
    return counted_answer(request, Page(1, max(len(shown), 1)), "custom_field_groups", shown, len(shown))


def _found_group(api: Api, entity: str, group_id: int | str) -> Group:
    found = api.crm.fields.groups_of(entity).get(str(group_id))
    if found is None:
        raise missing("Group not found")
    return found


def _group(api: Api, request: Request, group_id: str, *, entity: str) -> Answer:
    return hal(show_group(api, request, _found_group(api, entity, group_id)))


def _add_groups(api: Api, request: Request, *, entity: str) -> Answer:
    _require_admin(api, request)
    items = batch(request.json())
    conform(items, {"name": string, "sort": integer, "request_id": string, "fields": listing(integer)}, ["name"])
    shown: list[Json] = []
    for index, item in enumerate(items):
        sort = item.get("sort")
        group_id = f"{entity}_{secrets.randbelow(10**14):014d}"
        group = Group(group_id, str(item["name"]), sort if isinstance(sort, int) else 10 + index, entity)
        api.crm.fields.groups_of(entity)[group_id] = group
        _move_in(api, group, item.get("fields"))
        shown.append(show_group(api, request, group) | {"request_id": request_id(item, index)})
    body = {"_total_items": len(shown), "_embedded": {"custom_field_groups": shown}}
    return hal(body, 201, len(shown))


def _move_in(api: Api, group: Group, fields: object) -> None:
    for field_id in fields if isinstance(fields, list) else []:
        field = api.crm.fields.of(group.entity).get(field_id)
        if field is not None:
            field.group_id = group.id


def _change_group(api: Api, request: Request, group_id: str, *, entity: str) -> Answer:
    _require_admin(api, request)
    group, item = _found_group(api, entity, group_id), single(request.json())
    conform([item], {"name": string, "sort": integer, "fields": listing(integer), "id": anything})
    group.name = str(item.get("name") or group.name)
    sort = item.get("sort")
    group.sort = sort if isinstance(sort, int) else group.sort
    _move_in(api, group, item.get("fields"))
    return hal(show_group(api, request, group))


def _delete_group(api: Api, request: Request, group_id: str, *, entity: str) -> Answer:
    _require_admin(api, request)
    group = _found_group(api, entity, group_id)
    if group.is_predefined:
        raise bad_request("Group can not be deleted")
    del api.crm.fields.groups_of(entity)[group.id]
    for field in api.crm.fields.of(entity).values():
        if field.group_id == group.id:
            field.group_id = None
    return empty()
