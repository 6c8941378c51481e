"""Who is linked with whom. Cards of two kinds are linked both ways; a lead has one main contact."""

from dataclasses import dataclass, field

KINDS = ("leads", "contacts", "companies")


@dataclass(slots=True)
class ElementLink:
    """A catalog element (a product) in a card."""

    catalog_id: int
    element_id: int
    quantity: float
    price_id: int | None


@dataclass(slots=True)
class Links:
    """`table["leads", "contacts"]` maps a lead to its contacts, oldest link first, and back."""

    table: dict[tuple[str, str], dict[int, list[int]]] = field(
        default_factory=lambda: {(one, other): {} for one in KINDS for other in KINDS if one != other}
    )
    main: dict[int, int] = field(default_factory=dict)
    elements: dict[tuple[str, int], list[ElementLink]] = field(default_factory=dict)

    def of(self, kind: str, card_id: int, other: str) -> list[int]:
        """The ids of `other` that a card is linked with."""
        return self.table[kind, other].get(card_id, [])

    def connect(self, kind: str, card_id: int, other: str, other_id: int, *, main: bool = False) -> bool:
        """Link two cards; the first contact of a lead becomes its main one. False when they were linked already."""
        one_way = self.table[kind, other].setdefault(card_id, [])
        new = other_id not in one_way
        if new:
            one_way.append(other_id)
            self.table[other, kind].setdefault(other_id, []).append(card_id)
        if {kind, other} == {"leads", "contacts"}:
            lead, contact = (card_id, other_id) if kind == "leads" else (other_id, card_id)
            if main or lead not in self.main:
                self.main[lead] = contact
        return new

    def disconnect(self, kind: str, card_id: int, other: str, other_id: int) -> bool:
        """Part two cards; a lead's oldest remaining contact becomes the main one. False when they were not linked."""
        one_way = self.table[kind, other].get(card_id, [])
        if other_id not in one_way:
            return False
        one_way.remove(other_id)
        self.table[other, kind][other_id].remove(card_id)
        if {kind, other} == {"leads", "contacts"}:
            self._elect_main(card_id if kind == "leads" else other_id)
        return True

    def _elect_main(self, lead: int) -> None:
        contacts = self.of("leads", lead, "contacts")
        if self.main.get(lead) in contacts:
            return
        if contacts:
            self.main[lead] = contacts[0]
        else:
            self.main.pop(lead, None)

    def part_from_all(self, kind: str, card_id: int) -> None:
        """Cut every link of a card, when it is deleted."""
        for other in KINDS:
            if other != kind:
                for other_id in list(self.of(kind, card_id, other)):
                    self.disconnect(kind, card_id, other, other_id)
