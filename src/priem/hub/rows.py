"""The model's nouns as rows of the store, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from priem.hub.models import MirroredContact, MirroredLead, StepRecord
from priem.hub.models.journal import Entity
from priem.model import (
    Contact,
    ContactDraft,
    FieldValue,
    Lead,
    LeadDraft,
    PatientKey,
    PhoneEntry,
    State,
    Step,
    VisitKey,
    Why,
)

CONTACT_COLUMNS = ("crm_id", "name", "phones", "keys", "fields", "created_at", "updated_at", "responsible")
LEAD_COLUMNS = (
    "crm_id",
    "name",
    "pipeline",
    "stage",
    "price",
    "contacts",
    "keys",
    "fields",
    "created_at",
    "updated_at",
    "responsible",
    "loss_reason",
)


def contact_row(clinic_id: int, contact: Contact) -> MirroredContact:
    return MirroredContact(
        clinic_id=clinic_id,
        crm_id=contact.id,
        name=contact.name,
        phones=[[entry.text, entry.label] for entry in contact.phones],
        keys=[str(key) for key in contact.keys],
        fields=dict(contact.fields),
        created_at=contact.created_at,
        updated_at=contact.updated_at,
        responsible=contact.responsible,
    )


def contact_of(row: tuple[Any, ...]) -> Contact:
    """Of CONTACT_COLUMNS."""
    id_, name, phones, keys, fields, created_at, updated_at, responsible = row
    return Contact(
        id=id_,
        name=name,
        phones=tuple(PhoneEntry(*phone) for phone in phones),
        keys=tuple(key for written in keys if (key := PatientKey.parse(written))),
        fields=field_values(fields),
        created_at=created_at,
        updated_at=updated_at,
        responsible=responsible,
    )


def lead_row(clinic_id: int, lead: Lead) -> MirroredLead:
    return MirroredLead(
        clinic_id=clinic_id,
        crm_id=lead.id,
        name=lead.name,
        pipeline=lead.pipeline,
        stage=lead.stage,
        price=lead.price,
        contacts=list(lead.contacts),
        keys=[str(key) for key in lead.keys],
        fields=dict(lead.fields),
        created_at=lead.created_at,
        updated_at=lead.updated_at,
        responsible=lead.responsible,
        loss_reason=lead.loss_reason,
    )


def lead_of(row: tuple[Any, ...]) -> Lead:
    """Of LEAD_COLUMNS."""
    id_, name, pipeline, stage, price, contacts, keys, fields, created_at, updated_at, responsible, loss_reason = row
    return Lead(
        id=id_,
        name=name,
        pipeline=pipeline,
        stage=stage,
        price=price,
        contacts=tuple(contacts),
        keys=tuple(key for written in keys if (key := VisitKey.parse(written))),
        fields=field_values(fields),
        created_at=created_at,
        updated_at=updated_at,
        responsible=responsible,
        loss_reason=loss_reason,
    )


def field_values(written: Mapping[str, Any]) -> dict[int, FieldValue]:
    return {int(id_): tuple(value) if isinstance(value, list) else value for id_, value in written.items()}


def step_row(clinic_id: int, step: Step, pass_id: UUID, now: datetime) -> StepRecord:
    return StepRecord(
        clinic_id=clinic_id,
        action=step.action.value,
        entity=entity(step.key),
        connection=step.key.connection,
        record=step.key.id,
        target=step.target,
        changes=changed(step.draft),
        why=why_of(step.why, step.replaces),
        state=(State.INTENDED if step.draft else State.DONE).value,
        intended_at=now,
        finished_at=None if step.draft else now,
        pass_id=pass_id,
    )


def entity(key: PatientKey | VisitKey) -> str:
    return (Entity.CONTACT if isinstance(key, PatientKey) else Entity.LEAD).value


def key_of(entity_: str, connection: str, record: str) -> PatientKey | VisitKey:
    return PatientKey(connection, record) if entity_ == Entity.CONTACT else VisitKey(connection, record)


def changed(draft: ContactDraft | LeadDraft | None) -> list[str]:
    """What a draft writes, by name: the values are a patient's, and the journal is kept for long."""
    if draft is None:
        return []
    plain = ("name", "phones", "keys", "pipeline", "stage", "price", "contact", "responsible", "loss_reason")
    names = [name for name in plain if getattr(draft, name, None) is not None]
    return [*names, *(f"field {id_}" for id_ in sorted(draft.fields)), *(["tags"] if draft.tags else [])]


def why_of(why: Why, replaces: VisitKey | None) -> dict[str, Any]:
    written: dict[str, Any] = {"rule": why.rule}
    if why.candidates:
        written["candidates"] = [[candidate.id, candidate.because] for candidate in why.candidates]
    if why.stage_rule:
        written["stage_rule"] = why.stage_rule
    if replaces:
        written["replaces"] = str(replaces)
    return written
