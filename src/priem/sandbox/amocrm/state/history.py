"""Events: the account's history (docs/reference/amocrm.md §3.15)."""

from collections import deque
from dataclasses import dataclass, field

KEPT = 300_000
"""Older events fall out, so that a long run does not eat the machine."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
SINGULAR = {"leads": "lead", "contacts": "contact", "companies": "company", "customers": "customer"}
PLURAL = {one: many for many, one in SINGULAR.items()}


@dataclass(slots=True)
class Event:
    """Something that happened to a card; `entity` is singular, as the API has it here."""

    id: str
    type: str
    entity: str
    entity_id: int
    created_by: int
    created_at: int
    after: list[dict[str, object]]
    before: list[dict[str, object]]


@dataclass(slots=True)
class History:
    """Events, oldest first."""

    rows: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0

    def record(
        self,
        kind: str,
        entity: str,
        entity_id: int,
        by: int,
        at: int,
        *,
        after: list[dict[str, object]] | None = None,
        before: list[dict[str, object]] | None = None,
    ) -> Event:
        """Note an event; its id is 26 characters, sorted by time."""
        self.count += 1
        event_id = "01" + _base32(at * 1000, 10) + _base32(self.count, 14)
        event = Event(event_id, kind, SINGULAR.get(entity, entity), entity_id, by, at, after or [], before or [])
        self.rows.append(event)
        return event


def _base32(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        text = _ALPHABET[number & 31] + text
        number >>= 5
    return text
