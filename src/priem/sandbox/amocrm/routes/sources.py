"""Sources of leads (docs/reference/amocrm.md §3.17): `external_id` is theirs who made them and never changes."""

from ..paging import self_url
from ..problems import listed_errors
from ..state.incoming import Source
from ..validation import (
    Findings,
    anything,
    batch,
    boolean,
    check_batch,
    integer,
    integer_choice,
    listing,
    request_id,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, empty, hal
from .render import self_link
from .router import Api, Router

AT_MOST = 50
EXTERNAL_ID_LENGTH = 36


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "sources", _list)
    router.add("POST", "sources", _add)
    router.add("PATCH", "sources", _change_many)
    router.add("DELETE", "sources", _delete_many)
    router.add("GET", "sources/#", _get)
    router.add("PATCH", "sources/#", _change_one)
    router.add("DELETE", "sources/#", _delete_one)


def show(api: Api, request: Request, source: Source) -> Json:
    """A source."""
    names = ("id", "name", "pipeline_id", "external_id", "services", "default", "origin_code")
    shown: Json = {name: getattr(source, name) for name in names}
    return shown | {"account_id": api.crm.account.id, "_links": self_link(request.base, f"sources/{source.id}")}


def _answer(request: Request, shown: list[Json]) -> Answer:
    if not shown:
        return empty()
    body = {
        "_total_items": len(shown),
        "_links": {"self": {"href": self_url(request)}},
        "_embedded": {"sources": shown},
    }
    return hal(body, records=len(shown))


def _list(api: Api, request: Request) -> Answer:
    wanted = request.tree("filter")
    external = wanted.get("external_id") if isinstance(wanted, dict) else None
    allowed = None if external is None else list(external.values()) if isinstance(external, dict) else [external]
    found = [each for each in api.crm.sources.rows.values() if allowed is None or each.external_id in allowed]
    return _answer(request, [show(api, request, each) for each in found])


def _get(api: Api, request: Request, source_id: int) -> Answer:
    found = api.crm.sources.rows.get(source_id)
    return hal(show(api, request, found)) if found else empty()


def _short(value: object, path: str, findings: Findings) -> None:
    string(value, path, findings)
    if isinstance(value, str) and len(value) > EXTERNAL_ID_LENGTH:
        findings.add(
            "TooLong", path, f"This value is too long. It should have {EXTERNAL_ID_LENGTH} characters or less."
        )


def _add(api: Api, request: Request) -> Answer:
    items = batch(request.json(), at_most=AT_MOST)
    keys = {
        "name": string,
        "pipeline_id": integer_choice(api.crm.pipelines.rows.__contains__),
        "external_id": _short,
        "default": boolean,
        "origin_code": string,
        "services": listing(anything),
        "request_id": string,
    }
    check = shape(keys, ["name", "external_id"])
    check_batch(items, lambda item, found: check(item, "", found))
    shown: list[Json] = []
    for index, item in enumerate(items):
        api.crm.sources.last_id += 2
        pipeline = item.get("pipeline_id")
        source = Source(
            api.crm.sources.last_id, str(item["name"]), api.crm.pipelines.main().id, str(item["external_id"])
        )
        source.pipeline_id = pipeline if isinstance(pipeline, int) else source.pipeline_id
        source.default = item.get("default") is True
        source.origin_code = str(item["origin_code"]) if item.get("origin_code") else None
        services = item.get("services")
        source.services = services if isinstance(services, list) else []
        api.crm.sources.rows[source.id] = source
        shown.append(show(api, request, source) | {"request_id": request_id(item, index)})
    return _answer(request, shown)


def _change_many(api: Api, request: Request) -> Answer:
    return _answer(request, _changed(api, request, batch(request.json(), at_most=AT_MOST)))


def _change_one(api: Api, request: Request, source_id: int) -> Answer:
    [shown] = _changed(api, request, [{**single(request.json()), "id": source_id}])
    return hal(shown)


def _changed(api: Api, request: Request, items: list[Json]) -> list[Json]:
    keys = {"id": integer, "name": string, "default": boolean, "services": listing(anything), "request_id": string}
    check = shape(keys | {"pipeline_id": integer_choice(api.crm.pipelines.rows.__contains__)}, ["id"])
    check_batch(items, lambda item, found: check(item, "", found))
    _refuse_unknown(api, items)
    shown: list[Json] = []
    for item in items:
        source = api.crm.sources.rows[int(str(item["id"]))]
        for name in ("name", "default", "services", "pipeline_id"):
            if item.get(name) is not None:
                setattr(source, name, item[name])
        shown.append(show(api, request, source))
    return shown


def _refuse_unknown(api: Api, items: list[Json]) -> None:
    failures: list[Json] = []
    for index, item in enumerate(items):
        if item.get("id") not in api.crm.sources.rows:
            detail = f"source with id = {item.get('id')} not found"
            error = {"code": "EntityNotFound", "path": "id", "detail": detail}
            failures.append({"request_id": request_id(item, index), "errors": error})
    if failures:
        raise listed_errors(failures, "Invalid request items")


def _delete_many(api: Api, request: Request) -> Answer:
    items = batch(request.json(), at_most=AT_MOST)
    _refuse_unknown(api, items)
    for item in items:
        del api.crm.sources.rows[int(str(item["id"]))]
    return empty()


def _delete_one(api: Api, _request: Request, source_id: int) -> Answer:
    _refuse_unknown(api, [{"id": source_id}])
    del api.crm.sources.rows[source_id]
    return empty()
