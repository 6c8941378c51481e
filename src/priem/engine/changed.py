"""Contacts and leads as they are once a step is done. Pure."""

from dataclasses import replace

from priem.model import LOST, Contact, ContactDraft, Lead, LeadDraft, Outcome, State, Step, Surroundings


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
