"""How checked data gets into cards, what history and webhooks are told. Data that comes here was checked by `rules`."""

from collections.abc import Mapping

from .cards import Card, Cards, Company, Contact
from .crm import Change, Crm
from .history import SINGULAR
from .noting import note, note_field, note_link, note_tags
from .values import kept_values


def number(item: Mapping[str, object], key: str, default: int) -> int:
    """A checked number, whole; null and absent mean the default."""
    value = item.get(key)
    return int(value) if isinstance(value, int | float) else default


def text(item: Mapping[str, object], key: str, default: str = "") -> str:
    """A checked text; null and absent mean the default."""
    value = item.get(key)
    return value if isinstance(value, str) else default


def listed(item: Mapping[str, object], *path: str) -> list[dict[str, object]]:
    """A checked list of objects somewhere inside; [] when it is not there."""
    found: object = item
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def create_contact(crm: Crm, item: Mapping[str, object], by: int) -> Contact:
    """Store a new contact."""
    now, card_id = crm.now(), crm.contacts.next_id()
    first, last = text(item, "first_name"), text(item, "last_name")
    name = text(item, "name") or f"{first} {last}".strip()
    contact = Contact(card_id, name, *people_and_times(crm, item, by, now), first_name=first, last_name=last)
    _store(crm, "contacts", crm.contacts, contact, item, by)
    return contact


def create_company(crm: Crm, item: Mapping[str, object], by: int) -> Company:
    """Store a new company."""
    company = Company(crm.companies.next_id(), text(item, "name"), *people_and_times(crm, item, by, crm.now()))
    _store(crm, "companies", crm.companies, company, item, by)
    return company


def people_and_times(crm: Crm, item: Mapping[str, object], by: int, now: int) -> tuple[int, int, int, int, int]:
    """Responsible, created by, updated by, created at, updated at of a new card."""
    responsible = number(item, "responsible_user_id", by or crm.users.admin().id)
    created_at = number(item, "created_at", now)
    return (
        responsible,
        number(item, "created_by", by),
        number(item, "updated_by", by),
        created_at,
        number(item, "updated_at", now),
    )


def _store(
    crm: Crm, kind: str, cards: Cards[Contact] | Cards[Company], card: Card, item: Mapping[str, object], by: int
) -> None:
    fill(crm, kind, card, item)
    tag(crm, kind, card, item)
    cards.add(card)  # type: ignore[arg-type]  # the two callers pass a card of the table's own kind
    created(crm, kind, card, by)


def created(crm: Crm, kind: str, card: Card, by: int) -> None:
    """Tell that a card is new."""
    crm.history.record(f"{SINGULAR[kind]}_added", kind, card.id, by, crm.now())
    if crm.listeners:
        crm.tell(Change("add", kind, card))


def fill(crm: Crm, kind: str, card: Card, item: Mapping[str, object]) -> list[int]:
    """Write custom fields; the list of each replaces what was there. The fields whose values changed."""
    changed: list[int] = []
    for entry in listed(item, "custom_fields_values"):
        of = crm.fields.find(kind, entry.get("field_id"), entry.get("field_code"))
        if of is None:
            continue
        values = kept_values(of, entry.get("values"))
        if values != card.values(of.id):
            card.fill(of.id, values)
            changed.append(of.id)
    return changed


def tag(crm: Crm, kind: str, card: Card, item: Mapping[str, object]) -> None:
    """Write tags: `_embedded.tags` replaces the set (null clears it), the other two add and take away."""
    embedded = item.get("_embedded")
    tags = list(card.tags)
    if isinstance(embedded, dict) and "tags" in embedded:
        tags = crm.tags.picked(kind, embedded["tags"])
    if item.get("tags_to_add"):
        tags += [each for each in crm.tags.picked(kind, item["tags_to_add"]) if each not in tags]
    if item.get("tags_to_delete"):
        gone = crm.tags.picked(kind, item["tags_to_delete"], make=False)
        tags = [each for each in tags if each not in gone]
    card.tags = tuple(tags)


def change_person(crm: Crm, kind: str, card: Contact | Company, item: Mapping[str, object], by: int) -> None:
    """Change a contact or a company."""
    extra = change_common(crm, kind, card, item, by)
    changed(crm, kind, card, item, by, extra)


def _rename(contact: Contact, item: Mapping[str, object]) -> None:
    """A full name follows the first and last name unless it is sent itself."""
    contact.first_name = text(item, "first_name", contact.first_name)
    contact.last_name = text(item, "last_name", contact.last_name)
    if item.get("name") is None and (item.get("first_name") is not None or item.get("last_name") is not None):
        contact.name = f"{contact.first_name} {contact.last_name}".strip()


def change_common(crm: Crm, kind: str, card: Card, item: Mapping[str, object], by: int) -> dict[str, object]:
    """Write what all cards share, note it in the history; what the webhooks need to know beside."""
    old_name, old_responsible, old_tags, old_filled = card.name, card.responsible_user_id, card.tags, dict(card.filled)
    card.name = text(item, "name", card.name)
    if isinstance(card, Contact):
        _rename(card, item)
    card.responsible_user_id = number(item, "responsible_user_id", card.responsible_user_id)
    touched = fill(crm, kind, card, item)
    tag(crm, kind, card, item)
    if card.name != old_name:
        names = ({"name_field_value": {"name": each}} for each in (old_name, card.name))
        note(crm, "name_field_changed", kind, card, by, *names)
    for field_id in touched:
        note_field(crm, kind, card, field_id, old_filled.get(field_id, ()), by)
    note_tags(crm, kind, card, old_tags, by)
    if card.responsible_user_id == old_responsible:
        return {}
    people = ({"responsible_user": {"id": each}} for each in (old_responsible, card.responsible_user_id))
    note(crm, "entity_responsible_changed", kind, card, by, *people)
    return {"old_responsible_user_id": old_responsible}


def changed(crm: Crm, kind: str, card: Card, item: Mapping[str, object], by: int, extra: dict[str, object]) -> None:
    """Set the times of a changed card and tell the webhooks."""
    crm.cards(kind).touch(card, number(item, "updated_at", crm.now()), number(item, "updated_by", by))
    if not crm.listeners:
        return
    if "old_status_id" in extra:
        crm.tell(Change("status", kind, card, extra))
    if "old_responsible_user_id" in extra:
        crm.tell(Change("responsible", kind, card, extra))
    crm.tell(Change("update", kind, card))


def link(crm: Crm, kind: str, card_id: int, other: str, other_id: int, by: int, *, main: bool = False) -> None:
    """Link two cards and note it in both histories."""
    if crm.links.connect(kind, card_id, other, other_id, main=main):
        note_link(crm, "entity_linked", (kind, card_id), (other, other_id), by)


def unlink(crm: Crm, kind: str, card_id: int, other: str, other_id: int, by: int) -> None:
    """Part two cards and note it in both histories."""
    if crm.links.disconnect(kind, card_id, other, other_id):
        note_link(crm, "entity_unlinked", (kind, card_id), (other, other_id), by)
