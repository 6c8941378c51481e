"""Patients with the troubles of a real card file (docs/reference/ident.md, section 7)."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from priem.sandbox.ident.moments import from_datetime
from priem.sandbox.ident.seed.names import Person, as_typed, invent
from priem.sandbox.ident.seed.phones import Phones
from priem.sandbox.ident.seed.places import SOURCES, Rows

FAMILIES = 0.045
NO_PHONE = 0.03
TWO_NUMBERS = 0.02
JUNK = 0.02
TREATED = 0.8
BACKGROUND_JOB = 0.12
NONSENSE_BIRTHDAYS = ("00.00.0000", "31.02.1990", "неизв.", "1985")


@dataclass(slots=True)
class Patients:
    persons: Rows = field(default_factory=list)
    patients: Rows = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    treated: list[int] = field(default_factory=list)


class CardFile:
    def __init__(self, dice: random.Random, now: datetime, first: int) -> None:
        self._dice = dice
        self._now = now
        self._phones = Phones(dice)
        self._next = first
        self._job_ran = from_datetime(now - timedelta(days=9, hours=now.hour + 1))
        self.made = Patients()

    def fill(self, count: int) -> Patients:
        while len(self.made.ids) < count:
            number = self._phones.number()
            parent = invent(self._dice)
            self._add(parent, self._adult(), self._mobile(number))
            if self._dice.random() < FAMILIES:
                for _ in range(1 if self._dice.random() < 0.8 else 2):
                    if len(self.made.ids) < count:
                        child = invent(self._dice, parent.family)
                        self._add(child, self._child(), self._phones.written(number), parent.full)
        return self.made

    def _add(self, person: Person, born: date, mobile: str, parent: str | None = None) -> None:
        dice = self._dice
        ident, self._next = self._next, self._next + 1
        added = self._now - timedelta(minutes=int(dice.random() * 8 * 365 * 1440) + 5)
        changed = self._changed(added)
        names = (as_typed(dice, person.surname), as_typed(dice, person.name), person.patronymic)
        landline = f"8495{int(dice.random() * 9_000_000) + 1_000_000}" if dice.random() < 0.03 else ""
        email = f"patient{ident}@example.org" if dice.random() < 0.2 else None
        self.made.persons.append(
            (
                ident,
                *names,
                self._birthday(born),
                mobile,
                landline,
                email,
                2 if person.female else 1,
                from_datetime(added),
                changed,
            )
        )
        self.made.ids.append(ident)
        self._card(ident, added, changed, parent)

    def _changed(self, added: datetime) -> str:
        """One night a background job touched many cards at one and the same moment."""
        if self._dice.random() < BACKGROUND_JOB:
            return max(self._job_ran, from_datetime(added))
        later = added + (self._now - added) * self._dice.random() * 0.9
        return from_datetime(later)

    def _card(self, ident: int, added: datetime, changed: str, parent: str | None) -> None:
        dice = self._dice
        treated = dice.random() < TREATED
        if treated:
            self.made.treated.append(ident)
        first = from_datetime(added + timedelta(days=2)) if treated else None
        number = "" if dice.random() < 0.08 else f"{ident - 2000}" if dice.random() < 0.9 else f"А-{ident - 2000}"
        old = dice.random() < 0.05
        self.made.patients.append((
            ident, first[:10] if first else None, 1, 0.0, 0.0, parent, None, None, None, number,
            "Боится уколов" if dice.random() < 0.03 else None, None,
            SOURCES[int(dice.random() * len(SOURCES))][0] if dice.random() < 0.7 else None, None,
            1 if dice.random() < 0.01 else None, None, int(dice.random() < 0.6), int(dice.random() < 0.05), 0, 0, None,
            first, first, None, None, None if old else changed, number, 3 if treated else 1, None,
        ))  # fmt: skip

    def _mobile(self, number: str) -> str:
        chance = self._dice.random()
        if chance < NO_PHONE:
            return ""
        if chance < NO_PHONE + TWO_NUMBERS:
            return self._phones.two(number, self._phones.number())
        if chance < NO_PHONE + TWO_NUMBERS + JUNK:
            return self._phones.junk(number)
        return self._phones.written(number)

    def _adult(self) -> date:
        return self._now.date() - timedelta(days=int(365.25 * (19 + 60 * self._dice.random())))

    def _child(self) -> date:
        return self._now.date() - timedelta(days=int(365.25 * (2 + 14 * self._dice.random())))

    def _birthday(self, born: date) -> str | None:
        chance = self._dice.random()
        if chance < 0.72:
            return f"{born.day:02d}.{born.month:02d}.{born.year}"
        if chance < 0.90:
            return born.isoformat()
        if chance < 0.97:
            return ""
        return None if chance < 0.99 else NONSENSE_BIRTHDAYS[int(chance * 1000) % len(NONSENSE_BIRTHDAYS)]
