"""Branches: on or off, their time zones, and where their leads begin."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from importlib import import_module
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from priem.engine.settings import BranchSettings, Settings, StageName
from priem.hub.clinics import ConnectionData
from priem.hub.setup.choices import Choices
from priem.hub.setup.fields import StageField, ZoneField
from priem.hub.setup.statuses import with_branch
from priem.mis import CONNECTORS

ONLY, ZONES = "only_branches", "branch_time_zones"
"""Settings that a connector may have for its branches."""


class BranchForm(forms.Form):
    """One branch. What its connector cannot do is not asked."""

    def __init__(self, choices: Choices, row: ConnectionData, id_: str, name: str, data: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(data, prefix=f"{row.key}_{id_}")
        self.choices, self.connection, self.id, self.name = choices, row.key, id_, name
        self.key = f"{row.key}:{id_}"
        self.before = choices.settings.branches.get(self.key, BranchSettings())
        takes = settings_of_kind(row.kind)
        if ONLY in takes:
            chosen = [str(one) for one in row.config.get(ONLY, ())]
            self.fields["is_on"] = forms.BooleanField(required=False, label=_("Read this branch"))
            self.initial["is_on"] = not chosen or id_ in chosen
        if ZONES in takes:
            zone = row.config.get(ZONES, {}).get(id_, "")
            self.fields["zone"] = ZoneField(now=zone, empty=_("As in the clinic"), label=_("Time zone"))
            self.initial["zone"] = zone
        for name_, label in (("first_stage", _("New leads begin in")), ("repeat_stage", _("Leads of repeat visits"))):
            now = choices.value_of(getattr(self.before, name_))
            self.fields[name_] = StageField(choices.stages(), now, str(_("As in the clinic")), label=label)
            self.initial[name_] = now

    def applied(self, settings: Settings) -> Settings:
        own = replace(
            settings.branches.get(self.key, BranchSettings()),
            first_stage=self._stage("first_stage"),
            repeat_stage=self._stage("repeat_stage"),
        )
        return with_branch(settings, self.key, own)

    def _stage(self, name: str) -> StageName | None:
        value = self.cleaned_data[name]
        return self.choices.stage_name(value) if value else None


class BranchesForm:
    """Those of all connections."""

    def __init__(self, choices: Choices, data: Any = None) -> None:  # noqa: ANN401 - Django's
        self.choices = choices
        rows = {row.key: row for row in choices.connections}
        self.groups = [
            (rows[seen.connection], [BranchForm(choices, rows[seen.connection], *pair, data) for pair in named])
            for seen in choices.sources
            if (named := list(seen.directory.branches.items()))
        ]
        self.rows = [row for _, of in self.groups for row in of]
        self.nothing_chosen = False

    def is_valid(self) -> bool:
        if not all(row.is_valid() for row in self.rows):
            return False
        self.nothing_chosen = any(
            of and all(not row.cleaned_data.get("is_on", True) for row in of) for _, of in self.groups
        )
        return not self.nothing_chosen

    def applied(self, settings: Settings) -> Settings:
        for row in self.rows:
            settings = row.applied(settings)
        return settings

    def configs(self) -> Iterator[tuple[ConnectionData, Mapping[str, Any]]]:
        """What changes in the connections' own settings; None takes one away."""
        for connection, rows in self.groups:
            known = {row.id for row in rows}
            on = [row.id for row in rows if row.cleaned_data.get("is_on", True)]
            zones = {row.id: zone for row in rows if (zone := row.cleaned_data.get("zone"))}
            others = {id_: zone for id_, zone in connection.config.get(ZONES, {}).items() if id_ not in known}
            changes: dict[str, Any] = {}
            if "is_on" in rows[0].fields:
                changes[ONLY] = on if len(on) < len(rows) else None
            if "zone" in rows[0].fields:
                changes[ZONES] = {**others, **zones} or None
            yield connection, changes


def settings_of_kind(kind: str) -> frozenset[str]:
    """Names of the settings that a connector of this kind takes."""
    module = import_module(CONNECTORS[kind].partition(":")[0])
    return frozenset(field.name for field in fields(module.Config))
