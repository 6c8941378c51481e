"""Settings in a person's words → ids of the account as it is today. What is missing is said all at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from priem.engine.marks import mark
from priem.engine.settings import (
    Bookings,
    BranchSettings,
    Calls,
    FieldRule,
    Named,
    Policy,
    Reconciling,
    Settings,
    StageName,
    StageRule,
    StageTrigger,
    StageTriggers,
    StatusSync,
    Tickets,
    UserBooking,
)
from priem.engine.values import SUPPORTED_KINDS, VALUES, ValueKind
from priem.errors import AskOperator
from priem.model import LOST, WON, Account, FieldInfo, PipelineInfo, StageInfo
from priem.phones import numbers_in
from priem.statuses import STATUS_LABELS
from priem.texts import Text, text

Stage = tuple[int, int]
PHONE = "PHONE"
"""The code of the field of phones, which are merged in a way of their own."""
"""Pipeline and stage: 142 and 143 exist in every pipeline."""


@dataclass(frozen=True, slots=True)
class BoundRule:
    rule: StageRule
    stage: Stage
    in_pipeline: int | None
    loss_reason: int | None
    number: int
    """Its place in its list, from 1: people are told which rule fired."""
    is_branchs: bool = False
    """The list is one branch's own."""


@dataclass(frozen=True, slots=True)
class BoundField:
    name: str
    """The value's word, e.g. `visit.doctor`."""
    value: ValueKind
    info: FieldInfo
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Settings with every name resolved."""

    settings: Settings
    rules: tuple[BoundRule, ...]
    branch_rules: Mapping[str, tuple[BoundRule, ...]]
    first_stage: Stage
    branch_first_stages: Mapping[str, Stage]
    repeat_stage: Stage | None
    branch_repeat_stages: Mapping[str, Stage]
    guarded: frozenset[Stage]
    untouched: frozenset[Stage]
    unsorted: frozenset[Stage]
    """«Неразобранное» of every pipeline: requests there have to be taken before they are changed."""
    waiting: frozenset[Stage]
    order: Mapping[Stage, int]
    """How far along a stage is."""
    contact_fields: tuple[BoundField, ...]
    lead_fields: tuple[BoundField, ...]
    contact_responsible: int | None
    lead_responsible: int | None
    task_responsible: int | None
    junk_phones: frozenset[str]
    triggers: tuple[tuple[Stage, StageTrigger], ...] = ()
    """In their order."""
    booking_users: Mapping[int, UserBooking] = field(default_factory=dict)
    not_bookable: frozenset[Stage] = frozenset()
    journal_pipelines: frozenset[int] = frozenset()
    """Empty: all."""
    ticket_fields: Mapping[str, FieldInfo] = field(default_factory=dict)
    """`doctor`, `start`, `comment` of a lead that goes to IDENT, as far as the settings name them."""
    ticket_stages: Mapping[str, Stage] = field(default_factory=dict)
    """Where leads go once their applications are `accepted` or `discarded`."""
    job_responsible: int | None = None
    version: str
    """Changes whenever a decision could come out differently."""

    def shows_journal(self, pipeline: int) -> bool:
        """Whether leads of this pipeline have the journal's button."""
        return self.settings.booking.journal and (not self.journal_pipelines or pipeline in self.journal_pipelines)

    @property
    def contact_field_ids(self) -> frozenset[int]:
        return frozenset(bound.info.id for bound in self.contact_fields)

    @property
    def lead_field_ids(self) -> frozenset[int]:
        return frozenset(bound.info.id for bound in self.lead_fields)


def bind(settings: Settings, account: Account) -> Bound:
    """Raises AskOperator that names everything in the settings which the account does not have."""
    binder = Binder(account)
    bound = binder.bind(settings)
    if binder.missing:
        raise AskOperator(
            text(
                "The settings do not fit amoCRM: {list}.", list=list({str(one): one for one in binder.missing}.values())
            ),
            text("Correct the settings, or make in amoCRM what is missing."),
        )
    return bound


@dataclass(slots=True)
class Binder:
    account: Account
    missing: list[Text] = field(default_factory=list)

    def bind(self, settings: Settings) -> Bound:
        leads, contacts, duplicates = settings.leads, settings.contacts, settings.duplicates
        rules = self.rules(settings.status_sync)
        branch_rules = {
            name: self.rules(branch.status_sync, is_branchs=True)
            for name, branch in settings.branches.items()
            if branch.status_sync
        }
        first_stage = self.stage(leads.first_stage) if leads.first_stage else self.default_stage()
        first_stages = dict(self.first_stages(settings.branches))
        repeat_stage = self.stage(leads.repeat_stage) if leads.repeat_stage else None
        repeat_stages = dict(self.repeat_stages(settings.branches))
        begins = [first_stage, repeat_stage or first_stage, *first_stages.values(), *repeat_stages.values()]
        named = [rule.stage for of_list in (rules, *branch_rules.values()) for rule in of_list]
        bound = Bound(
            settings=settings,
            rules=rules,
            branch_rules=branch_rules,
            first_stage=first_stage,
            branch_first_stages=first_stages,
            repeat_stage=repeat_stage,
            branch_repeat_stages=repeat_stages,
            guarded=frozenset(map(self.stage, leads.guarded)),
            untouched=frozenset(map(self.stage, leads.untouched)),
            unsorted=frozenset(self.unsorted()),
            waiting=frozenset(map(self.stage, duplicates.waiting)) or self.open_stages([*named, *begins]),
            order=self.order(),
            contact_fields=tuple(self.fields(settings.fields, "patient", self.account.contact_fields)),
            lead_fields=tuple(self.fields(settings.fields, "visit", self.account.lead_fields)),
            contact_responsible=self.user(contacts.responsible),
            lead_responsible=self.user(leads.responsible),
            task_responsible=self.user(leads.task.responsible if leads.task else ""),
            junk_phones=frozenset(number for phone in duplicates.junk_phones for number in numbers_in(phone)),
            version="",
        )
        return replace(self.with_ways_back(bound), version=version(bound))

    def with_ways_back(self, bound: Bound) -> Bound:
        """What people and stages of amoCRM set off in the МИС."""
        settings = bound.settings
        return replace(
            bound,
            triggers=tuple(self.triggers(settings.triggers)),
            booking_users=dict(self.booking_users(settings.booking)),
            not_bookable=frozenset(map(self.stage, settings.booking.hidden_in)),
            journal_pipelines=frozenset(self.pipeline(name).id for name in settings.booking.journal_in),
            ticket_fields=dict(self.ticket_fields(settings.tickets)),
            ticket_stages=dict(self.ticket_stages(settings.tickets)),
            job_responsible=self.user(settings.jobs.responsible),
        )

    def triggers(self, triggers: StageTriggers) -> Iterator[tuple[Stage, StageTrigger]]:
        for trigger in triggers.rules:
            yield self.stage(StageName(pipeline=trigger.pipeline, stage=trigger.stage)), trigger

    def booking_users(self, booking: Bookings) -> Iterator[tuple[int, UserBooking]]:
        for rights in booking.users:
            if (user := self.user(rights.user)) is not None:
                yield user, rights

    def ticket_fields(self, tickets: Tickets) -> Iterator[tuple[str, FieldInfo]]:
        for part, name in (("doctor", tickets.doctor), ("start", tickets.start), ("comment", tickets.comment)):
            if name and (info := self.field(name, self.account.lead_fields)):
                yield part, info

    def ticket_stages(self, tickets: Tickets) -> Iterator[tuple[str, Stage]]:
        for became, stage in (("accepted", tickets.accepted_stage), ("discarded", tickets.discarded_stage)):
            if stage:
                yield became, self.stage(stage)

    def order(self) -> Mapping[Stage, int]:
        return {
            (pipeline.id, stage.id): place
            for pipeline in self.account.pipelines
            for place, stage in enumerate(pipeline.stages)
        }

    def rules(self, sync: StatusSync, *, is_branchs: bool = False) -> tuple[BoundRule, ...]:
        return tuple(self.rule(rule, number, is_branchs) for number, rule in enumerate(sync.rules, start=1))

    def rule(self, rule: StageRule, number: int, is_branchs: bool) -> BoundRule:  # noqa: FBT001 - private, one caller
        stage = self.stage(StageName(pipeline=rule.pipeline, stage=rule.stage))
        if rule.loss_reason and stage[1] not in (LOST, 0):
            self.missing.append(
                text(
                    "rule {number} for «{status}» gives a loss reason to a stage that is not lost",
                    number=number,
                    status=STATUS_LABELS[rule.status],
                )
            )
        return BoundRule(
            rule=rule,
            stage=stage,
            in_pipeline=self.pipeline(rule.in_pipeline).id if rule.in_pipeline else None,
            loss_reason=self.loss_reason(rule.loss_reason),
            number=number,
            is_branchs=is_branchs,
        )

    def first_stages(self, branches: Mapping[str, BranchSettings]) -> Iterator[tuple[str, Stage]]:
        for name, branch in branches.items():
            if branch.first_stage:
                yield name, self.stage(branch.first_stage)

    def repeat_stages(self, branches: Mapping[str, BranchSettings]) -> Iterator[tuple[str, Stage]]:
        for name, branch in branches.items():
            if branch.repeat_stage:
                yield name, self.stage(branch.repeat_stage)

    def pipeline(self, name: Named) -> PipelineInfo:
        for pipeline in self.account.pipelines:
            if is_named(name, pipeline.id, pipeline.name):
                return pipeline
        self.missing.append(text("pipeline «{name}»", name=name))
        return PipelineInfo(0, str(name), ())

    def stage(self, name: StageName) -> Stage:
        pipeline = self.pipeline(name.pipeline)
        for stage in pipeline.stages:
            if is_named(name.stage, stage.id, stage.name):
                return pipeline.id, stage.id
        if pipeline.id:
            self.missing.append(text("stage «{stage}» of pipeline «{name}»", stage=name.stage, name=name.pipeline))
        return pipeline.id, 0

    def default_stage(self) -> Stage:
        pipelines = sorted(self.account.pipelines, key=lambda pipeline: not pipeline.is_main)
        if pipelines and (stages := [stage for stage in pipelines[0].stages if not stage.is_unsorted]):
            return pipelines[0].id, stages[0].id
        self.missing.append(text("any pipeline with stages"))
        return 0, 0

    def unsorted(self) -> Iterator[Stage]:
        for pipeline in self.account.pipelines:
            yield from ((pipeline.id, stage.id) for stage in pipeline.stages if stage.is_unsorted)

    def open_stages(self, stages: Iterable[Stage]) -> frozenset[Stage]:
        """Of the pipelines that these stages belong to."""
        named = {pipeline for pipeline, _ in stages}
        return frozenset(
            (pipeline.id, stage.id)
            for pipeline in self.account.pipelines
            for stage in pipeline.stages
            if pipeline.id in named and is_open(stage)
        )

    def fields(self, rules: Iterable[FieldRule], of: str, there: tuple[FieldInfo, ...]) -> Iterator[BoundField]:
        taken: set[int] = set()
        for rule in rules:
            value = VALUES[rule.value]
            if value.of == of and (info := self.field(rule.field or value.title, there)):
                if info.id in taken:
                    self.missing.append(
                        text(
                            "a second field for «{value}»: «{name}» holds another value already",
                            value=rule.value,
                            name=info.name,
                        )
                    )
                taken.add(info.id)
                yield BoundField(rule.value, value, info, rule.policy)

    def field(self, name: Named, there: tuple[FieldInfo, ...]) -> FieldInfo | None:
        info = next((info for info in there if is_named(name, info.id, info.name)), None)
        if info is None:
            self.missing.append(text("field «{name}»", name=name))
        elif info.kind not in SUPPORTED_KINDS or info.code == PHONE:
            self.missing.append(text("field «{name}» of a kind that can hold it", name=name))
            return None
        return info

    def user(self, name: Named) -> int | None:
        if not name:
            return None
        for user, called in self.account.users.items():
            if is_named(name, user, called):
                return user
        if isinstance(name, int) and not self.account.users:
            return name  # the token may not list users; then an id has to be believed
        self.missing.append(text("user «{name}»", name=name))
        return None

    def loss_reason(self, name: Named) -> int | None:
        if not name:
            return None
        for reason, called in self.account.loss_reasons.items():
            if is_named(name, reason, called):
                return reason
        self.missing.append(text("loss reason «{name}»", name=name))
        return None


def version(bound: Bound) -> str:
    """Of all that a decision about a record rests on besides the record and the CRM."""
    fields = [(one.name, one.info.id, one.info.kind, one.policy) for one in (*bound.contact_fields, *bound.lead_fields)]
    begins = (bound.first_stage, bound.branch_first_stages, bound.repeat_stage, bound.branch_repeat_stages)
    places = (bound.rules, sorted(bound.branch_rules.items()), begins)
    deciding = replace(
        bound.settings,
        reconcile=Reconciling(),
        booking=Bookings(),
        triggers=StageTriggers(),
        tickets=Tickets(),
        calls=Calls(),
    )
    return mark(deciding, fields, places, length=8)


def is_named(name: Named, id_: int, called: str) -> bool:
    return name == id_ if isinstance(name, int) else name.strip().casefold() == called.strip().casefold()


def is_open(stage: StageInfo) -> bool:
    return stage.id not in (WON, LOST)
