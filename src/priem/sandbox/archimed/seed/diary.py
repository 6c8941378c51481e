"""Past and coming talons of a branch."""

import random
from datetime import datetime, timedelta

from ..state.branch import Branch
from ..state.grid import free_slots
from ..state.records import Doctor, Talon
from .people import CardFile

COMING_DAYS = 30
WITHOUT_CARD = 0.02
NOTES = ("Перезвонить накануне", "Острая боль", "Просит тот же кабинет", "С ребенком", "Нужна справка")

Slot = tuple[datetime, datetime]


class Diary:
    """Fills free slots by chance."""

    def __init__(self, branch: Branch, dice: random.Random, cards: CardFile) -> None:
        self._branch = branch
        self._dice = dice
        self._cards = cards
        self._now = branch.now()
        self._patients = list(branch.medcards)

    def fill(self, visits: int, history: int) -> None:
        """`visits` that come within a month, and as dense a past of `history` days; by id, older talons come first."""
        past = self._places(-history, 0)
        coming = self._places(0, COMING_DAYS)
        before = [place for place in past if place[1][1] < self._now]
        after = [place for place in coming if place[1][0] > self._now]
        for doctor, slot in self._some(before, round(visits * history / COMING_DAYS)):
            self._past(self._put(doctor, slot))
        for doctor, slot in self._some(after, visits):
            self._coming(self._put(doctor, slot))

    def _places(self, first: int, last: int) -> list[tuple[Doctor, Slot]]:
        today = self._now.date()
        days = today + timedelta(days=first), today + timedelta(days=last)
        return [
            (doctor, slot) for doctor in self._branch.bookable() for slot in free_slots(self._branch, doctor, *days)
        ]

    def _some(self, places: list[tuple[Doctor, Slot]], count: int) -> list[tuple[Doctor, Slot]]:
        chosen = self._dice.sample(places, min(count, len(places)))
        return sorted(chosen, key=lambda place: (place[1][0], place[0].id))

    def _put(self, doctor: Doctor, slot: Slot) -> Talon:
        branch, dice = self._branch, self._dice
        shift = next(shift for shift in branch.shifts_on(doctor.id, slot[0].date()) if shift.end >= slot[1])
        created = min(slot[0], self._now) - timedelta(minutes=int(dice.random() * 20 * 1440) + 30)
        known = bool(self._patients) and dice.random() >= WITHOUT_CARD
        name, phone = ("", "") if known else self._cards.stranger()
        return branch.add_talon(
            Talon(
                id=branch.next_id(branch.talons),
                patient_id=dice.choice(self._patients) if known else 0,
                doctor_id=doctor.id,
                start=slot[0],
                end=slot[1],
                created=created,
                updated=created,
                status_id=branch.status_that("booked").id,
                creator=dice.choice(list(branch.users.values())).name,
                room=shift.room,
                info=dice.choice(NOTES) if dice.random() < 0.08 else "",
                name=name,
                phone=phone,
                reception_type_id=dice.choice((0, 1, 2, 2)),
                info_source_id=dice.choice((0, 0, 1, 2, 3)),
                record_type_id=dice.choice((1, 1, 2, 3)),
                agent_id=1 if dice.random() < 0.02 else 0,
                com_status_id=dice.choice((0, 0, 0, 1, 2)),
            )
        )

    def _coming(self, talon: Talon) -> None:
        chance = self._dice.random()
        if chance < 0.04:
            talon.deleted, talon.delete_reason_id = True, 1 + int(self._dice.random() * 4)
        elif chance < 0.09:
            self._become(talon, "cancelled")
            talon.delete_reason_id = 1 if self._dice.random() < 0.5 else 0
        elif chance < (0.45 if talon.start - self._now < timedelta(days=3) else 0.15):
            self._become(talon, "confirmed")
        elif chance > 0.96:
            talon.status_id = self._dice.choice([each.id for each in self._branch.statuses.values() if not each.means])
        else:
            return
        talon.updated = talon.created + timedelta(minutes=20)

    def _past(self, talon: Talon) -> None:
        chance = self._dice.random()
        if chance < 0.06:
            self._become(talon, "cancelled")
        elif chance < 0.13:
            self._become(talon, "no_show")
        elif chance < 0.17:
            talon.deleted, talon.delete_reason_id = True, 1
        else:
            self._become(talon, "paid" if chance < 0.75 else "completed")
        talon.updated = min(self._now, talon.end + timedelta(minutes=4)).replace(microsecond=0)

    def _become(self, talon: Talon, means: str) -> None:
        talon.status_id = self._branch.status_that(means).id
