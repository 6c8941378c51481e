"""Statuses of visits ↔ stages of leads: three modes, and the table of rules; of the whole clinic, or of one branch."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from priem.engine.settings import BranchSettings, Settings, StageRule, StatusSync
from priem.hub.setup.choices import Choices, kept_name
from priem.hub.setup.fields import ListField, OneOfField, StageField
from priem.hub.setup.guessing import guessed
from priem.hub.setup.rows import NEW, RowForm, posted_rows
from priem.model import VisitStatus

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

STATUSES: Mapping[str, "StrPromise"] = {
    "booked": _("Is booked"),
    "confirmed": _("Confirmed"),
    "arrived": _("Arrived"),
    "in_progress": _("In progress"),
    "completed": _("Completed"),
    "paid": _("Is paid"),
    "cancelled": _("Cancelled"),
    "no_show": _("Did not come"),
    "deleted": _("Deleted"),
    "unmapped": _("Unknown status"),
}
MODES: Mapping[str, "StrPromise"] = {
    "always": _("Without conditions"),
    "filtered": _("With conditions"),
    "never": _("Do not sync"),
}
SAME = "same"
"""A branch without an own setting."""
LEAVE = _("Leave where it is")
ANY = _("whichever")
NO_REASON = _("no reason")


class ModeForm(forms.Form):
    mode = forms.ChoiceField(widget=forms.RadioSelect, label=_("How statuses move leads"))

    def __init__(self, data: Any, now: str, *, of_branch: bool) -> None:  # noqa: ANN401 - Django's
        super().__init__(data, initial={"mode": now})
        same = [(SAME, _("As in all branches"))] if of_branch else []
        field = self.fields["mode"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - says what holds
        field.choices = [*same, *MODES.items()]
        field.widget.template_name = "hub/setup/ticks.html"


class StatusForm(RowForm):
    """Without conditions: where one status leads."""

    table = "always"
    names = ("status", "stage", "loss_reason")

    def __init__(self, choices: Choices, status: str, data: Mapping[str, Any] | None, now: Mapping[str, str]) -> None:
        super().__init__(status, data, {"status": status, **now})
        self.status, self.title = status, STATUSES[status]
        self.fields["status"] = forms.CharField(widget=forms.HiddenInput, initial=status)
        self.fields["stage"] = StageField(choices.stages(), now.get("stage", ""), str(LEAVE), label=self.title)
        self.fields["loss_reason"] = loss_reason(choices, now.get("loss_reason", ""))


class RuleForm(RowForm):
    """With conditions: one rule."""

    table = "rule"
    names = ("status", "branch", "doctor", "service", "category", "visit", "in_pipeline", "stage", "loss_reason")

    def __init__(
        self, choices: Choices, number: int | str, data: Mapping[str, Any] | None, now: Mapping[str, str]
    ) -> None:
        super().__init__(number, data, now)
        given = {**now, **{name: str(data.get(f"rule-{name}", "")) for name in self.names}} if data else now
        visits = [("", ANY), ("first", _("first")), ("repeat", _("repeat"))]
        pipelines = choices.pipeline_options()
        self.fields |= {
            "status": ListField(choices=list(STATUSES.items()), label=_("Status")),
            "branch": some(choices.branches(), given.get("branch", ""), _("Branch")),
            "doctor": some(choices.doctors(), given.get("doctor", ""), _("Doctor")),
            "service": listed("services", _("Service")),
            "category": listed("categories", _("Category of services")),
            "visit": ListField(choices=visits, required=False, label=_("Which visit")),
            "in_pipeline": OneOfField(pipelines, given.get("in_pipeline", ""), ANY, label=_("The lead is in pipeline")),
            "stage": StageField(
                choices.stages(), given.get("stage", ""), str(_("Choose a stage")), label=_("Stage"), required=True
            ),
            "loss_reason": loss_reason(choices, given.get("loss_reason", "")),
        }


def some(known: list[tuple[str, str]], now: str, label: "StrPromise") -> forms.ChoiceField:
    """What a file of settings may have written differently, stays to be chosen."""
    others = [(now, now)] if now and now not in dict(known) else []
    return ListField(choices=[("", ANY), *known, *others], required=False, label=label)


def listed(name: str, label: "StrPromise") -> forms.CharField:
    widget = forms.TextInput(attrs={"list": name, "placeholder": ANY})
    return forms.CharField(required=False, label=label, widget=widget)


def loss_reason(choices: Choices, now: str) -> OneOfField:
    return OneOfField(choices.loss_reasons(), now, NO_REASON, label=_("Loss reason"))


class StatusesForm:
    """All of one scope: the clinic's, or a branch's (`connection:id`)."""

    def __init__(self, choices: Choices, branch: str = "", data: QueryDict | None = None) -> None:
        self.choices, self.branch = choices, branch
        self.before = sync_of(choices.settings, branch)
        sync = self.before or StatusSync()
        is_fresh = not branch and not choices.settings.status_sync.rules
        rules = guessed(choices) if is_fresh else sync.rules
        now = SAME if branch and self.before is None else sync.mode
        self.mode = ModeForm(data, now, of_branch=bool(branch))
        self.always = list(self._always(rules, posted_rows(data, StatusForm) if data else None))
        self.rules = list(self._rules(rules, posted_rows(data, RuleForm) if data else None))
        self.empty_rule = RuleForm(choices, NEW, None, {"status": "booked"})

    def _always(self, rules: tuple[StageRule, ...], posted: list[dict[str, str]] | None) -> Iterator[StatusForm]:
        first = {rule.status.value: shown(rule, self.choices) for rule in reversed(rules) if not rule.is_conditional}
        sent = {row["always-status"]: row for row in posted or ()}
        for status in STATUSES:
            if status != VisitStatus.UNMAPPED.value or status in first:
                data = sent.get(status) if posted is not None else None
                yield StatusForm(self.choices, status, data, first.get(status, {}))

    def _rules(self, rules: tuple[StageRule, ...], posted: list[dict[str, str]] | None) -> Iterator[RuleForm]:
        if posted is not None:
            for number, row in enumerate(posted):
                yield RuleForm(self.choices, number, row, {})
        else:
            for number, rule in enumerate(rules):
                yield RuleForm(self.choices, number, None, {"status": rule.status.value, **shown(rule, self.choices)})

    def is_valid(self) -> bool:
        rows: dict[str, list[Any]] = {"always": self.always, "filtered": self.rules}
        if not self.mode.is_valid():
            return False
        return all(row.is_valid() for row in rows.get(self.mode.cleaned_data["mode"], ()))

    def sync(self) -> StatusSync | None:
        """Of a valid form; None: as in all branches."""
        mode = self.mode.cleaned_data["mode"]
        kept = self.before.rules if self.before else ()
        match mode:
            case "always":
                rows = [row.cleaned_data for row in self.always if row.cleaned_data["stage"]]
                return StatusSync(mode="always", rules=tuple(map(self._rule, rows)))
            case "filtered":
                return StatusSync(mode="filtered", rules=tuple(self._rule(row.cleaned_data) for row in self.rules))
            case "never":
                return StatusSync(mode="never", rules=kept)
            case _:
                return None

    def _rule(self, typed: Mapping[str, str]) -> StageRule:
        stage = self.choices.stage_name(typed["stage"])
        words = {name: typed.get(name, "") for name in ("branch", "doctor", "service", "category", "visit")}
        return StageRule(
            status=VisitStatus(typed["status"]),
            pipeline=stage.pipeline,
            stage=stage.stage,
            in_pipeline=self._named(typed.get("in_pipeline", ""), "in_pipeline", self.choices.pipeline_value),
            loss_reason=self._named(typed["loss_reason"], "loss_reason", self.choices.loss_value),
            **words,  # type: ignore[arg-type]  # `visit` is one of its own choices: the field has looked
        )

    def _named(self, value: str, name: str, value_of: Any) -> str | int:  # noqa: ANN401 - a method of choices
        before = [getattr(rule, name) for rule in (self.before.rules if self.before else ())]
        spelled: dict[str, str | int] = {value_of(one): one for one in before}
        return spelled.get(value, kept_name("", "", value))

    def applied(self, settings: Settings) -> Settings:
        sync = self.sync()
        if not self.branch:
            return replace(settings, status_sync=sync or StatusSync())
        own = replace(settings.branches.get(self.branch, BranchSettings()), status_sync=sync)
        return with_branch(settings, self.branch, own)


def sync_of(settings: Settings, branch: str) -> StatusSync | None:
    if not branch:
        return settings.status_sync
    own = settings.branches.get(branch)
    return own.status_sync if own else None


def with_branch(settings: Settings, branch: str, own: BranchSettings) -> Settings:
    others = {name: one for name, one in settings.branches.items() if name != branch}
    return replace(settings, branches={**others, branch: own} if own != BranchSettings() else others)


def shown(rule: StageRule, choices: Choices) -> dict[str, str]:
    return {
        "stage": choices.stage_value(rule.pipeline, rule.stage),
        "loss_reason": choices.loss_value(rule.loss_reason),
        "branch": rule.branch,
        "doctor": rule.doctor,
        "service": rule.service,
        "category": rule.category,
        "visit": rule.visit,
        "in_pipeline": choices.pipeline_value(rule.in_pipeline),
    }
