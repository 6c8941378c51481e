"""Events (docs/reference/amocrm.md §3.15): newest first, at most 100 a page."""

from collections.abc import Callable, Iterator
from itertools import islice

from ..paging import asked_page, page_answer
from ..problems import bad_request, missing
from ..state.crm import Crm
from ..state.history import PLURAL, Event
from ..wire import Answer, Json, Request, hal, whole
from .render import self_link
from .router import Api, Router

PER_PAGE = 100
MAX_IN_FILTER = 10
TYPES: dict[str, tuple[int, str]] = {
    "lead_added": (1, "Новая сделка"),
    "contact_added": (2, "Новый контакт"),
    "company_added": (3, "Новая компания"),
    "lead_deleted": (4, "Сделка удалена"),
    "lead_restored": (5, "Сделка восстановлена"),
    "lead_status_changed": (6, "Изменение этапа продажи"),
    "contact_deleted": (10, "Контакт удалён"),
    "contact_restored": (11, "Контакт восстановлен"),
    "company_deleted": (14, "Компания удалена"),
    "company_restored": (15, "Компания восстановлена"),
    "task_added": (21, "Новая задача"),
    "task_deadline_changed": (22, "Изменение даты исполнения задачи"),
    "task_text_changed": (23, "Изменение текста задачи"),
    "task_type_changed": (24, "Изменение типа задачи"),
    "task_completed": (25, "Завершение задачи"),
    "task_result_added": (26, "Результат по задаче"),
    "incoming_call": (30, "Входящий звонок"),
    "outgoing_call": (31, "Исходящий звонок"),
    "entity_tag_added": (40, "Теги добавлены"),
    "entity_tag_deleted": (41, "Теги убраны"),
    "entity_linked": (42, "Прикрепление"),
    "entity_unlinked": (43, "Открепление"),
    "sale_field_changed": (44, "Изменение поля «Бюджет»"),
    "name_field_changed": (45, "Изменение поля «Название»"),
    "custom_field_value_changed": (46, "Изменение поля"),
    "entity_responsible_changed": (47, "Ответственный изменён"),
    "common_note_added": (50, "Новое примечание"),
    "service_note_added": (51, "Новое системное примечание"),
    "entity_merged": (60, "Выполнено объединение"),
}

Test = Callable[[Event], bool]


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "events", _list)
    router.add("GET", "events/types", _types)
    router.add("GET", "events/*", _get)


def show(crm: Crm, request: Request, event: Event) -> Json:
    """An event."""
    plural = PLURAL.get(event.entity, f"{event.entity}s")
    entity: Json = {"id": event.entity_id, "_links": self_link(request.base, f"{plural}/{event.entity_id}")}
    if f"{event.entity}_name" in request.with_():
        card = crm.card(plural, event.entity_id)
        entity["name"] = card.name if card else None
    return {
        "id": event.id,
        "type": event.type,
        "entity_id": event.entity_id,
        "entity_type": event.entity,
        "created_by": event.created_by,
        "created_at": event.created_at,
        "value_after": event.after,
        "value_before": event.before,
        "account_id": crm.account.id,
        "_links": self_link(request.base, f"events/{event.id}"),
        "_embedded": {"entity": entity},
    }


def _list(api: Api, request: Request) -> Answer:
    page = asked_page(request, PER_PAGE)
    found = list(islice(matching(api.crm, request.tree("filter")), page.offset, page.offset + page.limit + 1))
    shown = [show(api.crm, request, event) for event in found[: page.limit]]
    return page_answer(request, page, "events", shown, more=len(found) > page.limit)


def matching(crm: Crm, filters: object) -> Iterator[Event]:
    """Events that pass the filters, newest first."""
    tests, since = _tests(filters if isinstance(filters, dict) else {})
    for event in reversed(crm.history.rows):
        if event.created_at < since:
            return
        if all(test(event) for test in tests):
            yield event


def _listed(value: object) -> set[str]:
    found = list(value.values()) if isinstance(value, dict) else str(value).split(",")
    return {str(each) for each in found}


def _tests(filters: Json) -> tuple[list[Test], int]:
    tests: list[Test] = []
    since = 0
    for name, value in filters.items():
        if name == "created_at":
            span = value if isinstance(value, dict) else {"from": value}
            since = whole(span.get("from"), 0)
            tests.append(_until(whole(span.get("to"), 2**40)))
        elif name in _ATTRIBUTES:
            tests.append(_attribute_test(name, _allowed(name, filters)))
        elif name in ("value_before", "value_after") and isinstance(value, dict):
            tests += [_value_test(name, kind, each) for kind, each in value.items()]
    return tests, since


def _until(moment: int) -> Test:
    return lambda event: event.created_at <= moment


_ATTRIBUTES = {"id": "id", "created_by": "created_by", "entity": "entity", "entity_id": "entity_id", "type": "type"}


def _allowed(name: str, filters: Json) -> set[str]:
    allowed = _listed(filters[name])
    if name in ("created_by", "entity_id") and len(allowed) > MAX_IN_FILTER:
        raise bad_request(f"Filter {name} takes at most {MAX_IN_FILTER} values")
    if name == "entity_id" and ("entity" not in filters or len(_listed(filters["entity"])) != 1):
        raise bad_request("Filter entity_id needs exactly one entity")
    return allowed


def _attribute_test(name: str, allowed: set[str]) -> Test:
    if name == "type" and "custom_field_value_changed" in allowed:
        return lambda event: event.type in allowed or event.type.startswith("custom_field_")
    return lambda event: str(getattr(event, _ATTRIBUTES[name])) in allowed


def _value_test(side: str, kind: str, wanted: object) -> Test:
    """Stages by their pair, people by id, field values by option or text."""

    def test(event: Event) -> bool:
        values = event.after if side == "value_after" else event.before
        return any(_is_wanted(kind, value, wanted) for value in values)

    return test


def _is_wanted(kind: str, value: Json, wanted: object) -> bool:
    status, person = value.get("lead_status"), value.get("responsible_user")
    custom, sale = value.get("custom_field_value"), value.get("sale_field_value")
    if kind == "leads_statuses" and isinstance(status, dict) and isinstance(wanted, dict):
        stage = (str(status["id"]), str(status["pipeline_id"]))
        pairs = [pair for pair in wanted.values() if isinstance(pair, dict)]
        return any(stage == (pair.get("status_id"), pair.get("pipeline_id")) for pair in pairs)
    if kind == "responsible_user_id" and isinstance(person, dict):
        return str(person["id"]) in _listed(wanted)
    if kind == "custom_field_values" and isinstance(custom, dict):
        return bool({str(custom["enum_id"]), str(custom["text"])} & _listed(wanted))
    return kind == "value" and isinstance(sale, dict) and str(sale["sale"]) in _listed(wanted)


def _get(api: Api, request: Request, event_id: int | str) -> Answer:
    found = next((event for event in api.crm.history.rows if event.id == str(event_id)), None)
    if found is None:
        raise missing("Event not found")
    return hal(show(api.crm, request, found))


def _types(_api: Api, request: Request) -> Answer:
    shown = [{"key": key, "type": number, "lang": text} for key, (number, text) in TYPES.items()]
    body = {
        "_total_items": len(shown),
        "_links": self_link(request.base, "events/types"),
        "_embedded": {"events_types": shown},
    }
    return hal(body)
