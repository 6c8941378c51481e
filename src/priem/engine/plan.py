"""Records and what is known around them → steps, each with its reason. Pure: the same input, the same steps."""

from collections.abc import Iterator, Sequence

from priem.engine.bindings import Bound
from priem.engine.identity import FoundContact, FoundLead, find_contacts, find_leads
from priem.engine.rules import place, place_new
from priem.engine.wanted import (
    contact_changes,
    fingerprint,
    follows_template,
    lead_changes,
    lead_name,
    new_contact,
    new_lead,
)
from priem.model import Action, Contact, Lead, Patient, PatientKey, Step, Surroundings, Visit, VisitKey, VisitLink, Why


def plan_patients(patients: Sequence[Patient], around: Surroundings, bound: Bound) -> Iterator[Step]:
    """What becomes of each patient's contact."""
    found = find_contacts(patients, around, bound)
    for patient in patients:
        yield contact_step(patient, found[patient.key], around, bound)


def contact_step(patient: Patient, match: FoundContact, around: Surroundings, bound: Bound) -> Step:
    link = around.patient_links.get(patient.key)
    mark = fingerprint(patient, bound)
    if match.contact is None and link:
        return leave(patient.key, link.contact, "gone")
    if match.contact is None:
        draft = new_contact(patient, bound)
        return Step(action=Action.CREATE, key=patient.key, draft=draft, why=match.why, fingerprint=mark)
    if link and link.contact == match.contact.id and link.fingerprint == mark:
        return leave(patient.key, match.contact.id, "unchanged")
    return Step(
        action=Action.UPDATE if link else Action.ADOPT,
        key=patient.key,
        target=match.contact.id,
        draft=contact_changes(patient, match.contact, bound),
        why=match.why,
        fingerprint=mark,
    )


def plan_visits(visits: Sequence[Visit], around: Surroundings, bound: Bound) -> Iterator[Step]:
    """What becomes of each visit's lead, once the patients' contacts are settled."""
    found = find_leads([visit for visit in visits if not lives_on(visit, around)], around, bound)
    for visit in visits:
        match = found.get(visit.key)
        if match is None:
            yield leave(visit.key, None, "moved")
        elif match.lead is None:
            yield missing_lead(visit, match, around, bound)
        else:
            yield lead_step(visit, match.lead, match, around, bound)


def lives_on(visit: Visit, around: Surroundings) -> bool:
    """Moved as a new row: the lead is the new row's."""
    link = around.visit_links.get(visit.key)
    return visit.moved_to is not None or bool(link and link.moved_to)


def lead_step(visit: Visit, lead: Lead, match: FoundLead, around: Surroundings, bound: Bound) -> Step:
    link = around.visit_links.get(visit.key)
    mark = fingerprint(visit, bound)
    if link and link.lead == lead.id and link.fingerprint == mark:
        return leave(visit.key, lead.id, "unchanged")
    before = link or (around.visit_links.get(match.replaces) if match.replaces else None)
    placement = place(visit, lead, before, bound)
    name = new_name(visit, lead, before, around, bound)
    return Step(
        action=Action.UPDATE if before else Action.ADOPT,
        key=visit.key,
        target=lead.id,
        draft=lead_changes(visit, lead, name, placement, bound),
        why=Why(match.why.rule, match.why.candidates, placement.rule),
        fingerprint=mark,
        replaces=match.replaces,
    )


def missing_lead(visit: Visit, match: FoundLead, around: Surroundings, bound: Bound) -> Step:
    """There is no lead: make one, unless a person deleted it or the clinic wants none."""
    contact = contact_of(visit.patient, around)
    if link := around.visit_links.get(visit.key):
        return leave(visit.key, link.lead, "gone")
    if not bound.settings.leads.create:
        return leave(visit.key, None, "no_leads_wanted")
    if contact is None:
        return leave(visit.key, None, "no_contact")
    placement = place_new(visit, bound)
    return Step(
        action=Action.CREATE,
        key=visit.key,
        draft=new_lead(visit, contact, placement, bound),
        why=Why(match.why.rule, match.why.candidates, placement.rule),
        fingerprint=fingerprint(visit, bound),
    )


def contact_of(patient: PatientKey, around: Surroundings) -> Contact | None:
    link = around.patient_links.get(patient)
    return around.contacts.get(around.merged.get(link.contact, link.contact)) if link else None


def new_name(visit: Visit, lead: Lead, link: VisitLink | None, around: Surroundings, bound: Bound) -> str | None:
    """The name to write, or None: a name that people gave stays, and a found lead keeps its own unless told not to."""
    contact = contact_of(visit.patient, around)
    if contact is None or (link is None and not bound.settings.duplicates.rename_found_leads):
        return None
    if link is not None and not follows_template(lead.name, contact.name, bound):
        return None
    return lead_name(visit, contact.name, bound)


def leave(key: PatientKey | VisitKey, target: int | None, why: str) -> Step:
    return Step(action=Action.LEAVE, key=key, target=target, why=Why(why))
