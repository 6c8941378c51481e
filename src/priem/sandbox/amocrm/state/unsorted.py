"""«Неразобранное»: real leads in the stage of type 1 (docs/reference/amocrm.md §3.16)."""

import secrets
from collections.abc import Mapping

from .crm import Change, Crm
from .incoming import Unsorted
from .leads import create_lead, move_to_trash, stage_value
from .noting import note
from .writing import changed, number, text
from .writing import link as link_cards

SOURCES = {"sip": "service_code", "forms": "form_name"}


def make_unsorted(  # noqa: PLR0913 - an entry has so many parts
    crm: Crm,
    lead_item: Mapping[str, object],
    metadata: Mapping[str, object],
    contact: int | None,
    company: int | None,
    by: int,
    *,
    source_name: str = "",
    source_uid: str = "",
    created_at: int | None = None,
) -> Unsorted:
    """A lead that waits for somebody to take it; any status that was sent means nothing."""
    pipeline = crm.pipelines.rows.get(number(lead_item, "pipeline_id", 0)) or crm.pipelines.main()
    lead = create_lead(crm, lead_item, by, status_id=pipeline.unsorted().id)
    category = text(metadata, "category")
    entry = Unsorted(
        uid=secrets.token_hex(30),
        category=category,
        source_name=source_name or text(metadata, "source_name") or text(metadata, SOURCES.get(category, "")),
        source_uid=source_uid or text(metadata, "source_uid"),
        pipeline_id=pipeline.id,
        created_at=created_at or crm.now(),
        metadata={key: value for key, value in metadata.items() if key != "category"},
        lead_id=lead.id,
        contact_ids=[contact] if contact else [],
        company_ids=[company] if company else [],
    )
    crm.unsorted.rows[entry.uid] = entry
    crm.tell(Change("add", "unsorted", {"uid": entry.uid}))
    return entry


def accept(crm: Crm, entry: Unsorted, status_id: int | None, user_id: int) -> None:
    """Take an entry: its lead goes to the stage that was named, else to the first one."""
    lead = crm.leads.get(entry.lead_id)
    entry.outcome, entry.settled_at = "accepted", crm.now()
    if lead is None:
        return
    old = lead.status_id
    pipeline = crm.pipelines.rows[lead.pipeline_id]
    lead.status_id = status_id if status_id is not None else pipeline.first().id
    lead.responsible_user_id = user_id
    stages = (stage_value(each, pipeline.id) for each in (old, lead.status_id))
    note(crm, "lead_status_changed", "leads", lead, user_id, *stages)
    changed(crm, "leads", lead, {}, user_id, {"old_status_id": old, "old_pipeline_id": pipeline.id})
    crm.tell(Change("delete", "unsorted", {"uid": entry.uid, "action": "accept", "user_id": user_id}))


def link(crm: Crm, entry: Unsorted, lead_id: int, user_id: int) -> None:
    """A chat belongs to a lead that is there already: its people go there, its own lead goes to the trash."""
    entry.outcome, entry.settled_at = "accepted", crm.now()
    for contact_id in entry.contact_ids:
        link_cards(crm, "leads", lead_id, "contacts", contact_id, user_id)
    move_to_trash(crm, "leads", entry.lead_id, user_id)
    entry.lead_id = lead_id
    crm.tell(Change("delete", "unsorted", {"uid": entry.uid, "action": "accept", "user_id": user_id}))


def decline(crm: Crm, entry: Unsorted, user_id: int) -> None:
    """Turn an entry down: its lead goes to the trash."""
    entry.outcome, entry.settled_at = "declined", crm.now()
    move_to_trash(crm, "leads", entry.lead_id, user_id)
    crm.tell(Change("delete", "unsorted", {"uid": entry.uid, "action": "decline", "user_id": user_id}))
