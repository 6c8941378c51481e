"""What a user of amoCRM lets be done in the МИС. Who may is the engine's to say; the user is its actor."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from priem.booking import NewPatient, RefusalKind, Refused, Time
from priem.engine import rebooking
from priem.engine.booking import BookingRequest, book
from priem.engine.booking_rights import Actor
from priem.engine.reception import Answer
from priem.hub.booking.receptions import Office
from priem.hub.widget.panel import visit_called
from priem.hub.widget.places import Place, place_called, place_of
from priem.hub.widget.visits import answer_as_json, leads_of
from priem.phones import numbers_in
from priem.texts import text

Short = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Long = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]
Ref = Annotated[str, StringConstraints(min_length=8, max_length=100, pattern=r"^[\w-]+$")]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: Ref
    """Made by the frame for one click: a click that is sent twice is done once."""


class PersonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    last_name: Short = ""
    first_name: Short = ""
    middle_name: Short = ""
    phone: Short = ""
    birthday: date | None = None


class TimeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    doctor: Short
    starts: datetime
    ends: datetime
    room: Short = ""


class BookIn(Asked):
    place: Short
    time: TimeIn
    patient: Short = ""
    person: PersonIn | None = None
    services: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    comment: Long = ""


class MoveIn(Asked):
    visit: Short
    place: Short
    time: TimeIn


class CancelIn(Asked):
    visit: Short
    reason: Short = ""
    comment: Long = ""


class StatusIn(Asked):
    visit: Short
    status: Short


class EditIn(Asked):
    """What is missing stays as it is."""

    visit: Short
    comment: Long | None = None
    services: Annotated[tuple[Short, ...], Field(max_length=50)] | None = None


def time_at(place: Place, time: TimeIn) -> Time:
    return Time(
        doctor=time.doctor,
        starts_at=place.moment(time.starts),
        ends_at=place.moment(time.ends),
        branch=place.branch.id,
        room=time.room,
    )


def person(given: PersonIn | None) -> NewPatient | None:
    """Raises Refused for a phone that is none: the МИС would keep it for ever."""
    if given is None:
        return None
    numbers = numbers_in(given.phone)
    if not (given.last_name and given.first_name and numbers):
        raise Refused(
            RefusalKind.INCOMPLETE,
            text("It is not known whom to book: a surname, a name and a phone are needed."),
            text("Choose a patient, or fill in the name and the phone."),
        )
    return NewPatient(
        last_name=given.last_name,
        first_name=given.first_name,
        middle_name=given.middle_name,
        phone=numbers[0],
        birthday=given.birthday,
    )


def books(office: Office, actor: Actor, lead: int, asked: BookIn) -> dict[str, Any]:
    place = place_called(asked.place, actor, office)
    request = BookingRequest(
        ref=ref_of(actor, asked),
        connection=place.desk.connection,
        time=time_at(place, asked.time),
        lead=lead or None,
        patient=asked.patient,
        new_patient=None if asked.patient else person(asked.person),
        services=asked.services,
        comment=asked.comment,
    )
    return said(book(request, actor, office.reception), place, office)


def moves(office: Office, actor: Actor, _lead: int, asked: MoveIn) -> dict[str, Any]:
    place = place_called(asked.place, actor, office)
    answer = rebooking.reschedule(change(actor, asked, office), time_at(place, asked.time), actor, office.reception)
    return said(answer, place, office)


def cancels(office: Office, actor: Actor, _lead: int, asked: CancelIn) -> dict[str, Any]:
    asked_for = change(actor, asked, office)
    answer = rebooking.cancel(asked_for, asked.reason, asked.comment, actor, office.reception)
    return said(answer, place_of(asked_for.visit.connection, "", office), office)


def gives_status(office: Office, actor: Actor, _lead: int, asked: StatusIn) -> dict[str, Any]:
    asked_for = change(actor, asked, office)
    answer = rebooking.change_status(asked_for, asked.status, actor, office.reception)
    return said(answer, place_of(asked_for.visit.connection, "", office), office)


def edits(office: Office, actor: Actor, _lead: int, asked: EditIn) -> dict[str, Any]:
    asked_for = change(actor, asked, office)
    answer = rebooking.update(asked_for, asked.comment, asked.services, actor, office.reception)
    return said(answer, place_of(asked_for.visit.connection, "", office), office)


def change(actor: Actor, asked: "MoveIn | CancelIn | StatusIn | EditIn", office: Office) -> rebooking.Change:
    visit = visit_called(asked.visit, office)
    return rebooking.Change(ref=ref_of(actor, asked), visit=visit, lead=leads_of([visit], office.clinic.id).get(visit))


def ref_of(actor: Actor, asked: Asked) -> str:
    """One user's clicks never meet another's."""
    return f"widget:{actor.name}:{asked.ref}"


def said(answer: Answer, place: Place | None, office: Office) -> dict[str, Any]:
    return answer_as_json(answer, place, office)
