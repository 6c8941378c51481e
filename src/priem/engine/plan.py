"""Records and what is known around them → steps, each with its reason. Pure: the same input, the same steps."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from priem.engine.bindings import Bound
from priem.engine.identity import FoundContact, find_contacts, linked_contact
from priem.engine.marks import decided_upon, is_unheard
from priem.engine.names import lead_name, name_to_write
from priem.engine.reasons import Reason
from priem.engine.rules import place, place_new
from priem.engine.succession import FoundLead, find_leads, in_order_of_moves
from priem.engine.wanted import (
    contact_changes,
    lead_changes,
    new_contact,
    new_lead,
    patient_fingerprint,
    visit_fingerprint,
)
from priem.model import Action, Lead, Patient, PatientKey, Step, Surroundings, Visit, VisitKey, VisitStatus, Why


def plan_patients(
    patients: Sequence[Patient], around: Surroundings, bound: Bound, *, last_look: bool = True
) -> Iterator[Step]:
    """What becomes of each patient's contact. Unless it is the last look, doubtful matches are put off."""
    found = find_contacts(patients, around, bound)
    for patient in patients:
        match = found[patient.key]
        yield (
            leave(patient.key, None, Reason.LATER)
            if match.is_doubtful and not last_look
            else contact_step(patient, match, around, bound)
        )


def contact_step(patient: Patient, match: FoundContact, around: Surroundings, bound: Bound) -> Step:
    link = around.patient_links.get(patient.key)
    mark = patient_fingerprint(patient, bound)
    if match.contact is None and link:
        return leave(patient.key, link.contact, Reason.GONE)
    if match.contact is None:
        draft = new_contact(patient, bound)
        return Step(action=Action.CREATE, key=patient.key, draft=draft, why=match.why, fingerprint=mark)
    if link and link.contact == match.contact.id and link.fingerprint == mark:
        return leave(patient.key, match.contact.id, Reason.UNCHANGED)
    return Step(
        action=Action.UPDATE if link else Action.ADOPT,
        key=patient.key,
        target=match.contact.id,
        draft=contact_changes(patient, match.contact, bound),
        why=match.why,
        fingerprint=mark,
    )


def plan_visits(
    visits: Sequence[Visit],
    around: Surroundings,
    bound: Bound,
    *,
    since: datetime | None = None,
    last_look: bool = True,
) -> Iterator[Step]:
    """What becomes of each visit's lead, once the patients' contacts are settled.

    Visits from before `since` get no new lead. Unless it is the last look, requests are not given away yet.
    """
    known = around.visit_links.keys() | {key for lead in around.leads.values() for key in lead.keys}
    history = {visit.key for visit in visits if since and is_history(visit, since, known)}
    found = find_leads([visit for visit in visits if visit.key not in history], around, bound)
    for visit in in_order_of_moves(visits):
        match = found.get(visit.key)
        if match is None:
            yield leave(visit.key, None, Reason.HISTORY if visit.key in history else Reason.MOVED_ON)
        elif match.lead is None:
            yield missing_lead(visit, match, around, bound)
        elif match.why.rule == Reason.WAITING and not last_look:
            yield leave(visit.key, None, Reason.LATER)
        else:
            yield lead_step(visit, match.lead, match, around, bound)


def is_history(visit: Visit, since: datetime, known: Collection[VisitKey]) -> bool:
    """It was over and done with before Priem came, and has no lead through Priem: it is not news."""
    if visit.key in known or visit.moved_from in known:
        return False
    return visit.starts_at < since and (visit.added_at is None or visit.added_at < since)


def lead_step(visit: Visit, lead: Lead, match: FoundLead, around: Surroundings, bound: Bound) -> Step:
    link = around.visit_links.get(visit.key)
    contact = linked_contact(visit.patient, around)
    mark = visit_fingerprint(visit, contact, bound)
    if link and link.lead == lead.id and decided_upon(link.fingerprint) == mark:
        return leave(visit.key, lead.id, Reason.UNCHANGED)
    placement = place(visit, lead, match.before, bound)
    unheard = match.before is not None and is_unheard(match.before.fingerprint)
    name = name_to_write(visit, lead, match, contact, bound)
    return Step(
        action=Action.UPDATE if link or match.replaces else Action.ADOPT,
        key=visit.key,
        target=lead.id,
        draft=None
        if match.passes_on
        else lead_changes(visit, lead, name.written, placement, bound, is_unheard=unheard),
        why=Why(match.why.rule, match.why.candidates, placement.rule),
        fingerprint=visit_fingerprint(visit, contact, bound, name.own),
        replaces=match.replaces,
    )


def missing_lead(visit: Visit, match: FoundLead, around: Surroundings, bound: Bound) -> Step:
    """There is no lead: make one, unless a person deleted it or the clinic wants none."""
    contact = linked_contact(visit.patient, around)
    if match.before:
        return leave(visit.key, match.before.lead, Reason.GONE)
    if not bound.settings.leads.create:
        return leave(visit.key, None, Reason.NO_LEADS_WANTED)
    if visit.status is VisitStatus.DELETED:
        return leave(visit.key, None, Reason.DELETED)
    if contact is None:
        return leave(visit.key, None, Reason.NO_CONTACT)
    placement = place_new(visit, bound)
    name = lead_name(visit, contact.name, bound)
    return Step(
        action=Action.CREATE,
        key=visit.key,
        draft=new_lead(visit, contact, name, placement, bound),
        why=Why(match.why.rule, match.why.candidates, placement.rule),
        fingerprint=visit_fingerprint(visit, contact, bound, name),
    )


def leave(key: PatientKey | VisitKey, target: int | None, why: Reason) -> Step:
    return Step(action=Action.LEAVE, key=key, target=target, why=Why(why))
