"""Contacts, companies and leads as they are stored: small, since a test may want half a million of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from .order import Order

Scalar = str | int | float | bool | dict[str, object]
Value = tuple[Scalar, int | None]
"""A value of a custom field and the option (enum) that it is, if any."""
Filled = tuple[tuple[int, tuple[Value, ...]], ...]
"""Field id → values, in the order in which they were filled."""


@dataclass(slots=True)
class Card:
    """What contacts, companies and leads have in common. Times are unix seconds."""

    id: int
    name: str
    responsible_user_id: int
    created_by: int
    updated_by: int
    created_at: int
    updated_at: int
    filled: Filled = ()
    tags: tuple[int, ...] = ()
    is_deleted: bool = False

    def values(self, field_id: int) -> tuple[Value, ...]:
        """The values of one field."""
        for filled_id, values in self.filled:
            if filled_id == field_id:
                return values
        return ()

    def fill(self, field_id: int, values: tuple[Value, ...]) -> None:
        """Replace the values of one field as a whole; none clears it."""
        kept = dict(self.filled)
        if values:
            kept[field_id] = values
        else:
            kept.pop(field_id, None)
        self.filled = tuple(kept.items())


@dataclass(slots=True)
class Contact(Card):
    """A person."""

    first_name: str = ""
    last_name: str = ""


@dataclass(slots=True)
class Company(Card):
    """A company."""


@dataclass(slots=True)
class Lead(Card):
    """A deal in a stage of a pipeline."""

    price: int = 0
    status_id: int = 0
    pipeline_id: int = 0
    loss_reason_id: int | None = None
    closed_at: int | None = None
    source_id: int | None = None
    visitor_uid: str | None = None


C = TypeVar("C", bound=Card)


class Cards(Generic[C]):
    """All cards of one kind; deleted ones stay, but out of every order."""

    def __init__(self, first_id: int) -> None:
        self.rows: dict[int, C] = {}
        self.by_id = Order()
        self.by_created = Order()
        self.by_updated = Order()
        self.last_id = first_id

    def next_id(self) -> int:
        """A fresh id; ids are odd steps apart, since others' accounts take ids, too."""
        self.last_id += 2
        return self.last_id

    def add(self, card: C) -> None:
        """Store a new card."""
        self.rows[card.id] = card
        self._enter(card)

    def get(self, card_id: object) -> C | None:
        """A card that is there and not deleted."""
        card = self.rows.get(card_id) if isinstance(card_id, int) else None
        return None if card is None or card.is_deleted else card

    def touch(self, card: Card, at: int, by: int) -> None:
        """Note that a card changed."""
        self.by_updated.remove(card.updated_at, card.id)
        card.updated_at, card.updated_by = at, by
        self.by_updated.add(at, card.id)

    def delete(self, card: Card, at: int, by: int) -> None:
        """Move a card to the trash."""
        self._leave(card)
        card.is_deleted, card.updated_at, card.updated_by = True, at, by

    def restore(self, card: Card, at: int, by: int) -> None:
        """Take a card back out of the trash."""
        card.is_deleted, card.updated_at, card.updated_by = False, at, by
        self._enter(card)

    def living(self) -> Iterator[C]:
        """Every card that is not deleted, by id."""
        return (self.rows[card_id] for card_id in self.by_id)

    def deleted(self) -> list[C]:
        """What lies in the trash."""
        return [card for card in self.rows.values() if card.is_deleted]

    def order(self, name: str) -> Order:
        """The order of a documented name; any other is by id."""
        return {"updated_at": self.by_updated, "created_at": self.by_created}.get(name, self.by_id)

    def load(self, cards: Iterable[C]) -> None:
        """Store many, e.g. from a saved state."""
        for card in cards:
            self.rows[card.id] = card
            self.last_id = max(self.last_id, card.id)
            if not card.is_deleted:
                self._enter(card)

    def _enter(self, card: Card) -> None:
        self.by_id.add(0, card.id)
        self.by_created.add(card.created_at, card.id)
        self.by_updated.add(card.updated_at, card.id)

    def _leave(self, card: Card) -> None:
        self.by_id.remove(0, card.id)
        self.by_created.remove(card.created_at, card.id)
        self.by_updated.remove(card.updated_at, card.id)
