"""Sentences for people in the database: kept as template and values, read in the language of whoever looks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.utils.translation import get_language

from priem.texts import LANGUAGES, Text

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.expressions import Expression


class SentenceField(models.JSONField):
    """A `Text`, or None."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # Django's options of a field, as they are
        super().__init__(**cast(dict[str, Any], {"null": True, "blank": True, "editable": False} | options))

    def from_db_value(
        self, value: str | None, expression: "Expression", connection: "BaseDatabaseWrapper"
    ) -> Text | None:
        written = super().from_db_value(value, expression, connection)
        return from_json(written) if written else None

    def get_prep_value(self, value: object) -> object:
        return super().get_prep_value(as_json(value) if isinstance(value, Text) else value)


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
            values[name] = from_json(value) if isinstance(value, dict) else value
    return Text(written["template"], values)


def readable(sentence: Text | None) -> str:
    """In the language of the page that is being made."""
    language = (get_language() or "").partition("-")[0]
    return sentence.read(language if language in LANGUAGES else "ru") if sentence else ""
