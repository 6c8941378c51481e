"""Tags (docs/reference/amocrm.md §3.13): 204 when there are none; the same name is the same tag."""

from functools import partial

from ..paging import asked_page, cut, page_answer
from ..state.tags import Tag
from ..validation import batch, conform, request_id, string
from ..wire import Answer, Json, Request, hal
from .router import Api, Router


def mount(router: Router) -> None:
    """The paths of this area."""
    for kind in ("leads", "contacts", "companies", "customers"):
        router.add("GET", f"{kind}/tags", partial(_list, kind=kind))
        router.add("POST", f"{kind}/tags", partial(_add, kind=kind))


def _list(api: Api, request: Request, *, kind: str) -> Answer:
    page = asked_page(request)
    wanted, needle = request.tree("filter"), request.parameter("query").casefold()
    found = [tag for tag in api.crm.tags.of(kind).values() if needle in tag.name.casefold() and _matches(tag, wanted)]
    shown, more = cut(sorted(found, key=lambda tag: tag.id), page)
    return page_answer(request, page, "tags", [_shown(tag) for tag in shown], more=more)


def _shown(tag: Tag) -> Json:
    return {"id": tag.id, "name": tag.name, "color": tag.color}


def _matches(tag: Tag, wanted: object) -> bool:
    for name, value in wanted.items() if isinstance(wanted, dict) else ():
        allowed = list(value.values()) if isinstance(value, dict) else [value]
        if name in ("id", "name") and str(getattr(tag, name)) not in allowed:
            return False
    return True


def _add(api: Api, request: Request, *, kind: str) -> Answer:
    items = batch(request.json())
    keys = {"name": string, "request_id": string} | ({"color": string} if kind == "leads" else {})
    conform(items, keys, ["name"])
    made: list[Json] = []
    for index, item in enumerate(items):
        color = item.get("color")
        tag = api.crm.tags.named(kind, str(item["name"]), str(color) if color else None)
        made.append(_shown(tag) | {"request_id": request_id(item, index)})
    return hal({"_total_items": len(made), "_embedded": {"tags": made}}, records=len(made))
