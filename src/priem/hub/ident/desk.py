"""IDENT's desk: the timetable, and applications in place of visits. docs/reference/ident.md §1"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

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
from priem.hub.ident.tickets import OtherContent
from priem.hub.ident.timetables import unpacked
from priem.hub.models import IdentService, MirroredLead, Timetable, TimetableDay
from priem.hub.watch import seen
from priem.mis.ident.exchange.refusals import TicketRefused
from priem.mis.ident.exchange.ticket import id_of_lead, to_ticket
from priem.mis.ident.exchange.timetable import Interval, free_windows
from priem.model import Visit
from priem.texts import text

STEP = timedelta(minutes=15)
"""Free time is shown in such pieces; IDENT posts it so, too."""


class IdentDesk(Unable):
    """A `Booking` that asks nobody: what IDENT has posted is here, and what it is to have waits here for it."""

    def __init__(self, clinic_id: int, connection: str, zone: tzinfo, zone_name: str) -> None:
        self.connection = connection
        self._clinic = clinic_id
        self._zone = zone
        self._zone_name = zone_name

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({Ability.APPLY})

    def branches(self) -> Sequence[BranchInfo]:
        table = self._table()
        named = table.branches if table else {}
        return [BranchInfo(id=id_, name=name, time_zone=self._zone_name) for id_, name in named.items()]

    def doctors(self) -> Sequence[DoctorInfo]:
        table = self._table()
        return [DoctorInfo(id=id_, name=name) for id_, name in (table.doctors if table else {}).items()]

    def schedule(self, wanted: ScheduleQuery) -> Sequence[Shift]:
        table = self._table()
        days = TimetableDay.objects.of(self._clinic).filter(
            connection=self.connection, day__range=(wanted.first, wanted.last)
        )
        if wanted.doctors:
            days = days.filter(doctor__in=[int(one) for one in wanted.doctors if one.isdecimal()])
        if wanted.branch:
            days = days.filter(branch=int(wanted.branch) if wanted.branch.isdecimal() else -1)
        names = table.doctors if table else {}
        shifts = [self._shift(day, names.get(str(day.doctor), "")) for day in days if day.intervals]
        return sorted(shifts, key=lambda shift: (shift.doctor_name, shift.doctor, shift.starts_at))

    def _shift(self, day: TimetableDay, name: str) -> Shift:
        intervals = [unpacked(day, packed) for packed in day.intervals]
        slots = sorted(self._slots(intervals), key=lambda slot: slot.starts_at)
        return Shift(
            doctor=str(day.doctor),
            doctor_name=name,
            starts_at=min(one.starts_at for one in intervals).astimezone(self._zone),
            ends_at=max(one.ends_at for one in intervals).astimezone(self._zone),
            branch=str(day.branch),
            slots=tuple(slots),
        )

    def _slots(self, intervals: Sequence[Interval]) -> Iterator[Slot]:
        for start, end in free_windows(intervals, after=datetime.now(UTC)):
            begins = start.astimezone(self._zone)
            while begins < end:
                ends = min(begins + STEP, end.astimezone(self._zone))
                yield Slot(begins, ends, free=True)
                begins = ends
        for one in intervals:
            if one.busy:
                yield Slot(one.starts_at.astimezone(self._zone), one.ends_at.astimezone(self._zone), free=False)

    def visits_between(self, wanted: ScheduleQuery) -> Sequence[Visit]:
        """As they were read last for the sync: IDENT's database is asked for nothing else."""
        return tuple(seen.visits_between(self._clinic, self.connection, wanted, self._zone))

    def apply(self, application: Application) -> str:
        patient, time = application.patient, application.time
        fields: dict[str, object] = {
            "Id": id_of_lead(application.lead) if application.lead else application.ref,
            "ClientPhone": patient.phone,
            "ClientFullName": patient.name,
            "ClientEmail": patient.email or None,
            "Comment": application.comment,
            "PlanStart": time and time.starts_at.isoformat(timespec="seconds"),
            "PlanEnd": time and time.ends_at.isoformat(timespec="seconds"),
            "DoctorId": int(time.doctor) if time and time.doctor.isdecimal() else None,
        }
        said = {name: value for name, value in fields.items() if value is not None}
        try:
            ticket = to_ticket(said, at=datetime.now(UTC).replace(microsecond=0), zone=self._zone)
            handed = tickets.hand_over(
                self._clinic,
                self.connection,
                ticket,
                self._zone,
                lead=application.lead,
                stage=stage_of(self._clinic, application.lead),
                strict=True,
            )
        except TicketRefused as error:
            raise Refused(
                RefusalKind.INCOMPLETE, text("IDENT does not take this: {problems}", problems=error.problems)
            ) from error
        except OtherContent as error:
            raise Refused(
                RefusalKind.HAS_VISIT,
                text("An application for this lead is handed over already."),
                text("What IDENT has seen cannot be changed from here: tell the clinic's reception."),
            ) from error
        return handed.id

    def _table(self) -> Timetable | None:
        return Timetable.objects.of(self._clinic).filter(connection=self.connection).first()


def stage_of(clinic_id: int, lead: int | None) -> tuple[int, int]:
    """Where the lead stood a moment ago: who applies has just read it. Unknown is (0, 0)."""
    rows = MirroredLead.objects.of(clinic_id).filter(crm_id=lead or 0)
    return rows.values_list("pipeline", "stage").first() or (0, 0)


def ident_desk(clinic_id: int, connection: str) -> IdentDesk | None:
    """None for a connection without a service for IDENT."""
    service = IdentService.objects.of(clinic_id).filter(connection=connection).first()
    if service is None:
        return None
    return IdentDesk(clinic_id, connection, tickets.zone_of_service(clinic_id, connection), service.time_zone)
