"""Links that a person makes and undoes. The key goes along, or the machine would find the old one by it again."""

from collections.abc import Iterator

from priem.engine.changed import after
from priem.engine.reasons import Reason
from priem.engine.sync import Clinic
from priem.engine.wanted import ref_of, without_key
from priem.errors import AskOperator, TryLater
from priem.model import (
    Action,
    ContactDraft,
    LeadDraft,
    Patient,
    PatientKey,
    State,
    Step,
    Surroundings,
    Told,
    VisitKey,
    Why,
)
from priem.texts import text

AnyKey = PatientKey | VisitKey


def bind(key: AnyKey, target: int, clinic: Clinic) -> None:
    """From now on the record is this contact or lead. The next pass writes there what belongs there.

    Called inside `store.exclusively()`. Raises AskOperator when there is no such contact or lead, or it is another's.
    """
    look_at(key, target, clinic)
    try:
        clinic.store.bind(key, target)
    except ValueError as error:
        raise AskOperator(
            text("Lead {id} belongs to another visit.", id=target), text("Unlink that visit first: priem unlink visit.")
        ) from error
    release(key, clinic, keeping=target)


def undo(key: AnyKey, clinic: Clinic, told: Told = Told.APART) -> None:
    """The record is nobody, and left alone until a person links it; or the next pass makes what is its own, if it was
    told to be NEW. Called inside `store.exclusively()`."""
    release(key, clinic)
    clinic.store.tell(key, told)


def look_at(key: AnyKey, target: int, clinic: Clinic) -> None:
    if isinstance(key, PatientKey):
        contacts = clinic.crm.some_contacts([target], clinic.bound.contact_field_ids)
        clinic.store.mirror(contacts)
        if not contacts:
            raise AskOperator(text("amoCRM has no contact {id}.", id=target), text("Check its number."))
        return
    leads = clinic.crm.some_leads([target], clinic.bound.lead_field_ids)
    clinic.store.mirror(leads=leads)
    if not leads:
        raise AskOperator(text("amoCRM has no lead {id}.", id=target), text("Check its number."))


def release(key: AnyKey, clinic: Clinic, keeping: int | None = None) -> None:
    """Takes the record's key out of every contact or lead that carries it, but one."""
    around = surroundings(key, clinic)
    steps = [step for step in releases(key, around) if step.target != keeping]
    clinic.store.intend(steps)
    for step in steps:
        match step.draft:
            case ContactDraft() as draft:
                pieces = clinic.crm.write_contacts([draft])
            case LeadDraft() as of_lead:
                pieces = clinic.crm.write_leads([of_lead])
            case None:
                continue
        outcomes = [outcome for piece in pieces for outcome in piece]
        clinic.store.record([(step, outcome, after(step, outcome, around)) for outcome in outcomes])
        if any(outcome.state is not State.DONE and not outcome.gone for outcome in outcomes):
            raise TryLater(text("amoCRM did not take the key out of {id}; the link stays as it is.", id=step.target))


def surroundings(key: AnyKey, clinic: Clinic) -> Surroundings:
    if isinstance(key, PatientKey):
        return clinic.store.around_patients([Patient(key=key, name="")])
    return clinic.store.around_visits({key: None}, ())


def releases(key: AnyKey, around: Surroundings) -> Iterator[Step]:
    why = Why(Reason.PERSON)
    if isinstance(key, PatientKey):
        for contact in around.contacts.values():
            if key in contact.keys:
                draft = without_key(key, contact)
                yield Step(action=Action.UPDATE, key=key, target=contact.id, draft=draft, why=why)
        return
    for lead in around.leads.values():
        if key in lead.keys and around.lead_owners.get(lead.id, key) == key:
            left = tuple(other for other in lead.keys if other != key)
            of_lead = LeadDraft(ref=ref_of(key), id=lead.id, keys=left)
            yield Step(action=Action.UPDATE, key=key, target=lead.id, draft=of_lead, why=why)
