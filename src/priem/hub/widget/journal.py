"""The journal of visits: a branch's day, everybody's or some doctors'."""

from typing import Any

from priem.engine.booking_rights import Actor
from priem.errors import BadRecord
from priem.hub.booking.receptions import Office
from priem.hub.models import MirroredLead
from priem.hub.widget.panel import lead_now, shows_journal
from priem.hub.widget.places import Shown, place_called, query_of
from priem.hub.widget.sessions import Session
from priem.hub.widget.visits import leads_of, names_of, visit_as_json
from priem.model import Visit
from priem.texts import text


def journal(office: Office, actor: Actor, session: Session, shown: Shown) -> list[Any]:
    """Raises BadRecord for periods that are too long, and from where the clinic does not show it."""
    if not shown_here(office, session):
        raise BadRecord(text("The journal of visits is shown in other pipelines."))
    place = place_called(shown.place, actor, office)
    wanted = query_of(shown, place)
    found = [visit for visit in place.desk.visits_between(wanted) if is_here(visit, place.branch.id)]
    leads = leads_of((visit.key for visit in found), office.clinic.id)
    names = names_of((visit.patient for visit in found), office.clinic.id)
    return [
        visit_as_json(visit, office, lead=leads.get(visit.key, 0), name=names.get(visit.patient, "")) for visit in found
    ]


def shown_here(office: Office, session: Session) -> bool:
    """Where the window was opened: in the card of a lead, or in the list of a pipeline."""
    return shows_journal(office, pipeline_of(office, session.lead) if session.lead else session.pipeline)


def pipeline_of(office: Office, lead: int) -> int:
    """As it was last read, which costs no request; a lead that is new is asked for."""
    mirrored = MirroredLead.objects.of(office.clinic.id).filter(crm_id=lead).values_list("pipeline", flat=True).first()
    found = lead_now(office, lead) if mirrored is None else None
    return mirrored or (found.pipeline if found else 0)


def is_here(visit: Visit, branch: str) -> bool:
    return not visit.branch or visit.branch == branch
