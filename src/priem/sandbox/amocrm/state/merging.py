"""Merging and deleting as people do it in the user interface (docs/reference/amocrm.md §4.2): no API does it."""

from .cards import Card, Contact, Lead
from .crm import Change, Crm
from .fields import WITH_ENUMS
from .history import SINGULAR
from .links import KINDS

MERGED = "entity_merged"


def merge(crm: Crm, kind: str, winner_id: int, loser_id: int, by: int) -> None:
    """The loser's links, tasks, notes, tags and missing values go to the winner; the loser goes to the trash.

    Raises ValueError when one of them is not there.
    """
    winner, loser = crm.card(kind, winner_id), crm.card(kind, loser_id)
    if winner is None or loser is None or winner is loser:
        raise ValueError(f"no two living {kind} {winner_id} and {loser_id}")
    _inherit(crm, kind, winner, loser)
    _move_links(crm, kind, winner_id, loser_id)
    crm.tasks.move(kind, loser_id, winner_id)
    crm.notes.move(kind, loser_id, winner_id)
    now = crm.now()
    crm.cards(kind).delete(loser, now, by)
    crm.cards(kind).touch(winner, now, by)
    after: list[dict[str, object]] = [{"merge": {"winner_id": winner_id, "loser_id": loser_id}}]
    crm.history.record(
        MERGED, kind, winner_id, by, now, after=after, before=[{"entity": {"id": loser_id, "type": SINGULAR[kind]}}]
    )
    crm.tell(Change("delete", kind, loser))
    crm.tell(Change("update", kind, winner))


def _inherit(crm: Crm, kind: str, winner: Card, loser: Card) -> None:
    """Phones and other lists are put together, single values fill what is empty."""
    for field_id, values in loser.filled:
        field = crm.fields.of(kind).get(field_id)
        own = winner.values(field_id)
        if not own:
            winner.fill(field_id, values)
        elif field is not None and field.type in WITH_ENUMS and field.type != "select":
            known = {value for value, _ in own}
            winner.fill(field_id, (*own, *(each for each in values if each[0] not in known)))
    winner.tags = tuple(dict.fromkeys((*winner.tags, *loser.tags)))
    if isinstance(winner, Lead) and isinstance(loser, Lead):
        winner.price = winner.price or loser.price
    if isinstance(winner, Contact) and isinstance(loser, Contact):
        winner.name = winner.name or loser.name


def _move_links(crm: Crm, kind: str, winner: int, loser: int) -> None:
    for other in KINDS:
        if other == kind:
            continue
        for other_id in list(crm.links.of(kind, loser, other)):
            was_main = kind == "contacts" and other == "leads" and crm.links.main.get(other_id) == loser
            crm.links.connect(kind, winner, other, other_id, main=was_main)
            crm.links.disconnect(kind, loser, other, other_id)
