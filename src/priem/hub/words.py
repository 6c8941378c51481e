"""What the journal's short words mean, in sentences for people. What is not known here is shown as it is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.engine.reasons import say
from priem.hub.sentences import readable
from priem.model import VisitStatus

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

FIELDS: Mapping[str, "StrPromise"] = {
    "name": _("name"),
    "phones": _("phones"),
    "keys": _("key"),
    "pipeline": _("pipeline"),
    "stage": _("stage"),
    "price": _("price"),
    "contact": _("contact"),
    "responsible": _("responsible"),
    "loss_reason": _("loss reason"),
    "tags": _("tags"),
}

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def because(code: str) -> str:
    """The sentence for a code of `Why`; nothing for none."""
    return readable(say(code)) if code else ""


def changed(name: str, fields: Mapping[str, str] = NO_NAMES, *, of_lead: bool = False) -> str:
    """`field 123` is a custom field; `fields` are amoCRM's own names of them, by id. A lead's name is its title."""
    if of_lead and name == "name":
        return gettext("title")
    kind, _space, id_ = name.partition(" ")
    if kind != "field":
        return str(FIELDS.get(name, name))
    return f"«{fields[id_]}»" if id_ in fields else gettext("field {id}").format(id=id_)


STATUSES: Mapping[VisitStatus, "StrPromise"] = {
    VisitStatus.BOOKED: _("is booked"),
    VisitStatus.CONFIRMED: _("is confirmed"),
    VisitStatus.ARRIVED: _("has come"),
    VisitStatus.IN_PROGRESS: _("is with the doctor"),
    VisitStatus.COMPLETED: _("is over"),
    VisitStatus.PAID: _("is paid"),
    VisitStatus.CANCELLED: _("is cancelled"),
    VisitStatus.NO_SHOW: _("did not come"),
    VisitStatus.DELETED: _("is deleted"),
    VisitStatus.UNMAPPED: _("has an unknown status"),
}
"""What has become of a visit, as people say it."""
