"""Records and what is known around them → steps, each with its reason. Pure: the same input, the same steps."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from priem.engine.bindings import Bound
from priem.engine.changed import changed_contact
from priem.engine.identity import FoundContact, find_contacts, linked_contact
from priem.engine.marks import decided_upon, is_unheard
from priem.engine.names import lead_name, name_to_write
from priem.engine.origins import with_origin
from priem.engine.reasons import Reason
from priem.engine.rules import place, place_new
from priem.engine.succession import FoundLead, find_leads, in_order_of_moves
from priem.engine.taking import in_branches
from priem.engine.wanted import (
    contact_changes,
    lead_changes,
    new_contact,
    new_lead,
    patient_fingerprint,
    visit_fingerprint,
    without_key,
)
from priem.model import (
    Action,
    Contact,
    ContactDraft,
    Key,
    Lead,
    Patient,
    PatientKey,
    PatientLink,
    Step,
    Surroundings,
    Told,
    Visit,
    VisitKey,
    VisitStatus,
    Why,
)


def plan_patients(
    patients: Sequence[Patient],
    around: Surroundings,
    bound: Bound,
    *,
    left_out: Collection[Key] = (),
    last_look: bool = True,
) -> Iterator[Step]:
    """What becomes of each patient's contact. Unless it is the last look, doubtful matches are put off."""
    apart = {patient.key for patient in patients if is_apart(patient.key, around)}
    found = find_contacts([one for one in patients if one.key not in apart and one.key not in left_out], around, bound)
    contacts: dict[int, Contact] = {}
    for patient in patients:
        match = found.get(patient.key)
        if match is None:
            yield leave(patient.key, None, Reason.APART if patient.key in apart else Reason.NOT_TAKEN)
        elif match.is_doubtful and not last_look:
            yield leave(patient.key, None, Reason.LATER)
        else:
            step = contact_step(patient, as_changed_by_others(match, contacts), around, bound)
            if isinstance(step.draft, ContactDraft) and step.target in contacts:
                contacts[step.target] = changed_contact(contacts[step.target], step.draft)
            yield step


def as_changed_by_others(match: FoundContact, contacts: dict[int, Contact]) -> FoundContact:
    """Patients who share a contact write whole lists of phones and keys: each has to hold what those before it add."""
    if match.contact is None:
        return match
    return replace(match, contact=contacts.setdefault(match.contact.id, match.contact))


def is_apart(key: PatientKey | VisitKey, around: Surroundings) -> bool:
    return around.told.get(key) is Told.APART


def contact_step(patient: Patient, match: FoundContact, around: Surroundings, bound: Bound) -> Step:
    link = around.patient_links.get(patient.key)
    mark = patient_fingerprint(patient, bound)
    if match.contact is None:
        return missing_contact(patient, match, link, bound)
    if match.is_let_go:
        draft = without_key(patient.key, match.contact)
        return Step(action=Action.UPDATE, key=patient.key, target=match.contact.id, draft=draft, why=match.why)
    is_asked = patient.key in around.asked
    if link and link.contact == match.contact.id and link.fingerprint == mark and not is_asked:
        return leave(patient.key, match.contact.id, Reason.UNCHANGED)
    return Step(
        action=Action.UPDATE if link else Action.ADOPT,
        key=patient.key,
        target=match.contact.id,
        draft=contact_changes(patient, match.contact, bound),
        why=match.why,
        fingerprint=mark,
    )


def missing_contact(patient: Patient, match: FoundContact, link: PatientLink | None, bound: Bound) -> Step:
    """There is none that is surely the patient's: make one, unless a person deleted it or has to say which it is."""
    mark = patient_fingerprint(patient, bound)
    if match.is_question:
        return Step(action=Action.ASK, key=patient.key, why=match.why, fingerprint=mark)
    if match.why.rule == Reason.KEY_ALONE:
        return Step(action=Action.LEAVE, key=patient.key, why=match.why)
    if link and not bound.settings.contacts.make_again:
        return leave(patient.key, link.contact, Reason.GONE)
    return Step(
        action=Action.CREATE, key=patient.key, draft=new_contact(patient, bound), why=match.why, fingerprint=mark
    )


def plan_visits(
    visits: Sequence[Visit],
    around: Surroundings,
    bound: Bound,
    *,
    since: datetime | None = None,
    left_out: Collection[Key] = (),
    last_look: bool = True,
) -> Iterator[Step]:
    """What becomes of each visit's lead, once the patients' contacts are settled.

    Visits from before `since` and of patients who are left out get no new lead. Unless it is the last look, requests
    are not given away yet.
    """
    known = around.visit_links.keys() | {key for lead in around.leads.values() for key in lead.keys}
    history = {visit.key for visit in visits if since and is_history(visit, since, known)}
    apart = {visit.key for visit in visits if is_apart(visit.key, around)}
    found = find_leads([visit for visit in visits if visit.key not in history | apart], around, bound)
    for visit in in_order_of_moves(visits):
        match = found.get(visit.key)
        if visit.key in apart:
            yield leave(visit.key, None, Reason.APART)
        elif not last_look and visit.key not in history and may_still_inherit(visit, match, around):
            yield leave(visit.key, None, Reason.LATER)
        elif match is None:
            yield leave(visit.key, None, Reason.HISTORY if visit.key in history else Reason.MOVED_ON)
        elif match.lead is None:
            yield missing_lead(visit, match, around, bound, is_taken=visit.patient not in left_out)
        elif match.why.rule in (Reason.APPLICATION, Reason.WAITING) and not last_look:
            yield leave(visit.key, None, Reason.LATER)
        else:
            yield lead_step(visit, match.lead, match, around, bound)


def may_still_inherit(visit: Visit, match: FoundLead | None, around: Surroundings) -> bool:
    """Whether the visit that it was moved from is not known yet: it may come behind it, moved itself, with a lead."""
    has_lead = visit.key in around.visit_links or (match is not None and match.lead is not None)
    return visit.moved_from is not None and visit.moved_from not in around.visit_links and not has_lead


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
    if (lead.pipeline, lead.stage) in bound.untouched:
        # Where an answer was lost the link is only supposed: then it has to be made.
        return untouched(visit, lead, match, is_linked=around.lead_owners.get(lead.id) == visit.key)
    placement = place(visit, lead, match.before, bound)
    unheard = match.before is not None and is_unheard(match.before.fingerprint)
    name = name_to_write(visit, lead, match, contact, bound)
    return Step(
        action=Action.UPDATE if link or match.replaces else Action.ADOPT,
        key=visit.key,
        target=lead.id,
        draft=None
        if match.passes_on
        else lead_changes(
            visit,
            lead,
            name.written,
            placement,
            bound,
            contact=contact_to_link(lead, contact),
            is_unheard=unheard,
        ),
        why=Why(match.why.rule, match.why.candidates, placement.rule),
        fingerprint=with_origin(visit_fingerprint(visit, contact, bound, name.own), visit, match.before),
        replaces=match.replaces,
        status=visit.raw_status,
        branch=visit.branch,
    )


def contact_to_link(lead: Lead, contact: Contact | None) -> int | None:
    """The patient's, when the lead is not on it: a request of another contact, or cards that the clinic has merged."""
    return contact.id if contact and contact.id not in lead.contacts else None


def untouched(visit: Visit, lead: Lead, match: FoundLead, *, is_linked: bool) -> Step:
    """The lead is the visit's; what it says stays as it is until somebody takes it out of that stage."""
    if is_linked and not match.replaces:
        return leave(visit.key, lead.id, Reason.UNTOUCHED)
    return Step(
        action=Action.UPDATE if match.replaces else Action.ADOPT,
        key=visit.key,
        target=lead.id,
        why=Why(match.why.rule, match.why.candidates, Reason.UNTOUCHED),
        replaces=match.replaces,
        status=visit.raw_status,
        branch=visit.branch,
    )


def missing_lead(visit: Visit, match: FoundLead, around: Surroundings, bound: Bound, *, is_taken: bool) -> Step:
    """There is no lead: make one, unless a person deleted it or the clinic wants none."""
    contact = linked_contact(visit.patient, around)
    if match.why.rule in (Reason.KEY_ALONE, Reason.ANOTHER_VISIT):
        return Step(action=Action.LEAVE, key=visit.key, why=match.why)
    if reason := why_none(visit, match, bound, is_taken=is_taken):
        return leave(visit.key, match.before.lead if match.before else None, reason)
    if contact is None:
        waits = visit.patient in around.asked
        return leave(visit.key, None, Reason.WAITS_FOR_ANSWER if waits else Reason.NO_CONTACT)
    placement = place_new(visit, bound)
    name = lead_name(visit, contact.name, bound)
    return Step(
        action=Action.CREATE,
        key=visit.key,
        draft=new_lead(visit, contact, name, placement, bound),
        why=Why(match.why.rule, match.why.candidates, placement.rule),
        fingerprint=with_origin(visit_fingerprint(visit, contact, bound, name), visit, match.before),
        status=visit.raw_status,
        branch=visit.branch,
    )


def why_none(visit: Visit, match: FoundLead, bound: Bound, *, is_taken: bool) -> Reason | None:
    """Why a visit without a lead stays so, as far as the clinic's wishes go."""
    if match.before and not (bound.settings.leads.make_again and not visit.status.is_over):
        return Reason.GONE
    if not bound.settings.leads.create:
        return Reason.NO_LEADS_WANTED
    if visit.status is VisitStatus.DELETED:
        return Reason.DELETED
    return None if is_taken and in_branches(visit, bound) else Reason.NOT_TAKEN


def leave(key: PatientKey | VisitKey, target: int | None, why: Reason) -> Step:
    return Step(action=Action.LEAVE, key=key, target=target, why=Why(why))


def counts_as(step: Step) -> Action:
    """What people are told of it: whatever was looked at anew and needs nothing written was left as it is."""
    return Action.LEAVE if step.action is Action.UPDATE and step.draft is None else step.action
