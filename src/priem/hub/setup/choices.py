"""What there is to choose from: stages, fields and users of amoCRM, branches and doctors of the МИС; and how the
settings spell it.

Forms speak ids. What a file of settings calls by name keeps its name as long as the same thing is chosen, so that
saving a page without a change changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from priem.engine.bindings import is_named
from priem.engine.settings import Named, Settings, StageName, StageRule, StageTrigger
from priem.hub.clinics import ConnectionData, clinic_data
from priem.hub.models import Clinic
from priem.hub.setup.keeping import settings_of
from priem.hub.setup.pictures import SourceLook, account_of, sources_of
from priem.model import LOST, Account, PipelineInfo

UNKNOWN = "?"
"""Begins what the settings name and the account does not have."""


@dataclass(frozen=True, slots=True)
class StageOption:
    value: str
    """`pipeline id:stage id`"""
    name: str
    color: str
    is_lost: bool = False


@dataclass(frozen=True)
class Choices:
    """One clinic's."""

    clinic: Clinic
    settings: Settings
    account: Account | None
    sources: tuple[SourceLook, ...]
    connections: tuple[ConnectionData, ...]

    @cached_property
    def pipelines(self) -> tuple[PipelineInfo, ...]:
        return self.account.pipelines if self.account else ()

    def stages(self, *, with_unsorted: bool = False) -> list[tuple[str, list[StageOption]]]:
        """By pipeline."""
        return [
            (
                pipeline.name,
                [
                    StageOption(f"{pipeline.id}:{stage.id}", stage.name, stage.color, stage.id == LOST)
                    for stage in pipeline.stages
                    if with_unsorted or not stage.is_unsorted
                ],
            )
            for pipeline in self.pipelines
        ]

    def stage_value(self, pipeline: Named, stage: Named) -> str:
        for known in self.pipelines:
            if is_named(pipeline, known.id, known.name):
                for one in known.stages:
                    if is_named(stage, one.id, one.name):
                        return f"{known.id}:{one.id}"
        return f"{UNKNOWN}{pipeline} — {stage}"

    def value_of(self, name: StageName | None) -> str:
        return self.stage_value(name.pipeline, name.stage) if name else ""

    @cached_property
    def spelled(self) -> Mapping[str, StageName]:
        """How the settings write the stages that they name."""
        return {self.value_of(name): name for name in reversed(list(stages_in(self.settings)))}

    def stage_name(self, value: str) -> StageName:
        if value in self.spelled:
            return self.spelled[value]
        pipeline, _, stage = value.partition(":")
        return StageName(pipeline=int(pipeline), stage=int(stage))

    def pipeline_value(self, name: Named) -> str:
        found = (known.id for known in self.pipelines if is_named(name, known.id, known.name))
        return str(next(found, f"{UNKNOWN}{name}")) if name else ""

    def pipeline_options(self) -> list[tuple[str, str]]:
        return [(str(pipeline.id), pipeline.name) for pipeline in self.pipelines]

    def users(self) -> list[tuple[str, str]]:
        return [(str(id_), name) for id_, name in self.account.users.items()] if self.account else []

    def user_value(self, name: Named) -> str:
        return value_in(self.users(), name)

    def lead_fields(self) -> list[tuple[str, str]]:
        return [(str(info.id), info.name) for info in self.account.lead_fields] if self.account else []

    def loss_reasons(self) -> list[tuple[str, str]]:
        return [(str(id_), name) for id_, name in self.account.loss_reasons.items()] if self.account else []

    def loss_value(self, name: Named) -> str:
        return value_in(self.loss_reasons(), name)

    def branches(self) -> list[tuple[str, str]]:
        """`connection:id` and name, with the connection's where there are several."""
        several = len(self.sources) > 1
        return [
            (f"{seen.connection}:{id_}", f"{name or id_} ({seen.connection})" if several else name or id_)
            for seen in self.sources
            for id_, name in seen.directory.branches.items()
        ]

    def doctors(self) -> list[tuple[str, str]]:
        named = ((id_, name) for seen in self.sources for id_, name in seen.directory.doctors.items())
        return sorted(named, key=lambda pair: pair[1])

    def services(self) -> list[str]:
        return sorted({name for seen in self.sources for name in seen.directory.services})

    def categories(self) -> list[str]:
        return sorted({name for seen in self.sources for name in seen.directory.categories})


def choices_of(clinic: Clinic) -> Choices:
    return Choices(
        clinic=clinic,
        settings=settings_of(clinic),
        account=account_of(clinic),
        sources=sources_of(clinic),
        connections=clinic_data(clinic).connections,
    )


def value_in(options: Iterable[tuple[str, str]], name: Named) -> str:
    """The value of what is named; as it is written where nothing is."""
    found = (value for value, called in options if is_named(name, int(value), called))
    return next(found, f"{UNKNOWN}{name}") if name else ""


def kept_name(before: Named, before_value: str, value: str) -> Named:
    """As it was written before, if the same is chosen; else its id."""
    if value == before_value:
        return before
    return int(value) if value.lstrip("-").isdigit() else value


def lacking(value: str) -> str:
    """What is said of something that the account does not have any more."""
    return gettext("{name} (not in amoCRM any more)").format(name=value.removeprefix(UNKNOWN))


def stages_in(thing: Any) -> Iterator[StageName]:  # noqa: ANN401 - settings of any shape
    """Every stage that the settings name, however deep."""
    if isinstance(thing, StageName):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from stages_in(part)
    elif isinstance(thing, Mapping):
        for part in thing.values():
            yield from stages_in(part)
    elif is_dataclass(thing):
        if isinstance(thing, StageRule | StageTrigger):
            yield StageName(pipeline=thing.pipeline, stage=thing.stage)
        for part in fields(thing):
            yield from stages_in(getattr(thing, part.name))
