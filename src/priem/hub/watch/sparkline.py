"""A small chart of bars, drawn by the server: it needs no script, and takes the colour of its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from priem.hub.watch.delays import BOUNDS

HEIGHT = 28
STEP = 8
WIDTH = 6


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: int
    height: int
    value: int | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Sparkline:
    bars: tuple[Bar, ...]
    width: int
    height: int = HEIGHT
    highest: int | None = None


LATE = 60_000
"""Milliseconds."""


def sparkline(values: Sequence[int]) -> Sparkline:
    """Milliseconds, 0 for none. On a logarithmic scale: 2 s and 2 h are both to be seen."""
    bars = tuple(bar(place, value) for place, value in enumerate(values))
    return Sparkline(bars, width=STEP * len(values), highest=max(values, default=0) or None)


def bar(place: int, value: int) -> Bar:
    low, high = log10(BOUNDS[0] / 2), log10(BOUNDS[-3])
    part = (log10(max(value, 1)) - low) / (high - low)
    height = min(HEIGHT, max(3, round(part * HEIGHT))) if value else 1
    return Bar(place * STEP, HEIGHT - height, height, value or None, value > LATE)
