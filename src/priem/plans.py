"""A patient's plans of treatment, the newest first; none, too, where nobody asked. Standard library only."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentPlan:
    name: str
    """Empty when the МИС has none."""
    made_on: date | None = None
    total: Decimal
    """Roubles, discounts taken off."""
    left: Decimal
    """Of it, what nobody has done yet."""
    lines: int
    done: int
