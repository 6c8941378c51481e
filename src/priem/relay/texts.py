"""Sentences for people as JSON: template and values, read in the language of whoever looks."""

from collections.abc import Mapping
from typing import Any

from priem.errors import AskOperator, PriemError, TryLater
from priem.texts import Text, text


def as_json(sentence: Text) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in sentence.values.items():
        if isinstance(value, tuple):
            values[name] = [as_json(part) for part in value]
        else:
            values[name] = as_json(value) if isinstance(value, Text) else value
    return {"template": sentence.template, "values": values}


def from_json(written: Mapping[str, Any]) -> Text:
    values: dict[str, str | Text | tuple[Text, ...]] = {}
    for name, value in written["values"].items():
        if isinstance(value, list):
            values[name] = tuple(from_json(part) for part in value)
        else:
            values[name] = from_json(value) if isinstance(value, dict) else str(value)
    return Text(str(written["template"]), values)


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
        after = written.get("after")
        if not written.get("is_later"):
            return AskOperator(what, advice, beside=beside)
        return TryLater(what, advice, after=float(after) if after else None, beside=beside)
    except (KeyError, TypeError, ValueError, AttributeError):
        return TryLater(text("The agent says something that cannot be understood."))
