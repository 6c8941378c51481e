"""Tasks and notes. docs/reference/amocrm.md §3.7, §3.8"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from priem.amocrm.client import Client
from priem.tasks import Entity, NoteDraft, Task, TaskDraft

PAGE = 250
LEADS_AT_ONCE = 50
FOLLOW_UP = 1
MEETING = 2
"""Types of tasks that every account has; others are in the account's own list."""


def from_task_draft(draft: TaskDraft) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "id": draft.id,
        "text": draft.text,
        "complete_till": draft.until,
        "task_type_id": draft.kind,
        "responsible_user_id": draft.responsible,
        "entity_id": draft.entity_id,
        "entity_type": draft.entity if draft.entity_id is not None else None,
    }
    found = {name: value for name, value in sent.items() if value is not None}
    return found if draft.result is None else found | {"is_completed": True, "result": {"text": draft.result}}


def from_note_draft(draft: NoteDraft) -> dict[str, Any]:
    found = {"entity_id": draft.entity_id, "note_type": "common", "params": {"text": draft.text}}
    return found if draft.id is None else found | {"id": draft.id}


def tasks_of(client: Client, ids: Sequence[int], entity: Entity = "leads") -> Iterator[Task]:
    """All tasks of these leads or contacts, done ones too."""
    for start in range(0, len(ids), LEADS_AT_ONCE):
        some = ids[start : start + LEADS_AT_ONCE]
        chosen = [("filter[entity_type]", entity), *(("filter[entity_id][]", str(id_)) for id_ in some)]
        page, more = 1, True
        while more:
            answer = client.get("/api/v4/tasks", [*chosen, ("page", page), ("limit", PAGE)])
            for row in answer.rows("tasks"):
                if row.get("entity_type") == entity and row.get("entity_id") in some:
                    yield to_task(row)
            page, more = page + 1, answer.has_next


def to_task(row: Mapping[str, Any]) -> Task:
    return Task(
        id=int(row["id"]),
        lead=int(row["entity_id"]),
        text=str(row.get("text") or ""),
        is_done=bool(row.get("is_completed")),
        responsible=int(row.get("responsible_user_id") or 0),
    )
