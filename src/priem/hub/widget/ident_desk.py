"""IDENT's desk: the timetable that it posts, and applications for its staff. docs/reference/ident.md §1

Its database is only read, so nothing is booked, moved or cancelled here.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from priem.booking import (
    Ability,
    Application,
    BranchInfo,
    DoctorInfo,
    RefusalKind,
    Refused,
    ScheduleQuery,
    Shift,
    Slot,
    Unable,
)
from priem.hub.ident import tickets
from priem.hub.ident.timetables import unpacked
from priem.hub.models import IdentService, Timetable, TimetableDay
from priem.mis.ident.exchange.ticket import Ticket, id_of_lead
from priem.mis.ident.exchange.timetable import Interval
from priem.texts import text

PIECE = timedelta(minutes=30)
"""Into which a long free interval is cut for choosing: IDENT says how long free time is, not when visits begin."""


class IdentDesk(Unable):
    """A `Booking` of applications."""

    def __init__(self, clinic_id: int, connection: str, time_zone: str) -> None:
        self._clinic = clinic_id
        self._connection = connection
        self._zone = ZoneInfo(time_zone)

    @property
    def connection(self) -> str:
        return self._connection

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset((Ability.APPLY,))

    def branches(self) -> Sequence[BranchInfo]:
        table = self._table()
        names = table.branches if table else {}
        return [BranchInfo(id=id_, name=name, time_zone=self._zone.key) for id_, name in names.items()]

    def doctors(self) -> Sequence[DoctorInfo]:
        table = self._table()
        return [DoctorInfo(id=id_, name=name) for id_, name in (table.doctors if table else {}).items()]

    def schedule(self, wanted: ScheduleQuery) -> Sequence[Shift]:
        table = self._table()
        days = TimetableDay.objects.of(self._clinic).filter(connection=self._connection)
        days = days.filter(day__range=(wanted.first, wanted.last))
        if wanted.branch:
            days = days.filter(branch=int(wanted.branch))
        if wanted.doctors:
            days = days.filter(doctor__in=[int(id_) for id_ in wanted.doctors if id_.isdecimal()])
        found = [shift for day in days if (shift := self._shift(day, table))]
        return sorted(found, key=lambda shift: (shift.doctor, shift.starts_at))

    def apply(self, application: Application) -> str:
        """A lead goes once: a second application of it is the first."""
        ticket = ticket_of(application)
        if application.lead and tickets.of_lead(self._clinic, application.lead).get(self._connection):
            raise Refused(RefusalKind.HAS_VISIT, text("The lead went to IDENT already."))
        handed = tickets.hand_over(self._clinic, self._connection, ticket, self._zone, lead=application.lead)
        return handed.id

    def _table(self) -> Timetable | None:
        return Timetable.objects.of(self._clinic).filter(connection=self._connection).first()

    def _shift(self, day: TimetableDay, table: Timetable | None) -> Shift | None:
        intervals = sorted((unpacked(day, packed) for packed in day.intervals), key=lambda one: one.starts_at)
        slots = tuple(slot for interval in intervals for slot in self._slots(interval))
        if not slots:
            return None
        return Shift(
            doctor=str(day.doctor),
            doctor_name=(table.doctors if table else {}).get(str(day.doctor), ""),
            starts_at=slots[0].starts_at,
            ends_at=max(slot.ends_at for slot in slots),
            branch=str(day.branch),
            slots=slots,
        )

    def _slots(self, interval: Interval) -> Iterator[Slot]:
        now = datetime.now(UTC)
        starts = interval.starts_at.astimezone(self._zone)
        ends = starts + timedelta(minutes=interval.minutes)
        while starts < ends:
            until = ends if interval.busy else min(ends, starts + PIECE)
            yield Slot(starts, until, free=not interval.busy and starts > now)
            starts = until


def ticket_of(application: Application) -> Ticket:
    time, patient = application.time, application.patient
    return Ticket(
        id=id_of_lead(application.lead) if application.lead else application.ref,
        at=datetime.now(UTC),
        phone=patient.phone,
        surname=patient.last_name,
        name=patient.first_name,
        patronymic=patient.middle_name,
        plan_start=time.starts_at if time else None,
        plan_end=time.ends_at if time else None,
        doctor_id=int(time.doctor) if time and time.doctor.isdecimal() else None,
        comment=application.comment,
    )


def ident_desks(clinic_id: int) -> dict[str, IdentDesk]:
    """Of the connections for which IDENT has an address here and has posted its timetable."""
    posted = set(Timetable.objects.of(clinic_id).values_list("connection", flat=True))
    return {
        row.connection: IdentDesk(clinic_id, row.connection, row.time_zone)
        for row in IdentService.objects.of(clinic_id)
        if row.connection in posted
    }
