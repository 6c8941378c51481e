"""What a request carried, as the journal is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from priem.amocrm.problems import Answer

RECORDS: Mapping[str, str] = {"contacts": "patient", "leads": "visit", "tasks": "visit"}
"""Whose key stands behind the drafts of a list."""
CARDS: Mapping[str, str] = {"contacts": "contact", "leads": "lead"}
MOST_READ = 50
"""Of a longer list that was read, nobody looks for one: a first reading would name every card of the account."""


@dataclass(frozen=True, slots=True)
class Carried:
    path: str
    payload: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
    refs: tuple[str, ...] = ()
    """Of the drafts, in the order of the payload: the keys of the clinic's records, some with the kind before them."""

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def shown(self) -> object:
        """Nothing of a request for tokens: it carries secrets."""
        return self.payload if self.is_api else None

    @property
    def items(self) -> int:
        return len(self.payload) if isinstance(self.payload, list) else 1

    def about(self, answer: Answer | None) -> tuple[tuple[str, str], ...]:
        plural = self.path.rpartition("/")[2]
        record, card = RECORDS.get(plural, ""), CARDS.get(plural, "")
        named = [(record, ref.removeprefix(f"{record} ")) for ref in self.refs if record]
        ids = dict.fromkeys((card, id_) for id_ in self._ids(plural, answer) if card)
        return (*named, *ids)

    def _ids(self, plural: str, answer: Answer | None) -> Iterator[str]:
        if isinstance(self.payload, list):
            yield from (str(item["id"]) for item in self.payload if "id" in item)
        rows = answer.rows(plural) if answer else []
        if not answer or not answer.is_read or len(rows) <= MOST_READ:
            yield from (str(row["id"]) for row in rows if str(row.get("id", "")).isdigit())
