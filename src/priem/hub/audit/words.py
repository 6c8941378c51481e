"""The log's short words in sentences for people. Names of settings stay as they stand in the clinic's file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub import words
from priem.hub.audit.document import STORED, STORED_ANEW
from priem.hub.roles.rights import Role
from priem.model import VisitStatus

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

WHAT: Mapping[str, "StrPromise"] = {
    "contact": _("contact"),
    "lead": _("lead"),
    "fields": _("fields"),
    "role": _("role"),
    "status": _("status"),
    "username": _("name for the login"),
    "email": _("e-mail"),
    "password": _("password"),
    "is_active": _("may come in"),
    "is_superuser": _("owner of the hub"),
}
STORED_WORDS: Mapping[str, "StrPromise"] = {
    STORED: _("stored"),
    STORED_ANEW: _("another one is stored"),
}
VALUES: Mapping[str, "StrPromise"] = {
    **STORED_WORDS,
    "new": _("a new contact"),
    "true": _("yes"),
    "false": _("no"),
}
Shown = tuple[str, str, str, bool]
"""What, before, after; and whether it is the name of a setting."""


def shown(what: str, before: str, after: str) -> Shown:
    said = WHAT.get(what)
    if said is None:
        return what, stored(before), stored(after), True
    return str(said), value(before), value(after), False


def stored(written: str) -> str:
    return str(STORED_WORDS.get(written, written)) or "—"


def value(written: str) -> str:
    if written in Role.values:
        return str(Role(written).label)
    if written in set(VisitStatus):
        return str(words.STATUSES[VisitStatus(written)])
    return str(VALUES.get(written, written)) or "—"


def about(written: str) -> str:
    kind, _space, id_ = written.partition(" ")
    match kind:
        case "patient":
            return gettext("Patient {id}").format(id=id_)
        case "visit":
            return gettext("Visit {id}").format(id=id_)
    return written
