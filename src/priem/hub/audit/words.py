"""The log's short words in sentences for people. Beside a setting stands its place in the clinic's file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub import words
from priem.hub.audit.document import STORED, STORED_ANEW
from priem.hub.audit.labels import FLAGS, label_of, value_of
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
    **FLAGS,
}


@dataclass(frozen=True, slots=True)
class Side:
    """What stood there, or stands there now."""

    written: str
    is_code: bool = False
    """As in the clinic's file: in its words, not in the reader's."""


@dataclass(frozen=True, slots=True)
class Shown:
    what: str
    before: Side
    after: Side
    place: str = ""
    """Of a setting, in the clinic's file."""


def shown(what: str, before: str, after: str) -> Shown:
    said = WHAT.get(what)
    if said is None:
        return Shown(label_of(what), side(what, before), side(what, after), what)
    return Shown(str(said), Side(value(before)), Side(value(after)))


def side(place: str, written: str) -> Side:
    said = STORED_WORDS.get(written) or value_of(place, written)
    return Side(str(said) or written or "—", is_code=bool(written and not said))


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
