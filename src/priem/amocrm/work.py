"""Tasks and notes. docs/reference/amocrm.md §3.7, §3.8"""

from dataclasses import dataclass
from typing import Any, Literal

FOLLOW_UP = 1
MEETING = 2
"""Types of tasks that every account has; others are in the account's own list."""
Entity = Literal["contacts", "leads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDraft:
    """A task to make, or with `id`, to change."""

    ref: str
    id: int | None = None
    text: str | None = None
    until: int | None = None
    """Unix seconds. A new task needs a text and a deadline."""
    kind: int | None = None
    responsible: int | None = None
    entity: Entity = "leads"
    entity_id: int | None = None
    result: str | None = None
    """Closes the task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDraft:
    """A plain note on a contact or lead."""

    ref: str
    entity_id: int
    text: str
    id: int | None = None


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
