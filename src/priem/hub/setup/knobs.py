"""Single settings as fields of a form: a table says where each stands, what it is called and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.configuration import ADDRESS, TIME_OF_DAY, name_mistakes
from priem.engine.settings import BookingTask, Settings
from priem.hub.sentences import readable
from priem.hub.setup.choices import Choices, kept_name, value_in
from priem.hub.setup.fields import LinesField, ListField, OneOfField, StageField, StagesField, TicksField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NOBODY = _("Nobody in particular")
AS_A_RULE = _("The first stage of the main pipeline")
NOT_CHOSEN = _("Not chosen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One setting."""

    path: str
    """`leads.back`"""
    kind: str
    """A word of KINDS."""
    label: "StrPromise"
    help: "StrPromise"
    choices: Mapping[str, "StrPromise"] = field(default_factory=dict)
    empty: "StrPromise | str" = ""
    shown_if: str = ""
    """The path of another setting, a flag: without it, this one says nothing."""

    @property
    def name(self) -> str:
        return field_name(self.path)


@dataclass(frozen=True, slots=True)
class Kind:
    """How settings of a kind become a field, and back."""

    make: Callable[[Knob, Choices, Any], forms.Field]
    shown: Callable[[Choices, Any], Any] = lambda _choices, value: value
    taken: Callable[[Choices, Any, Any], Any] = lambda _choices, _before, value: value


def field_name(path: str) -> str:
    return path.replace(".", "_")


def flag(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    return forms.BooleanField(required=False, label=knob.label, help_text=knob.help)


def one_of(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    field = forms.ChoiceField(choices=list(knob.choices.items()), widget=forms.RadioSelect, label=knob.label)
    field.help_text = knob.help
    field.widget.template_name = "hub/setup/ticks.html"
    return field


def a_text(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    return forms.CharField(required=False, label=knob.label, help_text=knob.help)


def a_template(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    """The words in braces are those of a lead's name."""
    return forms.CharField(required=False, label=knob.label, help_text=knob.help, validators=[words_are_known])


def words_are_known(value: str) -> None:
    if found := name_mistakes("", value):
        raise forms.ValidationError(readable(found[0]).strip())


def a_number(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    return forms.IntegerField(min_value=1, label=knob.label, help_text=knob.help)


def a_time(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    widget = forms.TextInput(attrs={"type": "time"})
    return forms.RegexField(TIME_OF_DAY, required=False, label=knob.label, help_text=knob.help, widget=widget)


def lines(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    return LinesField(label=knob.label, help_text=knob.help)


def addresses(knob: Knob, _choices: Choices, _now: object) -> forms.Field:
    return LinesField(label=knob.label, help_text=knob.help, each=address_holds)


def address_holds(value: str) -> None:
    if not ADDRESS.fullmatch(value):
        raise forms.ValidationError(gettext("«{value}» is no mail address.").format(value=value))


def a_stage(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - what KINDS shows
    return StageField(choices.stages(), now, str(knob.empty), label=knob.label, help_text=knob.help)


def stages(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    return StagesField(choices.stages(with_unsorted=True), now, label=knob.label, help_text=knob.help)


def pipelines(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    return TicksField(choices.pipeline_options(), now, label=knob.label, help_text=knob.help)


def a_user(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    return OneOfField(choices.users(), now, knob.empty or NOBODY, label=knob.label, help_text=knob.help)


def branches(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    return TicksField(choices.branches(), now, label=knob.label, help_text=knob.help)


def a_branch(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    known = choices.branches()
    others = [(now, now)] if now and now not in dict(known) else []
    options = [("", NOT_CHOSEN), *known, *others]
    return ListField(choices=options, required=False, label=knob.label, help_text=knob.help)


def a_connection(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    known = [row.key for row in choices.connections]
    options = [
        ("", knob.empty),
        *((key, key) for key in known),
        *((now, now) for _ in range(bool(now) and now not in known)),
    ]
    return ListField(choices=options, required=False, label=knob.label, help_text=knob.help)


def a_lead_field(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    return OneOfField(choices.lead_fields(), now, knob.empty or NOT_CHOSEN, label=knob.label, help_text=knob.help)


def a_task_type(knob: Knob, choices: Choices, now: Any) -> forms.Field:  # noqa: ANN401 - likewise
    own = {str(id_): name for id_, name in choices.account.task_types.items()} if choices.account else {}
    options = {**knob.choices, **{id_: name for id_, name in own.items() if id_ not in ("1", "2")}}
    options |= {str(now): str(now)} if str(now) not in options else {}
    return ListField(choices=list(options.items()), label=knob.label, help_text=knob.help)


def pipeline_names(choices: Choices, before: tuple[Any, ...], values: list[str]) -> tuple[Any, ...]:
    spelled = {choices.pipeline_value(name): name for name in before}
    return tuple(spelled.get(value, kept_name("", "", value)) for value in values)


KINDS: Mapping[str, Kind] = {
    "flag": Kind(flag),
    "one_of": Kind(one_of),
    "text": Kind(a_text),
    "template": Kind(a_template),
    "number": Kind(a_number),
    "time": Kind(a_time),
    "lines": Kind(lines),
    "addresses": Kind(addresses),
    "stage": Kind(
        a_stage,
        lambda choices, value: choices.value_of(value),
        lambda choices, _before, value: choices.stage_name(value) if value else None,
    ),
    "stages": Kind(
        stages,
        lambda choices, value: [choices.value_of(one) for one in value],
        lambda choices, _before, value: tuple(choices.stage_name(one) for one in value),
    ),
    "pipelines": Kind(pipelines, lambda choices, value: [choices.pipeline_value(one) for one in value], pipeline_names),
    "user": Kind(
        a_user,
        lambda choices, value: choices.user_value(value),
        lambda choices, before, value: kept_name(before, choices.user_value(before), value),
    ),
    "connection": Kind(a_connection),
    "lead_field": Kind(
        a_lead_field,
        lambda choices, value: value_in(choices.lead_fields(), value),
        lambda choices, before, value: kept_name(before, value_in(choices.lead_fields(), before), value),
    ),
    "branches": Kind(branches, lambda _choices, value: list(value), lambda _choices, _before, value: tuple(value)),
    "branch": Kind(a_branch),
    "task_type": Kind(
        a_task_type,
        lambda _choices, value: str(value),
        lambda _choices, _before, value: int(value) if value.isdigit() else value,
    ),
}


class KnobForm(forms.Form):
    """The form of some settings."""

    def __init__(self, knobs: tuple[Knob, ...], choices: Choices, data: Any = None) -> None:  # noqa: ANN401 - Django's
        super().__init__(data)
        self.knobs = knobs
        self.choices = choices
        for knob in knobs:
            kind, value = KINDS[knob.kind], read(choices.settings, knob.path)
            now = kind.shown(choices, value)
            self.fields[knob.name] = kind.make(knob, choices, now)
            self.initial[knob.name] = now

    def shown(self) -> list[tuple[forms.BoundField, str]]:
        """Each field, and the id of the box that it depends on."""
        return [
            (self[knob.name], f"id_{knob.shown_if.replace('.', '_')}" if knob.shown_if else "") for knob in self.knobs
        ]

    def applied(self, settings: Settings) -> Settings:
        """The settings with what was typed; of a valid form."""
        for knob in self.knobs:
            if knob.shown_if and not self.cleaned_data[field_name(knob.shown_if)]:
                continue
            before = read(settings, knob.path)
            value = KINDS[knob.kind].taken(self.choices, before, self.cleaned_data[knob.name])
            settings = written(settings, knob.path, value)
        return settings


def read(settings: Settings, path: str) -> Any:  # noqa: ANN401 - any setting
    """`leads.task` is read as whether there is one; what is in it, as if there were one."""
    thing: Any = settings
    for name in path.split("."):
        if thing is None:
            thing = BookingTask()
        thing = getattr(thing, name)
    return thing is not None if path == TASK else thing


def written(settings: Settings, path: str, value: Any) -> Settings:  # noqa: ANN401 - any setting
    if path == TASK:
        task = (settings.leads.task or BookingTask()) if value else None
        return replace(settings, leads=replace(settings.leads, task=task))
    changed: Settings = put(settings, path.split("."), value)
    return changed


def put(thing: Any, path: list[str], value: Any) -> Any:  # noqa: ANN401 - any setting
    name, *rest = path
    inner = put(getattr(thing, name), rest, value) if rest else value
    return thing if getattr(thing, name) == inner else replace(thing, **{name: inner})


TASK = "leads.task"
