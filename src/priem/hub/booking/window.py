"""What the booking window shows and does, for one actor. No HTTP here: whoever lets somebody in makes a `Window`."""

from collections.abc import Sequence
from dataclasses import dataclass

from priem.booking import Booking, BranchInfo, Refused, ScheduleQuery, Shift
from priem.engine.booking import book, read_lead
from priem.engine.booking_rights import Actor, default_branch, may_book, may_somewhere, rights_of
from priem.engine.rebooking import cancel, change_status, reschedule, update
from priem.engine.reception import Answer, Reception, not_allowed
from priem.engine.whose import from_contact
from priem.errors import PriemError
from priem.hub.booking import told
from priem.hub.booking.asked import (
    AskedForSchedule,
    AskedForStatus,
    AskedToBook,
    AskedToCancel,
    AskedToMove,
    AskedToUpdate,
)
from priem.hub.booking.told import Json
from priem.hub.sentences import readable
from priem.model import Contact, Lead, Patient, PatientKey, Visit
from priem.phones import numbers_in

MOST_DAYS = 31
MOST_VISITS = 50


@dataclass(frozen=True, slots=True)
class Window:
    reception: Reception
    actor: Actor

    # What there is

    def dictionaries(self) -> Json:
        """Of every connection in which the actor may book; one that is away says so, the others are there."""
        return {
            "books": rights_of(self.actor, self.reception.bound).books,
            "default_branch": default_branch(self.actor, self.reception.bound),
            "connections": [self._dictionaries_of(key, desk) for key, desk in self.reception.desks.items()],
        }

    def _dictionaries_of(self, connection: str, desk: Booking) -> Json:
        try:
            return {
                "connection": connection,
                "abilities": sorted(ability.value for ability in desk.abilities),
                "branches": [
                    {"id": one.id, "name": one.name, "time_zone": one.time_zone, "address": one.address}
                    for one in self._branches(connection, desk)
                ],
                **told.dictionaries(desk),
            }
        except PriemError as error:
            return {"connection": connection, "abilities": [], "trouble": readable(error.what)}

    def _branches(self, connection: str, desk: Booking) -> list[BranchInfo]:
        return [one for one in desk.branches() if may_book(self.actor, connection, one.id, self.reception.bound)]

    def schedule(self, asked: AskedForSchedule) -> Json:
        return {"shifts": [told.shift(shift) for shift in self.shifts(asked)]}

    def shifts(self, asked: AskedForSchedule) -> list[Shift]:
        """Raises Refused, TryLater. Longer periods than a month are cut."""
        desk = self.reception.desk(asked.connection)
        last = min(asked.last, asked.first.fromordinal(asked.first.toordinal() + MOST_DAYS - 1))
        query = ScheduleQuery(
            first=asked.first, last=last, doctors=asked.doctor, services=asked.service, branch=asked.branch
        )
        shifts = desk.schedule(query)
        sole = one[0].id if len(one := desk.branches()) == 1 else ""
        return [
            shift
            for shift in shifts
            if may_book(self.actor, asked.connection, shift.branch or sole, self.reception.bound)
        ]

    def patients(self, connection: str, phone: str) -> Json:
        """Who has this number; nobody for what is none. Raises Refused, TryLater.

        Patients belong to a connection, not to a branch: whoever books in one of its branches looks them up.
        """
        desk = self.reception.desk(connection)
        if not may_somewhere(self.actor, connection, [one.id for one in desk.branches()], self.reception.bound):
            raise not_allowed()
        numbers = numbers_in(phone)
        found = desk.find_patients(numbers) if numbers else ()
        return {"patients": [told.patient(one) for one in found]}

    def lead(self, id_: int) -> Json:
        """The panel in a lead's card. Raises Refused for a lead that is not there, TryLater."""
        lead, contact = read_lead(id_, self.reception)
        bound, visit = self.reception.bound, self._visit_of(lead)
        patients = self._patients_of(contact, PatientKey.parse(visit.get("patient", "")) if visit else None)
        return {
            "lead": lead.id,
            "books": rights_of(self.actor, bound).books and (lead.pipeline, lead.stage) not in bound.not_bookable,
            "journal": bound.shows_journal(lead.pipeline),
            "visit": visit,
            "visits": self._visits_of(patients, lead),
            "patients": [told.patient(one) for key, desk in patients if (one := self._patient(key, desk))],
            "contact": prefilled(contact, self.reception),
            "requests": [
                told.answer(self.reception.answer(one))
                for one in self.reception.store.bookings_of(lead.id)
                if one.phase.is_open
            ],
        }

    def _patients_of(self, contact: Contact | None, of_visit: PatientKey | None) -> list[tuple[PatientKey, Booking]]:
        """Whose contact it is, and whose visit: a lead may stand on another card of the same person."""
        owners = self.reception.store.patients_of_contacts([contact.id]).get(contact.id, ()) if contact else ()
        keys = dict.fromkeys((*owners, *([of_visit] if of_visit else [])))
        desks = self.reception.desks
        return [(key, desks[key.connection]) for key in keys if key.connection in desks]

    def _patient(self, key: PatientKey, desk: Booking) -> Patient | None:
        try:
            return desk.patient(key.id)
        except PriemError:
            return None

    def _visit_of(self, lead: Lead) -> Json | None:
        key = self.reception.store.visits_of_leads([lead.id]).get(lead.id)
        desk = self.reception.desks.get(key.connection) if key else None
        if key is None or desk is None:
            return None
        try:
            visit = desk.visit(key.id)
            return told.visit(visit, status_names(desk)) if visit else None
        except Refused:
            return {"id": str(key)}  # a desk that shows no visits
        except PriemError as error:
            return {"id": str(key), "trouble": readable(error.what)}

    def _visits_of(self, patients: Sequence[tuple[PatientKey, Booking]], lead: Lead) -> list[Json]:
        """Each with its lead, so that one may jump there."""
        found: list[tuple[Visit, Booking]] = []
        for key, desk in patients:
            try:
                found += [(visit, desk) for visit in desk.visits_of(key.id)]
            except PriemError:
                continue
        found.sort(key=lambda pair: pair[0].starts_at, reverse=True)
        shown = found[:MOST_VISITS]
        around = self.reception.store.around_visits({visit.key: None for visit, _ in shown}, ())
        leads = {key: link.lead for key, link in around.visit_links.items()}
        return [
            {**told.visit(visit, status_names(desk)), "lead": leads.get(visit.key)}
            for visit, desk in shown
            if leads.get(visit.key) != lead.id
        ]

    # What is done

    def book(self, asked: AskedToBook) -> Answer:
        return book(asked.meant(), self.actor, self.reception)

    def reschedule(self, asked: AskedToMove) -> Answer:
        return reschedule(asked.change(), asked.time.meant(), self.actor, self.reception)

    def cancel(self, asked: AskedToCancel) -> Answer:
        return cancel(asked.change(), asked.reason, asked.comment, self.actor, self.reception)

    def change_status(self, asked: AskedForStatus) -> Answer:
        return change_status(asked.change(), asked.status, self.actor, self.reception)

    def update(self, asked: AskedToUpdate) -> Answer:
        return update(asked.change(), asked.comment, asked.services, self.actor, self.reception)

    def answer(self, ref: str) -> Answer | None:
        """What became of a request; None when nobody made it."""
        intent = self.reception.store.intent(ref)
        return self.reception.answer(intent) if intent else None


def status_names(desk: Booking) -> dict[str, str]:
    return {one.id: one.name for one in desk.statuses()}


def prefilled(contact: Contact | None, reception: Reception) -> Json | None:
    """What the window begins with."""
    if contact is None:
        return None
    new = from_contact(contact, reception.bound.junk_phones)
    phones = [number for entry in contact.phones for number in numbers_in(entry.text)]
    last, first, middle = (new.last_name, new.first_name, new.middle_name) if new else ("", contact.name, "")
    return {
        "id": contact.id,
        "last_name": last,
        "first_name": first,
        "middle_name": middle,
        "phone": phones[0] if phones else "",
    }
