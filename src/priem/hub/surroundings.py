"""Reads all that is known near a page of records, in a few queries whatever the page's size."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from priem.engine.linking import heirs
from priem.hub.ident.waiting import handed_leads
from priem.hub.merges import swallowed_by, swallowers
from priem.hub.models import (
    MirroredContact,
    MirroredContactKey,
    MirroredContactPhone,
    MirroredLead,
    MirroredLeadContact,
    MirroredLeadKey,
    PatientLink,
    VisitLink,
)
from priem.hub.models.journal import Entity
from priem.hub.models.owned import ClinicOwned
from priem.hub.quick import among
from priem.hub.rows import CONTACT_COLUMNS, LEAD_COLUMNS, contact_of, lead_of
from priem.model import Contact, Key, Lead, PatientKey, Surroundings, VisitKey
from priem.model import PatientLink as LinkOfPatient
from priem.model import VisitLink as LinkOfVisit


def around(
    clinic_id: int, patients: Collection[PatientKey], visits: Collection[VisitKey], phones: Collection[str] | None
) -> Surroundings:
    """What these patients and visits are linked to, whose keys are theirs, and who has these phones; None: those of
    the contacts that the patients are."""
    patient_links, visit_links = patient_links_of(clinic_id, patients), visit_links_of(clinic_id, visits)
    merged_contacts = swallowers(clinic_id, Entity.CONTACT, (link.contact for link in patient_links.values()))
    merged_leads = swallowers(clinic_id, Entity.LEAD, (link.lead for link in visit_links.values()))
    own = own_contacts(clinic_id, patients, patient_links) | set(merged_contacts.values())
    near = own | with_phones(clinic_id, phones_of(clinic_id, own) if phones is None else phones)
    contacts = contacts_by_id(clinic_id, near)
    linked = {link.lead for link in visit_links.values()} | set(merged_leads.values())
    handed = tuple(handed_leads(clinic_id)) if visits else ()
    near_leads = open_leads(clinic_id, near) | {each.lead for each in handed}
    leads = leads_by_id(clinic_id, linked | with_keys(clinic_id, visits) | near_leads)
    return Surroundings(
        patient_links=patient_links,
        visit_links=visit_links,
        contacts=contacts,
        leads=leads,
        contact_owners=contact_owners(clinic_id, contacts),
        lead_owners=owners_with_merges(clinic_id, leads),
        merged_contacts=merged_contacts,
        merged_leads=merged_leads,
        handed=handed,
    )


def phones_of(clinic_id: int, contacts: Collection[int]) -> set[str]:
    return {number for (number,) in among(MirroredContactPhone, clinic_id, "contact", contacts, "number")}


def patient_links_of(clinic_id: int, keys: Iterable[PatientKey]) -> dict[PatientKey, LinkOfPatient]:
    columns = ("connection", "patient", "contact", "fingerprint", "by_person")
    rows = by_key(PatientLink, clinic_id, "patient", keys, *columns)
    return {
        PatientKey(connection, id_): LinkOfPatient(contact=contact, fingerprint=fingerprint, by_person=by_person)
        for connection, id_, contact, fingerprint, by_person in rows
    }


LINK_COLUMNS = ("connection", "visit", "lead", "fingerprint", "pipeline", "stage", "moved_to", "by_person", "status")


def visit_links_of(clinic_id: int, keys: Iterable[VisitKey]) -> dict[VisitKey, LinkOfVisit]:
    return dict(visit_link(row) for row in by_key(VisitLink, clinic_id, "visit", keys, *LINK_COLUMNS))


def visit_link(row: tuple[Any, ...]) -> tuple[VisitKey, LinkOfVisit]:
    """Of LINK_COLUMNS."""
    connection, id_, lead, fingerprint, pipeline, stage, moved_to, by_person, status = row
    return VisitKey(connection, id_), LinkOfVisit(
        lead=lead,
        fingerprint=fingerprint,
        pipeline=pipeline,
        stage=stage,
        moved_to=VisitKey.parse(moved_to) if moved_to else None,
        by_person=by_person,
        status=status,
    )


def by_key(
    table: type[ClinicOwned], clinic_id: int, column: str, keys: Iterable[Key], *columns: str, **equal: object
) -> Iterable[tuple[Any, ...]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        ids[key.connection].append(key.id)
    for connection, known in ids.items():
        yield from among(table, clinic_id, column, known, *columns, connection=connection, **equal)


def own_contacts(clinic_id: int, patients: Collection[PatientKey], links: dict[PatientKey, LinkOfPatient]) -> set[int]:
    written = [str(key) for key in patients]
    keyed = among(MirroredContactKey, clinic_id, "key", written, "contact")
    return {link.contact for link in links.values()} | {contact for (contact,) in keyed}


def with_phones(clinic_id: int, phones: Collection[str]) -> set[int]:
    return {contact for (contact,) in among(MirroredContactPhone, clinic_id, "number", phones, "contact")}


def contacts_by_id(clinic_id: int, ids: Collection[int]) -> dict[int, Contact]:
    rows = among(MirroredContact, clinic_id, "crm_id", ids, *CONTACT_COLUMNS)
    return {row[0]: contact_of(row) for row in rows}


def with_keys(clinic_id: int, visits: Collection[VisitKey]) -> set[int]:
    written = [str(key) for key in visits]
    return {lead for (lead,) in among(MirroredLeadKey, clinic_id, "key", written, "lead")}


def open_leads(clinic_id: int, contacts: Collection[int]) -> set[int]:
    return {lead for (lead,) in among(MirroredLeadContact, clinic_id, "contact", contacts, "lead")}


def leads_by_id(clinic_id: int, ids: Collection[int]) -> dict[int, Lead]:
    return {row[0]: lead_of(row) for row in among(MirroredLead, clinic_id, "crm_id", ids, *LEAD_COLUMNS)}


def contact_owners(clinic_id: int, contacts: Collection[int]) -> dict[int, tuple[PatientKey, ...]]:
    """With those whose contact was merged into these."""
    owners: dict[int, list[PatientKey]] = defaultdict(list)
    heirs = dict.fromkeys(contacts, 0) | swallowed_by(clinic_id, Entity.CONTACT, contacts)
    rows = among(PatientLink, clinic_id, "contact", heirs, "contact", "connection", "patient")
    for contact, connection, id_ in rows:
        owners[heirs[contact] or contact].append(PatientKey(connection, id_))
    return {contact: tuple(sorted(keys)) for contact, keys in owners.items()}


def lead_owners(clinic_id: int, leads: Collection[int]) -> dict[int, VisitKey]:
    rows = among(VisitLink, clinic_id, "lead", leads, "lead", "connection", "visit", moved_to=None)
    return {lead: VisitKey(connection, id_) for lead, connection, id_ in rows}


def owners_with_merges(clinic_id: int, leads: Collection[int]) -> dict[int, VisitKey]:
    """A lead that swallowed another is that one's visit's, if it is nobody's else."""
    swallowed = swallowed_by(clinic_id, Entity.LEAD, leads)
    owners = lead_owners(clinic_id, {*leads, *swallowed})
    inherited = heirs(swallowed, owners, carried_keys(clinic_id, set(swallowed.values())))
    return inherited | {lead: owner for lead, owner in owners.items() if lead in leads}


def carried_keys(clinic_id: int, leads: Collection[int]) -> dict[int, list[VisitKey]]:
    carried: dict[int, list[VisitKey]] = defaultdict(list)
    for lead, key in among(MirroredLeadKey, clinic_id, "lead", leads, "lead", "key"):
        if parsed := VisitKey.parse(key):
            carried[lead].append(parsed)
    return carried
