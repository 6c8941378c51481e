"""The kinds of stage triggers: what a person may set off by moving a lead. Pure.

To add a kind: a line in `KINDS`, which lets the settings name it; and an `Act` under that name among the acts that
bootstrap gives to `engine.sync.Clinic` (`acts`). `engine/triggers.py` calls it once for every move of a lead into a
stage that a trigger names, inside the clinic's pass. It does not call it for Priem's own moves, nor for leads that
stood there when the trigger was set up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from priem.engine.settings import StageTrigger
from priem.model import Lead, VisitKey, VisitLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    needs_visit: bool = True
    """Leads without a visit are passed over."""
    options: frozenset[str] = field(default_factory=frozenset)
    """The words that a trigger of this kind may have in `options`."""


KINDS: Mapping[str, Kind] = {
    "confirm": Kind(),
    "cancel": Kind(),
    "status": Kind(),
    "ticket": Kind(needs_visit=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A lead that a person has moved into a trigger's stage, as it is now."""

    ref: str
    """Names the move for ever: whoever is asked for it twice knows it again."""
    trigger: StageTrigger
    lead: Lead
    visit: VisitKey | None = None
    link: VisitLink | None = None
    """Of that visit, as it was when the pass came to the move."""


Act = Callable[[Moved], None]
"""Does what the trigger says; nothing, when it is so already. What it raises:

Refused (priem.booking): no, for this reason. The lead gets a note with it, and goes back to where its visit belongs.
TryLater, OutcomeUnknown: the next pass calls again with the same `ref`.
AskOperator: as ever; the move waits.
"""
