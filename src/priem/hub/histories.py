"""What happened to a record and why, for `explain` and for pages. Plain values; call `start.setup` first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from priem.hub.models import PatientLink, RejectedRow, StepRecord, VisitLink
from priem.hub.models.journal import Entity
from priem.model import Action, Candidate, State, Why
from priem.texts import Text

Kind = Literal["patient", "visit", "contact", "lead"]
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """A step as it was decided and what became of it."""

    id: int
    action: Action
    entity: str
    """`contact` or `lead`."""
    key: str
    target: int | None
    changes: tuple[str, ...]
    """Names of what was written: `name`, `phones`, `field 123`; never values."""
    why: Why
    replaces: str
    state: State
    reason: Text | None
    request_id: str
    intended_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    key: str
    target: int
    rule: str
    made_at: datetime
    moved_to: str = ""
    by_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedData:
    key: str
    kind: str
    reason: Text | None
    first_seen: datetime
    last_seen: datetime


def steps_of(clinic_id: int, kind: Kind, id_: str) -> tuple[JournalRow, ...]:
    """The last thousand, oldest first. `id_` is the МИС's for a patient or a visit, of whatever connection."""
    rows = StepRecord.objects.of(clinic_id).filter(entity=entity_of(kind))
    rows = rows.filter(record=id_) if kind in ("patient", "visit") else rows.filter(target=int(id_))
    return tuple(reversed([journal_row(row) for row in rows.order_by("-id")[:MOST_ROWS]]))


def entity_of(kind: Kind) -> Entity:
    return Entity.CONTACT if kind in ("patient", "contact") else Entity.LEAD


def journal_row(row: StepRecord) -> JournalRow:
    return JournalRow(
        id=row.pk,
        action=Action(row.action),
        entity=row.entity,
        key=str(row),
        target=row.target,
        changes=tuple(row.changes),
        why=why(row.why),
        replaces=row.why.get("replaces", ""),
        state=State(row.state),
        reason=row.reason,
        request_id=row.request_id,
        intended_at=row.intended_at,
        finished_at=row.finished_at,
    )


def why(written: dict[str, Any]) -> Why:
    candidates = tuple(Candidate(*candidate) for candidate in written.get("candidates", ()))
    return Why(written["rule"], candidates, written.get("stage_rule", ""))


def links_of(clinic_id: int, kind: Kind, id_: str) -> tuple[LinkRow, ...]:
    """The links of a patient, a visit, a contact or a lead."""
    return tuple(
        patient_links(clinic_id, kind, id_) if kind in ("patient", "contact") else visit_links(clinic_id, kind, id_)
    )


def patient_links(clinic_id: int, kind: Kind, id_: str) -> Iterator[LinkRow]:
    rows = PatientLink.objects.of(clinic_id)
    chosen = rows.filter(contact=int(id_)) if kind == "contact" else rows.filter(patient=id_)
    for row in chosen.order_by("made_at"):
        key, said = f"{row.connection}:{row.patient}", row.by_person
        yield LinkRow(key=key, target=row.contact, rule=row.rule, made_at=row.made_at, by_person=said)


def visit_links(clinic_id: int, kind: Kind, id_: str) -> Iterator[LinkRow]:
    rows = VisitLink.objects.of(clinic_id)
    chosen = rows.filter(lead=int(id_)) if kind == "lead" else rows.filter(visit=id_)
    for row in chosen.order_by("made_at"):
        key = f"{row.connection}:{row.visit}"
        yield LinkRow(
            key=key,
            target=row.lead,
            rule=row.rule,
            made_at=row.made_at,
            moved_to=row.moved_to or "",
            by_person=row.by_person,
        )


def rejected_rows(clinic_id: int, kind: Kind, id_: str) -> tuple[RejectedData, ...]:
    """Of a record that could not be read, of whatever connection; the latest first."""
    return tuple(
        RejectedData(key=str(row), kind=row.kind, reason=row.reason, first_seen=row.first_seen, last_seen=row.last_seen)
        for row in RejectedRow.objects.of(clinic_id).filter(kind=kind, record=id_).order_by("-last_seen")[:MOST_ROWS]
    )
