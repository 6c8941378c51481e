"""What the journal's short codes mean, in words for people. A code that is not known here is shown as it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

RULES: Mapping[str, "StrPromise"] = {
    "link": _("it was linked before"),
    "key": _("it carries the key of this record"),
    "phone:name_and_birthday": _("the same phone, name and birthday"),
    "phone:name": _("the same phone and name"),
    "phone:part_of_name": _("the same phone and a part of the name"),
    "phone:nameless": _("the same phone, no name in amoCRM"),
    "phone:other_name": _("the same phone, another name"),
    "waiting": _("a request of this patient was waiting"),
    "moved": _("the visit was moved"),
    "nobody": _("nothing fitting was found"),
    "unchanged": _("nothing has changed"),
    "gone": _("it was deleted in amoCRM"),
    "no_contact": _("the patient has no contact"),
    "no_leads_wanted": _("the clinic wants no leads made"),
    "first_stage": _("a new lead begins in the first stage"),
    "guarded": _("the lead stands in a stage that is guarded"),
    "no_rule": _("no rule fits, the stage stays"),
    "ahead": _("the lead is further already"),
}
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


def rule(code: str) -> str:
    """`rule:3` is the third of the clinic's rules for stages."""
    kind, _colon, number = code.partition(":")
    if kind == "rule":
        return gettext("rule no. {number} of the stages").format(number=number)
    return str(RULES.get(code, code))


def changed(name: str) -> str:
    """`field 123` is a custom field."""
    kind, _space, id_ = name.partition(" ")
    return gettext("field {id}").format(id=id_) if kind == "field" else str(FIELDS.get(name, name))
