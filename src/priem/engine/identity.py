"""Which contact is this patient; which lead is this visit. Pure, and the same for the same surroundings.

A phone is a household, not a person: mothers book for children. A shared phone brings a contact near, then the name
and the birthday choose. Patients of one page are looked at together, so that the contact «Анна Белова» goes to Anna
even when her son's card comes first.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from priem.engine.bindings import Bound
from priem.model import Candidate, Contact, Key, Lead, Patient, PatientKey, Surroundings, Visit, VisitKey, Why
from priem.phones import numbers_in

Record = TypeVar("Record", Contact, Lead)


class Likeness(IntEnum):
    """How well a contact that shares a phone fits; more is better."""

    OTHER_NAME = 0
    NAMELESS = 1
    PART_OF_NAME = 2
    NAME = 3
    NAME_AND_BIRTHDAY = 4


@dataclass(frozen=True, slots=True)
class FoundContact:
    contact: Contact | None
    why: Why


@dataclass(frozen=True, slots=True)
class FoundLead:
    lead: Lead | None
    why: Why
    replaces: VisitKey | None = None
    """The visit that this one was moved from, and whose lead this is."""


def find_contacts(patients: Sequence[Patient], around: Surroundings, bound: Bound) -> dict[PatientKey, FoundContact]:
    """For every patient the contact that he already is, or none, and why."""
    carriers = by_key(around.contacts.values())
    certain = {patient.key: certain_contact(patient, around, carriers.get(patient.key, ())) for patient in patients}
    found = {key: match for key, match in certain.items() if match}
    taken = {match.contact.id for match in found.values() if match.contact}
    uncertain = [patient for patient in patients if patient.key not in found]
    found.update(by_phone(uncertain, around, bound, taken))
    return found


def by_key(records: Iterable[Record]) -> Mapping[Key, Sequence[Record]]:
    """Who carries which key, the eldest first."""
    carriers: defaultdict[Key, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: (record.created_at, record.id)):
        for key in record.keys:
            carriers[key].append(record)
    return carriers


def certain_contact(patient: Patient, around: Surroundings, carriers: Sequence[Contact]) -> FoundContact | None:
    """By link, then by key."""
    if link := around.patient_links.get(patient.key):
        alive = around.contacts.get(around.merged.get(link.contact, link.contact))
        if alive:
            return FoundContact(alive, Why("link", (Candidate(alive.id, "link"),)))
    if carriers:
        return FoundContact(carriers[0], Why("key", tuple(Candidate(contact.id, "key") for contact in carriers)))
    return None


def by_phone(
    patients: Sequence[Patient], around: Surroundings, bound: Bound, taken: set[int]
) -> Iterator[tuple[PatientKey, FoundContact]]:
    """The best fitting pairs first; each contact goes to one patient of a connection."""
    by_number = contacts_by_number(around.contacts.values(), bound)
    near = {patient.key: candidates(patient, around, bound, by_number) for patient in patients}
    for likeness in sorted(Likeness, reverse=True):
        for key in list(near):
            fits = [contact for contact, found in near[key] if found == likeness and contact.id not in taken]
            if fits:
                chosen = choose_contact(fits, bound.settings.duplicates.several_contacts)
                taken.add(chosen.id)
                yield key, FoundContact(chosen, Why(f"phone:{likeness.name.lower()}", explained(near.pop(key))))
    for key, looked_at in near.items():
        yield key, FoundContact(None, Why("nobody", explained(looked_at)))


def contacts_by_number(contacts: Iterable[Contact], bound: Bound) -> Mapping[str, list[Contact]]:
    """Without the numbers that the clinic knows to be nobody's."""
    junk = {number for phone in bound.settings.duplicates.junk_phones for number in numbers_in(phone)}
    near: defaultdict[str, list[Contact]] = defaultdict(list)
    for contact in contacts:
        for number in {number for phone in contact.phones for number in numbers_in(phone.text)} - junk:
            near[number].append(contact)
    return near


def explained(near: Iterable[tuple[Contact, Likeness]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(contact.id, f"phone:{likeness.name.lower()}") for contact, likeness in near)


def candidates(
    patient: Patient, around: Surroundings, bound: Bound, by_number: Mapping[str, Sequence[Contact]]
) -> list[tuple[Contact, Likeness]]:
    """Contacts with one of the patient's phones that could be this patient."""
    sharing = {contact.id: contact for phone in patient.phones for contact in by_number.get(phone, ())}
    near = [
        (contact, likeness(patient, contact, bound))
        for contact in sharing.values()
        if not belongs_to_another(patient.key, contact, around)
    ]
    return [(contact, like) for contact, like in near if like >= Likeness.NAME or not is_somebodys(contact, around)]


def belongs_to_another(patient: PatientKey, contact: Contact, around: Surroundings) -> bool:
    """Another patient of the same connection has it. Another connection's may be the same person in another branch."""
    owners = {*contact.keys, *around.contact_owners.get(contact.id, ())}
    return any(owner != patient and owner.connection == patient.connection for owner in owners)


def is_somebodys(contact: Contact, around: Surroundings) -> bool:
    """It carries a patient of some connection: only the same name makes it this patient's, too."""
    return bool(contact.keys or around.contact_owners.get(contact.id))


def likeness(patient: Patient, contact: Contact, bound: Bound) -> Likeness:
    ours, theirs = name_words(patient.name), name_words(contact.name)
    if not theirs:
        return Likeness.NAMELESS
    if not (ours <= theirs or theirs <= ours):
        return Likeness.OTHER_NAME
    if len(ours & theirs) < 2:
        return Likeness.PART_OF_NAME
    return Likeness.NAME_AND_BIRTHDAY if has_birthday(patient, contact, bound) else Likeness.NAME


def name_words(name: str) -> frozenset[str]:
    """As names are compared: «Белова Анна» is «анна белова», ё is е; a phone in place of a name has no words."""
    words = name.casefold().replace("ё", "е").replace("-", " ").split()
    return frozenset(word for word in words if word.isalpha())


def has_birthday(patient: Patient, contact: Contact, bound: Bound) -> bool:
    if not patient.birthday:
        return False
    written = patient.birthday.isoformat()
    birthdays = (field.info.id for field in bound.contact_fields if field.name == "patient.birthday")
    return any(contact.fields.get(field) == written for field in birthdays)


def choose_contact(contacts: Sequence[Contact], policy: str) -> Contact:
    match policy:
        case "newest":
            return max(contacts, key=lambda contact: (contact.created_at, contact.id))
        case "active":
            return max(contacts, key=lambda contact: (contact.updated_at, contact.id))
        case _:
            return min(contacts, key=lambda contact: (contact.created_at, contact.id))


def find_leads(visits: Sequence[Visit], around: Surroundings, bound: Bound) -> dict[VisitKey, FoundLead]:
    """For every visit the lead that it already is, or none, and why. A request waits for the earliest visit."""
    carriers = by_key(around.leads.values())
    certain = {visit.key: certain_lead(visit, around, carriers.get(visit.key, ())) for visit in visits}
    found = {key: match for key, match in certain.items() if match}
    taken = {match.lead.id for match in found.values() if match.lead}
    requests = waiting_requests(around, bound)
    for visit in sorted(visits, key=lambda visit: (visit.starts_at, visit.key)):
        if visit.key not in found:
            match = waiting_lead(visit, bound, [lead for lead in requests[visit.patient] if lead.id not in taken])
            taken |= {match.lead.id} if match.lead else set()
            found[visit.key] = match
    return found


def certain_lead(visit: Visit, around: Surroundings, carriers: Sequence[Lead]) -> FoundLead | None:
    """By link, by the link of the visit it was moved from, by key."""
    own = around.visit_links.get(visit.key)
    if own and not own.moved_to and (lead := alive_lead(own.lead, around)):
        return FoundLead(lead, Why("link", (Candidate(lead.id, "link"),)))
    before = around.visit_links.get(visit.moved_from) if visit.moved_from else None
    if before and before.moved_to in (None, visit.key) and (lead := alive_lead(before.lead, around)):
        return FoundLead(lead, Why("moved", (Candidate(lead.id, "moved"),)), replaces=visit.moved_from)
    if carriers:
        return FoundLead(carriers[0], Why("key", tuple(Candidate(lead.id, "key") for lead in carriers)))
    return None


def alive_lead(id_: int, around: Surroundings) -> Lead | None:
    return around.leads.get(around.merged.get(id_, id_))


def waiting_requests(around: Surroundings, bound: Bound) -> defaultdict[PatientKey, list[Lead]]:
    """Leads without a visit, by the patient whose contact they are on."""
    waiting: defaultdict[PatientKey, list[Lead]] = defaultdict(list)
    patients_of: defaultdict[int, list[PatientKey]] = defaultdict(list)
    for patient, link in around.patient_links.items():
        patients_of[around.merged.get(link.contact, link.contact)].append(patient)
    for lead in around.leads.values():
        if lead.keys or lead.id in around.lead_owners or (lead.pipeline, lead.stage) not in bound.waiting:
            continue
        for patient in {patient for contact in lead.contacts for patient in patients_of[contact]}:
            waiting[patient].append(lead)
    return waiting


def waiting_lead(visit: Visit, bound: Bound, requests: Sequence[Lead]) -> FoundLead:
    looked_at = tuple(Candidate(lead.id, "waiting") for lead in requests)
    if not requests or visit.status.is_over:
        return FoundLead(None, Why("nobody", looked_at))
    return FoundLead(choose_lead(requests, bound), Why("waiting", looked_at))


def choose_lead(leads: Sequence[Lead], bound: Bound) -> Lead:
    match bound.settings.duplicates.several_leads:
        case "newest":
            return max(leads, key=lambda lead: (lead.created_at, lead.id))
        case "furthest":
            return max(leads, key=lambda lead: (bound.order.get((lead.pipeline, lead.stage), -1), -lead.created_at))
        case _:
            return min(leads, key=lambda lead: (lead.created_at, lead.id))
