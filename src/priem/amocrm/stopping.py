"""An account that is closed to us is left alone: blocked, not paid, without a token. The arithmetic, on any clock.

amoCRM takes requests that go on for an attack (docs/reference/amocrm.md §2, §7.12), and every pass would send a few. So
nothing is sent for a while, then one careful request, then nothing for twice as long. A person who has mended it says
so, and is believed.
"""

from dataclasses import dataclass
from typing import Literal

from priem.errors import AskOperator
from priem.texts import Text, in_language

FIRST_PAUSE = 300.0
LONGEST_PAUSE = 3600.0
TRYING = 90.0
"""Seconds until a try that brought no answer is over: its process may have died."""


class AccountStopped(AskOperator):
    """amoCRM does nothing for us any more, whatever it is asked, until a person helps."""

    def __init__(self, what: Text, advice: Text, *, only_writes: bool = False) -> None:
        super().__init__(what, advice)
        self.only_writes = only_writes
        """It still lets us read."""


@dataclass(slots=True)
class Stop:
    """What is remembered, for all processes. Times are seconds of the machine's monotonic clock."""

    what: str
    what_values: dict[str, str]
    advice: str
    advice_values: dict[str, str]
    """What is said meanwhile: templates and values."""
    only_writes: bool
    since: float
    pause: float
    not_before: float
    trying_until: float = 0.0
    trial: str = ""
    """The slot of the request that is finding out."""

    def is_closed(self, now: float) -> bool:
        return self.trying_until <= now < self.not_before

    def gate(self, now: float) -> Literal["closed", "busy", "open"]:
        """May a request go? `busy`: another one is finding out. An open gate is a try, and counts as one."""
        if self.is_closed(now):
            return "closed"
        if now >= self.trying_until:
            self.trial = ""
            self.trying_until = now + TRYING
            self.not_before = self.trying_until + self.pause
        return "busy" if self.trial else "open"

    def reads(self, now: float) -> None:
        """A read was served while only a write can tell: the try goes on."""
        self.trial, self.trying_until = "", now + TRYING

    def let_try(self, now: float) -> None:
        self.trial, self.trying_until, self.not_before = "", 0.0, now

    @property
    def error(self) -> AccountStopped:
        what, advice = Text(self.what, self.what_values), Text(self.advice, self.advice_values)
        return AccountStopped(what, advice, only_writes=self.only_writes)


def stop_after(before: Stop | None, error: AccountStopped, now: float) -> Stop:
    """What is remembered from now on; the pause grows as long as tries end like this."""
    pause = min(2 * before.pause, LONGEST_PAUSE) if before else FIRST_PAUSE
    advice = error.advice or Text("")
    return Stop(
        what=error.what.template,
        what_values=plain(error.what),
        advice=advice.template,
        advice_values=plain(advice),
        only_writes=error.only_writes,
        since=now,
        pause=pause,
        not_before=now + pause,
    )


def plain(sentence: Text) -> dict[str, str]:
    """What stands in the places, as words: a file keeps nothing else."""
    return {name: in_language(value, "ru") for name, value in sentence.values.items()}
