"""A МИС's desk in memory. tests/contract/booking_contract.py holds it to what every desk promises.

Like the real ones it is asked by many threads, and it takes whatever time it is given: two visits at one time are its
callers' fault, as long as `refuses_collisions` is off.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from priem.booking import (
    Ability,
    Application,
    BranchInfo,
    DoctorInfo,
    Entry,
    NewPatient,
    Order,
    RefusalKind,
    Refused,
    ScheduleQuery,
    ServiceInfo,
    Shift,
    Slot,
    StatusInfo,
    Time,
    unable,
)
from priem.errors import AskOperator, OutcomeUnknown, TryLater
from priem.model import Patient, PatientKey, Visit, VisitKey, VisitStatus
from priem.texts import text

Result = TypeVar("Result")
SLOT = timedelta(minutes=30)
NAMES = {"20": "Седова Мария Петровна", "21": "Лунин Олег Иванович"}
AWAY = text("The desk is away.")
LOST = text("The answer was lost.")
CLOSED = text("The desk takes nothing from outside.")


class FakeDesk:
    """What it has is public. `told` hears of every patient and visit that is made or changed."""

    def __init__(
        self,
        connection: str = "archimed",
        *,
        told: Callable[[Patient | Visit], None] = lambda _row: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.connection = connection
        self.abilities = frozenset(Ability) - {Ability.APPLY}
        self.patients: dict[str, Patient] = {}
        self.visits: dict[str, Visit] = {}
        self.shifts: list[Shift] = []
        """Without slots: those follow from the visits."""
        self.writes: list[str] = []
        """What was done, in its order."""
        self.refuses_collisions = False
        self.applications: dict[str, Application] = {}
        self._told = told
        self._now = now
        self._lock = threading.RLock()
        self._ids = count(1)
        self._faults: list[str] = []

    # What the test does to it

    def works(self, doctor: str, starts_at: datetime, hours: float, *, branch: str = "1", room: str = "5") -> None:
        ends_at = starts_at + timedelta(hours=hours)
        name = NAMES.get(doctor, doctor)
        self.shifts.append(
            Shift(doctor=doctor, doctor_name=name, starts_at=starts_at, ends_at=ends_at, branch=branch, room=room)
        )

    def has(self, *rows: Patient | Visit) -> None:
        for row in rows:
            self._put(row)

    def fails(self, *faults: str) -> None:
        """The next writes, one fault each: `lost` (done, no answer), `vanished` (not done, no answer), `away`, `closed`
        (read it may be, and not written)."""
        self._faults += faults

    # priem.booking.Booking

    def branches(self) -> Sequence[BranchInfo]:
        return [BranchInfo(id="1", name="На Мира", time_zone="UTC"), BranchInfo(id="2", name="Центр", time_zone="UTC")]

    def doctors(self) -> Sequence[DoctorInfo]:
        return [
            DoctorInfo(id=id_, name=name, specialities=(Entry("34", "Хирург"),), minutes=30)
            for id_, name in NAMES.items()
        ]

    def specialities(self) -> Sequence[Entry]:
        return [Entry("34", "Хирург")]

    def services(self) -> Sequence[ServiceInfo]:
        return [ServiceInfo(id="7", name="Консультация", minutes=30)]

    def rooms(self) -> Sequence[Entry]:
        return []

    def statuses(self) -> Sequence[StatusInfo]:
        return STATUSES

    def cancel_reasons(self) -> Sequence[Entry]:
        return [Entry("1", "Отказ пациента"), Entry("2", "Ошибка")]

    def schedule(self, wanted: ScheduleQuery) -> Sequence[Shift]:
        with self._lock:
            found = [
                replace(shift, slots=tuple(self._slots(shift)))
                for shift in self.shifts
                if wanted.first <= shift.starts_at.date() <= wanted.last
                and (not wanted.doctors or shift.doctor in wanted.doctors)
                and (not wanted.branch or shift.branch == wanted.branch)
            ]
        return sorted(found, key=lambda shift: (shift.doctor, shift.starts_at))

    def _slots(self, shift: Shift) -> Iterable[Slot]:
        begins = shift.starts_at
        while begins < shift.ends_at:
            ends = begins + SLOT
            yield Slot(begins, ends, free=begins >= self._now() and not self._taken(shift.doctor, begins, ends))
            begins = ends

    def _taken(self, doctor: str, begins: datetime, ends: datetime) -> bool:
        return any(
            visit.doctor == doctor
            and not visit.status.is_over
            and visit.starts_at < ends
            and begins < (visit.ends_at or visit.starts_at + SLOT)
            for visit in self.visits.values()
        )

    def find_patients(self, phones: Collection[str]) -> Sequence[Patient]:
        with self._lock:
            return [one for one in self.patients.values() if set(phones) & set(one.phones) and not one.archived]

    def patient(self, id_: str) -> Patient | None:
        return self.patients.get(id_)

    def make_patient(self, new: NewPatient) -> PatientKey:
        def make() -> PatientKey:
            key = PatientKey(self.connection, str(next(self._ids)))
            self._put(Patient(key=key, name=new.name, phones=(new.phone,), birthday=new.birthday))
            return key

        return self._write("make_patient", make)

    def visit(self, id_: str) -> Visit | None:
        return self.visits.get(id_)

    def visits_of(self, patient: str) -> Sequence[Visit]:
        with self._lock:
            mine = [visit for visit in self.visits.values() if visit.patient.id == patient]
        return sorted(mine, key=lambda visit: visit.starts_at, reverse=True)

    def visits_between(self, wanted: ScheduleQuery) -> Sequence[Visit]:
        with self._lock:
            every = list(self.visits.values())
        found = (
            visit
            for visit in every
            if wanted.first <= visit.starts_at.date() <= wanted.last
            and (not wanted.doctors or visit.doctor in wanted.doctors)
            and (not wanted.branch or visit.branch in ("", wanted.branch))
        )
        return sorted(found, key=lambda visit: visit.starts_at)

    def book(self, order: Order) -> VisitKey:
        def make() -> VisitKey:
            time = order.time
            if order.patient.id not in self.patients:
                raise Refused(RefusalKind.UNKNOWN_PATIENT, text("There is no such patient."))
            if self.refuses_collisions and self._taken(time.doctor, time.starts_at, time.ends_at):
                raise Refused(RefusalKind.BUSY, text("That time is taken."))
            key = VisitKey(self.connection, str(next(self._ids)))
            visit = Visit(
                key=key,
                patient=order.patient,
                status=VisitStatus.BOOKED,
                raw_status="1",
                starts_at=time.starts_at,
                ends_at=time.ends_at,
                added_at=self._now(),
                branch=time.branch or "1",
                branch_name="На Мира",
                doctor=time.doctor,
                doctor_name=NAMES.get(time.doctor, ""),
                room=time.room,
                comment=order.comment,
            )
            self._put(visit)
            return key

        return self._write("book", make)

    def look_up(self, patient: str, doctor: str, starts_at: datetime) -> Visit | None:
        with self._lock:
            return next(
                (
                    one
                    for one in self.visits.values()
                    if (one.patient.id, one.doctor, one.starts_at) == (patient, doctor, starts_at)
                    and not one.status.is_over
                ),
                None,
            )

    def reschedule(self, visit: str, to: Time) -> VisitKey:
        def move() -> VisitKey:
            there = self._there(visit)
            there = replace(there, doctor=to.doctor, doctor_name=NAMES.get(to.doctor, ""), room=to.room)
            self._put(replace(there, starts_at=to.starts_at, ends_at=to.ends_at))
            return there.key

        return self._write("reschedule", move)

    def change_status(self, visit: str, status: str) -> None:
        def change() -> None:
            info = next(one for one in STATUSES if one.id == status)
            self._put(replace(self._there(visit), status=info.status, raw_status=info.id))

        self._write("change_status", change)

    def cancel(self, visit: str, reason: str = "", comment: str = "") -> None:
        def end() -> None:
            there = self._there(visit)
            self._put(
                replace(there, status=VisitStatus.CANCELLED, raw_status="4", comment=comment or reason or there.comment)
            )

        self._write("cancel", end)

    def update(self, visit: str, *, comment: str | None = None, services: Sequence[str] | None = None) -> None:  # noqa: ARG002 - the port's
        def change() -> None:
            there = self._there(visit)
            self._put(replace(there, comment=there.comment if comment is None else comment))

        self._write("update", change)

    def apply(self, application: Application) -> str:
        if Ability.APPLY not in self.abilities:
            raise unable()

        def take() -> str:
            self.applications[application.ref] = application
            return application.ref

        return self._write("apply", take)

    # Inside

    def _there(self, id_: str) -> Visit:
        if id_ not in self.visits:
            raise Refused(RefusalKind.NO_VISIT, text("There is no such visit."))
        return self.visits[id_]

    def _write(self, what: str, do: Callable[[], Result]) -> Result:
        with self._lock:
            fault = self._fault()
            if fault == "away":
                raise TryLater(AWAY)
            if fault == "vanished":
                raise OutcomeUnknown(LOST)
            if fault == "closed":
                raise AskOperator(CLOSED)
            result = do()
            self.writes.append(what)
            if fault == "lost":
                raise OutcomeUnknown(LOST)
            return result

    def _fault(self) -> str:
        return self._faults.pop(0) if self._faults else ""

    def _put(self, row: Patient | Visit) -> None:
        with self._lock:
            if isinstance(row, Patient):
                self.patients[row.key.id] = row
            else:
                self.visits[row.key.id] = row
            self._told(row)


STATUSES = (
    StatusInfo(id="1", name="Запись", status=VisitStatus.BOOKED),
    StatusInfo(id="2", name="Подтверждён", status=VisitStatus.CONFIRMED),
    StatusInfo(id="5", name="Пришёл", status=VisitStatus.ARRIVED),
    StatusInfo(id="3", name="Приём прошёл", status=VisitStatus.COMPLETED),
    StatusInfo(id="4", name="Отменён", status=VisitStatus.CANCELLED),
    StatusInfo(id="6", name="Не пришёл", status=VisitStatus.NO_SHOW),
)
