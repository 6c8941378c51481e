"""The journal of visits: a branch's day, everybody's or some doctors'."""

from datetime import date
from typing import Any

from priem.booking import ScheduleQuery
from priem.engine.booking_rights import Actor
from priem.hub.booking.receptions import Office
from priem.hub.widget.places import place_called
from priem.hub.widget.visits import leads_of, names_of, visit_as_json
from priem.model import Visit


def journal(office: Office, actor: Actor, key: str, first: date, last: date, doctors: tuple[str, ...]) -> list[Any]:
    place = place_called(key, actor, office)
    wanted = ScheduleQuery(first=first, last=last, doctors=doctors, branch=place.branch.id)
    found = [visit for visit in place.desk.visits_between(wanted) if is_here(visit, place.branch.id)]
    leads = leads_of((visit.key for visit in found), office.clinic.id)
    names = names_of((visit.patient for visit in found), office.clinic.id)
    return [
        visit_as_json(visit, office, lead=leads.get(visit.key, 0), name=names.get(visit.patient, "")) for visit in found
    ]


def is_here(visit: Visit, branch: str) -> bool:
    return not visit.branch or visit.branch == branch
