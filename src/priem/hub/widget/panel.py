"""The panel in a lead's card: the visit bound to it, or the way to one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from priem.booking import Ability
from priem.engine.booking_rights import Actor, may_book, rights_of
from priem.engine.reasons import say
from priem.errors import AskOperator, BadRecord
from priem.hub.booking.receptions import Office
from priem.hub.ident.handing import connection_of
from priem.hub.ident.tickets import of_lead, state_of, zone_of_service
from priem.hub.models import VisitLink
from priem.hub.sentences import readable
from priem.hub.widget.places import places_for
from priem.hub.widget.visits import booked_by, leads_of, visit_as_json
from priem.model import FieldValue, Lead, VisitKey
from priem.texts import text

MOST_OTHERS = 12


def application(office: Office, lead: int) -> dict[str, Any]:
    """Where a clinic has IDENT's own service: the lead may go there, and what became of it. Else nothing."""
    wanted = office.reception.bound.settings.tickets.connection
    try:
        connection = connection_of(office.clinic, wanted)
        zone = zone_of_service(office.clinic.id, connection)
    except AskOperator:
        return {}
    row = of_lead(office.clinic.id, lead).get(connection)
    return {"applies": row is None, "application": readable(state_of(row, zone)) if row else ""}


def lead_now(office: Office, id_: int) -> Lead | None:
    found = office.reception.crm.some_leads([id_], office.reception.bound.lead_field_ids) if id_ else ()
    return found[0] if found else None


def panel(office: Office, actor: Actor, lead_id: int) -> dict[str, Any]:
    """`state`: `visit`, `known` (read only), `none`, `hidden` (the stage), `nobody` (may not book), `unsaved`."""
    lead = lead_now(office, lead_id)
    if lead is None:
        return {"state": "unsaved"}
    bound = office.reception.bound
    shown: dict[str, Any] = {"journal": shows_journal(office, lead.pipeline) and has_journal(office, actor)}
    key = office.reception.store.visits_of_leads([lead.id]).get(lead.id)
    if key and key.connection in office.desks and Ability.BOOK in office.desks[key.connection].abilities:
        return shown | of_visit(office, actor, key, lead)
    if key:
        return shown | {"state": "known", "values": known_values(office, lead), "why": why(office, key)}
    if (lead.pipeline, lead.stage) in bound.not_bookable:
        return shown | {"state": "hidden"}
    applying = application(office, lead.id)
    if not rights_of(actor, bound).books or not (applying or places_for(actor, office)):
        return shown | {"state": "nobody"}
    places = places_for(actor, office)
    only_applies = all(Ability.BOOK not in place.desk.abilities for place in places)
    books = bool(places) and not (only_applies and applying.get("application"))
    return shown | {"state": "none", "books": books, "only_applies": only_applies} | applying


def of_visit(office: Office, actor: Actor, key: VisitKey, lead: Lead) -> dict[str, Any]:
    visit = office.desks[key.connection].visit(key.id)
    if visit is None:
        return {"state": "none"}
    said = visit_as_json(visit, office, lead=lead.id)
    may = may_book(actor, key.connection, visit.branch, office.reception.bound)
    if not may:
        said["can"] = []
    is_bookable = (lead.pipeline, lead.stage) not in office.reception.bound.not_bookable
    return {
        "state": "visit",
        "visit": said,
        "booked_by": booked_by(key, office),
        "why": why(office, key),
        "again": may and is_bookable and (visit.status.is_over or visit.starts_at < office.reception.clock.now()),
    }


def known_values(office: Office, lead: Lead) -> list[list[str]]:
    """Of a visit in a МИС that is not asked from here: as the sync has put it into the lead."""
    bound = office.reception.bound
    zone = ZoneInfo(office.account.time_zone or "UTC")
    return [
        [field.info.name, as_words(lead.fields[field.info.id], zone)]
        for field in bound.lead_fields
        if field.info.id in lead.fields
    ]


def as_words(value: FieldValue, zone: ZoneInfo) -> str:
    """Moments are kept in UTC, `2026-11-26T11:30:00Z`."""
    if isinstance(value, tuple):
        return ", ".join(value)
    if value.endswith("Z") and len(value) == len("2026-11-26T11:30:00Z"):
        return datetime.fromisoformat(value).astimezone(zone).strftime("%d.%m.%Y %H:%M")
    return value


def why(office: Office, key: VisitKey) -> str:
    """Why this lead is bound to the visit."""
    rows = VisitLink.objects.of(office.clinic.id).filter(connection=key.connection, visit=key.id)
    rule = rows.values_list("rule", flat=True).first() or ""
    if rule == "booked":
        return readable(text("The visit was booked from this lead."))
    return readable(say(rule)) if rule else ""


def shows_journal(office: Office, pipeline: int) -> bool:
    chosen = office.reception.bound.journal_pipelines
    return not chosen or pipeline in chosen


def has_journal(office: Office, actor: Actor) -> bool:
    return any(Ability.BOOK in place.desk.abilities for place in places_for(actor, office))


def others(office: Office, lead_id: int) -> list[dict[str, Any]]:
    """The patient's other visits, the latest first, each with its lead."""
    key = office.reception.store.visits_of_leads([lead_id]).get(lead_id)
    desk = office.desks.get(key.connection) if key else None
    own = desk.visit(key.id) if desk and key else None
    if own is None or desk is None:
        return []
    found = [visit for visit in desk.visits_of(own.patient.id) if visit.key != own.key][:MOST_OTHERS]
    leads = leads_of((visit.key for visit in found), office.clinic.id)
    return [visit_as_json(visit, office, lead=leads.get(visit.key, 0)) for visit in found]


def visit_called(written: str, office: Office) -> VisitKey:
    key = VisitKey.parse(written)
    if key is None or key.connection not in office.desks:
        raise BadRecord(text("There is no such visit any more."))
    return key
