"""Form fields of the set-up: their values are ids as texts, or plain values."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from priem.hub.setup.choices import UNKNOWN, StageOption, lacking
from priem.hub.setup.widgets import QuickSelect, StageSelect, Ticks

ZONES = {
    "Europe/Kaliningrad": _("Kaliningrad (Moscow −1)"),
    "Europe/Moscow": _("Moscow"),
    "Europe/Samara": _("Samara (Moscow +1)"),
    "Asia/Yekaterinburg": _("Yekaterinburg (Moscow +2)"),
    "Asia/Omsk": _("Omsk (Moscow +3)"),
    "Asia/Novosibirsk": _("Novosibirsk (Moscow +4)"),
    "Asia/Krasnoyarsk": _("Krasnoyarsk (Moscow +4)"),
    "Asia/Irkutsk": _("Irkutsk (Moscow +5)"),
    "Asia/Yakutsk": _("Yakutsk (Moscow +6)"),
    "Asia/Vladivostok": _("Vladivostok (Moscow +7)"),
    "Asia/Magadan": _("Magadan (Moscow +8)"),
    "Asia/Kamchatka": _("Kamchatka (Moscow +9)"),
}
NEIGHBOURS = (
    *("Europe/Minsk", "Europe/Chisinau", "Asia/Almaty", "Asia/Tashkent", "Asia/Bishkek", "Asia/Dushanbe"),
    *("Asia/Ashgabat", "Asia/Yerevan", "Asia/Tbilisi", "Asia/Baku", "Asia/Dubai", "UTC"),
)
"""Where IDENT and ArchiMed+ are used, too. A file of settings may name any other."""
NOT_THERE = _("It is not in amoCRM any more: choose another.")


class ListField(forms.ChoiceField):
    """One of a list, which may be long."""

    widget = QuickSelect


class StageField(ListField):
    """One stage, or none."""

    widget = StageSelect

    def __init__(self, stages: Sequence[tuple[str, list[StageOption]]], now: str, empty: str, **options: Any) -> None:  # noqa: ANN401 - Django's own options
        options.setdefault("required", False)
        groups = [(name, [(one.value, one.name) for one in of]) for name, of in stages]
        super().__init__(choices=[("", empty), *unknown(now), *groups], **options)
        self.widget.colors = {one.value: one for _, of in stages for one in of}

    def clean(self, value: Any) -> str:  # noqa: ANN401 - Django's signature
        return there(super().clean(value))


class StagesField(forms.MultipleChoiceField):
    """Any number of stages, as boxes to tick."""

    widget = Ticks
    folds = True
    """There are many of them: they open when somebody asks."""

    def __init__(self, stages: Sequence[tuple[str, list[StageOption]]], now: Sequence[str], **options: Any) -> None:  # noqa: ANN401 - Django's own options
        groups = [(name, [(one.value, one.name) for one in of]) for name, of in stages]
        more = [pair for value in now for pair in unknown(value)]
        super().__init__(choices=[*groups, *more], required=False, **options)

    def clean(self, value: Any) -> list[str]:  # noqa: ANN401 - Django's signature
        return [there(one) for one in super().clean(value)]


class TicksField(forms.MultipleChoiceField):
    widget = Ticks

    def __init__(self, options: Iterable[tuple[str, str]], now: Sequence[str] = (), **more: Any) -> None:  # noqa: ANN401 - Django's own options
        known = list(options)
        values = {value for value, _ in known}
        others = [(value, lacking(value)) for value in now if value not in values]
        super().__init__(choices=[*known, *others], required=False, **more)


class OneOfField(ListField):
    """A list to choose one of, or nothing; what the settings name and the account lacks can be seen and not saved."""

    def __init__(self, options: Iterable[tuple[str, str]], now: str, empty: Any, **more: Any) -> None:  # noqa: ANN401 - Django's own options
        known = list(options)
        super().__init__(choices=[("", empty), *unknown(now), *known], required=False, **more)

    def clean(self, value: Any) -> str:  # noqa: ANN401 - Django's signature
        return there(super().clean(value))


class ZoneField(ListField):
    """`now`: what the settings say, in the list or not."""

    def __init__(self, *, now: str = "", empty: Any = None, **options: Any) -> None:  # noqa: ANN401 - Django's own options
        known = {**ZONES, **{zone: zone for zone in NEIGHBOURS}}
        own = [] if not now or now in known else [(now, now)]
        first = [] if empty is None else [("", empty)]
        others = [(zone, zone) for zone in NEIGHBOURS]
        choices = [*first, *own, *ZONES.items(), (_("Others"), others)]
        super().__init__(choices=choices, required=empty is None, **options)


class LinesField(forms.CharField):
    """A list, one in a line."""

    widget = forms.Textarea

    def __init__(self, *, each: Callable[[str], None] | None = None, **options: Any) -> None:  # noqa: ANN401 - Django's own options
        """`each` raises ValidationError for a line that does not hold."""
        super().__init__(required=False, **options)
        self.each = each
        self.widget.attrs["rows"] = 3

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - Django's signature
        lines = tuple(line.strip() for line in super().clean(value).splitlines() if line.strip())
        if self.each:
            for line in lines:
                self.each(line)
        return lines


def unknown(value: str) -> list[tuple[str, str]]:
    return [(value, lacking(value))] if value.startswith(UNKNOWN) else []


def there(value: str) -> str:
    if value.startswith(UNKNOWN):
        raise forms.ValidationError(NOT_THERE)
    return value
