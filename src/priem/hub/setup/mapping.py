"""Values of the МИС → fields of amoCRM: one row for a value, or several where a clinic shows it twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.engine.bindings import is_named
from priem.engine.settings import FieldRule, Settings
from priem.engine.values import SUPPORTED_KINDS, VALUES, Value, as_text, express
from priem.hub.setup.choices import UNKNOWN, Choices, lacking
from priem.hub.setup.fields import ListField, there
from priem.hub.setup.pictures import example_of
from priem.hub.setup.sections import POLICIES
from priem.model import FieldInfo

MAKE = "make"
"""The field that Priem makes for this value, or has made."""
USUAL = frozenset(
    {
        *("patient.birthday", "patient.card_number", "patient.source"),
        *("visit.starts_at", "visit.doctor", "visit.branch", "visit.services", "visit.status", "visit.comment"),
    }
)
"""Proposed to a new clinic."""
DUMMIES: Mapping[str, Value] = {
    "birthday": date(2026, 1, 1),
    "date": date(2026, 1, 1),
    "date_time": datetime(2026, 1, 1, tzinfo=UTC),
    "numeric": Decimal(1),
    "checkbox": True,
    "multiselect": ("x",),
}
"""A value of each kind, to see which kinds of fields can hold it."""
PLACES = {"patient": _("Contact"), "visit": _("Lead")}


@dataclass(frozen=True, slots=True)
class Row:
    """A value, the two fields of the form that tell where it goes, and how it looks."""

    value: str
    title: str
    form: "RowOfField"
    example: str


class RowOfField(forms.Form):
    def __init__(self, choices: Choices, value: str, rule: FieldRule | None, number: int, data: Any) -> None:  # noqa: ANN401 - Django's
        prefix = f"{value.replace('.', '_')}_{number}"
        now = target_of(choices, value, rule) if rule else ""
        super().__init__(data, prefix=prefix, initial={"field": now, "policy": rule.policy if rule else "overwrite"})
        self.value, self.rule, self.choices, self.now = value, rule, choices, now
        title = VALUES[value].title
        self.fields["field"] = ListField(
            choices=list(options(choices, value, now)),
            required=False,
            label=gettext("Field for «{value}»").format(value=title),
        )
        self.fields["policy"] = ListField(
            choices=list(POLICIES.items()), label=gettext("If «{value}» is filled in already").format(value=title)
        )

    def clean_field(self) -> str:
        return there(str(self.cleaned_data["field"]))

    def rule_now(self) -> FieldRule | None:
        """Of a valid form."""
        target, policy = self.cleaned_data["field"], self.cleaned_data["policy"]
        if not target:
            return None
        if self.rule and target == self.now:
            return replace(self.rule, policy=policy)
        return FieldRule(value=self.value, field="" if target == MAKE else int(target), policy=policy)


def target_of(choices: Choices, value: str, rule: FieldRule) -> str:
    if not rule.field:
        return MAKE
    found = (str(info.id) for info in fields_of(choices, value) if is_named(rule.field, info.id, info.name))
    return next(found, f"{UNKNOWN}{rule.field}")


def fields_of(choices: Choices, value: str) -> Sequence[FieldInfo]:
    if choices.account is None:
        return ()
    return choices.account.contact_fields if VALUES[value].of == "patient" else choices.account.lead_fields


def options(choices: Choices, value: str, now: str) -> Iterator[tuple[str, str]]:
    yield "", gettext("Do not bring over")
    kind = VALUES[value]
    is_there = any(info.name.casefold() == kind.title.casefold() for info in fields_of(choices, value))
    said = gettext("«{name}», it is there") if is_there else gettext("«{name}», to be made")
    yield MAKE, said.format(name=kind.title)
    if now.startswith(UNKNOWN):
        yield now, lacking(now)
    for info in fields_of(choices, value):
        is_own = info.name.casefold() == kind.title.casefold()
        if (holds(info.kind, kind.field_kind) and not is_own and not info.code) or str(info.id) == now:
            yield str(info.id), info.name


def holds(kind: str, value_kind: str) -> bool:
    return kind in SUPPORTED_KINDS and express(DUMMIES.get(value_kind, "x"), kind) != ""


class MappingForm:
    """All values."""

    def __init__(self, choices: Choices, data: Any = None) -> None:  # noqa: ANN401 - Django's
        self.choices = choices
        rules = choices.settings.fields or tuple(FieldRule(value=value) for value in VALUES if value in USUAL)
        self.rows = tuple(self._rows(rules, data))

    def _rows(self, rules: Sequence[FieldRule], data: Any) -> Iterator[Row]:  # noqa: ANN401 - Django's
        patient, visit = example_of(self.choices.sources)
        for value, kind in VALUES.items():
            mine: list[FieldRule | None] = [rule for rule in rules if rule.value == value]
            shown = as_text(kind.read(patient if kind.of == "patient" else visit)) if patient and visit else ""
            for number, rule in enumerate(mine or [None]):
                form = RowOfField(self.choices, value, rule, number, data)
                yield Row(value, kind.title, form, example(shown))

    def groups(self) -> list[tuple[str, list[Row]]]:
        return [(str(place), [row for row in self.rows if VALUES[row.value].of == of]) for of, place in PLACES.items()]

    def is_valid(self) -> bool:
        return all(row.form.is_valid() for row in self.rows)

    def applied(self, settings: Settings) -> Settings:
        rules = [rule for row in self.rows if (rule := row.form.rule_now())]
        order = {rule: place for place, rule in enumerate(settings.fields)}
        # Those that stood there keep their order: a file of settings is read by people.
        return replace(settings, fields=tuple(sorted(rules, key=lambda rule: order.get(rule, len(order)))))


def example(shown: object) -> str:
    return "" if shown in ("None", "", ()) else str(shown)


def missing(choices: Choices) -> list[str]:
    """Titles of the fields that the settings leave to Priem and that are not there yet."""
    return [
        VALUES[rule.value].title
        for rule in choices.settings.fields
        if not rule.field
        and not any(
            info.name.casefold() == VALUES[rule.value].title.casefold() for info in fields_of(choices, rule.value)
        )
    ]
