"""The decision about a record: who was chosen, who else was looked at and why not, the best fitting first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from priem.configuration import settings_from_json
from priem.engine.reasons import Reason
from priem.hub import words
from priem.hub.explaining import Happening
from priem.hub.models import Clinic
from priem.hub.questions.cards import MASK, TRAITS, Trait
from priem.hub.records.story import card_address
from priem.hub.surroundings import contacts_by_id, leads_by_id
from priem.model import Candidate

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

BEST_FIRST = (
    *(Reason.PERSON, Reason.LINK, Reason.KEY, Reason.MOVED, Reason.APPLICATION),
    *(Reason.NAME_AND_BIRTHDAY, Reason.NAME, Reason.PART_OF_NAME, Reason.NAMELESS, Reason.OTHER_NAME),
    *(Reason.WAITING, Reason.NOT_WAITING, Reason.CLAIMED),
)
"""In the order in which they are looked at: docs/reference/decisions.md"""
NO_CANDIDATES = frozenset({Reason.CLAIMED, Reason.NOT_WAITING})
"""What says of itself why it cannot be chosen."""
TIES: Mapping[str, "StrPromise"] = {
    "oldest": _("Fits as well; of such ones the settings take the oldest."),
    "newest": _("Fits as well; of such ones the settings take the newest."),
    "active": _("Fits as well; of such ones the settings take the one that was changed last."),
    "furthest": _("Fits as well; of such ones the settings take the one that has come furthest."),
    "ask": _("Fits as well."),
}
LESS = _("Fits less well than the one that was chosen.")
LESS_THAN_OTHERS = _("Fits less well than others.")


@dataclass(frozen=True, slots=True)
class Looked:
    """A candidate of the decision."""

    id: int
    address: str
    name: str
    is_there: bool
    """Still in amoCRM, as far as is known."""
    is_chosen: bool
    traits: tuple[Trait, ...]
    because: str
    """What spoke for or against it, where there are no traits."""
    verdict: str
    """Why it was not chosen; empty where that is said already."""


def looked_at(clinic: Clinic, kind: str, happening: Happening | None, *, is_open: bool) -> list[Looked]:
    if happening is None:
        return []
    candidates = sorted(happening.step.why.candidates, key=place)
    chosen = next((one for one in candidates if one.id == happening.step.target), None)
    names = names_of(clinic, kind, [one.id for one in candidates])
    best = chosen or next(iter(candidates), None)
    first = sorted(candidates, key=lambda one: one is not chosen)
    return [
        Looked(
            id=one.id,
            address=card_address(clinic, kind, one.id),
            name=(names[one.id] if is_open else MASK) if one.id in names else "",
            is_there=one.id in names,
            is_chosen=one is chosen,
            traits=TRAITS.get(one.because, ()),
            because=words.because(one.because),
            verdict="" if one is chosen else verdict(clinic, kind, one, best, was_chosen=chosen is not None),
        )
        for one in first
    ]


def place(candidate: Candidate) -> int:
    known = [reason.value for reason in BEST_FIRST]
    return known.index(candidate.because) if candidate.because in known else len(known)


def verdict(clinic: Clinic, kind: str, one: Candidate, best: Candidate | None, *, was_chosen: bool) -> str:
    if one.because in NO_CANDIDATES or best is None:
        return ""
    if one.because != best.because:
        return str(LESS if was_chosen else LESS_THAN_OTHERS)
    settings = settings_from_json(clinic.settings).duplicates
    policy = settings.several_contacts if kind == "patient" else settings.several_leads
    return str(TIES[policy if was_chosen else "ask"])


def names_of(clinic: Clinic, kind: str, ids: list[int]) -> Mapping[int, str]:
    if kind == "patient":
        return {id_: contact.name for id_, contact in contacts_by_id(clinic.pk, ids).items()}
    return {id_: lead.name for id_, lead in leads_by_id(clinic.pk, ids).items()}
