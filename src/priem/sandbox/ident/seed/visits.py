"""Visits on the grid of the day: coming ones with their cells, past ones with what became of them."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from priem.sandbox.ident.moments import from_datetime
from priem.sandbox.ident.seed.places import (
    BY_CLINIC,
    BY_PATIENT,
    ILL,
    MOVED,
    NO_SHOW,
    OPENS,
    SLOT,
    SLOTS,
    Clinic,
    Rows,
)

AHEAD = 30
OVERDUE_DAYS = 3
"""For so long it may happen that nobody has closed a visit to which nobody came."""
Place = tuple[int, int, int, int]
"""(day from today, chair's index, first slot, slots)"""


@dataclass(slots=True)
class Visit:
    id: int
    place: Place
    patient: int | None
    doctor: int | None
    chair: int
    branch: int
    start: datetime
    end: datetime
    added: datetime
    changed: str = ""
    notified: str | None = None
    appeared: str | None = None
    started: str | None = None
    ended: str | None = None
    issued: str | None = None
    reason: int | None = None
    cancelled: str | None = None
    moved_from: int | None = None
    comment: str | None = None
    doctor_in_cell_only: bool = False

    def row(self, rowversion: bytes, administrator: int) -> tuple[object, ...]:
        added = from_datetime(self.added)
        return (
            self.id, self.patient, administrator, added, self.comment, None, self.notified,
            int(self.notified is not None), self.appeared, self.started, self.ended, self.issued,
            from_datetime(self.start), from_datetime(self.end),
            None if self.doctor_in_cell_only else self.doctor, self.chair, None, self.reason, None,
            administrator if self.cancelled else None, self.cancelled, self.moved_from, None, None, 1, None,
            rowversion, administrator, added, administrator, self.changed,
        )  # fmt: skip


def places(dice: random.Random, chairs: int, days: range, now: datetime) -> list[Place]:
    """Every chair's days cut into visits of half an hour to an hour; Sundays are free. Only what lies wholly before or
    after `now` counts, by the sign of the days."""
    passed = (now.hour * 60 + now.minute - OPENS) / SLOT
    found = []
    for day in days:
        if (now + timedelta(days=day)).isoweekday() == 7:
            continue
        for chair in range(chairs):
            slot = 0
            while slot < SLOTS - 1:
                length = min(2 + int(dice.random() * 3), SLOTS - slot)
                if day != 0 or (days.stop > 1 and slot > passed) or (days.stop <= 1 and slot + length < passed):
                    found.append((day, chair, slot, length))
                slot += length
    return found


@dataclass(slots=True)
class Diary:
    dice: random.Random
    clinic: Clinic
    now: datetime
    visits: list[Visit] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.date()

    def put(self, place: Place, patient: int | None) -> Visit:
        day, index, slot, length = place
        chair, branch = self.clinic.chairs[index]
        start = datetime.combine(self.today, datetime.min.time()) + timedelta(days=day, minutes=OPENS + slot * SLOT)
        until = min(start, self.now)
        added = until - timedelta(minutes=int(self.dice.random() * 20 * 1440) + 30)
        visit = Visit(
            id=len(self.visits) + 1, place=place, patient=patient,
            doctor=self.clinic.doctor_of(index, self.today.toordinal() + day, slot),
            chair=chair, branch=branch, start=start, end=start + timedelta(minutes=length * SLOT), added=added,
        )  # fmt: skip
        visit.changed = self.about(added)
        self.visits.append(visit)
        return visit

    def about(self, moment: datetime) -> str:
        """Another clock wrote this: half a second off, either way."""
        return from_datetime(moment + timedelta(seconds=self.dice.random() - 0.5))

    # --- coming visits ----------------------------------------------------------------------------

    def coming(self, places: list[Place], patients: list[int]) -> None:
        at = 0
        while at < len(places):
            chance = self.dice.random()
            patient = None if chance < 0.03 else self.dice.choice(patients)
            chain = 3 if 0.03 <= chance < 0.035 else 2 if chance < 0.07 and patient else 1
            for number, place in enumerate(places[at : at + chain]):
                last = number == chain - 1 or at + number == len(places) - 1
                self._coming_one(place, patient, moved_on=not last, moved_from=self.visits[-1].id if number else None)
            at += chain

    def _coming_one(self, place: Place, patient: int | None, *, moved_on: bool, moved_from: int | None) -> None:
        visit = self.put(place, patient)
        visit.moved_from = moved_from
        if moved_from:
            visit.added = max(visit.added, self.visits[moved_from - 1].added + timedelta(minutes=7))
            visit.changed = self.about(visit.added)
        chance = self.dice.random()
        if moved_on:
            self._cancel(visit, MOVED, visit.added + timedelta(minutes=5))
        elif chance < 0.06:
            reason = self.dice.choice((BY_PATIENT, BY_PATIENT, BY_CLINIC, ILL))
            self._cancel(visit, reason, visit.added + timedelta(minutes=20))
        elif chance < (0.40 if place[0] <= 3 else 0.10):
            told = visit.added + timedelta(minutes=15)
            visit.notified, visit.changed = from_datetime(told), self.about(told)
        visit.doctor_in_cell_only = not visit.cancelled and self.dice.random() < 0.03
        if self.dice.random() < 0.05:
            visit.comment = self.dice.choice(
                ("Перезвонить накануне", "Острая боль", "Просит тот же кабинет", "С ребёнком")
            )

    def _cancel(self, visit: Visit, reason: int, at: datetime) -> None:
        visit.reason = reason
        visit.cancelled = from_datetime(at)
        visit.changed = self.about(at)

    # --- past visits ------------------------------------------------------------------------------

    def past(self, places: list[Place], patients: list[int]) -> None:
        for place in places:
            visit = self.put(place, self.dice.choice(patients))
            chance = self.dice.random()
            if place[0] >= -OVERDUE_DAYS and chance > 0.85:
                continue
            if chance < 0.08:
                self._cancel(visit, self.dice.choice((BY_PATIENT, BY_CLINIC, ILL)), visit.added + timedelta(minutes=25))
            elif chance < 0.15:
                self._not_come(visit)
            else:
                self._come(visit, billed=chance < 0.95)

    def _not_come(self, visit: Visit) -> None:
        """IDENT closes it by itself, as a cancellation at the planned end; one late job does it for a whole day."""
        visit.reason = NO_SHOW
        visit.cancelled = from_datetime(visit.end)
        night = visit.end.replace(hour=23, minute=30, second=12, microsecond=0)
        visit.changed = from_datetime(min(night, self.now))

    def _come(self, visit: Visit, *, billed: bool) -> None:
        visit.appeared = from_datetime(visit.start - timedelta(minutes=int(self.dice.random() * 12)))
        begun = visit.start + timedelta(minutes=int(self.dice.random() * 6))
        visit.started = from_datetime(begun)
        visit.ended = from_datetime(visit.end - timedelta(minutes=2))
        last = visit.end - timedelta(minutes=2)
        if billed:
            last = visit.end + timedelta(minutes=4)
            visit.issued = from_datetime(min(last, self.now))
        visit.changed = self.about(min(last, self.now))


# --- cells ----------------------------------------------------------------------------------------


def cells(diary: Diary) -> Rows:
    """(date, time, chair, doctor, visit, header) of the whole grid ahead, and of what was used of the days before."""
    taken: dict[tuple[int, int, int], tuple[Visit, bool]] = {}
    for visit in diary.visits:
        if visit.cancelled is None:
            day, chair, first, length = visit.place
            for slot in range(first, first + length):
                taken[day, chair, slot] = (visit, slot == first)
    rows: Rows = []
    used = {key for key in taken if key[0] < 0}
    for day, chair, slot in sorted(used) + list(_grid(diary)):
        used_by = taken.get((day, chair, slot))
        doctor = used_by[0].doctor if used_by else diary.clinic.doctor_of(chair, diary.today.toordinal() + day, slot)
        when = (diary.today + timedelta(days=day)).isoformat()
        booked, header = (used_by[0].id, int(used_by[1])) if used_by else (None, 0)
        rows.append((when, slot + 1, diary.clinic.chairs[chair][0], doctor, booked, header))
    return rows


def _grid(diary: Diary) -> list[tuple[int, int, int]]:
    days = [day for day in range(AHEAD + 1) if (diary.now + timedelta(days=day)).isoweekday() != 7]
    return [(day, chair, slot) for day in days for chair in range(len(diary.clinic.chairs)) for slot in range(SLOTS)]
