"""docs/reference/settings.md says where each setting stands on the pages, in the words that people read there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.forms import Form
from django.utils.translation import gettext, override

from priem.hub.setup.asking import ELSEWHERE, asked_of
from priem.hub.setup.branching import ONLY, ZONES
from priem.hub.setup.letting_in import AmoCrmForm, NewClinicForm
from priem.hub.setup.parts import SECTIONS, FieldsPart, KnobsPart
from priem.hub.setup.sections import KNOBS
from priem.hub.setup.service import ServiceForm
from priem.mis import CONNECTORS
from priem.texts import Text

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "settings.md").read_text("utf-8")
TABLES = {
    "status_sync.mode": ("stages", "How statuses move leads"),
    "status_sync.rules": ("stages", "Add a rule"),
    'branches."…".first_stage': ("branches", "New leads begin in"),
    'branches."…".repeat_stage': ("branches", "Leads of repeat visits"),
    f"connections.{ONLY}": ("branches", "Read this branch"),
    f"connections.{ZONES}": ("branches", "Time zone"),
    "fields.field": ("fields", "Field in amoCRM"),
    "fields.policy": ("fields", "If it is filled in already"),
    "booking.users.books": ("users", "Books"),
    "booking.users.branches": ("users", "Branches"),
    "booking.users.default": ("users", "By default"),
    "triggers.rules": ("triggers", "Add a rule"),
}


def knobs() -> Iterator[tuple[str, str, str]]:
    for section in SECTIONS.values():
        for part in section.parts:
            chosen = getattr(part, "knobs", ()) if isinstance(part, type) and issubclass(part, KnobsPart) else ()
            for knob in (*chosen, *(one for one in KNOBS if part is FieldsPart and one.path == "leads.total_is_price")):
                yield knob.path, str(section.title), str(knob.label)


def rows() -> Iterator[str]:
    with override("ru"):
        for path, (section, label) in TABLES.items():
            yield row(path, str(SECTIONS[section].title), gettext(label))
        for path, title, label in knobs():
            yield row(path, title, label)
        for name in ("name", "base_url", "token", "client_id", "client_secret", "redirect_uri"):
            yield row(IN_THE_FILE[name], "amoCRM", str(AmoCrmForm.base_fields[name].label))
        for path, field in SERVICES.items():
            yield row(path, str(SECTIONS["service"].title), str(ServiceForm.base_fields[field].label))
        for kind in CONNECTORS:
            for asked in asked_of(kind):
                more = "" if asked.is_basic else f"{gettext('More settings')} → "
                title = str(SECTIONS["mis"].title)
                yield f"| `{asked.name}` ({kind}) | {title} → {more}«{asked.label.read('ru')}» |"


SERVICES = {f"services.{name}": name for name in ServiceForm.basic}
IN_THE_FILE = {
    "name": "clinic.name",
    "base_url": "amocrm.url",
    "token": "amocrm.long_lived_token",
    "client_id": "amocrm.client_id",
    "client_secret": "amocrm.client_secret",
    "redirect_uri": "amocrm.redirect_uri",
}


def row(path: str, section: str, label: str) -> str:
    return f"| `{path}` | {section} → «{label}» |"


def test_the_reference_says_where_each_setting_stands() -> None:
    written = {*REFERENCE.splitlines()}

    assert [one for one in rows() if one not in written] == []
    assert {path for path, _, _ in knobs()} == {knob.path for knob in KNOBS}


@pytest.mark.parametrize("kind", CONNECTORS)
def test_every_setting_of_a_connection_has_a_sentence_of_help_in_russian(kind: str) -> None:
    asked = list(asked_of(kind))

    assert [one.name for one in asked if one.name in ELSEWHERE or not one.help] == []
    assert [one.name for one in asked for said in (one.label, one.help) if not is_russian(said)] == []


def is_russian(said: Text | None) -> bool:
    return said is not None and (said.read("ru") != said.read("en") or said.template == "API ID")


@pytest.mark.parametrize("form", [NewClinicForm, AmoCrmForm, ServiceForm])
def test_every_setting_of_the_account_has_a_sentence_of_help(form: type[Form]) -> None:
    assert [name for name, field in form.base_fields.items() if not field.help_text] == []
