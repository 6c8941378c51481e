"""Keeps the copy of the CRM and the indexes by which it is searched."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from django.db.models import QuerySet

from priem.hub.models import (
    MirroredContact,
    MirroredContactKey,
    MirroredContactPhone,
    MirroredLead,
    MirroredLeadContact,
    MirroredLeadKey,
)
from priem.hub.models.owned import Row
from priem.hub.pieces import among, pieces
from priem.hub.rows import CONTACT_COLUMNS, LEAD_COLUMNS, contact_row, lead_row
from priem.model import Contact, Lead
from priem.phones import numbers_in

AT_ONCE = 500
Record = TypeVar("Record", Contact, Lead)
Table = type[MirroredContact] | type[MirroredLead]
Index = type[MirroredContactPhone] | type[MirroredContactKey] | type[MirroredLeadContact] | type[MirroredLeadKey]


def mirror_contacts(clinic_id: int, contacts: Iterable[Contact]) -> set[int]:
    """Gives the ids of those that were news."""
    news: set[int] = set()
    for page in pieces(contacts, AT_ONCE):
        fresh, known = newer(clinic_id, MirroredContact, page)
        news |= {contact.id for contact in fresh if known.get(contact.id) != contact.updated_at}
        write(MirroredContact.objects.all(), [contact_row(clinic_id, contact) for contact in fresh], CONTACT_COLUMNS)
        for index in (MirroredContactPhone, MirroredContactKey):
            forget(clinic_id, index, "contact", known)
        MirroredContactPhone.objects.bulk_create(
            MirroredContactPhone(clinic_id=clinic_id, number=number, contact=contact.id)
            for contact in fresh
            for number in {number for entry in contact.phones for number in numbers_in(entry.text)}
        )
        MirroredContactKey.objects.bulk_create(
            MirroredContactKey(clinic_id=clinic_id, key=str(key), contact=contact.id)
            for contact in fresh
            for key in set(contact.keys)
        )
    return news


def mirror_leads(clinic_id: int, leads: Iterable[Lead]) -> set[int]:
    """Gives the ids of those that were news."""
    news: set[int] = set()
    for page in pieces(leads, AT_ONCE):
        fresh, known = newer(clinic_id, MirroredLead, page)
        news |= {lead.id for lead in fresh if known.get(lead.id) != lead.updated_at}
        write(MirroredLead.objects.all(), [lead_row(clinic_id, lead) for lead in fresh], LEAD_COLUMNS)
        for index in (MirroredLeadContact, MirroredLeadKey):
            forget(clinic_id, index, "lead", known)
        MirroredLeadContact.objects.bulk_create(
            MirroredLeadContact(clinic_id=clinic_id, contact=contact, lead=lead.id)
            for lead in fresh
            if not lead.is_closed
            for contact in set(lead.contacts)
        )
        MirroredLeadKey.objects.bulk_create(
            MirroredLeadKey(clinic_id=clinic_id, key=str(key), lead=lead.id) for lead in fresh for key in set(lead.keys)
        )
    return news


def newer(clinic_id: int, table: Table, page: Sequence[Record]) -> tuple[list[Record], dict[int, int]]:
    """Those that are not older than what is known, once each, and when those that were known had changed."""
    last: dict[int, Record] = {}
    for record in page:
        if record.id not in last or record.updated_at >= last[record.id].updated_at:
            last[record.id] = record
    known = dict(among(table.objects.of(clinic_id), "crm_id", last, "crm_id", "updated_at"))
    fresh = [record for record in last.values() if record.updated_at >= known.get(record.id, record.updated_at)]
    return fresh, {record.id: known[record.id] for record in fresh if record.id in known}


def write(table: QuerySet[Row], rows: Sequence[Row], columns: Sequence[str]) -> None:
    table.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("clinic", "crm_id"),
        update_fields=[column for column in columns if column != "crm_id"],
    )


def forget(clinic_id: int, index: Index, column: str, ids: Collection[int]) -> None:
    for piece in pieces(ids):
        index.objects.of(clinic_id).filter(**{f"{column}__in": piece}).delete()
