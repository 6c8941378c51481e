"""Pipelines and their stages (docs/reference/amocrm.md §3.10). A stage is known by the pair (pipeline, status)."""

from dataclasses import dataclass, field

WON, LOST = 142, 143
CLOSED = frozenset({WON, LOST})
UNSORTED_TYPE = 1
COLORS = [
    "#fffeb2",
    "#fffd7f",
    "#fff000",
    "#ffeab2",
    "#ffdc7f",
    "#ffce5a",
    "#ffdbdb",
    "#ffc8c8",
    "#ff8f92",
    "#d6eaff",
    "#c1e0ff",
    "#98cbff",
    "#ebffb1",
    "#deff81",
    "#87f2c0",
    "#f9deff",
    "#f3beff",
    "#ccc8f9",
    "#eb93ff",
    "#f2f3f4",
    "#e6e8ea",
]


@dataclass(slots=True)
class Status:
    """A stage."""

    id: int
    name: str
    sort: int
    pipeline_id: int
    color: str
    type: int = 0
    is_editable: bool = True
    descriptions: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Pipeline:
    """A row of stages; the first one is «Неразобранное», 142 and 143 are the last."""

    id: int
    name: str
    sort: int
    is_main: bool = False
    is_unsorted_on: bool = True
    is_archive: bool = False
    statuses: dict[int, Status] = field(default_factory=dict)

    def in_order(self) -> list[Status]:
        """The stages as the board shows them."""
        return sorted(self.statuses.values(), key=lambda status: status.sort)

    def unsorted(self) -> Status:
        """The stage «Неразобранное»."""
        return next(status for status in self.statuses.values() if status.type == UNSORTED_TYPE)

    def first(self) -> Status:
        """Where new leads go: the first stage that is not «Неразобранное»."""
        return next(status for status in self.in_order() if status.type != UNSORTED_TYPE)

    def accepts(self, status_id: object) -> bool:
        """Whether a client may put a lead there."""
        status = self.statuses.get(status_id) if isinstance(status_id, int) else None
        return status is not None and status.type != UNSORTED_TYPE

    def renumber(self) -> None:
        """amoCRM numbers the stages itself, in tens."""
        middle = [status for status in self.in_order() if status.id not in CLOSED]
        for index, status in enumerate(middle, 1):
            status.sort = index * 10


@dataclass(slots=True)
class Pipelines:
    """All pipelines, by id."""

    rows: dict[int, Pipeline] = field(default_factory=dict)
    last_id: int = 7_249_520
    last_status_id: int = 60_456_940

    def main(self) -> Pipeline:
        """The pipeline for leads that name none."""
        return next(each for each in self.rows.values() if each.is_main)

    def in_order(self) -> list[Pipeline]:
        """The pipelines as the menu shows them."""
        return sorted(self.rows.values(), key=lambda each: each.sort)

    def make(self, name: str, sort: int, *, is_main: bool, is_unsorted_on: bool = True) -> Pipeline:
        """Add a pipeline with the three stages that each has."""
        self.last_id += 6
        made = Pipeline(self.last_id, name, sort, is_unsorted_on=is_unsorted_on)
        self.rows[made.id] = made
        if is_main:
            self.set_main(made)
        self.last_status_id += 4
        first = Status(self.last_status_id, "Неразобранное", 10, made.id, "#c1c1c1", UNSORTED_TYPE, is_editable=False)
        won = Status(WON, "Успешно реализовано", 10000, made.id, "#CCFF66", is_editable=False)
        lost = Status(LOST, "Закрыто и не реализовано", 11000, made.id, "#D5D8DB", is_editable=False)
        made.statuses = {status.id: status for status in (first, won, lost)}
        return made

    def set_main(self, chosen: Pipeline) -> None:
        """There is one main pipeline."""
        for each in self.rows.values():
            each.is_main = each is chosen

    def add_status(self, to: Pipeline, name: str, sort: int, color: str | None = None) -> Status:
        """Add a stage before the closing ones."""
        self.last_status_id += 4
        chosen = color or COLORS[len(to.statuses) % len(COLORS)]
        made = Status(self.last_status_id, name, sort, to.id, chosen)
        to.statuses[made.id] = made
        to.renumber()
        return made
