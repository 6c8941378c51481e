"""Keeps the copy of the CRM and the indexes by which it is searched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from priem.hub.bulk import put
from priem.hub.models import (
    LeadMove,
    MirroredContact,
    MirroredContactKey,
    MirroredContactPhone,
    MirroredLead,
    MirroredLeadContact,
    MirroredLeadKey,
)
from priem.hub.pieces import pieces
from priem.hub.quick import among, delete
from priem.hub.rows import CONTACT_COLUMNS, LEAD_COLUMNS, contact_row, lead_row
from priem.model import Contact, Lead
from priem.phones import numbers_in

AT_ONCE = 500
Record = TypeVar("Record", Contact, Lead)
Table = type[MirroredContact] | type[MirroredLead]
Index = (
    type[MirroredContactPhone]
    | type[MirroredContactKey]
    | type[MirroredLeadContact]
    | type[MirroredLeadKey]
    | type[LeadMove]
)


def mirror_contacts(clinic_id: int, contacts: Iterable[Contact]) -> set[int]:
    """Gives the ids of those that were news."""
    news: set[int] = set()
    for page in pieces(contacts, AT_ONCE):
        fresh, known = newer(clinic_id, MirroredContact, page, ("phones", "keys"))
        news |= news_in(fresh, known)
        rows = ((clinic_id, *contact_row(contact)) for contact in fresh)
        put(MirroredContact, ("clinic", *CONTACT_COLUMNS), rows, key=("clinic", "crm_id"))
        moved = [contact for contact in fresh if known.get(contact.id, ())[1:] != contact_is_found_by(contact)]
        for index in (MirroredContactPhone, MirroredContactKey):
            forget(clinic_id, index, "contact", known.keys() & {contact.id for contact in moved})
        numbers = ((clinic_id, number, contact.id) for contact in moved for number in numbers_of(contact))
        put(MirroredContactPhone, ("clinic", "number", "contact"), numbers)
        keys = ((clinic_id, str(key), contact.id) for contact in moved for key in set(contact.keys))
        put(MirroredContactKey, ("clinic", "key", "contact"), keys)
    return news


def mirror_leads(clinic_id: int, leads: Iterable[Lead], *, notes_moves: bool = False) -> set[int]:
    """Gives the ids of those that were news."""
    news: set[int] = set()
    for page in pieces(leads, AT_ONCE):
        fresh, known = newer(clinic_id, MirroredLead, page, ("contacts", "keys", "stage"))
        news |= news_in(fresh, known)
        if notes_moves and fresh:
            note_moves(clinic_id, fresh)  # amoCRM's times are whole seconds: made and moved may be one time
        rows = ((clinic_id, *lead_row(lead)) for lead in fresh)
        put(MirroredLead, ("clinic", *LEAD_COLUMNS), rows, key=("clinic", "crm_id"))
        moved = [lead for lead in fresh if known.get(lead.id, ())[1:] != lead_is_found_by(lead)]
        for index in (MirroredLeadContact, MirroredLeadKey):
            forget(clinic_id, index, "lead", known.keys() & {lead.id for lead in moved})
        # Closed leads are not looked for by their contact.
        still_open = (lead for lead in moved if not lead.is_closed)
        contacts = ((clinic_id, contact, lead.id) for lead in still_open for contact in set(lead.contacts))
        put(MirroredLeadContact, ("clinic", "contact", "lead"), contacts)
        keys = ((clinic_id, str(key), lead.id) for lead in moved for key in set(lead.keys))
        put(MirroredLeadKey, ("clinic", "key", "lead"), keys)
    return news


def note_moves(clinic_id: int, leads: Sequence[Lead]) -> None:
    """Those that stand elsewhere than the mirror has them. Written anew, not over: another move has another id."""
    columns = ("crm_id", "pipeline", "stage")
    stood = {row[0]: row[1:] for row in among(MirroredLead, clinic_id, "crm_id", [one.id for one in leads], *columns)}
    moved = [lead for lead in leads if stood.get(lead.id) != (lead.pipeline, lead.stage)]
    forget(clinic_id, LeadMove, "lead", [lead.id for lead in moved])
    rows = ((clinic_id, lead.id, lead.pipeline, lead.stage) for lead in moved)
    put(LeadMove, ("clinic", "lead", "pipeline", "stage"), rows)


def newer(
    clinic_id: int, table: Table, page: Sequence[Record], columns: Sequence[str]
) -> tuple[list[Record], dict[int, tuple[Any, ...]]]:
    """Those that are not older than what is known, once each; and of those that were known, when they had changed, and
    these columns."""
    last: dict[int, Record] = {}
    for record in page:
        if record.id not in last or record.updated_at >= last[record.id].updated_at:
            last[record.id] = record
    rows = among(table, clinic_id, "crm_id", last, "crm_id", "updated_at", *columns)
    known = {id_: tuple(rest) for id_, *rest in rows}
    fresh = [record for record in last.values() if record.id not in known or record.updated_at >= known[record.id][0]]
    return fresh, {record.id: known[record.id] for record in fresh if record.id in known}


def news_in(fresh: Sequence[Record], known: Mapping[int, tuple[Any, ...]]) -> set[int]:
    return {record.id for record in fresh if record.id not in known or known[record.id][0] != record.updated_at}


def contact_is_found_by(contact: Contact) -> tuple[object, ...]:
    """What the indexes are made of, as it is written."""
    return [[entry.text, entry.label] for entry in contact.phones], [str(key) for key in contact.keys]


def lead_is_found_by(lead: Lead) -> tuple[object, ...]:
    return list(lead.contacts), [str(key) for key in lead.keys], lead.stage


def numbers_of(contact: Contact) -> set[str]:
    return {number for entry in contact.phones for number in numbers_in(entry.text)}


def forget(clinic_id: int, index: Index, column: str, ids: Collection[int]) -> None:
    delete(index, clinic_id, column, ids)
