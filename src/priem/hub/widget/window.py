"""What the booking window is opened with, the schedule, and who the patient may be."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core import signing

from priem.booking import Booking, DoctorInfo, ServiceInfo, Shift
from priem.engine.booking_rights import Actor, may_book
from priem.engine.doers import doers
from priem.hub.booking.receptions import Office
from priem.hub.surroundings import contact_owners, patient_links_of
from priem.hub.widget.journal import shown_here
from priem.hub.widget.panel import lead_now, visit_called
from priem.hub.widget.places import Place, Shown, place_as_json, place_called, places_for, query_of, refusal
from priem.hub.widget.sessions import Session
from priem.hub.widget.visits import patient_as_json, visit_as_json
from priem.model import Contact, Patient, PatientKey
from priem.phones import numbers_in

SALT = "priem.hub.widget.patient"
SECONDS = 24 * 60 * 60
"""For which a window may stay open."""


def window(office: Office, actor: Actor, session: Session, visit: str = "") -> dict[str, Any]:
    found = places_for(actor, office)
    if not found:
        raise refusal(actor, office.desks, office.reception.bound)
    lead = lead_now(office, session.lead)
    contact = main_contact(office, lead.contacts if lead else ())
    return {
        "places": [place_as_json(place, office) for place in found],
        "patient": person_of(contact, office) if contact else None,
        "visit": to_be_moved(office, actor, visit, session.lead) if visit else None,
        "journal": shown_here(office, session),
    }


def to_be_moved(office: Office, actor: Actor, called: str, lead: int) -> dict[str, Any] | None:
    """Nothing of a visit in a branch where this user does not book."""
    key = visit_called(called, office)
    there = office.desks[key.connection].visit(key.id)
    if there is None or not may_book(actor, key.connection, there.branch, office.reception.bound):
        return None
    return visit_as_json(there, office, lead=lead)


def main_contact(office: Office, contacts: Iterable[int]) -> Contact | None:
    main = list(contacts)[:1]
    found = office.reception.crm.some_contacts(main, office.reception.bound.contact_field_ids) if main else ()
    return found[0] if found else None


def person_of(contact: Contact, office: Office) -> dict[str, Any]:
    """The contact as the form's fields; a person corrects them in place. Surname first, as a registrar writes."""
    words = contact.name.split()
    phones = [number for entry in contact.phones for number in numbers_in(entry.text)]
    owners = contact_owners(office.clinic.id, [contact.id]).get(contact.id, ())
    return {
        "contact": contact.id,
        "last_name": words[0] if words and is_name(words[0]) else "",
        "first_name": words[1] if len(words) > 1 else "",
        "middle_name": " ".join(words[2:]),
        "phone": phones[0] if phones else "",
        "known": {key.connection: {"id": key.id, "seal": sealed(key, office)} for key in owners},
    }


def sealed(patient: PatientKey, office: Office) -> str:
    """Whom the card showed may be asked for again; numbers that somebody makes up tell him of nobody."""
    return signing.dumps([office.clinic.id, str(patient)], salt=SALT)


def opened_seal(seal: str, place: Place, office: Office) -> str:
    """The patient's id in the МИС of this place; empty for what was never sealed for it."""
    try:
        clinic, written = signing.loads(seal, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return ""
    key = PatientKey.parse(written)
    is_there = key and clinic == office.clinic.id and key.connection == place.desk.connection
    return key.id if key and is_there else ""


def is_name(word: str) -> bool:
    return word.replace("-", "").isalpha()


def directory(office: Office, actor: Actor, key: str) -> dict[str, Any]:
    """Who works in a branch, and what is done there."""
    place = place_called(key, actor, office)
    desk = place.desk
    doctors = [one for one in desk.doctors() if not one.branches or place.branch.id in one.branches]
    return {
        "doctors": [
            {
                "id": one.id,
                "name": one.name,
                "specialities": [entry.name for entry in one.specialities],
                "minutes": one.minutes,
            }
            for one in doctors
        ],
        "services": [
            {
                "id": one.id,
                "name": one.name,
                "category": one.category,
                "price": str(one.price) if one.price is not None else "",
                "minutes": one.minutes or 0,
                "doctors": done_by(one, doctors, office),
            }
            for one in desk.services()
        ],
        "reasons": [{"id": one.id, "name": one.name} for one in desk.cancel_reasons()],
        "statuses": [{"id": one.id, "name": one.name, "status": one.status.value} for one in desk.statuses()],
    }


def done_by(service: ServiceInfo, doctors: Sequence[DoctorInfo], office: Office) -> list[str] | None:
    """None where nobody has said who does it: then everybody is shown."""
    found = doers(service, doctors, office.reception.bound.settings.booking.done_by)
    return None if found is None else sorted(found)


def schedule(office: Office, actor: Actor, shown: Shown) -> list[Any]:
    place = place_called(shown.place, actor, office)
    wanted = query_of(shown, place)
    return [shift_as_json(shift, place) for shift in place.desk.schedule(wanted)]


def shift_as_json(shift: Shift, place: Place) -> dict[str, Any]:
    """Slots are `[beginning, end, free]` in minutes of the day: 30 doctors and a week have thousands of them."""
    day = shift.starts_at.astimezone(place.zone).date()
    return {
        "doctor": shift.doctor,
        "name": shift.doctor_name,
        "room": shift.room,
        "day": day.isoformat(),
        "starts": minutes(shift.starts_at, day, place),
        "ends": minutes(shift.ends_at, day, place),
        "slots": [
            [minutes(slot.starts_at, day, place), minutes(slot.ends_at, day, place), int(slot.free)]
            for slot in shift.slots
        ],
    }


def minutes(moment: Any, day: date, place: Place) -> int:  # noqa: ANN401 - a datetime
    """Of wall time, since the day began."""
    local = moment.astimezone(place.zone)
    return int((local.date() - day).days * 1440 + local.hour * 60 + local.minute)


def people(office: Office, actor: Actor, key: str, phone: str, name: str, seal: str) -> dict[str, Any]:
    """Who in the МИС it may be: the one whom the contact is linked with, and everybody with the phone."""
    place = place_called(key, actor, office)
    known = opened_seal(seal, place, office)
    found = {one.key: one for one in with_phone(place.desk, phone)}
    if known and (linked := place.desk.patient(known)):
        found = {linked.key: linked, **found}
    links = patient_links_of(office.clinic.id, found)
    contacts = {key: link.contact for key, link in links.items()}
    wanted = {word.casefold() for word in name.split()}
    ordered = sorted(found.values(), key=lambda one: (one.key.id != known, -likeness(one, wanted)))
    return {"people": [patient_as_json(one, contacts.get(one.key, 0)) for one in ordered]}


def with_phone(desk: Booking, phone: str) -> list[Patient]:
    numbers = numbers_in(phone)
    return [one for one in desk.find_patients(numbers) if not one.archived] if numbers else []


def likeness(patient: Patient, words: set[str]) -> int:
    return len(words & {word.casefold() for word in patient.name.split()})
