"""The roles and what each may do: the one table. The owner of the hub is Django's superuser; others are of clinics."""

from collections.abc import Mapping
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(StrEnum):
    """What somebody may do in one clinic."""

    SEE = "see"
    """Pages, lists and the journal, with personal data masked."""
    SEE_UNMASKED = "see_unmasked"
    RETRY = "retry"
    """Let records be read and decided on anew."""
    ANSWER = "answer"
    """Say which contact a patient is, and what a status means."""
    RELINK = "relink"
    BOOK = "book"
    SET_UP = "set_up"
    """Every setting, access to amoCRM, going live."""
    MANAGE_PEOPLE = "manage_people"
    AUDIT = "audit"
    """See who changed what."""


class Role(models.TextChoices):
    """What somebody is in one clinic, the most powerful first."""

    INTEGRATOR = "integrator", _("integrator")
    ADMINISTRATOR = "administrator", _("clinic administrator")
    MANAGER = "manager", _("manager")
    AUDITOR = "auditor", _("auditor")


EVERY_RIGHT = frozenset(Right)
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.INTEGRATOR: EVERY_RIGHT,
    Role.ADMINISTRATOR: EVERY_RIGHT,
    Role.MANAGER: frozenset({Right.SEE, Right.SEE_UNMASKED, Right.RETRY, Right.BOOK}),
    Role.AUDITOR: frozenset({Right.SEE, Right.AUDIT}),
}
"""An integrator, besides, founds clinics: he is the integrator of those, too."""


def may_give(own: Role | None, other: Role) -> bool:
    """Nobody gives more than he has. None: the owner, who gives every role."""
    return own is None or (Right.MANAGE_PEOPLE in RIGHTS[own] and list(Role).index(own) <= list(Role).index(other))
