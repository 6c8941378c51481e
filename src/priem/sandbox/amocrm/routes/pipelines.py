"""Pipelines, stages and loss reasons (docs/reference/amocrm.md §3.10, §3.2)."""

from ..paging import asked_page, self_url
from ..problems import bad_request, forbidden, missing
from ..state.pipelines import CLOSED, COLORS, Pipeline, Status
from ..state.tags import LossReason
from ..validation import (
    Check,
    anything,
    batch,
    boolean,
    conform,
    integer,
    integer_choice,
    listing,
    one_of,
    request_id,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, empty, hal
from .render import loss_reason, self_link
from .router import Api, Router

MAX_PIPELINES, MAX_STATUSES = 50, 100
STATUS_KEYS = {"name": string, "sort": integer, "color": one_of(COLORS), "request_id": string, "descriptions": anything}
PIPELINE_KEYS = {
    "name": string,
    "sort": integer,
    "is_main": boolean,
    "is_unsorted_on": boolean,
    "request_id": string,
    "_embedded": shape({"statuses": listing(shape(STATUS_KEYS | {"id": integer}))}),
}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "leads/pipelines", _list)
    router.add("POST", "leads/pipelines", _add)
    router.add("GET", "leads/pipelines/#", _get)
    router.add("PATCH", "leads/pipelines/#", _change)
    router.add("DELETE", "leads/pipelines/#", _delete)
    router.add("GET", "leads/pipelines/#/statuses", _statuses)
    router.add("POST", "leads/pipelines/#/statuses", _add_statuses)
    router.add("GET", "leads/pipelines/#/statuses/#", _status)
    router.add("PATCH", "leads/pipelines/#/statuses/#", _change_status)
    router.add("DELETE", "leads/pipelines/#/statuses/#", _delete_status)
    router.add("GET", "leads/loss_reasons", _reasons)
    router.add("POST", "leads/loss_reasons", _add_reasons)
    router.add("PATCH", "leads/loss_reasons", _change_reasons)
    router.add("GET", "leads/loss_reasons/#", _reason)
    router.add("PATCH", "leads/loss_reasons/#", _change_reason)
    router.add("DELETE", "leads/loss_reasons/#", _delete_reason)


def show_status(api: Api, request: Request, status: Status) -> Json:
    """A stage."""
    shown: Json = {
        name: getattr(status, name) for name in ("id", "name", "sort", "is_editable", "pipeline_id", "color", "type")
    }
    if "descriptions" in request.with_():
        shown["descriptions"] = status.descriptions
    path = f"leads/pipelines/{status.pipeline_id}/statuses/{status.id}"
    return shown | {"account_id": api.crm.account.id, "_links": self_link(request.base, path)}


def show_pipeline(api: Api, request: Request, pipeline: Pipeline) -> Json:
    """A pipeline with its stages."""
    names = ("id", "name", "sort", "is_main", "is_unsorted_on", "is_archive")
    shown: Json = {name: getattr(pipeline, name) for name in names}
    shown["account_id"] = api.crm.account.id
    shown["_links"] = self_link(request.base, f"leads/pipelines/{pipeline.id}")
    shown["_embedded"] = {"statuses": [show_status(api, request, status) for status in pipeline.in_order()]}
    return shown


def _listed(request: Request, plural: str, items: list[Json]) -> Answer:
    body = {"_total_items": len(items), "_links": {"self": {"href": self_url(request)}}, "_embedded": {plural: items}}
    return hal(body, records=len(items))


def _list(api: Api, request: Request) -> Answer:
    return _listed(request, "pipelines", [show_pipeline(api, request, each) for each in api.crm.pipelines.in_order()])


def _require_admin(api: Api, request: Request) -> None:
    if not api.crm.user(request.user_id).is_admin:
        raise forbidden()


def _pipeline(api: Api, pipeline_id: int) -> Pipeline:
    found = api.crm.pipelines.rows.get(pipeline_id)
    if found is None:
        raise missing("Pipeline not found")
    return found


def _get(api: Api, request: Request, pipeline_id: int) -> Answer:
    return hal(show_pipeline(api, request, _pipeline(api, pipeline_id)))


def _add(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    items = batch(request.json(), at_most=MAX_PIPELINES - len(api.crm.pipelines.rows))
    conform(items, PIPELINE_KEYS, ["name", "sort", "is_main", "is_unsorted_on"])
    made = [_made(api, item) for item in items]
    return _listed(request, "pipelines", [show_pipeline(api, request, each) for each in made])


def _made(api: Api, item: Json) -> Pipeline:
    pipeline = api.crm.pipelines.make(
        str(item["name"]),
        int(str(item["sort"])),
        is_main=item["is_main"] is True,
        is_unsorted_on=item["is_unsorted_on"] is True,
    )
    embedded = item.get("_embedded")
    statuses = embedded.get("statuses") if isinstance(embedded, dict) else None
    for status in statuses or []:
        if status.get("id") in CLOSED:
            pipeline.statuses[status["id"]].name = status.get("name") or pipeline.statuses[status["id"]].name
        else:
            api.crm.pipelines.add_status(
                pipeline, status.get("name") or "", status.get("sort") or 0, status.get("color")
            )
    return pipeline


def _change(api: Api, request: Request, pipeline_id: int) -> Answer:
    _require_admin(api, request)
    pipeline, item = _pipeline(api, pipeline_id), single(request.json())
    conform([item], {key: check for key, check in PIPELINE_KEYS.items() if key != "_embedded"})
    for name in ("name", "sort", "is_unsorted_on"):
        if item.get(name) is not None:
            setattr(pipeline, name, item[name])
    if item.get("is_main") is True:
        api.crm.pipelines.set_main(pipeline)
    return hal(show_pipeline(api, request, pipeline))


def _delete(api: Api, request: Request, pipeline_id: int) -> Answer:
    _require_admin(api, request)
    pipeline = _pipeline(api, pipeline_id)
    if len(api.crm.pipelines.rows) == 1 or any(lead.pipeline_id == pipeline_id for lead in api.crm.leads.living()):
        raise bad_request("Pipeline can not be deleted")
    drop_pipeline(api, pipeline)
    return empty()


def drop_pipeline(api: Api, pipeline: Pipeline) -> None:
    """Take a pipeline out; another one becomes the main one."""
    del api.crm.pipelines.rows[pipeline.id]
    if pipeline.is_main:
        api.crm.pipelines.set_main(api.crm.pipelines.in_order()[0])


def _statuses(api: Api, request: Request, pipeline_id: int) -> Answer:
    found = _pipeline(api, pipeline_id).in_order()
    return _listed(request, "statuses", [show_status(api, request, each) for each in found])


def _one(api: Api, pipeline_id: int, status_id: int) -> Status:
    found = _pipeline(api, pipeline_id).statuses.get(status_id)
    if found is None:
        raise missing("Status not found")
    return found


def _status(api: Api, request: Request, pipeline_id: int, status_id: int) -> Answer:
    return hal(show_status(api, request, _one(api, pipeline_id, status_id)))


def _add_statuses(api: Api, request: Request, pipeline_id: int) -> Answer:
    _require_admin(api, request)
    pipeline = _pipeline(api, pipeline_id)
    items = batch(request.json(), at_most=MAX_STATUSES - len(pipeline.statuses))
    conform(items, STATUS_KEYS, ["name", "sort"])
    made: list[Json] = []
    for index, item in enumerate(items):
        color = item.get("color")
        status = api.crm.pipelines.add_status(
            pipeline, str(item["name"]), int(str(item["sort"])), str(color) if color else None
        )
        made.append(show_status(api, request, status) | {"request_id": request_id(item, index)})
    return _listed(request, "statuses", made)


def _change_status(api: Api, request: Request, pipeline_id: int, status_id: int) -> Answer:
    _require_admin(api, request)
    status, item = _one(api, pipeline_id, status_id), single(request.json())
    conform([item], STATUS_KEYS)
    for name in ("name", "sort", "color"):
        if item.get(name) is not None:
            setattr(status, name, item[name])
    return hal(show_status(api, request, status))


def _delete_status(api: Api, request: Request, pipeline_id: int, status_id: int) -> Answer:
    _require_admin(api, request)
    status = _one(api, pipeline_id, status_id)
    if not status.is_editable:
        raise bad_request("Status can not be deleted")
    drop_status(api, status)
    return empty()


def drop_status(api: Api, status: Status) -> None:
    """Take a stage out; its leads move to the first one."""
    pipeline = api.crm.pipelines.rows[status.pipeline_id]
    del pipeline.statuses[status.id]
    for lead in list(api.crm.leads.living()):
        if lead.pipeline_id == pipeline.id and lead.status_id == status.id:
            lead.status_id = pipeline.first().id
            api.crm.leads.touch(lead, api.crm.now(), 0)


def _reasons(api: Api, request: Request) -> Answer:
    page = asked_page(request)
    found = sorted(api.crm.loss_reasons.values(), key=lambda each: each.sort)[page.offset : page.offset + page.limit]
    return _listed(request, "loss_reasons", [loss_reason(request.base, each) for each in found]) if found else empty()


def _reason(api: Api, request: Request, reason_id: int) -> Answer:
    found = api.crm.loss_reasons.get(reason_id)
    return hal(loss_reason(request.base, found)) if found else empty()


def _add_reasons(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    conform(items, {"name": string, "sort": integer, "request_id": string}, ["name"])
    made: list[Json] = []
    for index, item in enumerate(items):
        reason_id, now = max(api.crm.loss_reasons, default=3_203_000) + 2, api.crm.now()
        sort = item.get("sort")
        reason = LossReason(reason_id, str(item["name"]), sort if isinstance(sort, int) else reason_id, now, now)
        api.crm.loss_reasons[reason_id] = reason
        made.append(loss_reason(request.base, reason) | {"request_id": request_id(item, index)})
    return _listed(request, "loss_reasons", made)


REASON_KEYS: dict[str, Check] = {"name": string, "sort": integer, "request_id": string}


def _change_reasons(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    known = integer_choice(api.crm.loss_reasons.__contains__)
    conform(items, REASON_KEYS | {"id": known}, ["id"])
    changed = [_changed_reason(api, request, int(str(item["id"])), item) for item in items]
    return _listed(request, "loss_reasons", changed)


def _change_reason(api: Api, request: Request, reason_id: int) -> Answer:
    item = single(request.json())
    if reason_id not in api.crm.loss_reasons:
        raise missing("Loss reason not found")
    conform([item], REASON_KEYS)
    return hal(_changed_reason(api, request, reason_id, item))


def _changed_reason(api: Api, request: Request, reason_id: int, item: Json) -> Json:
    found, sort = api.crm.loss_reasons[reason_id], item.get("sort")
    found.name = str(item.get("name") or found.name)
    found.sort, found.updated_at = sort if isinstance(sort, int) else found.sort, api.crm.now()
    return loss_reason(request.base, found)


def _delete_reason(api: Api, _request: Request, reason_id: int) -> Answer:
    if api.crm.loss_reasons.pop(reason_id, None) is None:
        raise missing("Loss reason not found")
    return empty()
