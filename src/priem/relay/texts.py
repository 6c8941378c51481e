"""Sentences for people as JSON: template and values, read in the language of whoever looks."""

import math
from collections.abc import Mapping
from string import Formatter
from typing import Any

from priem.errors import AskOperator, PriemError, TryLater
from priem.texts import Text, text

LONGEST = 100_000
"""Characters of a sentence, with everything that stands in it."""
LONGEST_PAUSE = 3600.0
Value = str | Text | tuple[Text, ...]


def as_json(sentence: Text) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in sentence.values.items():
        if isinstance(value, tuple):
            values[name] = [as_json(part) for part in value]
        else:
            values[name] = as_json(value) if isinstance(value, Text) else value
    return {"template": sentence.template, "values": values}


def from_json(written: Mapping[str, Any]) -> Text:
    """Raises ValueError for what could not be read out: the page that shows it shows other clinics, too."""
    return weighed(written)[0]


def weighed(written: Mapping[str, Any]) -> tuple[Text, int]:
    """And how long it is when it is read. A place is a name alone: a width, or sentences that stand in each other by
    the dozen, would make gigabytes of a line."""
    values: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    for name, value in written["values"].items():
        values[name], lengths[name] = weighed_value(value)
    template = str(written["template"])
    length = len(template)
    for _, place, form, turned in Formatter().parse(template):
        if place is None:
            continue
        if form or turned or place not in lengths or not place.isidentifier():
            raise ValueError("a place that is no name")
        length += lengths[place]
    if length > LONGEST:
        raise ValueError("longer than any sentence")
    return Text(template, values), length


def weighed_value(value: object) -> tuple[Value, int]:
    if isinstance(value, list):
        parts = [weighed(part) for part in value]
        return tuple(part for part, _ in parts), sum(length + 2 for _, length in parts)
    if isinstance(value, dict):
        return weighed(value)
    return str(value), len(str(value))


def trouble_as_json(error: PriemError) -> dict[str, Any]:
    return {
        "is_later": isinstance(error, TryLater),
        "after": error.after if isinstance(error, TryLater) else None,
        "what": as_json(error.what),
        "advice": as_json(error.advice) if error.advice else None,
        "beside": {name: as_json(said) for name, said in error.beside.items()},
    }


def trouble_from_json(written: Mapping[str, Any]) -> PriemError:
    """What failed on the other side, to be raised on this one. Raises nothing: who talks nonsense is away."""
    try:
        what = from_json(written["what"])
        advice = from_json(written["advice"]) if written.get("advice") else None
        beside = {str(name): from_json(said) for name, said in (written.get("beside") or {}).items()}
        after = float(written.get("after") or 0.0)
        if not written.get("is_later"):
            return AskOperator(what, advice, beside=beside)
        return TryLater(what, advice, after=pause(after), beside=beside)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return TryLater(text("The agent says something that cannot be understood."))


def pause(asked: float) -> float | None:
    """Nobody is told to wait for ever."""
    return min(asked, LONGEST_PAUSE) if math.isfinite(asked) and asked > 0 else None
