"""Tasks and notes (docs/reference/amocrm.md §3.7, §3.8)."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Task:
    """Something to be done by a time; `entity` and `entity_id` name the card, if any."""

    id: int
    entity: str | None
    entity_id: int | None
    text: str
    complete_till: int
    task_type_id: int
    responsible_user_id: int
    created_by: int
    updated_by: int
    created_at: int
    updated_at: int
    duration: int = 0
    is_completed: bool = False
    result: str | None = None


@dataclass(slots=True)
class Note:
    """A line in a card's timeline."""

    id: int
    entity: str
    entity_id: int
    note_type: str
    params: dict[str, object]
    responsible_user_id: int
    created_by: int
    updated_by: int
    created_at: int
    updated_at: int
    is_pinned: bool = False


@dataclass(slots=True)
class Tasks:
    """All tasks, by id, and which card they belong to."""

    rows: dict[int, Task] = field(default_factory=dict)
    by_card: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    last_id: int = 4_745_250

    def add(self, task: Task) -> None:
        """Store a new task."""
        self.rows[task.id] = task
        if task.entity and task.entity_id:
            self.by_card.setdefault((task.entity, task.entity_id), []).append(task.id)

    def next_id(self) -> int:
        """A fresh id."""
        self.last_id += 2
        return self.last_id

    def of(self, entity: str, entity_id: int) -> list[Task]:
        """The tasks of one card."""
        return [self.rows[task_id] for task_id in self.by_card.get((entity, entity_id), ())]

    def closest(self, entity: str, entity_id: int) -> int | None:
        """When the next open task of a card is due."""
        if (entity, entity_id) not in self.by_card:
            return None
        return min((task.complete_till for task in self.of(entity, entity_id) if not task.is_completed), default=None)

    def move(self, entity: str, loser: int, winner: int) -> None:
        """Give the tasks of one card to another."""
        moved = self.by_card.pop((entity, loser), [])
        for task_id in moved:
            self.rows[task_id].entity_id = winner
        if moved:
            self.by_card.setdefault((entity, winner), []).extend(moved)


@dataclass(slots=True)
class Notes:
    """All notes, by id, and which card they belong to."""

    rows: dict[int, Note] = field(default_factory=dict)
    by_card: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    last_id: int = 76_787_980

    def add(self, note: Note) -> None:
        """Store a new note."""
        self.rows[note.id] = note
        self.by_card.setdefault((note.entity, note.entity_id), []).append(note.id)

    def next_id(self) -> int:
        """A fresh id."""
        self.last_id += 2
        return self.last_id

    def of(self, entity: str, entity_id: int) -> list[Note]:
        """The notes of one card."""
        return [self.rows[note_id] for note_id in self.by_card.get((entity, entity_id), ())]

    def move(self, entity: str, loser: int, winner: int) -> None:
        """Give the notes of one card to another."""
        moved = self.by_card.pop((entity, loser), [])
        for note_id in moved:
            self.rows[note_id].entity_id = winner
        if moved:
            self.by_card.setdefault((entity, winner), []).extend(moved)
