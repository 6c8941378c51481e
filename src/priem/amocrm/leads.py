"""Leads: JSON ↔ the model. docs/reference/amocrm.md §3.2"""

from collections.abc import Collection, Mapping
from datetime import tzinfo
from typing import Any

from priem.amocrm.contacts import (
    VISIT_KEYS,
    EncodeField,
    custom_values,
    lists,
    read_fields,
    read_keys,
    write_keys,
)
from priem.amocrm.tracking import source_of
from priem.model import LOST, Lead, LeadDraft, VisitKey


def to_lead(row: Mapping[str, Any], fields: Collection[int], zone: tzinfo) -> Lead:
    """From a list that was asked for `with=contacts`."""
    values = custom_values(row)
    reason = row.get("loss_reason_id")
    return Lead(
        id=int(row["id"]),
        name=str(row.get("name") or ""),
        pipeline=int(row.get("pipeline_id") or 0),
        stage=int(row.get("status_id") or 0),
        price=int(float(row.get("price") or 0)),
        contacts=read_contacts(row),
        keys=read_keys(VisitKey, VISIT_KEYS, values),
        fields=read_fields(values, fields, zone),
        created_at=int(row.get("created_at") or 0),
        updated_at=int(row.get("updated_at") or 0),
        responsible=int(row.get("responsible_user_id") or 0),
        loss_reason=int(reason) if reason else None,
        source=source_of(values),
    )


def read_contacts(row: Mapping[str, Any]) -> tuple[int, ...]:
    """The main one first; without a main one, in amoCRM's order."""
    embedded = row.get("_embedded")
    linked = (embedded.get("contacts") if isinstance(embedded, dict) else None) or []
    return tuple(int(one["id"]) for one in sorted(linked, key=lambda one: not one.get("is_main")))


def from_lead_draft(draft: LeadDraft, encode: EncodeField) -> dict[str, Any]:
    values = [encode(field, value) for field, value in draft.fields.items()]
    if draft.keys is not None:
        values.append(write_keys(VISIT_KEYS, draft.keys))
    sent = {
        "id": draft.id,
        "name": draft.name,
        "pipeline_id": draft.pipeline,
        "status_id": draft.stage,
        "price": draft.price,
        "responsible_user_id": draft.responsible,
        # With any other stage amoCRM refuses the whole record.
        "loss_reason_id": draft.loss_reason if draft.stage == LOST else None,
    }
    found = {name: value for name, value in sent.items() if value is not None} | lists(values, draft.tags)
    if draft.id is None and draft.contact is not None:
        found["_embedded"] = {"contacts": [{"id": draft.contact, "is_main": True}]}
    return found
