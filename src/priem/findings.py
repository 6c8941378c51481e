"""What a check says. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from priem.texts import Text


class Severity(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: what was looked at, what was found, what to do."""

    severity: Severity
    what: Text
    advice: Text | None = None
    beside: Mapping[str, Text] = field(default_factory=dict)
    """What is wrong with single settings, by their names."""
