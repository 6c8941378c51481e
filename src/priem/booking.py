"""Booking in a МИС: the nouns and the seam. Frozen, standard library only; the glossary is docs/glossary.md.

Who books, what is written down before and after, and who wins when two want one slot is the engine's
(`engine/booking.py`). An adapter says what there is, and does one thing when it is told to.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from priem.errors import BadRecord
from priem.model import Patient, PatientKey, Visit, VisitKey, VisitStatus
from priem.texts import Text, text


class Ability(StrEnum):
    """What a connection's МИС lets others do. What is missing is not offered to anybody."""

    BOOK = "book"
    APPLY = "apply"
    """Hands over an application that the clinic's staff turn into a visit: IDENT."""
    MAKE_PATIENT = "make_patient"
    RESCHEDULE = "reschedule"
    CHANGE_STATUS = "change_status"
    CANCEL = "cancel"
    COMMENT = "comment"
    """The comment of a visit that is there may be changed."""
    SERVICES = "services"
    """Likewise its services."""


class RefusalKind(StrEnum):
    BUSY = "busy"
    """Somebody else has that time."""
    NOT_WORKING = "not_working"
    """The doctor does not see patients then, or has no length of a visit set."""
    PAST = "past"
    UNKNOWN_PATIENT = "unknown_patient"
    SEVERAL_PATIENTS = "several_patients"
    """A person has to say which of them is meant."""
    NO_VISIT = "no_visit"
    """There is no such visit, or not any more."""
    HAS_VISIT = "has_visit"
    """The lead has a visit that is still to come."""
    CHANGED = "changed"
    """The visit is not any more as whoever asked has seen it: over, or begun."""
    NOT_ALLOWED = "not_allowed"
    UNABLE = "unable"
    """This МИС cannot do it from outside."""
    INCOMPLETE = "incomplete"
    """Something that the МИС needs was not said."""
    NOT_DONE = "not_done"
    """It certainly did not happen, and may be asked for again."""
    OTHER = "other"
    """In the МИС's own words."""


class Refused(BadRecord):
    """No, and why. A normal outcome: whoever asked is told, nobody else is bothered."""

    def __init__(self, kind: RefusalKind, what: Text, advice: Text | None = None) -> None:
        super().__init__(what, advice)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of one of a МИС's dictionaries."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchInfo:
    id: str
    """As `Visit.branch` says it."""
    name: str
    time_zone: str
    """IANA's name."""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorInfo:
    id: str
    """As `Visit.doctor` says it."""
    name: str
    specialities: tuple[Entry, ...] = ()
    """The main one first."""
    branches: tuple[str, ...] = ()
    """Ids; empty when the МИС does not say."""
    minutes: int | None = None
    """The length of a visit; None when the МИС does not say, 0 when nobody has set one: then it refuses bookings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInfo:
    id: str
    name: str
    code: str = ""
    category: str = ""
    price: Decimal | None = None
    """Roubles."""
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusInfo:
    id: str
    """As `Visit.raw_status` says it."""
    name: str
    status: VisitStatus


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of a doctor's working time. Aware, in the branch's zone; the end is not part of it."""

    starts_at: datetime
    ends_at: datetime
    free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A doctor's working time in one place, from its beginning to its end. There may be several on one day."""

    doctor: str
    doctor_name: str
    starts_at: datetime
    ends_at: datetime
    branch: str = ""
    room: str = ""
    slots: tuple[Slot, ...] = ()
    """In their order, free and busy; breaks between them are no working time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleQuery:
    """Which part of the schedule is wanted. What is empty does not narrow it."""

    first: date
    last: date
    """Days of the branch's calendar, both included."""
    doctors: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """Only doctors who do all of these, where the МИС tells; the others are left to the person who books."""
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """Somebody to be found in the МИС, or to be made there."""

    last_name: str
    first_name: str
    middle_name: str = ""
    phone: str
    """E.164."""
    birthday: date | None = None
    email: str = ""

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.last_name, self.first_name, self.middle_name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """When, with whom and where. Aware times."""

    doctor: str
    starts_at: datetime
    ends_at: datetime
    branch: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A visit to be booked."""

    patient: PatientKey
    time: Time
    services: tuple[str, ...] = ()
    """Ids."""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A visit to be asked for, where the clinic's staff book it themselves (docs/reference/ident.md §1.5)."""

    ref: str
    """Names it for ever: the same application handed over twice is one."""
    patient: NewPatient
    time: Time | None = None
    """None: the staff find a time."""
    services: tuple[str, ...] = ()
    comment: str = ""
    lead: int | None = None


class Booking(Protocol):
    """A МИС's desk. Used by many threads at once.

    Reads raise TryLater when the other side is away. Writes are sent once and never repeated by the adapter; they raise

    - Refused (from here) when the МИС says no,
    - TryLater when certainly nothing was sent or done,
    - OutcomeUnknown when it was sent and no usable answer came: 5xx, HTML, a cut connection, a time-out,
    - AskOperator when only a person can help: a wrong secret, a method that is switched off.

    Ids are those of the connection. What an adapter does not offer raises `unable()`; `abilities` says so before.
    tests/contract/booking_contract.py holds every implementation to this.
    """

    @property
    def connection(self) -> str:
        """The connection that all keys begin with."""

    @property
    def abilities(self) -> frozenset[Ability]: ...

    def branches(self) -> Sequence[BranchInfo]:
        """This and the other dictionaries may come from a cache some minutes old."""

    def doctors(self) -> Sequence[DoctorInfo]: ...

    def specialities(self) -> Sequence[Entry]: ...

    def services(self) -> Sequence[ServiceInfo]: ...

    def rooms(self) -> Sequence[Entry]:
        """Empty where rooms are free text."""

    def statuses(self) -> Sequence[StatusInfo]:
        """Those that a visit may be given, in the МИС's order."""

    def cancel_reasons(self) -> Sequence[Entry]: ...

    def schedule(self, wanted: ScheduleQuery) -> Sequence[Shift]:
        """The working time as it is now, never from a cache: a slot is checked with it just before it is booked.

        By doctor and beginning. Past slots are left out, or not free.
        """

    def find_patients(self, phones: Collection[str]) -> Sequence[Patient]:
        """Who has one of these numbers (E.164), however the МИС spells it. Without the archived."""

    def patient(self, id_: str) -> Patient | None: ...

    def make_patient(self, new: NewPatient) -> PatientKey: ...

    def visit(self, id_: str) -> Visit | None:
        """As it is now, cancelled and deleted ones too; None when there never was one."""

    def visits_of(self, patient: str) -> Sequence[Visit]:
        """All of them, the latest first."""

    def visits_between(self, wanted: ScheduleQuery) -> Sequence[Visit]:
        """Everybody's visits on these days, with these doctors and in this branch, by their beginning; cancelled and
        deleted ones too. `services` narrows nothing."""

    def book(self, order: Order) -> VisitKey:
        """The visit's key as the МИС answered it. Time and doctor are taken from the order as they are."""

    def look_up(self, patient: str, doctor: str, starts_at: datetime) -> Visit | None:
        """The visit that the patient has with the doctor at that minute, unless it is over before it began (`is_over`):
        this is how a booking is found whose answer was lost. Read anew."""

    def reschedule(self, visit: str, to: Time) -> VisitKey:
        """The visit's key afterwards: another one where moving makes a new visit."""

    def change_status(self, visit: str, status: str) -> None:
        """To one of `statuses()`, by its id."""

    def cancel(self, visit: str, reason: str = "", comment: str = "") -> None:
        """For one of `cancel_reasons()`, by its id, if given. One that is cancelled already is well."""

    def update(self, visit: str, *, comment: str | None = None, services: Sequence[str] | None = None) -> None:
        """None leaves as it is. Services are ids and replace those that are there."""

    def apply(self, application: Application) -> str:
        """Hands over an application; gives its id there. The same `ref` again changes it, and makes no second one."""


def unable() -> Refused:
    return Refused(RefusalKind.UNABLE, text("This medical information system cannot do that from outside."))


class Unable:
    """For adapters that offer only a part: all that a desk may do, refused. To be inherited from."""

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset()

    def branches(self) -> Sequence[BranchInfo]:
        return ()

    def doctors(self) -> Sequence[DoctorInfo]:
        return ()

    def specialities(self) -> Sequence[Entry]:
        return ()

    def services(self) -> Sequence[ServiceInfo]:
        return ()

    def rooms(self) -> Sequence[Entry]:
        return ()

    def statuses(self) -> Sequence[StatusInfo]:
        return ()

    def cancel_reasons(self) -> Sequence[Entry]:
        return ()

    def schedule(self, wanted: ScheduleQuery) -> Sequence[Shift]:
        raise unable()

    def find_patients(self, phones: Collection[str]) -> Sequence[Patient]:
        raise unable()

    def patient(self, id_: str) -> Patient | None:
        raise unable()

    def make_patient(self, new: NewPatient) -> PatientKey:
        raise unable()

    def visit(self, id_: str) -> Visit | None:
        raise unable()

    def visits_of(self, patient: str) -> Sequence[Visit]:
        raise unable()

    def visits_between(self, wanted: ScheduleQuery) -> Sequence[Visit]:
        raise unable()

    def book(self, order: Order) -> VisitKey:
        raise unable()

    def look_up(self, patient: str, doctor: str, starts_at: datetime) -> Visit | None:
        raise unable()

    def reschedule(self, visit: str, to: Time) -> VisitKey:
        raise unable()

    def change_status(self, visit: str, status: str) -> None:
        raise unable()

    def cancel(self, visit: str, reason: str = "", comment: str = "") -> None:
        raise unable()

    def update(self, visit: str, *, comment: str | None = None, services: Sequence[str] | None = None) -> None:
        raise unable()

    def apply(self, application: Application) -> str:
        raise unable()
