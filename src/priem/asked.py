"""What a connector asks a person for, so that its form needs no page of its own. Standard library only.

A connector may say in `ASKED`, beside its `Config`, how its settings are put to people. What it does not mention is
asked for all the same, by its name, among the settings that seldom matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from priem.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One setting of a connector's `Config`, in words."""

    name: str
    """The field of `Config`."""
    label: Text
    help: Text | None = None
    example: str = ""
    choices: Mapping[str, Text] = field(default_factory=dict)
    """What may be chosen, where it is one of a few."""
    is_secret: bool = False
    is_basic: bool = True
    """Asked of everybody; the rest stands behind «More settings»."""


def called(asked: Iterable[Asked], name: str) -> Text:
    """A setting as its form calls it, and the file's word for it; the word alone where no form asks for it."""
    label = next((one.label for one in asked if one.name == name), None)
    return Text("«{label}» ({name})", {"label": label, "name": name}) if label else Text("{name}", {"name": name})
