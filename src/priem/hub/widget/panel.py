"""The panel in a lead's card: the visit bound to it, or the way to one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from priem.booking import Ability
from priem.engine.booking_rights import Actor, may_book, may_in, rights_of
from priem.engine.reasons import say
from priem.errors import AskOperator, BadRecord, TryLater
from priem.hub.booking.receptions import Office
from priem.hub.ident.handing import connection_of
from priem.hub.ident.tickets import next_of, of_lead, state_of, zone_of_service
from priem.hub.models import MirroredLead, VisitFact, VisitLink
from priem.hub.pieces import among
from priem.hub.sentences import readable
from priem.hub.widget.orders import waiting_of
from priem.hub.widget.places import places_for
from priem.hub.widget.visits import booked_by, leads_of, status_words, visit_as_json
from priem.model import FieldValue, Lead, Visit, VisitKey, VisitStatus
from priem.texts import text

MOST_OTHERS = 12
STARTS, STATUS = "visit.starts_at", "visit.status"


def application(office: Office, actor: Actor, lead: int) -> dict[str, Any]:
    """Where a clinic has IDENT's own service: the lead may go there, what became of it, and what happens next."""
    wanted = office.reception.bound.settings.tickets.connection
    try:
        connection = connection_of(office.clinic, wanted)
        zone = zone_of_service(office.clinic.id, connection)
    except AskOperator:
        return {}
    row = of_lead(office.clinic.id, lead).get(connection)
    if row:
        return {"applies": False, "application": readable(state_of(row, zone)), "next": readable(next_of(row))}
    return {"applies": True} if may_in(actor, connection, office.reception.bound) else {}


def lead_now(office: Office, id_: int) -> Lead | None:
    found = office.reception.crm.some_leads([id_], office.reception.bound.lead_field_ids) if id_ else ()
    return found[0] if found else None


def panel(office: Office, actor: Actor, lead_id: int) -> dict[str, Any]:
    """`state`: `visit`, `known` (read only), `none`, `hidden` (the stage), `nobody` (may not book), `unsaved`."""
    lead = lead_now(office, lead_id)
    if lead is None:
        return {"state": "unsaved"}
    shown: dict[str, Any] = {"journal": shows_journal(office, lead.pipeline) and has_journal(office, actor)}
    shown["orders"] = [readable(one) for one in waiting_of(office.clinic.id, lead.id)]
    key = office.reception.store.visits_of_leads([lead.id]).get(lead.id)
    desk = office.desks.get(key.connection) if key else None
    if key is None:
        return shown | without_visit(office, actor, lead)
    if desk is None or Ability.BOOK not in desk.abilities:
        return shown | known(office, key, lead)
    try:
        visit = desk.visit(key.id)
    except TryLater as error:
        return shown | known(office, key, lead) | {"trouble": readable(error.what)}
    return shown | (of_visit(office, actor, visit, lead) if visit else without_visit(office, actor, lead))


def without_visit(office: Office, actor: Actor, lead: Lead) -> dict[str, Any]:
    """Nor is there one whose МИС knows nothing of it any more: another may be booked."""
    bound = office.reception.bound
    if is_hidden(office, lead):
        return {"state": "hidden"}
    applying, places = application(office, actor, lead.id), places_for(actor, office)
    if not rights_of(actor, bound).books or not (applying or places):
        return {"state": "nobody"}
    only_applies = all(Ability.BOOK not in place.desk.abilities for place in places)
    books = bool(places) and not (only_applies and applying.get("application"))
    return {"state": "none", "books": books, "only_applies": only_applies} | applying


def of_visit(office: Office, actor: Actor, visit: Visit, lead: Lead) -> dict[str, Any]:
    key = visit.key
    said = visit_as_json(visit, office, lead=lead.id)
    may = may_book(actor, key.connection, visit.branch, office.reception.bound)
    if not may:
        said["can"] = []
    return {
        "state": "visit",
        "visit": said,
        "booked_by": booked_by(key, office),
        "why": why(office, key),
        "again": may
        and not is_hidden(office, lead)
        and (visit.status.is_over or visit.starts_at < office.reception.clock.now()),
    }


def known(office: Office, key: VisitKey, lead: Lead) -> dict[str, Any]:
    """A visit in a МИС that is not asked from here."""
    fact = VisitFact.objects.of(office.clinic.id).filter(connection=key.connection, visit=key.id).first()
    values = known_values(office, lead)
    if fact:
        values.pop(STATUS, None)  # the fact says it, and as it is now
    return {
        "state": "known",
        "when": values.pop(STARTS, ("", ""))[1],
        "starts": starts_at(office, lead),
        "values": list(values.values()),
        "status": fact.status if fact else "",
        "status_name": status_words()[VisitStatus(fact.status)] if fact else "",
        "why": why(office, key),
    }


def starts_at(office: Office, lead: Lead) -> str:
    """In the account's wall time; empty where the clinic keeps it as a text of its own."""
    fields = (field.info.id for field in office.reception.bound.lead_fields if field.name == STARTS)
    written = next((lead.fields[id_] for id_ in fields if id_ in lead.fields), "")
    local = moment_of(written, ZoneInfo(office.account.time_zone or "UTC"))
    return local.strftime("%Y-%m-%dT%H:%M") if local else ""


def known_values(office: Office, lead: Lead) -> dict[str, tuple[str, str]]:
    """As the sync has put them into the lead: by the value's word, the field's name and what stands there."""
    bound = office.reception.bound
    zone = ZoneInfo(office.account.time_zone or "UTC")
    return {
        field.name: (field.info.name, as_words(lead.fields[field.info.id], zone))
        for field in bound.lead_fields
        if field.info.id in lead.fields
    }


def as_words(value: FieldValue, zone: ZoneInfo) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    local = moment_of(value, zone)
    return local.strftime("%d.%m.%Y %H:%M") if local else value


def moment_of(value: FieldValue, zone: ZoneInfo) -> datetime | None:
    """Moments are kept in UTC, `2026-11-26T11:30:00Z`."""
    if isinstance(value, str) and value.endswith("Z") and len(value) == len("2026-11-26T11:30:00Z"):
        return datetime.fromisoformat(value).astimezone(zone)
    return None


def why(office: Office, key: VisitKey) -> str:
    """Why this lead is bound to the visit."""
    rows = VisitLink.objects.of(office.clinic.id).filter(connection=key.connection, visit=key.id)
    rule = rows.values_list("rule", flat=True).first() or ""
    if rule == "booked":
        return readable(text("The visit was booked from this lead."))
    return readable(say(rule)) if rule else ""


def is_hidden(office: Office, lead: Lead) -> bool:
    """Stages in which nothing is booked from the lead."""
    return (lead.pipeline, lead.stage) in office.reception.bound.not_bookable


def shows_journal(office: Office, pipeline: int) -> bool:
    return office.reception.bound.shows_journal(pipeline)


def has_journal(office: Office, actor: Actor) -> bool:
    return bool(
        {Ability.BOOK, Ability.APPLY} & {able for place in places_for(actor, office) for able in place.desk.abilities}
    )


def others(office: Office, lead_id: int) -> list[dict[str, Any]]:
    """The patient's other visits, the latest first, each with its lead."""
    key = office.reception.store.visits_of_leads([lead_id]).get(lead_id)
    desk = office.desks.get(key.connection) if key else None
    if key is None or desk is None:
        return []
    if Ability.BOOK not in desk.abilities:
        return others_known(office, key)
    own = desk.visit(key.id)
    if own is None:
        return []
    found = [visit for visit in desk.visits_of(own.patient.id) if visit.key != own.key][:MOST_OTHERS]
    leads = leads_of((visit.key for visit in found), office.clinic.id)
    return [visit_as_json(visit, office, lead=leads.get(visit.key, 0)) for visit in found]


def others_known(office: Office, key: VisitKey) -> list[dict[str, Any]]:
    """By their leads, as amoCRM calls them: the МИС itself is not asked."""
    facts = VisitFact.objects.of(office.clinic.id).filter(connection=key.connection)
    patient = facts.filter(visit=key.id).values_list("patient", flat=True).first()
    of_patient = facts.filter(patient=patient).exclude(visit=key.id) if patient else facts.none()
    statuses = dict(of_patient.values_list("visit", "status"))
    leads = leads_of((VisitKey(key.connection, id_) for id_ in statuses), office.clinic.id)
    rows = among(MirroredLead.objects.of(office.clinic.id), "crm_id", set(leads.values()), "crm_id", "name")
    names = dict(rows)
    latest = sorted(leads.items(), key=lambda pair: -pair[1])[:MOST_OTHERS]
    return [
        {
            "name": names.get(lead, ""),
            "lead": lead,
            "status": statuses[visit.id],
            "status_name": status_words()[VisitStatus(statuses[visit.id])],
        }
        for visit, lead in latest
    ]


def visit_called(written: str, office: Office) -> VisitKey:
    key = VisitKey.parse(written)
    if key is None or key.connection not in office.desks:
        raise BadRecord(text("There is no such visit any more."))
    return key
