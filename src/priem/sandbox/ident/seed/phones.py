"""Phones as they stand in a clinic's card file: mostly numbers, in every writing, and some junk."""

import random

WRITINGS = ("+7{0}{1}{2}{3}", "8{0}{1}{2}{3}", "8 ({0}) {1}-{2}-{3}", "+7 ({0}) {1}-{2}-{3}", "{0}{1}{2}{3}",
            "7 {0} {1} {2} {3}", "8-{0}-{1}-{2}-{3}", "+7 {0} {1}-{2}-{3}")  # fmt: skip
JUNK = ("нет", "0000000", "-", "не даёт", "1234567", "уточнить", "8912345678", "+++", "номер у мамы")
NUMBERS = 99 * 10_000_000
STEP = 7_368_787
"""Coprime with NUMBERS: walking by it never meets a number twice within a clinic's size."""


class Phones:
    """Numbers of 900 to 998, each given out once."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._at = int(dice.random() * NUMBERS)

    def number(self) -> str:
        """Ten digits, without the country."""
        self._at = (self._at + STEP) % NUMBERS
        return str(9_000_000_000 + self._at)

    def written(self, number: str) -> str:
        form = WRITINGS[int(self._dice.random() * len(WRITINGS))]
        return form.format(number[:3], number[3:6], number[6:8], number[8:])

    def two(self, one: str, other: str) -> str:
        return self._dice.choice((", ", "; ", " / ", " мама ")).join((self.written(one), self.written(other)))

    def junk(self, number: str) -> str:
        """A number spoilt, or no number at all."""
        spoilt = (
            f"8{number[:3]}О{number[4:]}",  # the letter О for a nought
            f"+8{number}",
            f"8{number[:8]}x",
            f"8 {number[:3]} {number[3:6]} {number[6:]} доб. 12",
        )
        return self._dice.choice((*spoilt, *JUNK))
