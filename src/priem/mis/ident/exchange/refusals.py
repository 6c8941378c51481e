"""What is said to whoever sent something that cannot be used."""

from collections.abc import Sequence

from priem.errors import BadRecord
from priem.texts import Text


class BadRequest(BadRecord):
    """A request that cannot be read. Its text goes back as the answer, and into IDENT's own log of the exchange."""


class TicketRefused(BadRecord):
    """An application that IDENT would not take, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Text]) -> None:
        super().__init__(problems[0])
        self.problems = tuple(problems)
