"""Errors, sorted by who moves next. Anything else that is raised is a bug and crashes the pass."""

from collections.abc import Mapping

from priem.texts import Text, text


class PriemError(Exception):
    """What happened and what to do about it, in the reader's language.

    `beside` tells what is wrong with single settings, by their names: it is said where they are typed.
    """

    def __init__(self, what: Text, advice: Text | None = None, *, beside: Mapping[str, Text] | None = None) -> None:
        super().__init__(str(what))
        self.what = what
        self.advice = advice
        self.beside = beside or {}


class TryLater(PriemError):
    """The other side is busy or away. The next pass repeats; nobody is woken. `after` is in seconds."""

    def __init__(
        self,
        what: Text,
        advice: Text | None = None,
        *,
        after: float | None = None,
        beside: Mapping[str, Text] | None = None,
    ) -> None:
        super().__init__(what, advice or text("Nothing needs to be done: Priem tries again by itself."), beside=beside)
        self.after = after


class OutcomeUnknown(TryLater):
    """A write was sent and its answer never came. Look before repeating it."""


class AskOperator(PriemError):
    """Only a person can fix it: a revoked token, a deleted pipeline, a wrong password. The clinic stops and says so."""


class BadRecord(PriemError):
    """This one record cannot go through. It is written down with the reason; the others go on."""
