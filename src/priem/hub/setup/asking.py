"""The form of a connection, made of what its connector takes: a new connector has its form at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, replace
from datetime import date
from importlib import import_module
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from django import forms
from django.utils.translation import gettext_lazy as _

from priem.asked import Asked
from priem.errors import AskOperator, PriemError
from priem.hub.agents.choosing import AGENT, CARRIED, LOOK_EVERY, THROUGH, require_settings
from priem.hub.clinics import ConnectionData, save_connection
from priem.hub.models import Clinic
from priem.hub.references import resolved
from priem.hub.sentences import readable
from priem.hub.setup.branching import ONLY, ZONES
from priem.hub.setup.fields import LinesField, ListField, ZoneField
from priem.mis import CONNECTORS
from priem.relay.words import NOT_FROM_HUB
from priem.texts import Text

READS_PLANS = "reads_plans"
"""Follows from the fields that show plans."""
ELSEWHERE = frozenset({"connection", ONLY, ZONES, LOOK_EVERY, READS_PLANS})
"""Asked at another step, or not at all."""
SECRETS = frozenset({"password", "secret", "api_secret", "token"})
"""Kept encrypted, even if their connector says nothing of them."""
KEPT = _("Stored. Leave it empty to keep it.")


class PairsField(LinesField):
    """A table, one `name = value` in a line."""

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        return "\n".join(f"{name} = {of}" for name, of in value.items()) if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        pairs = [line.partition("=") for line in super().clean(value)]
        if not all(name.strip() and sign and of.strip() for name, sign, of in pairs):
            raise forms.ValidationError(_("Write each line as: name = value."))
        return {name.strip(): of.strip() for name, _sign, of in pairs}


class WayField(forms.ChoiceField):
    """Chosen by buttons above the form, since another way asks for other things: the form only carries it."""

    def __init__(self, *, initial: str) -> None:
        choices = (("", ""), (AGENT, AGENT))
        super().__init__(choices=choices, required=False, initial=initial, widget=forms.HiddenInput())


class ConnectorForm(forms.Form):
    """Fields in the order in which the connector asks; what it does not mention comes last, behind «More settings»."""

    def __init__(
        self,
        kind: str,
        row: ConnectionData | None,
        data: Any = None,  # noqa: ANN401 - Django's
        way: str | None = None,
    ) -> None:
        super().__init__(data)
        self.kind, self.row = kind, row
        self.config = config_of(kind)
        self.asked = {asked.name: asked for asked in asked_of(kind)}
        hints = get_type_hints(self.config)
        for name, asked in self.asked.items():
            field, default = self._field(hints[name], asked), default_of(self.config, name)
            self.fields[name] = field
            if asked.is_secret:
                has_one = bool(row and row.secrets.get(name))
                field.required = field.required and not has_one
                field.help_text = KEPT if has_one else field.help_text
            else:
                now = row.config.get(name, default) if row else default
                self.initial[name] = None if now is MISSING else now
        self.way = self._way(data, way) if kind in CARRIED else ""
        if kind in CARRIED:
            self.fields[THROUGH] = WayField(initial=self.way)
        if self.way == AGENT:
            # Said beside the database, and nowhere else.
            for name in NOT_FROM_HUB & self.asked.keys():
                del self.fields[name], self.asked[name]

    def _way(self, data: Any, asked: str | None) -> str:  # noqa: ANN401 - Django's
        """As was typed, as the address says, or as it is: directly (empty), or through an agent."""
        now = self.row.config.get(THROUGH) if self.row else ""
        told = data.get(THROUGH) if data is not None else now if asked is None else asked
        return AGENT if told == AGENT else ""

    def _field(self, hint: Any, asked: Asked) -> forms.Field:  # noqa: ANN401 - a type
        now = str(self.row.config.get(asked.name, "")) if self.row else ""
        field = ZoneField(now=now) if asked.name.endswith("time_zone") else made(hint, asked)
        field.label = readable(asked.label)
        field.help_text = readable(asked.help)
        field.required = field.required and default_of(self.config, asked.name) is MISSING
        if asked.example:
            field.widget.attrs["placeholder"] = asked.example
        field.widget.attrs["autocomplete"] = "off"
        return field

    def basic(self) -> list[forms.BoundField]:
        return [self[name] for name, asked in self.asked.items() if asked.is_basic]

    def more(self) -> list[forms.BoundField]:
        return [self[name] for name, asked in self.asked.items() if not asked.is_basic]

    def has_errors_in_more(self) -> bool:
        return any(field.errors for field in self.more())

    def connection(self, key: str) -> ConnectionData:
        """What was typed, as far as it is well; what is as usual is left out."""
        elsewhere = {name: value for name, value in (self.row.config if self.row else {}).items() if name in ELSEWHERE}
        told = {name: value for name, value in self.cleaned_data.items() if name in self.asked}
        typed = {name: plain(value) for name, value in told.items() if not self.asked[name].is_secret}
        usual = {name: default_of(self.config, name) for name in typed}
        config = {
            name: value for name, value in typed.items() if value not in (None, "") and value != plain(usual[name])
        }
        if self.way:
            config[THROUGH] = self.way
        secrets = {name: self.cleaned_data.get(name) for name, asked in self.asked.items() if asked.is_secret}
        kept = dict(self.row.secrets) if self.row and not self.way else {}
        own = {name: value for name, value in secrets.items() if value}
        return ConnectionData(key=key, kind=self.kind, config={**elsewhere, **config}, secrets={**kept, **own})

    def is_taken(self, key: str) -> bool:
        """Whether the connector takes what was typed; else its reasons stand beside the fields. Asks nobody outside."""
        row = self.connection(key)
        try:
            require_settings(replace(row, secrets=resolved(row.secrets)))
        except AskOperator as error:
            if not self.say_beside(error):
                self.add_error(None, readable(error.what))
            return False
        return True

    def save(self, clinic: Clinic, key: str) -> None:
        save_connection(clinic.pk, self.connection(key))

    def say_beside(self, error: PriemError | Mapping[str, Text]) -> bool:
        """Puts what is wrong beside the fields that it is about; whether there were any."""
        beside = error if isinstance(error, Mapping) else error.beside
        mine = {name: sentence for name, sentence in beside.items() if name in self.fields}
        for name, sentence in mine.items():
            self.add_error(name, readable(self.in_words(name, sentence)))
        return bool(mine)

    def in_words(self, name: str, sentence: Text) -> Text:
        """With what the form calls the setting, instead of the file's word for it."""
        if "setting" not in sentence.values:
            return sentence
        return Text(sentence.template, {**sentence.values, "setting": f"«{readable(self.asked[name].label)}»"})


def config_of(kind: str) -> Any:  # noqa: ANN401 - a connector's dataclass
    return import_module(CONNECTORS[kind].partition(":")[0]).Config


def asked_of(kind: str) -> Iterator[Asked]:
    """Every setting of the connector, first those of which it says how to ask."""
    module = import_module(CONNECTORS[kind].partition(":")[0])
    said: Mapping[str, Asked] = {asked.name: asked for asked in getattr(module, "ASKED", ())}
    yield from said.values()
    for field in fields(module.Config):
        if field.name not in said and field.name not in ELSEWHERE:
            yield asked_by_name(field)


def asked_by_name(field: "Field[Any]") -> Asked:
    label = Text("{name}", {"name": field.name.replace("_", " ").capitalize()})
    is_basic = field.default is MISSING and field.default_factory is MISSING
    return Asked(name=field.name, label=label, is_secret=field.name in SECRETS, is_basic=is_basic)


def default_of(config: Any, name: str) -> Any:  # noqa: ANN401 - a connector's dataclass
    """MISSING for a setting that has none."""
    (field,) = (one for one in fields(config) if one.name == name)
    return field.default if field.default_factory is MISSING else field.default_factory()


def made(hint: Any, asked: Asked) -> forms.Field:  # noqa: ANN401 - a type
    if asked.is_secret:
        return forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    if asked.choices:
        return ListField(choices=[(value, readable(said)) for value, said in asked.choices.items()])
    kind = next((one for one in get_args(hint) if one is not NoneType), hint) if NoneType in get_args(hint) else hint
    origin = get_origin(kind) or kind
    makes = (make for known, make in MADE.items() if isinstance(origin, type) and issubclass(origin, known))
    return next(makes, forms.CharField)()


MADE: Mapping[type, Callable[[], forms.Field]] = {
    bool: lambda: forms.BooleanField(required=False),
    int: forms.IntegerField,
    float: forms.FloatField,
    date: lambda: forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")),
    tuple: LinesField,
    list: LinesField,
    Mapping: PairsField,
}
"""In this order: a bool is an int, too."""


def plain(value: Any) -> Any:  # noqa: ANN401 - any setting
    """As the database keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
