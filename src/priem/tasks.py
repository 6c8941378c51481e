"""Tasks and notes in the CRM, as far as Priem makes them. Standard library only."""

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Task:
    """A task that is there."""

    id: int
    lead: int
    """Or the contact, where those of contacts were asked for."""
    text: str
    is_done: bool = False
    responsible: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDraft:
    """A plain note on a contact or lead."""

    ref: str
    entity_id: int
    text: str
    id: int | None = None
