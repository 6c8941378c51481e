"""A question as a card: who is asked about, the candidates, and what is equal or different of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from priem.engine.reasons import Reason
from priem.hub import words
from priem.hub.models import Clinic, Question, RecalledRecord
from priem.hub.roles.rights import Right
from priem.hub.scope import may, visible
from priem.hub.surroundings import contacts_by_id
from priem.model import Contact

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

MASK = "•••"
MOST_KEYS = 9
"""Figures on a keyboard."""


@dataclass(frozen=True, slots=True)
class Trait:
    what: "StrPromise"
    is_equal: bool


TRAITS: Mapping[str, tuple[Trait, ...]] = {
    Reason.NAME_AND_BIRTHDAY: (
        Trait(_("the phone is equal"), is_equal=True),
        Trait(_("the name is equal"), is_equal=True),
        Trait(_("the birthday is equal"), is_equal=True),
    ),
    Reason.NAME: (Trait(_("the phone is equal"), is_equal=True), Trait(_("the name is equal"), is_equal=True)),
    Reason.PART_OF_NAME: (
        Trait(_("the phone is equal"), is_equal=True),
        Trait(_("only a part of the name is equal"), is_equal=False),
    ),
    Reason.OTHER_NAME: (Trait(_("the phone is equal"), is_equal=True), Trait(_("the name differs"), is_equal=False)),
    Reason.SOMEBODY_ELSE: (
        Trait(_("the phone differs"), is_equal=False),
        Trait(_("the name differs"), is_equal=False),
        Trait(_("the birthday differs"), is_equal=False),
    ),
    Reason.NAMELESS: (
        Trait(_("the phone is equal"), is_equal=True),
        Trait(_("the contact has no name"), is_equal=False),
    ),
}


@dataclass(frozen=True, slots=True)
class CandidateCard:
    number: int
    """The key to press; 0 for none."""
    id: int
    address: str
    name: str
    phones: tuple[str, ...]
    traits: tuple[Trait, ...]
    because: str
    """Said where there are no traits."""
    is_there: bool


@dataclass(frozen=True, slots=True)
class Card:
    question: Question
    clinic: Clinic
    candidates: tuple[CandidateCard, ...]
    visits: int
    """How many of the patient's visits wait for the answer."""
    new_number: int
    """The key for «another person»."""


def questions(request: HttpRequest) -> Sequence[int]:
    """The numbers of all that whoever looks may see, the oldest first."""
    rows = visible(request, Question.objects.order_by("asked_at", "id"))
    return list(rows.values_list("pk", flat=True))


def question(request: HttpRequest, id_: int) -> Question | None:
    """None when somebody has answered it in this moment."""
    return visible(request, Question.objects.all()).select_related("clinic").filter(pk=id_).first()


def card(request: HttpRequest, question: Question) -> Card:
    clinic = question.clinic
    is_open = may(request, Right.SEE_UNMASKED, clinic.pk)
    contacts = contacts_by_id(clinic.pk, [id_ for id_, _because in question.candidates])
    candidates = tuple(
        candidate_card(clinic, number, id_, because, contacts.get(id_), is_open=is_open)
        for number, (id_, because) in enumerate(question.candidates, 1)
    )
    waiting = RecalledRecord.objects.of(clinic.pk).filter(waits_for=str(question)).count()
    return Card(question, clinic, candidates, waiting, min(len(candidates) + 1, MOST_KEYS))


def candidate_card(
    clinic: Clinic, number: int, id_: int, because: str, contact: Contact | None, *, is_open: bool
) -> CandidateCard:
    phones = tuple(phone.text for phone in contact.phones) if contact else ()
    return CandidateCard(
        number=number if number < MOST_KEYS else 0,
        id=id_,
        address=f"{clinic.base_url.rstrip('/')}/contacts/detail/{id_}" if clinic.base_url else "",
        name=(contact.name if is_open else MASK) if contact else "",
        phones=phones if is_open else tuple(MASK for _phone in phones),
        traits=TRAITS.get(because, ()),
        because=words.because(because),
        is_there=contact is not None,
    )
