"""Sentences for people, kept as a template and its values until somebody reads them, in that reader's language."""

import gettext
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LANGUAGES = ("ru", "en")
CATALOGS = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Text:
    """An English template with {named} places, which is the key of its translation too, and what stands in them."""

    template: str
    values: Mapping[str, "str | Text | tuple[Text, ...]"] = field(default_factory=dict)
    """Words, sentences, or lists of sentences, which are read in the same language."""

    def read(self, language: str) -> str:
        said = {name: in_language(value, language) for name, value in self.values.items()}
        return catalog(language).gettext(self.template).format_map(said)

    def __str__(self) -> str:
        return self.read("en")


def text(template: str, /, **values: object) -> Text:
    """Marks a template for translation. Values are ids, names of settings and figures: never a patient's data."""
    return Text(template, {name: kept(value) for name, value in values.items()})


def kept(value: object) -> str | Text | tuple[Text, ...]:
    if isinstance(value, Text):
        return value
    if isinstance(value, list | tuple):
        return tuple(part if isinstance(part, Text) else Text("{word}", {"word": str(part)}) for part in value)
    return str(value)


def in_language(value: str | Text | tuple[Text, ...], language: str) -> str:
    if isinstance(value, tuple):
        return "; ".join(part.read(language) for part in value)
    return value.read(language) if isinstance(value, Text) else value


@cache
def catalog(language: str) -> gettext.NullTranslations:
    # Django reads the same files, hence the name of the domain.
    return gettext.translation("django", CATALOGS, languages=[language], fallback=True)


def reader_language() -> str:
    """The language of the person at the terminal: PRIEM_LANGUAGE, else Russian."""
    chosen = os.environ.get("PRIEM_LANGUAGE", "ru")
    return chosen if chosen in LANGUAGES else "ru"
