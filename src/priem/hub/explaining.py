"""Why a record is as it is: its links, what it waits for, every step, and the requests that carried them out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q

from priem.engine.reasons import Reason
from priem.engine.settings import Settings, StageRule, StatusSync
from priem.hub import desk
from priem.hub.amocrm.remembered import kept
from priem.hub.histories import JournalRow, Kind, LinkRow, RejectedData, links_of, rejected_rows, steps_of
from priem.hub.models import ExchangeRecord, RecalledRecord, Saying
from priem.model import PatientKey, State, Told, VisitKey
from priem.ports import Exchange, Question
from priem.texts import Text

MOST_STEPS = 50
LONGEST_ID = 19
"""Figures; amoCRM's ids have fewer, and databases hold no more."""
LONGEST_REQUEST = timedelta(minutes=5)
CONDITIONS = ("branch", "doctor", "service", "category", "in_pipeline", "visit")
AnyKey = PatientKey | VisitKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A step, the words of the rule that decided its stage, and the request that carried it out."""

    step: JournalRow
    stage_rules: tuple[str, ...] = ()
    """As the settings have them now. Several, where branches have rules of the same number."""
    request: Exchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    kind: Kind
    id: str
    links: tuple[LinkRow, ...]
    question: Question | None
    told: Told | None
    recalled: tuple[str, ...]
    """What this record, or a record of this kind and id, waits for; an empty text: the next pass reads it anew."""
    rejected: tuple[RejectedData, ...]
    happenings: tuple[Happening, ...]
    """The latest first."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What amoCRM calls its fields, by id, as far as it was asked."""

    @property
    def is_known(self) -> bool:
        return any((self.links, self.question, self.told, self.recalled, self.rejected, self.happenings))


def explain(clinic_id: int, settings: Settings, kind: Kind, written: str) -> Explanation:
    """`written`: amoCRM's id of a contact or lead; the МИС's of a patient or visit, with its connection or without."""
    connection, colon, rest = written.partition(":")
    id_ = rest if colon else written
    if kind in ("contact", "lead") and not (id_.isdecimal() and len(id_) < LONGEST_ID):
        return Explanation(
            kind=kind, id=written, links=(), question=None, told=None, recalled=(), rejected=(), happenings=()
        )
    wanted = connection if colon else ""
    steps = [step for step in reversed(steps_of(clinic_id, kind, id_)) if is_of(step.key, wanted)]
    return Explanation(
        kind=kind,
        id=written,
        links=tuple(link for link in links_of(clinic_id, kind, id_) if is_of(link.key, wanted)),
        question=question_about(clinic_id, kind, id_, wanted),
        told=told_of(clinic_id, kind, id_, wanted),
        recalled=waits_for(clinic_id, kind, id_, wanted),
        rejected=tuple(row for row in rejected_rows(clinic_id, kind, id_) if is_of(row.key, wanted)),
        happenings=tuple(happenings(clinic_id, settings, steps[:MOST_STEPS])),
        fields=names_of_fields(clinic_id, kind),
    )


def names_of_fields(clinic_id: int, kind: str) -> dict[str, str]:
    if (copy := kept(clinic_id)) is None:
        return {}
    account = copy.account
    there = account.contact_fields if kind in ("patient", "contact") else account.lead_fields
    return {str(one.id): one.name for one in there}


def is_of(key: str, connection: str) -> bool:
    return not connection or key.startswith(f"{connection}:")


def question_about(clinic_id: int, kind: Kind, id_: str, connection: str) -> Question | None:
    """One about this patient, or one in which this contact is a candidate."""
    if kind == "patient":
        asked = desk.questions(clinic_id, patient=id_)
        return next((one for one in asked if is_of(str(one.key), connection)), None)
    if kind == "contact":
        every = desk.questions(clinic_id)
        return next((one for one in every if int(id_) in {candidate.id for candidate in one.candidates}), None)
    return None


def told_of(clinic_id: int, kind: Kind, id_: str, connection: str) -> Told | None:
    if kind not in ("patient", "visit"):
        return None
    rows = Saying.objects.of(clinic_id).filter(kind=kind, record=id_)
    row = rows.filter(of_connection(connection)).first()
    return Told(row.told) if row else None


def waits_for(clinic_id: int, kind: Kind, id_: str, connection: str) -> tuple[str, ...]:
    if kind not in ("patient", "visit"):
        return ()
    rows = RecalledRecord.objects.of(clinic_id).filter(of_connection(connection), kind=kind, record=id_)
    return tuple(rows.values_list("waits_for", flat=True))


def of_connection(connection: str) -> Q:
    return Q(connection=connection) if connection else Q()


def happenings(clinic_id: int, settings: Settings, steps: list[JournalRow]) -> Iterator[Happening]:
    for step in steps:
        rules = tuple(stage_rules(step.why.stage_rule, settings))
        yield Happening(step=step, stage_rules=rules, request=request_of(clinic_id, step))


def request_of(clinic_id: int, step: JournalRow) -> Exchange | None:
    """Looked for at the time of the step, since exchanges are kept by time."""
    if not step.request_id:
        return None
    until = step.finished_at or step.intended_at + LONGEST_REQUEST
    rows = ExchangeRecord.objects.of(clinic_id).filter(started_at__range=(step.intended_at, until))
    row = rows.filter(request_id=step.request_id).first()
    if row is None:
        return None
    return Exchange(
        system=row.system,
        what=row.what,
        started_at=row.started_at,
        milliseconds=row.milliseconds,
        status=row.status,
        items=row.items,
        request_id=row.request_id,
        error=row.error,
    )


def stage_rules(word: str, settings: Settings) -> Iterator[str]:
    """What `rule:3` says. Of a branch's rules the journal does not tell the branch: those of all come."""
    kind, _, number = word.partition(":")
    if not number.isdecimal():
        return
    lists: dict[str, StatusSync] = {"": settings.status_sync}
    if kind == Reason.BRANCH_RULE:
        lists = {name: branch.status_sync for name, branch in settings.branches.items() if branch.status_sync}
    for branch, sync in lists.items():
        if 0 < int(number) <= len(sync.rules):
            yield f"{branch} {rule_words(sync.rules[int(number) - 1])}".strip()


def rule_words(rule: StageRule) -> str:
    """In the words of the clinic's file: `status = booked, visit = first → Первичные / Записан`."""
    conditions = [f"{name} = {getattr(rule, name)}" for name in CONDITIONS if getattr(rule, name)]
    return f"{', '.join([f'status = {rule.status.value}', *conditions])} → {rule.pipeline} / {rule.stage}"


def reason_for(clinic_id: int, key: AnyKey) -> Text | None:
    """Why the record was refused, or could not be read."""
    kind: Kind = "patient" if isinstance(key, PatientKey) else "visit"
    found = explain(clinic_id, Settings(), kind, str(key))
    if found.rejected:
        return found.rejected[0].reason
    failed = (one.step for one in found.happenings if one.step.state in (State.REFUSED, State.POSTPONED))
    return next((step.reason for step in failed if step.reason), None)
