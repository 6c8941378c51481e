"""Catalogs (lists) and their elements, as far as cards refer to them (docs/reference/amocrm.md §3.14)."""

from dataclasses import dataclass, field

from .cards import Filled

MAX_CATALOGS = 10


@dataclass(slots=True)
class Catalog:
    """A list of things."""

    id: int
    name: str
    type: str
    sort: int
    created_by: int
    updated_by: int
    created_at: int
    updated_at: int
    can_add_elements: bool = True
    can_show_in_cards: bool = False
    can_link_multiple: bool = True


@dataclass(slots=True)
class Element:
    """A thing of a list."""

    id: int
    catalog_id: int
    name: str
    created_by: int
    updated_by: int
    created_at: int
    updated_at: int
    filled: Filled = ()

    def fill(
        self, field_id: int, values: tuple[tuple[str | int | float | bool | dict[str, object], int | None], ...]
    ) -> None:
        """Replace the values of one field."""
        kept = dict(self.filled)
        if values:
            kept[field_id] = values
        else:
            kept.pop(field_id, None)
        self.filled = tuple(kept.items())


@dataclass(slots=True)
class Catalogs:
    """Lists and elements, by id."""

    rows: dict[int, Catalog] = field(default_factory=dict)
    elements: dict[int, Element] = field(default_factory=dict)
    last_id: int = 4_588
    last_element_id: int = 597_392
