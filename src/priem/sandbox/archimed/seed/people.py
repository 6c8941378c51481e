"""A card file with the troubles of a real one (docs/reference/archimed.md §1.6): phones as typed, and families."""

import random
from datetime import datetime, timedelta

from priem.sandbox.ident.seed.names import Person, as_typed, invent
from priem.sandbox.ident.seed.phones import Phones

from ..state.branch import Branch
from ..state.records import Medcard

FAMILIES = 0.05
NO_PHONE = 0.03
JUNK = 0.02
TWO_NUMBERS = 0.02
WRITINGS = ("7{0}", "+7{0}", "8{0}")


class CardFile:
    """Invents patients of one branch, at the start and later."""

    def __init__(self, branch: Branch, dice: random.Random) -> None:
        self._branch = branch
        self._dice = dice
        self._phones = Phones(dice)

    def fill(self, count: int) -> None:
        """So many; children share their parent's phone."""
        now = self._branch.now()
        made = 0
        while made < count:
            created = now - timedelta(minutes=int(self._dice.random() * 8 * 365 * 1440) + 5)
            parent, phone = invent(self._dice), self._phone()
            self.add(parent, phone, created, self._born(now, 19, 60))
            made += 1
            if made < count and self._dice.random() < FAMILIES:
                self.add(invent(self._dice, parent.family), phone, created, self._born(now, 2, 14))
                made += 1

    def newcomer(self) -> Medcard:
        """Somebody comes for the first time, now."""
        now = self._branch.now()
        return self.add(invent(self._dice), self._phone(), now, self._born(now, 19, 60))

    def stranger(self) -> tuple[str, str]:
        """Name and phone of somebody who is written down without a card."""
        return invent(self._dice).full, self._phone()

    def add(self, person: Person, phone: str, created: datetime, born: datetime | None) -> Medcard:
        """One more card."""
        dice, branch = self._dice, self._branch
        number = branch.next_id(branch.medcards)
        changed = created + (branch.now() - created) * dice.random() * 0.9
        return branch.add_medcard(
            Medcard(
                id=number,
                last_name=as_typed(dice, person.surname),
                first_name=as_typed(dice, person.name),
                middle_name=person.patronymic,
                birthdate=born.date() if born else None,
                phone=phone,
                created=created.replace(microsecond=0),
                changed=changed.replace(microsecond=0),
                number=str(number + 1000) if dice.random() < 0.95 else f"А-{number + 1000}",
                female=person.female,
                phone1=str(100 + int(dice.random() * 900)) if dice.random() < 0.1 else "",
                email=f"patient{number}@example.org" if dice.random() < 0.2 else "",
                registration_address="ул. Вымышленная, 1" if dice.random() < 0.5 else "",
                document=f"{int(dice.random() * 10**10):010d}" if dice.random() < 0.6 else "",
            )
        )

    def _phone(self) -> str:
        dice = self._dice
        number = self._phones.number()
        chance = dice.random()
        if chance < NO_PHONE:
            return ""
        if chance < NO_PHONE + JUNK:
            return self._phones.junk(number)
        if chance < NO_PHONE + JUNK + TWO_NUMBERS:
            return self._phones.two(number, self._phones.number())
        if chance < 0.7:
            return WRITINGS[int(chance * 1000) % len(WRITINGS)].format(number)
        return self._phones.written(number)

    def _born(self, now: datetime, youngest: int, span: int) -> datetime | None:
        if self._dice.random() < 0.06:
            return None
        return now - timedelta(days=int(365.25 * (youngest + span * self._dice.random())))
