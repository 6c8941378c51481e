"""Which lead is this visit. Pure, and the same for the same surroundings.

A lead belongs to one visit. It is passed on in two ways only: from a visit to the one it was moved into, and from a
request that was waiting to the earliest visit of its patient.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from priem.engine.bindings import Bound
from priem.engine.handed import applications_for
from priem.engine.identity import by_key, contacts_by_number, linked_contact, owners_of
from priem.engine.origins import is_another
from priem.engine.reasons import Reason
from priem.model import Candidate, Contact, Key, Lead, PatientKey, Surroundings, Told, Visit, VisitKey, VisitLink, Why
from priem.phones import numbers_in


@dataclass(frozen=True, slots=True)
class FoundLead:
    lead: Lead | None
    why: Why
    before: VisitLink | None = None
    """What is known of the lead from before: the visit's own link, or that of the visit it was moved from."""
    replaces: VisitKey | None = None
    """The visit that this one was moved from, and whose lead this is."""
    passes_on: bool = False
    """Only until the visit that this one was moved into takes it: nothing is to be written."""


def find_leads(visits: Sequence[Visit], around: Surroundings, bound: Bound) -> dict[VisitKey, FoundLead]:
    """For every visit the lead that it already is, or none, and why. A request waits for the earliest visit.

    A visit that was moved on is missing here, unless it passes a lead on from before it.
    """
    search = LeadSearch(around, bound)
    search.moved_on = {visit.key for visit in visits if search.lives_on(visit)}
    search.moved_on |= {visit.moved_from for visit in visits if visit.moved_from}
    found = {visit.key: match for visit in in_order_of_moves(visits) if (match := search.certain(visit))}
    undecided = [visit for visit in visits if visit.key not in found and visit.key not in search.moved_on]
    found.update(search.applied_for(undecided))
    for visit in sorted(undecided, key=earliest):
        if visit.key not in found:
            found[visit.key] = search.waiting(visit)
    return found


def earliest(visit: Visit) -> tuple[datetime, VisitKey]:
    return visit.starts_at, visit.key


def in_order_of_moves(visits: Sequence[Visit]) -> list[Visit]:
    """A visit after the one it was moved from; else in their order."""
    there = {visit.key: visit for visit in visits}

    def moves_before(visit: Visit) -> int:
        passed = {visit.key}
        while visit.moved_from in there and visit.moved_from not in passed:
            visit = there[visit.moved_from]
            passed.add(visit.key)
        return len(passed)

    return sorted(visits, key=moves_before)


@dataclass(slots=True)
class LeadSearch:
    """Gives leads to visits one after another, and remembers whose each is by then."""

    around: Surroundings
    bound: Bound
    moved_on: set[VisitKey] = field(default_factory=set)
    """Visits that live on in others."""
    links: dict[VisitKey, VisitLink] = field(init=False)
    owners: dict[int, VisitKey] = field(init=False)
    carriers: Mapping[Key, Sequence[Lead]] = field(init=False)
    near: Mapping[PatientKey, Sequence[Lead]] = field(init=False)

    def __post_init__(self) -> None:
        self.links = dict(self.around.visit_links)
        self.owners = dict(self.around.lead_owners)
        self.carriers = by_key(self.around.leads.values())
        self.near = leads_near(self.around, self.bound)

    def lives_on(self, visit: Visit) -> bool:
        link = self.links.get(visit.key)
        return visit.moved_to is not None or bool(link and link.moved_to)

    def certain(self, visit: Visit) -> FoundLead | None:
        """By link, by the link of the visit it was moved from, by key."""
        link = self.links.get(visit.key)
        if visit.key in self.moved_on:
            # Moved, and moved on: it passes on what it has from the visit before it, and is left alone otherwise.
            return None if link else self.moved(visit)
        if link is None:
            return self.moved(visit) or self.carrying(visit)
        gone = FoundLead(None, Why(Reason.GONE), before=link)
        # What a person has linked is no other lead, even when it is gone.
        return self.linked(visit, link) or (None if link.by_person else self.carrying(visit)) or gone

    def linked(self, visit: Visit, link: VisitLink) -> FoundLead | None:
        lead = self.alive(link, visit.key)
        if not link.by_person and is_another(visit, link) and not self.is_on_own(visit, lead):
            another = Candidate(link.lead, Reason.ANOTHER_VISIT)
            return FoundLead(None, Why(Reason.ANOTHER_VISIT, (another,)), before=link)
        said = Reason.PERSON if link.by_person else Reason.LINK
        return FoundLead(lead, Why(said, (Candidate(lead.id, said),)), before=link) if lead else None

    def moved(self, visit: Visit) -> FoundLead | None:
        before = self.links.get(visit.moved_from) if visit.moved_from else None
        if before is None or before.moved_to not in (None, visit.key) or visit.moved_from is None:
            return None
        lead = self.alive(before, visit.moved_from)
        if lead is None:
            return FoundLead(None, Why(Reason.GONE), before=before)
        self.links[visit.moved_from] = replace(before, moved_to=visit.key)
        self.links[visit.key] = replace(before, moved_to=None)
        self.owners[lead.id] = visit.key
        why = Why(Reason.MOVED, (Candidate(lead.id, Reason.MOVED),))
        return FoundLead(lead, why, before, visit.moved_from, passes_on=visit.key in self.moved_on)

    def carrying(self, visit: Visit) -> FoundLead | None:
        """By its own key, or by that of the visit it was moved from: the answer to a creation may have been lost."""
        for key in (visit.key, visit.moved_from):
            found = [lead for lead in self.carriers.get(key, ()) if self.owners.get(lead.id) is None] if key else []
            agreeing = [lead for lead in found if self.agrees(visit, lead)]
            if found and not agreeing:
                return FoundLead(None, Why(Reason.KEY_ALONE, (Candidate(found[0].id, Reason.KEY),)))
            if found:
                chosen = choose_lead(agreeing, self.bound)
                self.owners[chosen.id] = visit.key
                looked_at = tuple(Candidate(lead.id, Reason.KEY) for lead in found)
                return FoundLead(chosen, Why(Reason.KEY, looked_at), before=VisitLink(lead=chosen.id))
        return None

    def agrees(self, visit: Visit, lead: Lead) -> bool:
        """Is the key enough, or the lead's contact the patient's?"""
        return self.bound.settings.duplicates.id_is_enough or self.is_on_own(visit, lead)

    def is_on_own(self, visit: Visit, lead: Lead | None) -> bool:
        """Whether the lead is on the patient's contact."""
        own = linked_contact(visit.patient, self.around)
        return own is not None and lead is not None and own.id in lead.contacts

    def applied_for(self, visits: Sequence[Visit]) -> Iterator[tuple[VisitKey, FoundLead]]:
        """The best fitting pairs of visits and applications first, then the earliest visit. These leads were handed to
        the МИС on purpose, so they may stand anywhere, as long as they are open."""
        free = [each for each in self.around.handed if self.is_free(each.lead)]
        pairs = [
            (how, visit, each.lead)
            for visit in visits
            if not visit.status.is_over and self.around.told.get(visit.key) is not Told.NEW
            for how, each in applications_for(visit, linked_contact(visit.patient, self.around), free)
        ]
        served: set[VisitKey] = set()
        for _, visit, lead in sorted(pairs, key=lambda pair: (-pair[0], *earliest(pair[1]), pair[2])):
            if visit.key not in served and lead not in self.owners:
                served.add(visit.key)
                self.owners[lead] = visit.key
                why = Why(Reason.APPLICATION, (Candidate(lead, Reason.APPLICATION),))
                yield visit.key, FoundLead(self.around.leads[lead], why)

    def is_free(self, lead: int) -> bool:
        there = self.around.leads.get(lead)
        return there is not None and not there.is_closed and not there.keys and lead not in self.owners

    def waiting(self, visit: Visit) -> FoundLead:
        if self.around.told.get(visit.key) is Told.NEW:
            return FoundLead(None, Why(Reason.PERSON_SAID_NEW))
        near = self.near.get(visit.patient, ())
        looked_at = tuple(Candidate(lead.id, self.standing(lead)) for lead in near)
        requests = [lead for lead in near if self.standing(lead) is Reason.WAITING]
        if not requests or visit.status.is_over:
            return FoundLead(None, Why(Reason.NOBODY, looked_at))
        chosen = choose_lead(requests, self.bound)
        self.owners[chosen.id] = visit.key
        return FoundLead(chosen, Why(Reason.WAITING, looked_at))

    def standing(self, lead: Lead) -> Reason:
        if lead.keys or lead.id in self.owners:
            return Reason.CLAIMED
        return Reason.WAITING if (lead.pipeline, lead.stage) in self.bound.waiting else Reason.NOT_WAITING

    def alive(self, link: VisitLink, visit: VisitKey) -> Lead | None:
        """The linked lead, unless it is gone, or was merged into one that is another visit's."""
        lead = self.around.leads.get(self.around.merged_leads.get(link.lead, link.lead))
        return lead if lead and self.owners.get(lead.id, visit) == visit else None


def leads_near(around: Surroundings, bound: Bound) -> Mapping[PatientKey, Sequence[Lead]]:
    """Leads on the patients' own contacts, and on nobody's contacts that share a phone with these."""
    on_contact: defaultdict[int, list[Lead]] = defaultdict(list)
    for lead in around.leads.values():
        for contact in lead.contacts:
            on_contact[contact].append(lead)
    by_number = contacts_by_number(around.contacts.values(), bound) if on_contact else {}
    return {
        patient: list({lead.id: lead for one in household for lead in on_contact.get(one.id, ())}.values())
        for patient in around.patient_links
        if (own := linked_contact(patient, around)) and (household := (own, *nobodys(own, by_number, around)))
    }


def nobodys(own: Contact, by_number: Mapping[str, Sequence[Contact]], around: Surroundings) -> Iterator[Contact]:
    numbers = {number for phone in own.phones for number in numbers_in(phone.text)}
    sharing = {contact.id: contact for number in sorted(numbers) for contact in by_number.get(number, ())}
    return (contact for contact in sharing.values() if contact.id != own.id and not owners_of(contact, around))


def choose_lead(leads: Sequence[Lead], bound: Bound) -> Lead:
    match bound.settings.duplicates.several_leads:
        case "newest":
            return max(leads, key=lambda lead: (lead.created_at, lead.id))
        case "active":
            return max(leads, key=lambda lead: (lead.updated_at, lead.id))
        case "furthest":
            return max(leads, key=lambda lead: (bound.order.get((lead.pipeline, lead.stage), -1), -lead.created_at))
        case _:
            return min(leads, key=lambda lead: (lead.created_at, lead.id))
