"""Tasks and notes. docs/reference/amocrm.md §3.7, §3.8"""

from collections.abc import Iterator, Sequence
from typing import Any

from priem.amocrm.client import Client
from priem.tasks import NoteDraft, Task, TaskDraft

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


def tasks_of(client: Client, leads: Sequence[int]) -> Iterator[Task]:
    """All tasks of these leads, done ones too."""
    for start in range(0, len(leads), LEADS_AT_ONCE):
        some = leads[start : start + LEADS_AT_ONCE]
        chosen = [("filter[entity_type]", "leads"), *(("filter[entity_id][]", str(lead)) for lead in some)]
        page, more = 1, True
        while more:
            answer = client.get("/api/v4/tasks", [*chosen, ("page", page), ("limit", PAGE)])
            for row in answer.rows("tasks"):
                if row.get("entity_type") == "leads" and row.get("entity_id") in some:
                    yield Task(id=int(row["id"]), lead=int(row["entity_id"]), text=str(row.get("text") or ""))
            page, more = page + 1, answer.has_next
