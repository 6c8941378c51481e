"""What the journal's short words mean, in sentences for people. What is not known here is shown as it is."""

from collections.abc import Mapping
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


def because(code: str) -> str:
    """The sentence for a code of `Why`; nothing for none."""
    return readable(say(code)) if code else ""


def changed(name: str) -> str:
    """`field 123` is a custom field."""
    kind, _space, id_ = name.partition(" ")
    return gettext("field {id}").format(id=id_) if kind == "field" else str(FIELDS.get(name, name))


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
