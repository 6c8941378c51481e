"""Which way of asking the same costs this server less. Nobody knows which indexes a clinic has, so both are tried:
with them, a question in parts takes a millisecond; without, each of its parts reads the whole table."""

from collections.abc import Iterable

FORGETTING = 0.99
"""Of a way that is not taken, per question: databases grow and get indexes, and one slow answer may have been chance.
A way that costs ten times as much is tried again after some 230 questions."""


class Habits:
    """Of one database, for as long as this process reads it."""

    def __init__(self) -> None:
        self._costs: dict[tuple[str, str], float] = {}
        """What is asked, and the way → milliseconds of its last answer, less with every answer another way gave."""

    def cheapest(self, what: str, ways: Iterable[str]) -> str:
        """Whatever was never tried costs nothing."""
        return min(ways, key=lambda way: self._costs.get((what, way), 0.0))

    def cost(self, what: str, way: str, milliseconds: float) -> None:
        for known in self._costs:
            if known[0] == what:
                self._costs[known] *= FORGETTING
        # Half a millisecond: what is too short to be measured is no cheaper than anything untried.
        self._costs[what, way] = milliseconds + 0.5
