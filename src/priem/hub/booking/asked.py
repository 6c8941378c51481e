"""What callers send. A word that is not known is a mistake, and what is missing is named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeVar

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from priem.booking import NewPatient, RefusalKind, Refused, Time
from priem.engine.booking import BookingRequest
from priem.engine.rebooking import Change
from priem.model import VisitKey
from priem.phones import numbers_in
from priem.texts import text

Asked = TypeVar("Asked")
LONGEST_REF = 200


class Strict:
    __slots__ = ()
    __pydantic_config__: ClassVar[Mapping[str, object]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody(Strict):
    last_name: str
    first_name: str
    middle_name: str = ""
    phone: str
    birthday: date | None = None
    email: str = ""

    def meant(self) -> NewPatient:
        phones = numbers_in(self.phone)
        if not (self.last_name.strip() and self.first_name.strip() and phones):
            raise Refused(RefusalKind.INCOMPLETE, text("A patient needs a surname, a name and a phone number."))
        return NewPatient(
            last_name=self.last_name.strip(),
            first_name=self.first_name.strip(),
            middle_name=self.middle_name.strip(),
            phone=phones[0],
            birthday=self.birthday,
            email=self.email.strip(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class When(Strict):
    doctor: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    branch: str = ""
    room: str = ""

    def meant(self) -> Time:
        return Time(
            doctor=self.doctor, starts_at=self.starts_at, ends_at=self.ends_at, branch=self.branch, room=self.room
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToBook(Strict):
    ref: str
    """The caller's own name for this request, new for each: the same again books once."""
    connection: str
    time: When
    lead: int | None = None
    patient: str = ""
    new_patient: Somebody | None = None
    services: tuple[str, ...] = ()
    comment: str = ""

    def meant(self) -> BookingRequest:
        return BookingRequest(
            ref=self.ref[:LONGEST_REF],
            connection=self.connection,
            time=self.time.meant(),
            lead=self.lead,
            patient=self.patient,
            new_patient=self.new_patient.meant() if self.new_patient else None,
            services=self.services,
            comment=self.comment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToChange(Strict):
    """What each change of a visit needs; the rest is one change's own."""

    ref: str
    visit: str
    """`connection:id`."""
    lead: int | None = None

    def change(self) -> Change:
        key = VisitKey.parse(self.visit)
        if key is None:
            raise Refused(RefusalKind.NO_VISIT, text("There is no such visit any more."))
        return Change(ref=self.ref[:LONGEST_REF], visit=key, lead=self.lead)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToMove(AskedToChange):
    time: When


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToCancel(AskedToChange):
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForStatus(AskedToChange):
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToUpdate(AskedToChange):
    comment: str | None = None
    services: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForSchedule(Strict):
    connection: str
    first: date
    last: date
    doctor: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    branch: str = ""


class Unreadable(Exception):
    """Not what is to be sent here: the places that are wrong."""

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__(", ".join(places))
        self.places = places


def read(kind: type[Asked], sent: Mapping[str, Any]) -> Asked:
    """Raises Unreadable."""
    try:
        return TypeAdapter(kind).validate_python(sent)
    except ValidationError as error:
        raise Unreadable(sorted({".".join(map(str, row["loc"])) or "?" for row in error.errors()})) from error


def read_json(kind: type[Asked], body: bytes) -> Asked:
    """Raises Unreadable."""
    try:
        return TypeAdapter(kind).validate_json(body)
    except ValidationError as error:
        raise Unreadable(sorted({".".join(map(str, row["loc"])) or "?" for row in error.errors()})) from error
