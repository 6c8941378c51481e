"""Leads: stages, closing, loss reasons (docs/reference/amocrm.md §3.2)."""

from collections.abc import Mapping, Sequence

from ..problems import keyed_errors
from .cards import Lead
from .crm import Change, Crm
from .history import SINGULAR
from .noting import note
from .pipelines import CLOSED, LOST, Pipeline
from .writing import (
    change_common,
    changed,
    created,
    fill,
    link,
    listed,
    number,
    people_and_times,
    tag,
    text,
)

LOSS_ONLY_FOR_LOST = "Loss reason can be specified only for lost lead"


def create_lead(crm: Crm, item: Mapping[str, object], by: int, *, status_id: int | None = None) -> Lead:
    """Store a new lead; `status_id` puts it where a client may not, into «Неразобранное»."""
    now = crm.now()
    pipeline = _pipeline_for_new(crm, item)
    lead = Lead(crm.leads.next_id(), text(item, "name"), *people_and_times(crm, item, by, now))
    lead.price = number(item, "price", 0)
    lead.pipeline_id = pipeline.id
    lead.status_id = status_id or number(item, "status_id", pipeline.first().id)
    lead.visitor_uid = text(item, "visitor_uid") or None
    _name_if_nameless(lead)
    _close_or_open(lead, item, now)
    fill(crm, "leads", lead, item)
    tag(crm, "leads", lead, item)
    crm.leads.add(lead)
    created(crm, "leads", lead, by)
    link_embedded(crm, lead, item, by)
    return lead


def _pipeline_for_new(crm: Crm, item: Mapping[str, object]) -> Pipeline:
    named = crm.pipelines.rows.get(number(item, "pipeline_id", 0))
    if named is not None:
        return named
    embedded = item.get("_embedded")
    source = embedded.get("source") if isinstance(embedded, dict) else None
    known = crm.sources.external(source.get("external_id")) if isinstance(source, dict) else None
    return crm.pipelines.rows[known.pipeline_id] if known else crm.pipelines.main()


def _name_if_nameless(lead: Lead) -> None:
    lead.name = lead.name or f"Сделка #{lead.id}"


def link_embedded(crm: Crm, lead: Lead, item: Mapping[str, object], by: int) -> None:
    """Link the contacts and the company that a new lead names."""
    for contact in listed(item, "_embedded", "contacts"):
        link(crm, "leads", lead.id, "contacts", number(contact, "id", 0), by, main=contact.get("is_main") is True)
    for company in listed(item, "_embedded", "companies"):
        link(crm, "leads", lead.id, "companies", number(company, "id", 0), by)


def refuse_loss_reasons(items: Sequence[tuple[int, Lead | None, Mapping[str, object]]]) -> None:
    """A loss reason is for leads that are, or become, lost. Items are (key, stored lead or None, data)."""
    errors: dict[str, str] = {}
    for key, lead, item in items:
        status_id = number(item, "status_id", lead.status_id if lead else 0)
        if item.get("loss_reason_id") is not None and status_id != LOST:
            errors[str(key)] = LOSS_ONLY_FOR_LOST
    if errors:
        raise keyed_errors(errors)


def change_lead(crm: Crm, lead: Lead, item: Mapping[str, object], by: int) -> None:
    """Change a lead."""
    old_status, old_pipeline, old_price = lead.status_id, lead.pipeline_id, lead.price
    extra = change_common(crm, "leads", lead, item, by)
    lead.price = number(item, "price", lead.price)
    _move(crm, lead, item)
    _close_or_open(lead, item, crm.now())
    if lead.price != old_price:
        prices = ({"sale_field_value": {"sale": each}} for each in (old_price, lead.price))
        note(crm, "sale_field_changed", "leads", lead, by, *prices)
    if (old_status, old_pipeline) != (lead.status_id, lead.pipeline_id):
        stages = (stage_value(old_status, old_pipeline), stage_value(lead.status_id, lead.pipeline_id))
        note(crm, "lead_status_changed", "leads", lead, by, *stages)
        extra |= {"old_status_id": old_status, "old_pipeline_id": old_pipeline}
    changed(crm, "leads", lead, item, by, extra)


def stage_value(status_id: int, pipeline_id: int) -> dict[str, dict[str, int]]:
    """A stage as events tell it."""
    return {"lead_status": {"id": status_id, "pipeline_id": pipeline_id}}


def _move(crm: Crm, lead: Lead, item: Mapping[str, object]) -> None:
    pipeline = crm.pipelines.rows.get(number(item, "pipeline_id", lead.pipeline_id))
    if pipeline is not None and pipeline.id != lead.pipeline_id:
        lead.pipeline_id = pipeline.id
        lead.status_id = pipeline.first().id if lead.status_id not in CLOSED else lead.status_id
    lead.status_id = number(item, "status_id", lead.status_id)


def _close_or_open(lead: Lead, item: Mapping[str, object], now: int) -> None:
    if lead.status_id in CLOSED:
        lead.closed_at = number(item, "closed_at", lead.closed_at or now)
    else:
        lead.closed_at = None
    if lead.status_id != LOST:
        lead.loss_reason_id = None
    elif "loss_reason_id" in item:
        lead.loss_reason_id = number(item, "loss_reason_id", 0) or None


def move_to_trash(crm: Crm, kind: str, card_id: int, by: int) -> bool:
    """What the user interface's delete does. False when there is no such card."""
    card = crm.card(kind, card_id)
    if card is None:
        return False
    crm.tell(Change("delete", kind, card))
    crm.cards(kind).delete(card, crm.now(), by)
    note(crm, f"{SINGULAR[kind]}_deleted", kind, card, by)
    return True


def restore(crm: Crm, kind: str, card_id: int, by: int) -> bool:
    """Take a card back out of the trash. False when it is not there."""
    card = crm.cards(kind).rows.get(card_id)
    if card is None or not card.is_deleted:
        return False
    crm.cards(kind).restore(card, crm.now(), by)
    note(crm, f"{SINGULAR[kind]}_restored", kind, card, by)
    crm.tell(Change("restore", kind, card))
    return True
