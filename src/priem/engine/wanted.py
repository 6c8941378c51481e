"""What a contact and a lead should say, and what of it is to be written to one that exists. Pure.

What the clinic does not know never wipes what the CRM knows, and phones are added, never removed.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from priem.engine.bindings import Bound, BoundField
from priem.engine.marks import joined, mark
from priem.engine.names import contact_name
from priem.engine.rules import Placement
from priem.engine.settings import Policy
from priem.engine.values import express
from priem.model import (
    Contact,
    ContactDraft,
    FieldValue,
    Lead,
    LeadDraft,
    Patient,
    PatientKey,
    PhoneEntry,
    Visit,
    VisitKey,
)
from priem.phones import numbers_in

LABEL = "MOB"
"""The label of a phone that Priem adds: docs/reference/amocrm.md §3.9."""
MERGED_KIND = "multitext"
"""E-mail addresses: a contact has several, and each new list of them replaces the old one in amoCRM."""


def ref_of(key: PatientKey | VisitKey) -> str:
    """Names a record's draft: a МИС counts patients and visits from one, and both may be on their way at once."""
    return f"{'patient' if isinstance(key, PatientKey) else 'visit'} {key}"


def patient_fingerprint(patient: Patient, bound: Bound) -> str:
    """The same again means that nothing is to be decided anew."""
    return joined(mark(bound.version, patient, length=16), patient.birthday.isoformat() if patient.birthday else "")


def visit_fingerprint(visit: Visit, contact: Contact | None, bound: Bound, own_name: str = "") -> str:
    """Likewise; the contact's name may stand in the lead's. `own_name` is the lead's name, if Priem gave it."""
    return joined(mark(bound.version, visit, contact.name if contact else "", length=16), own_name)


def new_contact(patient: Patient, bound: Bound) -> ContactDraft:
    settings = bound.settings.contacts
    return ContactDraft(
        ref=ref_of(patient.key),
        name=contact_name(patient),
        phones=tuple(PhoneEntry(phone, LABEL) for phone in patient.phones),
        keys=(patient.key,),
        fields=values(patient, bound.contact_fields),
        responsible=bound.contact_responsible,
        tags=settings.tags,
    )


def contact_changes(patient: Patient, contact: Contact, bound: Bound) -> ContactDraft | None:
    """What differs and is Priem's to write; None when nothing does."""
    name = contact_name(patient)
    phones = merged_phones(patient.phones, contact.phones)
    draft = ContactDraft(
        ref=ref_of(patient.key),
        id=contact.id,
        name=name if patient.name and may_write(name, contact.name, bound.settings.contacts.name) else None,
        phones=phones if phones != contact.phones else None,
        keys=None if patient.key in contact.keys else (*contact.keys, patient.key),
        fields=differing(values(patient, bound.contact_fields), contact.fields, bound.contact_fields),
    )
    return None if says_nothing(draft) else draft


def without_key(key: PatientKey, contact: Contact) -> ContactDraft:
    """Parts them: `linking.links_to`."""
    return ContactDraft(ref=ref_of(key), id=contact.id, keys=tuple(other for other in contact.keys if other != key))


def new_lead(visit: Visit, contact: Contact, name: str, placement: Placement, bound: Bound) -> LeadDraft:
    pipeline, stage = placement.stage or bound.first_stage
    return LeadDraft(
        ref=ref_of(visit.key),
        name=name,
        pipeline=pipeline,
        stage=stage,
        price=price(visit, bound),
        contact=contact.id,
        keys=(visit.key,),
        fields=values(visit, bound.lead_fields),
        responsible=bound.lead_responsible,
        loss_reason=placement.loss_reason,
        tags=bound.settings.leads.tags,
    )


def lead_changes(
    visit: Visit,
    lead: Lead,
    name: str | None,
    placement: Placement,
    bound: Bound,
    *,
    contact: int | None = None,
    is_unheard: bool = False,
) -> LeadDraft | None:
    """What differs and is Priem's to write; None when nothing does. `name` is None when the lead keeps its own.

    `contact` is the patient's, when the lead is found on another's: both shall have it.

    The stage of a lead that is unheard of is written again, so that the link knows who put it there.
    """
    wanted_price = price(visit, bound)
    stage = placement.stage if is_unheard or placement.stage != (lead.pipeline, lead.stage) else None
    draft = LeadDraft(
        ref=ref_of(visit.key),
        id=lead.id,
        name=name,
        pipeline=stage[0] if stage else None,
        stage=stage[1] if stage else None,
        price=wanted_price if wanted_price != lead.price else None,
        keys=None if lead.keys == (visit.key,) else (visit.key,),
        fields=differing(values(visit, bound.lead_fields), lead.fields, bound.lead_fields),
        loss_reason=placement.loss_reason if stage else None,
        contact=contact,
        is_unsorted=(lead.pipeline, lead.stage) in bound.unsorted - bound.guarded,
    )
    return None if says_nothing(draft) else draft


def shares_with_people(draft: ContactDraft | LeadDraft, bound: Bound) -> bool:
    """Does it write what people write, too? Then what they wrote since the last reading would be lost."""
    kept = {
        field.info.id
        for field in (*bound.contact_fields, *bound.lead_fields)
        if field.policy != "overwrite" or field.info.kind == MERGED_KIND
    }
    if draft.fields.keys() & kept:
        return True
    if isinstance(draft, LeadDraft):
        return draft.name is not None or draft.stage is not None
    return draft.phones is not None or (draft.name is not None and bound.settings.contacts.name != "overwrite")


def parts_written(draft: ContactDraft | LeadDraft | None) -> list[str]:
    """What a draft writes, by name: the values are a patient's, and journals are kept for long."""
    if draft is None:
        return []
    plain = ("name", "phones", "keys", "pipeline", "stage", "price", "contact", "responsible", "loss_reason")
    names = [name for name in plain if getattr(draft, name, None) is not None]
    return [*names, *(f"field {id_}" for id_ in sorted(draft.fields)), *(["tags"] if draft.tags else [])]


def says_nothing(draft: ContactDraft | LeadDraft) -> bool:
    about = ("name", "keys", "phones", "pipeline", "price", "responsible", "contact")
    return not draft.fields and all(getattr(draft, part, None) is None for part in about)


def price(visit: Visit, bound: Bound) -> int | None:
    """amoCRM's price is whole roubles: docs/reference/amocrm.md §3.2."""
    if visit.total is None or not bound.settings.leads.total_is_price:
        return None
    return int(visit.total.quantize(Decimal(1), ROUND_HALF_UP))


def values(record: Patient | Visit, fields: Iterable[BoundField]) -> dict[int, FieldValue]:
    said = ((field.info.id, express(field.value.read(record), field.info.kind)) for field in fields)
    return {field: value for field, value in said if value}


def differing(
    wanted: Mapping[int, FieldValue], there: Mapping[int, FieldValue], fields: Iterable[BoundField]
) -> dict[int, FieldValue]:
    """The wanted values that the policies let through."""
    policies = {field.info.id: field.policy for field in fields}
    merging = {field.info.id for field in fields if field.info.kind == MERGED_KIND}
    said = {
        field: with_theirs(value, there.get(field, "")) if field in merging else value
        for field, value in wanted.items()
    }
    return {field: value for field, value in said.items() if may_write(value, there.get(field, ""), policies[field])}


def with_theirs(ours: FieldValue, theirs: FieldValue) -> FieldValue:
    """E-mail addresses of both: like phones they are only added, whoever wrote the others."""
    known = set(theirs) if isinstance(theirs, tuple) else {theirs} - {""}
    spelt = {one.casefold() for one in known}
    new = {one for one in (ours if isinstance(ours, tuple) else (ours,)) if one.casefold() not in spelt}
    return tuple(sorted(known | new)) if new else theirs


def may_write(wanted: FieldValue, there: FieldValue, policy: Policy) -> bool:
    return wanted != there and (policy == "overwrite" or (policy == "fill" and not there))


def merged_phones(ours: Iterable[str], theirs: tuple[PhoneEntry, ...]) -> tuple[PhoneEntry, ...]:
    """Theirs as they are, and those of ours that are not among them in any spelling; junk counts as written."""
    known = {number for phone in theirs for number in (phone.text, *numbers_in(phone.text))}
    return theirs + tuple(PhoneEntry(phone, LABEL) for phone in dict.fromkeys(ours) if phone not in known)
