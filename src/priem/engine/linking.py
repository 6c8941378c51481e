"""How links change once steps are done. Pure, and the same for every store."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from priem.engine.marks import decided_upon, forgotten
from priem.engine.reasons import Reason
from priem.model import Action, LeadDraft, PatientKey, PatientLink, Step, Surroundings, VisitKey, VisitLink


def links_after(done: Iterable[tuple[Step, int]], known: Mapping[VisitKey, VisitLink]) -> dict[VisitKey, VisitLink]:
    """The links that these steps make or change, in their order: a lead may be passed on more than once.

    Each step comes with its lead; `known` holds the links of all visits that the steps name.
    """
    links: dict[VisitKey, VisitLink] = {}
    for step, lead in done:
        if not isinstance(step.key, VisitKey):
            continue
        before = links.get(step.key) or known.get(step.key)
        taken = (links.get(step.replaces) or known.get(step.replaces)) if step.replaces else None
        if taken and step.replaces:
            links[step.replaces] = replace(taken, moved_to=step.key)
        links[step.key] = link_after(step, lead, taken or before)
    return links


def link_after(step: Step, lead: int, before: VisitLink | None) -> VisitLink:
    """The visit's link once the step is done. Where Priem put the lead last is known until it puts it elsewhere."""
    same = before if before and before.lead == lead else VisitLink(lead=lead)
    moved_to = None if step.replaces else same.moved_to
    link = replace(same, fingerprint=step.fingerprint, moved_to=moved_to, status=step.status or same.status)
    if isinstance(step.draft, LeadDraft) and step.draft.stage is not None:
        link = replace(link, pipeline=step.draft.pipeline or link.pipeline, stage=step.draft.stage)
    return link


def links_to(step: Step) -> bool:
    """A step that takes the record's key out of a contact or lead parts them."""
    keys = step.draft.keys if step.draft else None
    return keys is None or step.key in keys


def decided_on_nothing(around: Surroundings) -> Surroundings:
    """As if nothing had been decided on these records yet; where Priem put a lead, and whose its name is, stays.

    A contact that several patients share says what the last of them to change said: compared anew, each of them would
    write over what the other wrote, every night.
    """
    patients = {
        key: link if is_shared(key, link, around) else replace(link, fingerprint=forgotten(link.fingerprint))
        for key, link in around.patient_links.items()
    }
    visits = {key: replace(link, fingerprint=forgotten(link.fingerprint)) for key, link in around.visit_links.items()}
    return replace(around, patient_links=patients, visit_links=visits)


def with_put_back(steps: Iterable[Step], around: Surroundings) -> Iterator[Step]:
    """Of steps that were decided on nothing: those whose record and settings are as they were say that they undo what
    somebody did in the CRM."""
    for step in steps:
        link = around.patient_links.get(step.key) if isinstance(step.key, PatientKey) else None
        known = link or (around.visit_links.get(step.key) if isinstance(step.key, VisitKey) else None)
        is_same = known is not None and decided_upon(known.fingerprint) == decided_upon(step.fingerprint)
        undoes = is_same and step.draft is not None and step.action is Action.UPDATE
        yield replace(step, why=replace(step.why, rule=Reason.PUT_BACK)) if undoes else step


def is_shared(key: PatientKey, link: PatientLink, around: Surroundings) -> bool:
    contact = around.contacts.get(around.merged_contacts.get(link.contact, link.contact))
    return contact is not None and key in contact.keys and len(contact.keys) > 1


def bound_link(before: VisitLink | None, lead: int) -> VisitLink:
    """The link that a person makes."""
    same = before if before and before.lead == lead else VisitLink(lead=lead)
    return replace(same, fingerprint=forgotten(same.fingerprint), moved_to=None, by_person=True)


def heirs(
    swallowed: Mapping[int, int], owners: Mapping[int, VisitKey], carried: Mapping[int, Collection[VisitKey]]
) -> dict[int, VisitKey]:
    """Whose the leads are that swallowed others: of several visits it is that one's whose key the lead carries.

    Were it another's, the visit whose key it carries would get a second lead. `swallowed` says what by whom, `owners`
    whose the swallowed ones were, `carried` which keys the living ones have.
    """
    found: dict[int, VisitKey] = {}
    for lead, living in sorted(swallowed.items()):
        if lead in owners and found.get(living) not in carried.get(living, ()):
            found[living] = owners[lead]
    return found


def claims(links: Mapping[VisitKey, VisitLink], owners: Mapping[int, VisitKey]) -> dict[int, VisitKey]:
    """Whose the leads of these new links are, given whose they were.

    Raises ValueError for two visits on one lead: that is a bug of whoever decided so.
    """
    claimed: dict[int, VisitKey] = {}
    for key, link in links.items():
        if link.moved_to is None:
            before = owners.get(link.lead)
            others = {claimed.get(link.lead), None if before in links else before} - {None, key}
            if others:
                raise ValueError(f"lead {link.lead} is taken already: {key} cannot have it too")
            claimed[link.lead] = key
    return claimed
