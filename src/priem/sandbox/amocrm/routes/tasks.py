"""Tasks (docs/reference/amocrm.md §3.7). They cannot be deleted: 403."""

from collections.abc import Callable

from ..paging import asked_page, cut, page_answer
from ..problems import forbidden, keyed_errors
from ..state.crm import Change
from ..state.work import Task
from ..state.writing import number, text
from ..validation import (
    Check,
    Findings,
    batch,
    boolean,
    check_batch,
    integer,
    integer_choice,
    mapping,
    request_id,
    seconds,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, empty, hal, whole
from . import render
from .router import Api, Router

Test = Callable[[Task], bool]


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "tasks", _list)
    router.add("POST", "tasks", _add)
    router.add("PATCH", "tasks", _change_many)
    router.add("GET", "tasks/#", _get)
    router.add("PATCH", "tasks/#", _change_one)
    router.add("DELETE", "tasks/#", _delete)


def _keys(api: Api) -> dict[str, Check]:
    return {
        **dict.fromkeys(("complete_till", "duration", "created_at", "updated_at"), seconds),
        "entity_id": integer,
        "responsible_user_id": api.rules.user,
        "created_by": api.rules.author,
        "updated_by": api.rules.author,
        "entity_type": string,
        "task_type_id": integer_choice(api.crm.task_types.__contains__),
        "text": string,
        "is_completed": boolean,
        "result": shape({"text": string}),
        "_embedded": mapping,
        "request_id": string,
    }


def _check_card(api: Api, item: Json, findings: Findings) -> None:
    kind, card_id = item.get("entity_type"), item.get("entity_id")
    if card_id is None:
        return
    if kind not in ("leads", "contacts", "companies"):
        findings.not_a_choice("entity_type")
    elif api.crm.card(kind, card_id) is None:
        findings.not_a_choice("entity_id")


def _list(api: Api, request: Request) -> Answer:
    page = asked_page(request)
    tests = _tests(request)
    found = [task for task in api.crm.tasks.rows.values() if all(test(task) for test in tests)]
    order = request.tree("order")
    name, direction = next(iter(order.items())) if isinstance(order, dict) and order else ("id", "asc")
    key = str(name) if name in ("created_at", "complete_till") else "id"
    found.sort(key=lambda task: (getattr(task, key), task.id), reverse=str(direction).lower() == "desc")
    shown, more = cut(found, page)
    return page_answer(request, page, "tasks", [render.task(api.crm, request.base, each) for each in shown], more=more)


def _tests(request: Request) -> list[Test]:
    wanted = request.tree("filter")
    tests: list[Test] = []
    for name, value in wanted.items() if isinstance(wanted, dict) else ():
        if name == "updated_at":
            tests.append(updated_test(value))
        elif name in _ATTRIBUTES:
            tests.append(_value_test(_ATTRIBUTES[name], _allowed(value)))
    return tests


_ATTRIBUTES = {
    "id": "id",
    "responsible_user_id": "responsible_user_id",
    "is_completed": "is_completed",
    "task_type": "task_type_id",
    "task_type_id": "task_type_id",
    "entity_type": "entity",
    "entity_id": "entity_id",
}


def _allowed(value: object) -> set[str]:
    found = value.values() if isinstance(value, dict) else [value]
    return {str(each) for each in found}


def _value_test(attribute: str, allowed: set[str]) -> Test:
    def test(task: Task) -> bool:
        value = getattr(task, attribute)
        return str(int(value) if isinstance(value, bool) else value) in allowed

    return test


def updated_test(value: object) -> Callable[[Task], bool]:
    """A plain time means "changed after"; a range is a range."""
    span = value if isinstance(value, dict) else {"from": value}
    low, high = whole(span.get("from"), 0), whole(span.get("to"), 2**40)
    return lambda task: low <= task.updated_at <= high


def _get(api: Api, request: Request, task_id: int) -> Answer:
    found = api.crm.tasks.rows.get(task_id)
    return hal(render.task(api.crm, request.base, found)) if found else empty()


def _add(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    check = shape(_keys(api), ["text", "complete_till"])
    check_batch(items, lambda item, found: check(item, "", found), lambda item, found: _check_card(api, item, found))
    refs: list[Json] = []
    for index, item in enumerate(items):
        task = _made(api, request, item)
        link = render.self_link(request.base, f"tasks/{task.id}")
        refs.append({"id": task.id, "request_id": request_id(item, index), "_links": link})
    return hal({"_links": render.self_link(request.base, "tasks"), "_embedded": {"tasks": refs}}, records=len(refs))


def _made(api: Api, request: Request, item: Json) -> Task:
    now, by = api.crm.now(), request.user_id
    card_id = number(item, "entity_id", 0) or None
    result = item.get("result")
    task = Task(
        id=api.crm.tasks.next_id(),
        entity=text(item, "entity_type") or None if card_id else None,
        entity_id=card_id,
        text=text(item, "text"),
        complete_till=number(item, "complete_till", now),
        task_type_id=number(item, "task_type_id", 1),
        responsible_user_id=number(item, "responsible_user_id", by),
        created_by=number(item, "created_by", by),
        updated_by=number(item, "updated_by", by),
        created_at=number(item, "created_at", now),
        updated_at=number(item, "updated_at", now),
        duration=number(item, "duration", 0),
        is_completed=item.get("is_completed") is True,
        result=text(result, "text") or None if isinstance(result, dict) else None,
    )
    api.crm.tasks.add(task)
    _note(api, "task_added", task, by)
    api.crm.tell(Change("add", "task", task))
    return task


def _note(api: Api, kind: str, task: Task, by: int) -> None:
    value: Json = {"task": {"text": task.text}}
    api.crm.history.record(kind, task.entity or "task", task.entity_id or task.id, by, api.crm.now(), after=[value])


def _change_many(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    refs = _changed(api, request, items, ["id"])
    return hal({"_links": render.self_link(request.base, "tasks"), "_embedded": {"tasks": refs}}, records=len(refs))


def _change_one(api: Api, request: Request, task_id: int) -> Answer:
    [ref] = _changed(api, request, [{**single(request.json()), "id": task_id}], [])
    return hal(ref)


def _changed(api: Api, request: Request, items: list[Json], required: list[str]) -> list[Json]:
    check = shape(_keys(api) | {"id": integer}, required)
    check_batch(items, lambda item, found: check(item, "", found), lambda item, found: _check_card(api, item, found))
    unknown = [item["id"] for item in items if item["id"] not in api.crm.tasks.rows]
    if unknown:
        raise keyed_errors({str(task_id): "Task not found" for task_id in unknown})
    refs: list[Json] = []
    for index, item in enumerate(items):
        task = api.crm.tasks.rows[int(str(item["id"]))]
        _write(api, request, task, item)
        ref: Json = {"id": task.id, "updated_at": task.updated_at, "request_id": request_id(item, index)}
        refs.append(ref | {"_links": render.self_link(request.base, f"tasks/{task.id}")})
    return refs


def _write(api: Api, request: Request, task: Task, item: Json) -> None:
    was_completed, by = task.is_completed, request.user_id
    for name in ("text", "complete_till", "task_type_id", "responsible_user_id", "duration", "is_completed"):
        value = item.get(name)
        value = int(value) if isinstance(value, float) else value
        if value is not None and getattr(task, name) != value:
            setattr(task, name, value)
            if name in _EVENTS:
                _note(api, _EVENTS[name], task, by)
    result = item.get("result")
    if isinstance(result, dict) and result.get("text"):
        task.result = text(result, "text")
        _note(api, "task_result_added", task, by)
    task.updated_at, task.updated_by = number(item, "updated_at", api.crm.now()), number(item, "updated_by", by)
    if task.is_completed and not was_completed:
        _note(api, "task_completed", task, by)
    api.crm.tell(Change("update", "task", task))


_EVENTS = {"text": "task_text_changed", "complete_till": "task_deadline_changed", "task_type_id": "task_type_changed"}


def _delete(_api: Api, _request: Request, _task_id: int) -> Answer:
    raise forbidden()
