"""Many managers at once: each books a person of his own into one of few slots, clicks twice, cancels, books again.

The МИС is asked afterwards what there is. Whoever was told that it is done has a visit; whoever was told that it is
not has none; no slot has two.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Thread
from time import monotonic

from priem.booking import NewPatient, Time
from priem.engine.booking import BookingRequest, book
from priem.engine.booking_rights import Actor
from priem.engine.finding_out import take_up
from priem.engine.rebooking import Change, cancel
from priem.engine.reception import Answer, Reception
from priem.errors import TryLater
from priem.intents import Phase
from priem.model import Visit

MANAGER = Actor(name="crowd")
LETTERS = "абвгдежзиклмнопрст"
GIVEN_UP = (Phase.REFUSED, Phase.NOT_DONE)


@dataclass
class Attempt:
    request: BookingRequest
    booked: Answer | None = None
    """The last answer; None when something that has to be known before could not be read."""
    cancelled: Answer | None = None

    @property
    def phone(self) -> str:
        assert self.request.new_patient
        return self.request.new_patient.phone


@dataclass
class Crowd:
    reception: Reception
    connection: str
    slots: Sequence[Time]
    lead_for: Callable[[NewPatient], int | None] = lambda _who: None
    at_end: Callable[[], None] = lambda: None
    """What a thread does before it ends."""
    seed: int = 7
    attempts: list[Attempt] = field(default_factory=list)
    troubles: list[BaseException] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def works(self, threads: int, seconds: float) -> None:
        """Every thread tries once at least, however slow the machine is."""
        until = monotonic() + seconds
        crowd = [Thread(target=self._manager, args=(number, until)) for number in range(threads)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(seconds + 240)
        assert not any(one.is_alive() for one in crowd)
        assert self.troubles == []

    def _manager(self, number: int, until: float) -> None:
        chance = random.Random(self.seed * 1000 + number)
        try:
            self._tries(chance)
            while monotonic() < until:
                self._tries(chance)
        except BaseException as error:
            self.troubles.append(error)
            raise
        finally:
            self.at_end()

    def _tries(self, chance: random.Random) -> None:
        attempt = Attempt(self._request(chance))
        self.attempts.append(attempt)
        for _ in range(1 + (chance.random() < 0.3)):
            attempt.booked = self._asked(lambda: book(attempt.request, MANAGER, self.reception)) or attempt.booked
        if attempt.booked and attempt.booked.phase is Phase.DONE and chance.random() < 0.7:
            attempt.cancelled = self._cancels(attempt)

    def _cancels(self, attempt: Attempt) -> Answer | None:
        assert attempt.booked
        assert attempt.booked.visit
        change = Change(ref=f"{attempt.request.ref}-off", visit=attempt.booked.visit)
        return self._asked(lambda: cancel(change, "", "", MANAGER, self.reception))

    def _asked(self, ask: Callable[[], Answer]) -> Answer | None:
        try:
            return ask()
        except TryLater:
            return None  # something could not even be read: nothing was done

    def _request(self, chance: random.Random) -> BookingRequest:
        number = next(self.numbers)
        name = "".join(LETTERS[int(digit)] for digit in f"{number:06}").capitalize()
        who = NewPatient(last_name=f"Толпин{name}", first_name="Иван", phone=f"+7921{number:07}")
        return BookingRequest(
            ref=f"crowd-{number}",
            connection=self.connection,
            time=chance.choice(self.slots),
            lead=self.lead_for(who) if number % 3 == 0 else None,
            new_patient=who,
        )

    def settles(self) -> None:
        """What is still open is found out by passes; nobody is at work any longer."""
        hasty = replace(self.reception, settle_seconds=0.0)
        for _ in range(20):
            take_up(self.connection, hasty)
        for attempt in self.attempts:
            if known := self.reception.store.intent(attempt.request.ref):
                attempt.booked = self.reception.answer(known)
            if called_off := self.reception.store.intent(f"{attempt.request.ref}-off"):
                attempt.cancelled = self.reception.answer(called_off)

    def told_the_truth(self, there: Callable[[str], Sequence[Visit]]) -> None:
        """`there`: the visits of the people with this phone, as the МИС has them."""
        for attempt in self.attempts:
            living = [visit for visit in there(attempt.phone) if not visit.status.is_over]
            says = f"{attempt.request.ref}: {attempt.booked}, {attempt.cancelled}, {living}"
            if attempt.booked is None or attempt.booked.phase in GIVEN_UP:
                assert living == [], says
                continue
            assert attempt.booked.phase is Phase.DONE, says
            if attempt.cancelled is None or attempt.cancelled.phase in GIVEN_UP:
                (visit,) = living
                assert (visit.key, visit.starts_at) == (attempt.booked.visit, attempt.request.time.starts_at), says
            else:
                assert (attempt.cancelled.phase, living) == (Phase.DONE, []), says

    @property
    def tally(self) -> Counter[str]:
        return Counter(attempt.booked.phase.value if attempt.booked else "unread" for attempt in self.attempts)
