"""Steps → outcomes. The intent is written down before anything is sent, the outcome after, whatever it is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from priem.engine.vanished import look_after, not_an_error
from priem.errors import OutcomeUnknown, TryLater
from priem.model import (
    LOST,
    Action,
    Contact,
    ContactDraft,
    Lead,
    LeadDraft,
    Outcome,
    State,
    Step,
    Surroundings,
)
from priem.ports import Crm, Store
from priem.texts import text

Carried = Sequence[tuple[Step, Outcome]]


def carry_out(steps: Sequence[Step], around: Surroundings, crm: Crm, store: Store) -> Iterator[Carried]:
    """Gives what became of the steps as it becomes known; everything it gives is stored already.

    Raises OutcomeUnknown or TryLater at the end if some steps are not settled: the page has to be read again. Raises
    DecideAnew if all that is not settled has vanished from amoCRM.
    """
    if not steps:
        return
    store.intend([step for step in steps if step.action in (Action.CREATE, Action.ADOPT, Action.UPDATE)])
    yield [(step, settled_already(step)) for step in steps if step.draft is None]
    unsettled: set[State] = set()
    vanished: list[Step] = []
    for told in send([step for step in steps if step.draft], crm):
        outcomes = [(step, not_an_error(outcome)) for step, outcome in told]
        store.record([(step, outcome, after(step, outcome, around)) for step, outcome in outcomes])
        unsettled |= {outcome.state for _, outcome in told} & {State.UNKNOWN, State.POSTPONED}
        vanished += [step for step, outcome in told if outcome.gone]
        yield outcomes
    if State.UNKNOWN in unsettled:
        raise OutcomeUnknown(text("amoCRM did not say whether it has written everything."))
    if unsettled:
        raise TryLater(text("amoCRM did not take everything now."))
    look_after(vanished, around, crm, store)


def settled_already(step: Step) -> Outcome:
    return Outcome(ref=str(step.key), state=State.DONE, id=step.target)


def send(steps: Sequence[Step], crm: Crm) -> Iterator[Carried]:
    """All steps of one call are for contacts, or all for leads."""
    by_ref = {step.draft.ref: step for step in steps if step.draft}
    contacts = [step.draft for step in steps if isinstance(step.draft, ContactDraft)]
    leads = [step.draft for step in steps if isinstance(step.draft, LeadDraft)]
    for outcomes in chain(crm.write_contacts(contacts) if contacts else (), crm.write_leads(leads) if leads else ()):
        yield [(by_ref[outcome.ref], outcome) for outcome in outcomes]


def after(step: Step, outcome: Outcome, around: Surroundings) -> Contact | Lead | None:
    """The contact or lead as it is now that the step is done."""
    if outcome.state is not State.DONE or outcome.id is None:
        return None
    match step.draft:
        case ContactDraft() as draft:
            known = around.contacts.get(outcome.id, Contact(id=outcome.id, name=""))
            return changed_contact(known, draft)
        case LeadDraft() as draft:
            return changed_lead(around.leads.get(outcome.id, Lead(id=outcome.id, name="", pipeline=0, stage=0)), draft)
        case None:
            return None


def changed_contact(contact: Contact, draft: ContactDraft) -> Contact:
    return replace(
        contact,
        name=contact.name if draft.name is None else draft.name,
        phones=contact.phones if draft.phones is None else draft.phones,
        keys=contact.keys if draft.keys is None else draft.keys,
        fields={**contact.fields, **draft.fields},
        responsible=draft.responsible or contact.responsible,
    )


def changed_lead(lead: Lead, draft: LeadDraft) -> Lead:
    stage = draft.stage or lead.stage
    return replace(
        lead,
        name=lead.name if draft.name is None else draft.name,
        pipeline=draft.pipeline or lead.pipeline,
        stage=stage,
        price=lead.price if draft.price is None else draft.price,
        contacts=lead.contacts if draft.contact is None else tuple(dict.fromkeys((*lead.contacts, draft.contact))),
        keys=lead.keys if draft.keys is None else draft.keys,
        fields={**lead.fields, **draft.fields},
        responsible=draft.responsible or lead.responsible,
        loss_reason=(draft.loss_reason or lead.loss_reason) if stage == LOST else None,
    )
