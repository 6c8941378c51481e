"""A visit is booked: written down, patient found or made, slot looked at once more, sent, found out if need be.

Whoever else reads the МИС meanwhile finds the new visit's lead through the intent (`engine/expected.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from priem.booking import (
    Ability,
    Application,
    Booking,
    NewPatient,
    Order,
    RefusalKind,
    Refused,
    ScheduleQuery,
    Time,
)
from priem.engine.booking_rights import Actor
from priem.engine.done import Sent, when_done
from priem.engine.finding_out import find_out
from priem.engine.reception import Answer, Reception, SeveralPatients
from priem.engine.slots import objection
from priem.engine.whose import by_likeness, from_contact, same_people
from priem.errors import AskOperator, OutcomeUnknown, TryLater
from priem.intents import Deed, Finished, Intent, Phase, Wanted
from priem.model import Contact, Lead, Patient, PatientKey, VisitStatus
from priem.phones import numbers_in
from priem.texts import text

COMING = frozenset({VisitStatus.BOOKED, VisitStatus.CONFIRMED, VisitStatus.UNMAPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """`ref` is the caller's own name for this request: the same again books once."""

    ref: str
    connection: str
    time: Time
    lead: int | None = None
    patient: str = ""
    """Of the МИС, by id. Empty: `new_patient`, or whoever the lead's contact is."""
    new_patient: NewPatient | None = None
    services: tuple[str, ...] = ()
    comment: str = ""


def book(request: BookingRequest, actor: Actor, reception: Reception) -> Answer:
    """Whatever is asked for the same `ref` afterwards, the answer is the same, once there is one.

    Raises TryLater when something that has to be known before could not be read: nothing was done.
    Raises AskOperator when only a person can help.
    """
    wanted = asked(request, actor)
    known = reception.store.intent(request.ref)
    try:
        if not known or known.phase is Phase.NOT_DONE:
            wanted = complete(wanted, actor, reception)
        intent, is_mine = reception.store.begin(wanted)
    except Refused as no:
        return reception.refusal(wanted, no)
    return carry_out(intent, reception) if is_mine else reception.answer(intent)


def asked(request: BookingRequest, actor: Actor) -> Wanted:
    return Wanted(
        ref=request.ref,
        deed=Deed.BOOK,
        connection=request.connection,
        actor=actor.name,
        lead=request.lead,
        patient=PatientKey(request.connection, request.patient) if request.patient else None,
        new_patient=request.new_patient,
        time=request.time,
        services=request.services,
        comment=request.comment,
    )


def complete(wanted: Wanted, actor: Actor, reception: Reception) -> Wanted:
    """With what the lead tells. Raises Refused for what can be known before anything is written down."""
    desk = reception.desk(wanted.connection)
    wanted = replace(wanted, time=reception.local(wanted.time, wanted.connection) if wanted.time else None)
    if not desk.abilities & {Ability.BOOK, Ability.APPLY}:
        reception.desk(wanted.connection, Ability.BOOK)
    time = wanted.time
    if time and not time.branch and len(branches := desk.branches()) == 1:
        # It stays out of the request itself: the same one has to be known again.
        reception.require(actor, wanted.connection, branches[0].id)
    else:
        reception.require(actor, wanted.connection, time.branch if time else "")
    if wanted.lead:
        lead, contact = read_lead(wanted.lead, reception)
        require_free(lead, reception)
        wanted = replace(wanted, contact=contact.id if contact else None)
        if not wanted.patient and not wanted.new_patient:
            wanted = with_contacts_patient(wanted, contact, desk, reception)
    if not wanted.patient and not wanted.new_patient:
        raise who_is_it()
    return wanted


def read_lead(id_: int, reception: Reception) -> tuple[Lead, Contact | None]:
    leads = reception.crm.some_leads([id_], reception.bound.lead_field_ids)
    if not leads:
        raise Refused(RefusalKind.OTHER, text("amoCRM has no lead {id}.", id=id_))
    main = leads[0].contacts[:1]
    contacts = reception.crm.some_contacts(main, reception.bound.contact_field_ids) if main else ()
    reception.store.mirror(contacts, leads)
    return leads[0], contacts[0] if contacts else None


def require_free(lead: Lead, reception: Reception) -> None:
    """One lead is one visit: a second one is booked from it once nobody waits for the first."""
    if (lead.pipeline, lead.stage) in reception.bound.not_bookable:
        raise Refused(RefusalKind.NOT_ALLOWED, text("Nothing is booked from leads in this stage."))
    require_no_visit(lead.id, reception)


def require_no_visit(lead: int, reception: Reception) -> None:
    owner = reception.store.visits_of_leads([lead]).get(lead)
    desk = reception.desks.get(owner.connection) if owner else None
    visit = desk.visit(owner.id) if desk and owner and Ability.BOOK in desk.abilities else None
    if visit and visit.status in COMING and visit.starts_at >= reception.clock.now():
        raise Refused(
            RefusalKind.HAS_VISIT,
            text("This lead has a visit already, on {date}.", date=visit.starts_at.strftime("%d.%m %H:%M")),
            text("Move that visit, or book another one from a lead of its own."),
        )


def with_contacts_patient(wanted: Wanted, contact: Contact | None, desk: Booking, reception: Reception) -> Wanted:
    """The patient that the contact is already, else whoever the contact says he is."""
    if Ability.BOOK not in desk.abilities:
        return replace(wanted, new_patient=applicant(contact, reception))
    owners = reception.store.patients_of_contacts([contact.id]).get(contact.id, ()) if contact else ()
    mine = [owner for owner in owners if owner.connection == wanted.connection]
    if len(mine) == 1:
        return replace(wanted, patient=mine[0])
    if mine:
        raise SeveralPatients(tuple(one for key in mine if (one := desk.patient(key.id))))
    new = from_contact(contact, reception.bound.junk_phones) if contact else None
    if new is None:
        raise who_is_it()
    return replace(wanted, new_patient=new)


def applicant(contact: Contact | None, reception: Reception) -> NewPatient:
    """Staff who book themselves find out the rest: a phone is enough."""
    junk = reception.bound.junk_phones
    phones = [number for entry in (contact.phones if contact else ()) for number in numbers_in(entry.text)]
    if contact is None or not (set(phones) - junk):
        raise who_is_it()
    phone = next(number for number in phones if number not in junk)
    return from_contact(contact, junk) or NewPatient(last_name=contact.name or phone, first_name="", phone=phone)


def who_is_it() -> Refused:
    return Refused(
        RefusalKind.INCOMPLETE,
        text("It is not known whom to book: a surname, a name and a phone are needed."),
        text("Choose a patient, or fill in the name and the phone."),
    )


def carry_out(intent: Intent, reception: Reception) -> Answer:
    """What is written down is done, or it is known that it was not; else it is left to be found out."""
    desk = reception.desks[intent.wanted.connection]
    try:
        if intent.wanted.lead and intent.attempt == 1:
            # Once more: another booking may have been over after the first look and before this one was written down.
            require_no_visit(intent.wanted.lead, reception)
        if Ability.BOOK not in desk.abilities:
            return applied(intent, desk, reception)
        intent = with_patient(intent, desk, reception)
        return when_done(intent, send(intent, desk, reception), reception)
    except SeveralPatients as which:
        answer = reception.finish(intent, Finished(phase=Phase.NOT_DONE, kind=which.kind, said=which.what))
        return replace(answer, candidates=which.candidates, advice=which.advice)
    except Refused as no:
        phase = Phase.NOT_DONE if no.kind is RefusalKind.NOT_DONE else Phase.REFUSED
        answer = reception.finish(intent, Finished(phase=phase, kind=no.kind, said=no.what))
        return replace(answer, advice=no.advice)
    except OutcomeUnknown:
        return find_out(intent, reception)
    except (TryLater, AskOperator) as error:
        nothing = Finished(phase=Phase.NOT_DONE, kind=RefusalKind.NOT_DONE, said=error.what)
        return replace(reception.finish(intent, nothing), advice=error.advice)


def with_patient(intent: Intent, desk: Booking, reception: Reception) -> Intent:
    patient = intent.wanted.patient or found_or_made(intent, desk, reception)
    reception.store.patient_known(intent.id, patient)
    return replace(intent, wanted=replace(intent.wanted, patient=patient))


def send(intent: Intent, desk: Booking, reception: Reception) -> Sent:
    wanted = intent.wanted
    if wanted.time is None or wanted.patient is None:
        raise Refused(RefusalKind.INCOMPLETE, text("A visit needs a patient and a time."))
    if there := look_at_slot(intent, wanted.patient, wanted.time, desk, reception):
        return there
    reception.store.sent(intent.id, intent.attempt)
    services, comment = wanted.services or (), wanted.comment or ""
    return Sent(desk.book(Order(patient=wanted.patient, time=wanted.time, services=services, comment=comment)))


def look_at_slot(intent: Intent, patient: PatientKey, time: Time, desk: Booking, reception: Reception) -> Sent | None:
    """Once more, just before. A slot that is taken may be taken by what an earlier attempt has booked after all."""
    kind = objection_now(time, desk, reception)
    if kind is None:
        return None
    if kind is RefusalKind.BUSY and (there := desk.look_up(patient.id, time.doctor, time.starts_at)):
        if intent.attempt > 1:
            return Sent(there.key)
        raise Refused(kind, text("This patient has a visit at that time already."))
    raise Refused(kind, OBJECTIONS[kind])


def objection_now(time: Time, desk: Booking, reception: Reception) -> RefusalKind | None:
    day = time.starts_at.date()
    shifts = desk.schedule(ScheduleQuery(first=day, last=day, doctors=(time.doctor,)))
    return objection(time, shifts, reception.clock.now())


OBJECTIONS = {
    RefusalKind.BUSY: text("That time is taken."),
    RefusalKind.NOT_WORKING: text("The doctor does not see patients at that time."),
    RefusalKind.PAST: text("That time is over."),
    RefusalKind.INCOMPLETE: text("A visit ends after it begins."),
}


def found_or_made(intent: Intent, desk: Booking, reception: Reception) -> PatientKey:
    """Who has the phone and the name is that patient; nobody is made twice, whatever answer is lost.

    A card is made only for a time that is free: the МИС keeps it for ever, and a card becomes a contact.
    """
    new = intent.wanted.new_patient
    if new is None:
        raise who_is_it()
    found = same_people(new, near(new, intent.wanted, desk, reception))
    if len(found) > 1:
        raise SeveralPatients(tuple(by_likeness(new, found)))
    if found:
        return found[0].key
    reception.desk(intent.wanted.connection, Ability.MAKE_PATIENT)
    if intent.wanted.time and (kind := objection_now(intent.wanted.time, desk, reception)):
        raise Refused(kind, OBJECTIONS[kind])
    reception.store.sent(intent.id, intent.attempt)
    try:
        return desk.make_patient(new)
    except OutcomeUnknown:
        made = reception.wait_for(lambda: same_people(new, desk.find_patients([new.phone])))
        if not made:
            raise
        return made[0].key


def near(new: NewPatient, wanted: Wanted, desk: Booking, reception: Reception) -> Sequence[Patient]:
    """Who has the phone, and whom the lead's contact is linked with."""
    sharing = {one.key: one for one in desk.find_patients([new.phone]) if not one.archived}
    if wanted.contact:
        for key in reception.store.patients_of_contacts([wanted.contact]).get(wanted.contact, ()):
            if key.connection == wanted.connection and key not in sharing and (linked := desk.patient(key.id)):
                sharing[key] = linked
    return list(sharing.values())


def look_at_timetable(time: Time, desk: Booking, reception: Reception) -> None:
    """A timetable that knows nothing of that day refuses nothing: staff look themselves."""
    day = time.starts_at.date()
    shifts = desk.schedule(ScheduleQuery(first=day, last=day, doctors=(time.doctor,)))
    kind = objection(time, shifts, reception.clock.now())
    if kind and (shifts or kind is RefusalKind.PAST):
        raise Refused(kind, OBJECTIONS[kind])


def applied(intent: Intent, desk: Booking, reception: Reception) -> Answer:
    """Where the clinic's staff book themselves, an application is handed over: the same one again is one."""
    wanted = intent.wanted
    new = wanted.new_patient
    if new is None:
        raise who_is_it()
    if wanted.time:
        look_at_timetable(wanted.time, desk, reception)
    reception.store.sent(intent.id, intent.attempt)
    desk.apply(
        Application(
            ref=wanted.ref,
            patient=new,
            time=wanted.time,
            services=wanted.services or (),
            comment=wanted.comment or "",
            lead=wanted.lead,
        )
    )
    return reception.finish(intent, Finished(phase=Phase.DONE, said=text("The application is handed over.")))
