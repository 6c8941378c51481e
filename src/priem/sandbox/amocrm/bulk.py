"""Fills an account with thousands of cards at once, without history and webhooks, so that a test begins quickly."""

from typing import Any

from .state.cards import Contact, Filled, Lead
from .state.crm import Crm
from .state.pipelines import CLOSED
from .state.values import kept_values
from .wire import Json


def fill_quickly(crm: Crm, sent: dict[str, Any]) -> Json:
    """`contacts`: name, phones, created_at, updated_at, custom_fields_values, tags. `leads`: name, price, status_id,
    pipeline_id, created_at, contact_id (an id), or contact (an index into `contacts`). The ids, in order.
    """
    contacts = [_contact(crm, item) for item in sent.get("contacts") or []]
    leads = [_lead(crm, item, contacts) for item in sent.get("leads") or []]
    return {"contacts": contacts, "leads": leads}


def _contact(crm: Crm, item: dict[str, Any]) -> int:
    admin = crm.users.admin().id
    created_at = item.get("created_at") or crm.now()
    user = item.get("responsible_user_id") or admin
    name = str(item.get("name") or "")
    contact = Contact(
        crm.contacts.next_id(), name, user, admin, admin, created_at, item.get("updated_at") or created_at
    )
    contact.first_name, _, contact.last_name = name.partition(" ")
    phones = item.get("phones") or ([item["phone"]] if item.get("phone") else [])
    entries = list(item.get("custom_fields_values") or [])
    if phones:
        entries.append({"field_code": "PHONE", "values": [{"value": phone} for phone in phones]})
    contact.filled = _filled(crm, "contacts", entries)
    contact.tags = tuple(crm.tags.named("contacts", tag).id for tag in item.get("tags") or [])
    crm.contacts.add(contact)
    return contact.id


def _filled(crm: Crm, kind: str, entries: list[dict[str, Any]]) -> Filled:
    found = []
    for entry in entries:
        field = crm.fields.find(kind, entry.get("field_id"), entry.get("field_code"))
        if field is None:
            raise ValueError(f"no such field: {entry.get('field_id') or entry.get('field_code')}")
        found.append((field.id, kept_values(field, entry.get("values"))))
    return tuple(found)


def _lead(crm: Crm, item: dict[str, Any], contacts: list[int]) -> int:
    admin = crm.users.admin().id
    pipeline = crm.pipelines.rows[item.get("pipeline_id") or crm.pipelines.main().id]
    created_at = item.get("created_at") or crm.now()
    user = item.get("responsible_user_id") or admin
    lead = Lead(
        crm.leads.next_id(),
        str(item.get("name") or ""),
        user,
        admin,
        admin,
        created_at,
        item.get("updated_at") or created_at,
    )
    lead.price, lead.pipeline_id = item.get("price") or 0, pipeline.id
    lead.status_id = item.get("status_id") or pipeline.first().id
    lead.closed_at = created_at if lead.status_id in CLOSED else None
    lead.filled = _filled(crm, "leads", item.get("custom_fields_values") or [])
    lead.tags = tuple(crm.tags.named("leads", tag).id for tag in item.get("tags") or [])
    crm.leads.add(lead)
    contact_id = item.get("contact_id") or (contacts[item["contact"]] if item.get("contact") is not None else None)
    if contact_id:
        crm.links.connect("leads", lead.id, "contacts", contact_id, main=True)
    return lead.id
