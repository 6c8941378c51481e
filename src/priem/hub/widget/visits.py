"""Visits, patients and answers as the frames read them. Times are the branch's wall time; sums are roubles."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from priem.booking import Ability, Time
from priem.engine.rebooking import AHEAD
from priem.engine.reception import Answer
from priem.hub.booking.receptions import Office
from priem.hub.models import BookingIntent, MirroredContact, PatientLink, VisitLink
from priem.hub.pieces import among
from priem.hub.sentences import readable
from priem.hub.widget.places import Place, place_of
from priem.intents import Deed, Phase
from priem.model import Patient, PatientKey, Visit, VisitKey, VisitStatus

AMOCRM = "amocrm:"
"""How actors begin who are users of amoCRM: engine/booking_rights.py."""


def status_words() -> Mapping[VisitStatus, str]:
    return {
        VisitStatus.BOOKED: _("booked"),
        VisitStatus.CONFIRMED: _("confirmed"),
        VisitStatus.ARRIVED: _("has arrived"),
        VisitStatus.IN_PROGRESS: _("with the doctor"),
        VisitStatus.COMPLETED: _("completed"),
        VisitStatus.PAID: _("paid"),
        VisitStatus.CANCELLED: _("cancelled"),
        VisitStatus.NO_SHOW: _("did not turn up"),
        VisitStatus.DELETED: _("deleted"),
        VisitStatus.UNMAPPED: _("status is not known"),
    }


def visit_as_json(visit: Visit, office: Office, *, lead: int = 0, name: str = "") -> dict[str, Any]:
    place = place_of(visit.key.connection, visit.branch, office)
    is_ahead = visit.status in AHEAD and visit.starts_at > office.reception.clock.now()
    said: dict[str, Any] = {
        "key": str(visit.key),
        "place": place.key if place else "",
        "starts": wall(visit.starts_at, place),
        "ends": wall(visit.ends_at, place) if visit.ends_at else "",
        "doctor": visit.doctor,
        "doctor_name": visit.doctor_name,
        "speciality": visit.speciality,
        "room": visit.room,
        "branch": visit.branch_name or (place.branch.name if place else ""),
        "services": [service.name for service in visit.services],
        "service_ids": service_ids(visit, place),
        "total": str(visit.total) if visit.total is not None else "",
        "comment": visit.comment,
        "status": visit.status.value,
        "status_name": status_name(visit, place),
        "is_over": visit.status.is_over,
        "lead": lead,
        "patient": name,
    }
    return said | {"can": able(visit, place, is_ahead=is_ahead)}


def service_ids(visit: Visit, place: Place | None) -> list[str]:
    """Those of the price list, by their names: a visit names no ids. Nothing where nobody could change them."""
    if place is None or Ability.SERVICES not in place.desk.abilities:
        return []
    ids = {service.name: service.id for service in place.desk.services()}
    return [ids[service.name] for service in visit.services if service.name in ids]


def wall(moment: Any, place: Place | None) -> str:  # noqa: ANN401 - a datetime, or nothing
    return place.wall(moment) if place else moment.strftime("%Y-%m-%dT%H:%M")


def status_name(visit: Visit, place: Place | None) -> str:
    """A status that Priem has no word for is called as the МИС calls it."""
    if visit.status is VisitStatus.UNMAPPED and place:
        named = (one.name for one in place.desk.statuses() if one.id == visit.raw_status)
        return next(named, visit.raw_status)
    return status_words()[visit.status]


def able(visit: Visit, place: Place | None, *, is_ahead: bool) -> list[str]:
    """What may be done with it as it is now."""
    if place is None:
        return []
    there = place.desk.abilities
    asked = {
        "move": Ability.RESCHEDULE in there and is_ahead,
        "cancel": Ability.CANCEL in there and visit.status in AHEAD,
        "confirm": Ability.CHANGE_STATUS in there and visit.status is VisitStatus.BOOKED and is_ahead,
        "edit": bool({Ability.COMMENT, Ability.SERVICES} & there) and not visit.status.is_over,
        "services": Ability.SERVICES in there and not visit.status.is_over,
    }
    return [name for name, is_so in asked.items() if is_so]


def patient_as_json(patient: Patient, contact: int = 0) -> dict[str, Any]:
    return {
        "id": patient.key.id,
        "name": patient.name,
        "birthday": patient.birthday.isoformat() if patient.birthday else "",
        "phones": list(patient.phones),
        "card": patient.card_number or patient.key.id,
        "contact": contact,
    }


def answer_as_json(answer: Answer, place: Place | None, office: Office) -> dict[str, Any]:
    linked = leads_of([answer.visit], office.clinic.id) if answer.visit else {}
    return {
        "ref": answer.ref,
        "phase": answer.phase.value,
        "done": answer.phase is Phase.DONE,
        "open": answer.phase.is_open,
        "visit": str(answer.visit) if answer.visit else "",
        "lead": linked.get(answer.visit, 0) if answer.visit else 0,
        "kind": answer.kind.value if answer.kind else "",
        "said": readable(answer.said),
        "advice": readable(answer.advice),
        "nearest": [time_as_json(time, place) for time in answer.nearest] if place else [],
        "candidates": [patient_as_json(one) for one in answer.candidates],
    }


def time_as_json(time: Time, place: Place) -> dict[str, str]:
    return {
        "doctor": time.doctor,
        "room": time.room,
        "starts": place.wall(time.starts_at),
        "ends": place.wall(time.ends_at),
    }


def leads_of(visits: Iterable[VisitKey | None], clinic_id: int) -> dict[VisitKey, int]:
    found: dict[VisitKey, int] = {}
    wanted = {visit for visit in visits if visit}
    for connection in {visit.connection for visit in wanted}:
        rows = VisitLink.objects.of(clinic_id).filter(connection=connection, moved_to__isnull=True)
        ids = [visit.id for visit in wanted if visit.connection == connection]
        for id_, lead in among(rows, "visit", ids, "visit", "lead"):
            found[VisitKey(connection, id_)] = lead
    return found


def names_of(patients: Iterable[PatientKey], clinic_id: int) -> dict[PatientKey, str]:
    """As their contacts are called: no question to the МИС."""
    wanted, contacts = set(patients), {}
    for connection in {key.connection for key in wanted}:
        rows = PatientLink.objects.of(clinic_id).filter(connection=connection)
        ids = [key.id for key in wanted if key.connection == connection]
        for id_, contact in among(rows, "patient", ids, "patient", "contact"):
            contacts[PatientKey(connection, id_)] = contact
    mirrored = among(MirroredContact.objects.of(clinic_id), "crm_id", set(contacts.values()), "crm_id", "name")
    names = dict(mirrored)
    return {key: names[contact] for key, contact in contacts.items() if contact in names}


def booked_by(visit: VisitKey, office: Office) -> str:
    """Who has booked it out of amoCRM; empty when nobody has."""
    rows = BookingIntent.objects.of(office.clinic.id).filter(
        connection=visit.connection, result=visit.id, deed=Deed.BOOK.value
    )
    actor = rows.values_list("actor", flat=True).first() or ""
    user = actor.removeprefix(AMOCRM)
    return office.account.users.get(int(user), "") if actor.startswith(AMOCRM) and user.isdecimal() else ""
