"""What the history is told of changes (docs/reference/amocrm.md §3.15)."""

from .cards import Card, Value
from .crm import Crm
from .history import SINGULAR

FIELD_TYPES = {
    "text": 1,
    "numeric": 2,
    "checkbox": 3,
    "select": 4,
    "multiselect": 5,
    "date": 6,
    "url": 7,
    "multitext": 8,
    "textarea": 9,
    "radiobutton": 10,
    "streetaddress": 11,
    "smart_address": 13,
    "birthday": 14,
    "legal_entity": 15,
    "date_time": 19,
}

Told = dict[str, dict[str, int]] | dict[str, dict[str, str]] | dict[str, object] | None


def note(crm: Crm, event: str, kind: str, card: Card, by: int, before: Told = None, after: Told = None) -> None:
    """Note an event with its value before and after."""
    old, new = ([{key: each[key] for key in each}] if each else [] for each in (before, after))
    crm.history.record(event, kind, card.id, by, crm.now(), before=old, after=new)


def note_field(crm: Crm, kind: str, card: Card, field_id: int, old: tuple[Value, ...], by: int) -> None:
    """A custom field has other values than `old`."""
    field_type = FIELD_TYPES.get(crm.fields.of(kind)[field_id].type, 1)
    before, after = (_shown(field_id, field_type, values) for values in (old, card.values(field_id)))
    event = f"custom_field_{field_id}_value_changed"
    crm.history.record(event, kind, card.id, by, crm.now(), before=before, after=after)


def _shown(field_id: int, field_type: int, values: tuple[Value, ...]) -> list[dict[str, object]]:
    about = {"field_id": field_id, "field_type": field_type}
    return [{"custom_field_value": {**about, "enum_id": enum_id, "text": str(value)}} for value, enum_id in values]


def note_tags(crm: Crm, kind: str, card: Card, old: tuple[int, ...], by: int) -> None:
    """Tags came or went."""
    known = crm.tags.of(kind)
    for tag_id in card.tags:
        if tag_id not in old:
            note(crm, "entity_tag_added", kind, card, by, after={"tag": {"name": known[tag_id].name}})
    for tag_id in old:
        if tag_id not in card.tags:
            note(crm, "entity_tag_deleted", kind, card, by, before={"tag": {"name": known[tag_id].name}})


def note_link(crm: Crm, event: str, one: tuple[str, int], other: tuple[str, int], by: int) -> None:
    """Two cards were linked or parted; both histories tell."""
    for (kind, card_id), (far_kind, far_id) in ((one, other), (other, one)):
        value: list[dict[str, object]] = [{"link": {"entity": {"type": SINGULAR[far_kind], "id": far_id}}}]
        linked = event == "entity_linked"
        after, before = (value, None) if linked else (None, value)
        crm.history.record(event, kind, card_id, by, crm.now(), after=after, before=before)
