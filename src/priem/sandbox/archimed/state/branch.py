"""One branch: its API account, its tables, and the index by which they are found."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ..clock import Clock
from ..settings import Manners, Shape
from .records import (
    Building,
    Dictionaries,
    Doctor,
    Group,
    Medcard,
    Service,
    Shift,
    Status,
    Talon,
    User,
)

FREE_AGAIN = frozenset({"cancelled"})
"""What a status means when the talon's time may be given to somebody else."""


@dataclass(slots=True)
class Branch:
    """Ids are unique inside a branch only: two branches both have a talon 1."""

    api_id: str
    secret: str = field(repr=False)
    name: str
    zone: ZoneInfo
    clock: Clock
    manners: Manners
    shapes: dict[str, Shape]
    medcards: dict[int, Medcard] = field(default_factory=dict)
    doctors: dict[int, Doctor] = field(default_factory=dict)
    shifts: dict[int, Shift] = field(default_factory=dict)
    talons: dict[int, Talon] = field(default_factory=dict)
    statuses: dict[int, Status] = field(default_factory=dict)
    buildings: dict[int, Building] = field(default_factory=dict)
    services: dict[int, Service] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    dictionaries: Dictionaries = field(default_factory=Dictionaries)
    scheduled_until: date = date.min
    """The last day for which there are shifts."""
    first_shift: date = date.max
    last_shift: date = date.min
    """Days before and after have none."""
    _days: dict[tuple[int, date], list[Talon]] = field(default_factory=lambda: defaultdict(list))
    _shift_days: dict[tuple[int, date], list[Shift]] = field(default_factory=lambda: defaultdict(list))
    _of_patient: dict[int, list[Talon]] = field(default_factory=lambda: defaultdict(list))

    def now(self) -> datetime:
        """Naive, of this branch."""
        return self.clock.local(self.zone)

    # --- patients and shifts ----------------------------------------------------------------------

    def next_id(self, table: dict[int, Medcard] | dict[int, Talon] | dict[int, Shift]) -> int:
        """Ids only grow."""
        return next(reversed(table), 0) + 1

    def add_medcard(self, card: Medcard) -> Medcard:
        """Give it a place in the card file."""
        self.medcards[card.id] = card
        return card

    def add_shift(self, shift: Shift) -> Shift:
        """Put it into the schedule."""
        self.shifts[shift.id] = shift
        day = shift.start.date()
        self._shift_days[shift.doctor_id, day].append(shift)
        self.first_shift, self.last_shift = min(self.first_shift, day), max(self.last_shift, day)
        return shift

    def drop_shift(self, shift: Shift) -> None:
        """The doctor does not work then after all; talons stay."""
        del self.shifts[shift.id]
        self._shift_days[shift.doctor_id, shift.start.date()].remove(shift)

    def shifts_on(self, doctor_id: int, day: date) -> list[Shift]:
        """In order of their start."""
        return sorted(self._shift_days.get((doctor_id, day), ()), key=lambda shift: shift.start)

    # --- talons -----------------------------------------------------------------------------------

    def add_talon(self, talon: Talon) -> Talon:
        """Put it into the diary."""
        self.talons[talon.id] = talon
        self._days[talon.doctor_id, talon.start.date()].append(talon)
        self._of_patient[talon.patient_id].append(talon)
        return talon

    def place(self, talon: Talon, doctor_id: int, start: datetime, end: datetime) -> None:
        """Same talon, other time or doctor."""
        self._days[talon.doctor_id, talon.start.date()].remove(talon)
        talon.doctor_id, talon.start, talon.end = doctor_id, start, end
        self._days[doctor_id, start.date()].append(talon)

    def give_to(self, talon: Talon, patient_id: int) -> None:
        """Same talon, other patient."""
        self._of_patient[talon.patient_id].remove(talon)
        talon.patient_id = patient_id
        self._of_patient[patient_id].append(talon)

    def talons_on(self, doctor_id: int, day: date) -> list[Talon]:
        """Those that take time, of one doctor's day."""
        return [talon for talon in self._days.get((doctor_id, day), ()) if self.takes_time(talon)]

    def talons_of(self, patient_id: int) -> list[Talon]:
        """A patient's, deleted ones too, by id."""
        return sorted(self._of_patient.get(patient_id, ()), key=lambda talon: talon.id)

    def takes_time(self, talon: Talon) -> bool:
        """Whether nobody else can have its time."""
        return not talon.deleted and self.meaning(talon.status_id) not in FREE_AGAIN

    def taken(self, doctor_id: int, start: datetime, end: datetime, besides: Talon | None = None) -> Talon | None:
        """Who has that time, or part of it."""
        for talon in self.talons_on(doctor_id, start.date()):
            if talon is not besides and talon.end > start and talon.start < end:
                return talon
        return None

    def double_bookings(self) -> list[list[int]]:
        """Pairs of talons that have one doctor at one time. There should be none."""
        found = []
        for (doctor_id, day), _ in list(self._days.items()):
            talons = sorted(self.talons_on(doctor_id, day), key=lambda talon: talon.start)
            pairs = [(one, two) for n, one in enumerate(talons) for two in talons[n + 1 :] if two.start < one.end]
            found += [[one.id, two.id] for one, two in pairs]
        return found

    # --- statuses ---------------------------------------------------------------------------------

    def meaning(self, status_id: int) -> str:
        """Empty for what only the clinic knows."""
        found = self.statuses.get(status_id)
        return found.means if found else ""

    def status_that(self, means: str) -> Status:
        """The clinic's status of that meaning."""
        return next(status for status in self.statuses.values() if status.means == means)

    def bookable(self) -> Iterable[Doctor]:
        """Doctors who receive by appointment."""
        return [doctor for doctor in self.doctors.values() if doctor.max_time and doctor.enabled]
