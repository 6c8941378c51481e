"""A small chart of bars, drawn by the server: it needs no script, and takes the colour of its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import log10

from django.utils.translation import gettext

from priem.hub.templatetags.moments import figure, lasting, moment
from priem.hub.watch.delays import BOUNDS, Course, longest

HEIGHT = 28
STEP = 8
WIDTH = 6


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Bars as two paths of SVG: one element for however many of them, since a page shows many charts."""

    fine: str
    late: str
    width: int
    said: str
    """What it shows, for whoever does not see it."""
    height: int = HEIGHT


def sparkline(course: Course) -> Sparkline:
    """A bar for each hour. On a logarithmic scale: 2 s and 2 h are both to be seen."""
    values, most = [hour.p99 or 0 for hour in course.hours], longest()
    bars = [(bar(place, value), value > most) for place, value in enumerate(values)]
    return Sparkline(
        fine="".join(path for path, is_late in bars if not is_late),
        late="".join(path for path, is_late in bars if is_late),
        width=STEP * len(values),
        said=in_words(course, values),
    )


def bar(place: int, value: int) -> str:
    low, high = log10(BOUNDS[0] / 2), log10(BOUNDS[-3])
    part = (log10(max(value, 1)) - low) / (high - low)
    height = min(HEIGHT, max(3, round(part * HEIGHT))) if value else 1
    return f"M{place * STEP} {HEIGHT}v-{height}h{WIDTH}v{height}z"


def in_words(course: Course, values: Sequence[int]) -> str:
    if not any(values):
        return gettext("Delay by hour over 24 hours: nothing changed")
    highest = max(range(len(values)), key=values.__getitem__)
    at = course.began + timedelta(hours=highest)
    said = gettext("Delay by hour over 24 hours: at most {delay}, in the hour from {moment}; changes: {count}").format(
        delay=lasting(values[highest]), moment=moment(at), count=figure(course.day.changes)
    )
    late = sum(value > longest() for value in values)
    hours = gettext("hours in which it was longer than {limit}: {count}")
    return f"{said}; {hours.format(limit=lasting(longest()), count=late)}" if late else said
