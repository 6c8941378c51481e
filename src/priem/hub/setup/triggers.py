"""The way back: what a person sets off in the МИС by moving a lead."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from priem.engine.kinds import KINDS
from priem.engine.settings import Settings, StageTrigger
from priem.hub.setup.choices import Choices
from priem.hub.setup.fields import ListField, StageField
from priem.hub.setup.rows import NEW, RowForm, posted_rows
from priem.hub.setup.statuses import some

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

DOES: Mapping[str, "StrPromise"] = {
    "confirm": _("confirm the visit"),
    "cancel": _("cancel the visit"),
    "status": _("give the visit a status"),
    "ticket": _("hand the lead to IDENT as an application"),
}


class TriggerForm(RowForm):
    table = "trigger"
    names = ("stage", "does", "branch", "status", "reason")

    def __init__(
        self, choices: Choices, number: int | str, data: Mapping[str, Any] | None, now: Mapping[str, str]
    ) -> None:
        super().__init__(number, data, now)
        branch = str(data.get("trigger-branch", "")) if data else now.get("branch", "")
        stage = str(data.get("trigger-stage", "")) if data else now.get("stage", "")
        self.fields |= {
            "stage": StageField(
                choices.stages(), stage, str(_("Choose a stage")), label=_("The lead comes to"), required=True
            ),
            "does": ListField(choices=[(kind, str(DOES.get(kind, kind))) for kind in KINDS], label=_("What happens")),
            "branch": some(choices.branches(), branch, _("Branch")),
            "status": forms.CharField(required=False, label=_("Status in the MIS")),
            "reason": forms.CharField(required=False, label=_("Reason for cancelling")),
        }

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if typed.get("does") == "status" and not typed.get("status"):
            self.add_error("status", _("Say which status."))
        return typed


class TriggersForm:
    def __init__(self, choices: Choices, data: QueryDict | None = None) -> None:
        self.choices = choices
        self.before = choices.settings.triggers.rules
        self.rows = list(self._rows(posted_rows(data, TriggerForm) if data else None))
        self.empty = TriggerForm(choices, NEW, None, {"does": "confirm"})

    def _rows(self, posted: list[dict[str, str]] | None) -> Iterator[TriggerForm]:
        if posted is not None:
            for number, row in enumerate(posted):
                yield TriggerForm(self.choices, number, row, {})
            return
        for number, rule in enumerate(self.before):
            now = {name: getattr(rule, name) for name in ("does", "branch", "status", "reason")}
            stage = self.choices.stage_value(rule.pipeline, rule.stage)
            yield TriggerForm(self.choices, number, None, {**now, "stage": stage})

    def is_valid(self) -> bool:
        return all(row.is_valid() for row in self.rows)

    def applied(self, settings: Settings) -> Settings:
        rules = tuple(self._rule(row.cleaned_data) for row in self.rows)
        return replace(settings, triggers=replace(settings.triggers, rules=rules))

    def _rule(self, typed: Mapping[str, str]) -> StageTrigger:
        stage = self.choices.stage_name(typed["stage"])
        rule = StageTrigger(
            pipeline=stage.pipeline,
            stage=stage.stage,
            does=typed["does"],
            branch=typed["branch"],
            status=typed["status"],
            reason=typed["reason"],
        )
        # Options of other kinds have no field: they stay as a file has set them.
        options = next((one.options for one in self.before if replace(one, options={}) == rule), {})
        return replace(rule, options=options)
