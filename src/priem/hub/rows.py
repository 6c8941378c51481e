"""The model's nouns as rows of the store, and back."""

from collections.abc import Mapping
from typing import Any

from priem.engine.wanted import parts_written
from priem.hub.models.journal import Entity
from priem.model import (
    Contact,
    FieldValue,
    Lead,
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
    "source",
)

CONTACT, LEAD = Entity.CONTACT.value, Entity.LEAD.value
"""Looked up once: Python 3.11 takes its time over a member of an enumeration."""
STEP_COLUMNS = ("action", "entity", "connection", "record", "target", "changes", "why", "state")


def contact_row(contact: Contact) -> tuple[Any, ...]:
    """CONTACT_COLUMNS."""
    return (
        contact.id,
        contact.name,
        [[entry.text, entry.label] for entry in contact.phones],
        [str(key) for key in contact.keys],
        dict(contact.fields),
        contact.created_at,
        contact.updated_at,
        contact.responsible,
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


def lead_row(lead: Lead) -> tuple[Any, ...]:
    """LEAD_COLUMNS."""
    return (
        lead.id,
        lead.name,
        lead.pipeline,
        lead.stage,
        lead.price,
        list(lead.contacts),
        [str(key) for key in lead.keys],
        dict(lead.fields),
        lead.created_at,
        lead.updated_at,
        lead.responsible,
        lead.loss_reason,
        lead.source,
    )


def lead_of(row: tuple[Any, ...]) -> Lead:
    """Of LEAD_COLUMNS."""
    id_, name, pipeline, stage, price, contacts, keys, fields, created_at, updated_at, responsible, lost, source = row
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
        loss_reason=lost,
        source=source,
    )


def field_values(written: Mapping[str, Any]) -> dict[int, FieldValue]:
    return {int(id_): tuple(value) if isinstance(value, list) else value for id_, value in written.items()}


def step_row(step: Step) -> tuple[Any, ...]:
    """STEP_COLUMNS, without those that the steps of one decision share."""
    return (
        step.action.value,
        entity(step.key),
        step.key.connection,
        step.key.id,
        step.target,
        parts_written(step.draft),
        why_of(step.why, step.replaces),
        (State.INTENDED if step.draft else State.DONE).value,
    )


def entity(key: PatientKey | VisitKey) -> str:
    return CONTACT if isinstance(key, PatientKey) else LEAD


def key_of(entity_: str, connection: str, record: str) -> PatientKey | VisitKey:
    return PatientKey(connection, record) if entity_ == CONTACT else VisitKey(connection, record)


def why_of(why: Why, replaces: VisitKey | None) -> dict[str, Any]:
    written: dict[str, Any] = {"rule": why.rule}
    if why.candidates:
        written["candidates"] = [[candidate.id, candidate.because] for candidate in why.candidates]
    if why.stage_rule:
        written["stage_rule"] = why.stage_rule
    if replaces:
        written["replaces"] = str(replaces)
    return written
