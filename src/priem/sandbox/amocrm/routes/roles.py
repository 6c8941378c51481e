"""Roles, and switching users on and off (docs/reference/amocrm.md §3.12): the writes that answer 202."""

from ..paging import asked_page, counted_answer
from ..problems import bad_request, forbidden, missing
from ..validation import Check, anything, batch, conform, integer, request_id, single, string
from ..wire import Answer, Json, Request, empty, hal
from .render import self_link
from .router import Api, Router

MAX_USERS = 10
KEYS: dict[str, Check] = {"name": string, "rights": anything, "request_id": string}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "roles", _list)
    router.add("POST", "roles", _add)
    router.add("GET", "roles/#", _get)
    router.add("PATCH", "roles/#", _change)
    router.add("DELETE", "roles/#", _delete)
    router.add("POST", "users/activate", _activate)
    router.add("POST", "users/deactivate", _deactivate)


def _require_admin(api: Api, request: Request) -> None:
    if not api.crm.user(request.user_id).is_admin:
        raise forbidden()


def _list(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    page = asked_page(request)
    found = list(api.crm.roles.values())
    return counted_answer(request, page, "roles", found[page.offset : page.offset + page.limit], len(found))


def _role(api: Api, request: Request, role_id: int) -> Json:
    _require_admin(api, request)
    found = api.crm.roles.get(role_id)
    if found is None:
        raise missing("Role not found")
    return found


def _get(api: Api, request: Request, role_id: int) -> Answer:
    return hal(_role(api, request, role_id))


def _add(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    items = batch(request.json())
    conform(items, KEYS, ["name", "rights"])
    made: list[Json] = []
    for index, item in enumerate(items):
        role_id = max(api.crm.roles, default=60_990) + 3
        links = self_link(request.base, f"roles/{role_id}")
        api.crm.roles[role_id] = {"id": role_id, "name": item["name"], "rights": item["rights"], "_links": links}
        made.append(api.crm.roles[role_id] | {"request_id": request_id(item, index)})
    return hal({"_total_items": len(made), "_embedded": {"roles": made}}, 201, len(made))


def _change(api: Api, request: Request, role_id: int) -> Answer:
    role, item = _role(api, request, role_id), single(request.json())
    conform([item], KEYS)
    role |= {name: item[name] for name in ("name", "rights") if item.get(name) is not None}
    return hal(role, 202)


def _delete(api: Api, request: Request, role_id: int) -> Answer:
    _role(api, request, role_id)
    del api.crm.roles[role_id]
    return empty()


def _switch(api: Api, request: Request, *, is_active: bool) -> None:
    """Administrators are left alone: naming one refuses the request."""
    _require_admin(api, request)
    items = batch(request.json(), at_most=MAX_USERS)
    conform(items, {"id": integer}, ["id"])
    users = [api.crm.users.rows.get(int(str(item["id"]))) for item in items]
    if any(user is None or user.is_admin for user in users):
        raise bad_request("Invalid users")
    for user in users:
        if user is not None:
            user.is_active = is_active


def _activate(api: Api, request: Request) -> Answer:
    _switch(api, request, is_active=True)
    return hal([], 202)


def _deactivate(api: Api, request: Request) -> Answer:
    _switch(api, request, is_active=False)
    return empty()
