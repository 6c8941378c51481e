"""What a check says. Standard library only."""

from dataclasses import dataclass
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
