"""The rules by which talons are made, moved, changed and deleted, whoever does it: the API or the front desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .branch import Branch
from .records import Doctor, Medcard, Talon

NO_RECEPTION_TIME = "Врач не указал время приема"
TAKEN = "Время приема уже занято"
OUTSIDE = "Врач не принимает в указанное время"
CANCELLED = "cancelled"
LONG_ENOUGH = 30
"""Minutes, where nobody said how long."""


class Refusal(Exception):
    """The program says no. `kind`: refused, taken, missing or invalid."""

    def __init__(self, text: str, kind: str = "refused") -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind


@dataclass(slots=True, kw_only=True)
class Wish:
    """A talon as somebody wants it. Without a card, the names stand on the talon."""

    doctor_id: int
    start: datetime
    end: datetime | None = None
    card: Medcard | None = None
    name: str = ""
    phone: str = ""
    status_id: int | None = None
    room: str = ""
    info: str = ""
    creator: str = ""
    record_type_id: int = 0
    info_source_id: int = 0
    reception_type_id: int = 0
    forced: bool = False
    """Over whatever stands there, as a program lets its people do who insist."""


def doctor_of(branch: Branch, doctor_id: int) -> Doctor:
    """Refusal when there is none."""
    doctor = branch.doctors.get(doctor_id)
    if doctor is None:
        raise Refusal("Врач не найден", "missing")
    return doctor


def hours(branch: Branch, doctor: Doctor, start: datetime, end: datetime | None) -> tuple[datetime, str]:
    """When it ends and in which room; Refusal when the doctor does not receive then."""
    if not doctor.max_time and not (branch.manners.endtime_helps and end):
        raise Refusal(NO_RECEPTION_TIME)
    until = end or start + timedelta(minutes=doctor.max_time)
    if until <= start or until.date() != start.date():
        raise Refusal("Некорректное время приема", "invalid")
    for shift in branch.shifts_on(doctor.id, start.date()):
        if shift.start <= start and until <= shift.end and not shift.hidden:
            return until, shift.room
    if not branch.manners.outside_schedule:
        raise Refusal(OUTSIDE)
    return until, doctor.room


def book(branch: Branch, wish: Wish) -> Talon:
    """A new talon, or Refusal."""
    doctor = doctor_of(branch, wish.doctor_id)
    if wish.forced:
        end, room = wish.end or wish.start + timedelta(minutes=doctor.max_time or LONG_ENOUGH), doctor.room
    else:
        end, room = hours(branch, doctor, wish.start, wish.end)
        _guard(branch, doctor.id, wish.start, end)
    status_id = branch.status_that("booked").id if wish.status_id is None else known_status(branch, wish.status_id)
    now = branch.now()
    talon = Talon(
        id=branch.next_id(branch.talons),
        patient_id=wish.card.id if wish.card else 0,
        doctor_id=doctor.id,
        start=wish.start,
        end=end,
        created=now,
        updated=now,
        status_id=status_id,
        creator=wish.creator,
        room=wish.room or room,
        info=wish.info,
        name=wish.name,
        phone=wish.phone,
        record_type_id=wish.record_type_id,
        info_source_id=wish.info_source_id,
        reception_type_id=wish.reception_type_id,
    )
    return branch.add_talon(talon)


def _guard(branch: Branch, doctor_id: int, start: datetime, end: datetime, besides: Talon | None = None) -> None:
    """Refusal when somebody has that time."""
    if branch.manners.collision != "allowed" and branch.taken(doctor_id, start, end, besides):
        raise Refusal(TAKEN, "taken")


def known_status(branch: Branch, status_id: int) -> int:
    """Refusal for a status that the clinic does not have."""
    if status_id not in branch.statuses:
        raise Refusal("Статус не найден", "invalid")
    return status_id


def move(branch: Branch, talon: Talon, doctor_id: int, start: datetime, end: datetime | None) -> None:
    """Same id, other time or doctor, as long as before unless an end is given; or Refusal."""
    if (doctor_id, start) == (talon.doctor_id, talon.start) and end in (None, talon.end):
        return
    doctor = doctor_of(branch, doctor_id)
    until, room = hours(branch, doctor, start, end or start + (talon.end - talon.start))
    _guard(branch, doctor.id, start, until, besides=talon)
    branch.place(talon, doctor.id, start, until)
    talon.room = room
    touch(branch, talon)


def change_status(branch: Branch, talon: Talon, status_id: int, reason_id: int = 0) -> None:
    """Refusal when the status is unknown, or when the time of a cancelled talon has been given away."""
    means = branch.meaning(known_status(branch, status_id))
    revived = branch.meaning(talon.status_id) == CANCELLED and means != CANCELLED
    if revived:
        _guard(branch, talon.doctor_id, talon.start, talon.end, besides=talon)
    talon.status_id = status_id
    if means == CANCELLED:
        talon.delete_reason_id = reason_id or talon.delete_reason_id
        talon.deleted = talon.deleted or branch.manners.cancel_deletes
    touch(branch, talon)


def delete(branch: Branch, talon: Talon, reason_id: int = 0) -> None:
    """Softly: `withDeleted=1` still shows it."""
    if talon.deleted:
        raise Refusal("Талон не найден", "missing")
    talon.deleted, talon.delete_reason_id = True, reason_id
    touch(branch, talon)


def restore(branch: Branch, talon: Talon) -> None:
    """A deletion taken back; Refusal when the time has been given away."""
    _guard(branch, talon.doctor_id, talon.start, talon.end, besides=talon)
    talon.deleted, talon.delete_reason_id = False, 0
    touch(branch, talon)


def touch(branch: Branch, talon: Talon) -> None:
    """Note when it changed."""
    talon.updated = branch.now()
