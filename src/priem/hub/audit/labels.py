"""Settings in the log as the pages call them: a place in the clinic's file, and the label of the field that sets it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub.roles.rights import Role
from priem.hub.sentences import readable
from priem.hub.setup.asking import asked_of
from priem.hub.setup.knobs import Knob
from priem.hub.setup.parts import SECTIONS
from priem.hub.setup.sections import KNOBS
from priem.mis import CONNECTORS
from priem.texts import Text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

OWN: Mapping[str, "StrPromise"] = {
    "clinic.name": _("name"),
    "amocrm.url": _("amoCRM address"),
    "amocrm.client_id": _("integration id"),
    "amocrm.client_secret": _("integration secret"),
    "amocrm.redirect_uri": _("redirect address"),
    "amocrm.sandbox": _("sandbox"),
}
TABLES: Mapping[str, str] = {
    "status_sync": "stages",
    "branches": "branches",
    "fields": "fields",
    "booking.users": "users",
    "triggers.rules": "triggers",
    "services": "service",
}
"""Whole tables and what stands below them, by the section that shows them."""
FLAGS: Mapping[str, "StrPromise"] = {"true": _("yes"), "false": _("no")}
ROW = re.compile(r"\[\d+\]$")


def label_of(place: str) -> str:
    """Empty for what no page sets."""
    if place in OWN:
        return str(OWN[place])
    if knob := knob_of(place):
        return str(knob.label)
    kind, _dot, rest = place.partition(".")
    if kind == "connections":
        return of_connection(*rest.partition(".")[::2])
    if kind == "people":
        return gettext("Role: {name}").format(name=rest.removesuffix(".role"))
    table = next((section for path, section in TABLES.items() if is_at(place, path)), "")
    return str(SECTIONS[table].title) if table else ""


def value_of(place: str, written: str) -> str:
    """The words of its choice; empty where the file's own words say it best."""
    if place.startswith("people."):
        return str(Role(written).label) if written in Role.values else ""
    choices = knob.choices if (knob := knob_of(place)) else {}
    return str({**FLAGS, **choices}.get(written, ""))


def knob_of(place: str) -> Knob | None:
    return knobs().get(ROW.sub("", place))


def is_at(place: str, path: str) -> bool:
    return place == path or place.startswith((f"{path}.", f"{path}["))


def of_connection(key: str, setting: str) -> str:
    if setting == "kind":
        called = gettext("Outside system")
    else:
        label = asked_labels().get(ROW.sub("", setting).partition(".")[0])
        called = readable(label) if label else setting
    return gettext("Connection {key}: {setting}").format(key=key, setting=called)


@cache
def knobs() -> Mapping[str, Knob]:
    return {knob.path: knob for knob in KNOBS}


@cache
def asked_labels() -> Mapping[str, Text]:
    return dict(every_label())


def every_label() -> Iterator[tuple[str, Text]]:
    """What two connectors ask for by one name, they mean alike."""
    for kind in CONNECTORS:
        yield from ((asked.name, asked.label) for asked in asked_of(kind))
