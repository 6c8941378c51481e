"""What the hub remembers of a record: its link, the decision, its history. Ids and reasons; nobody's name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from priem.configuration import settings_from_json
from priem.hub import words
from priem.hub.explaining import Explanation, Happening, explain
from priem.hub.histories import Kind
from priem.hub.models import AuditEntry, Clinic
from priem.hub.models.journal import ACTIONS, STATES, Entity
from priem.hub.sentences import readable
from priem.model import Key, PatientKey, State, VisitKey

MOST_DEEDS = 100


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    what: str
    """A sentence for people."""
    details: tuple[str, ...] = ()
    is_bad: bool = False
    by: str = ""
    """Who did it; empty for Priem itself."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A candidate of the decision."""

    id: int
    address: str
    because: str


def story(clinic: Clinic, kind: str, record: str) -> Explanation:
    wanted: Kind = "patient" if kind == "patient" else "visit"
    return explain(clinic.pk, settings_from_json(clinic.settings), wanted, record)


def key_of(kind: str, record: str) -> PatientKey | VisitKey | None:
    return PatientKey.parse(record) if kind == "patient" else VisitKey.parse(record)


def card_address(clinic: Clinic, kind: str, target: int | None) -> str:
    if not clinic.base_url or target is None:
        return ""
    return f"{clinic.base_url.rstrip('/')}/{'contacts' if kind == 'patient' else 'leads'}/detail/{target}"


def decision(found: Explanation) -> Happening | None:
    """The latest step that chose between candidates, else the latest that said why."""
    chose = [one for one in found.happenings if one.step.why.candidates]
    return next(iter(chose or found.happenings), None)


def looked_at(clinic: Clinic, kind: str, happening: Happening | None) -> list[Looked]:
    candidates = happening.step.why.candidates if happening else ()
    return [Looked(one.id, card_address(clinic, kind, one.id), words.because(one.because)) for one in candidates]


def events(clinic: Clinic, kind: str, key: Key, found: Explanation) -> list[Event]:
    """The latest first: what Priem did, and what people did."""
    every = [*steps(found), *deeds(clinic, kind, key)]
    return sorted(every, key=lambda event: event.at, reverse=True)


def steps(found: Explanation) -> Iterator[Event]:
    for one in found.happenings:
        step = one.step
        what = f"{ACTIONS[step.action]}: {Entity(step.entity).label} {step.target or ''}".strip()
        outcome = str(STATES[step.state])
        details = [words.because(step.why.rule)]
        if step.why.stage_rule:
            details.append(" ".join([gettext("Stage:"), words.because(step.why.stage_rule), *one.stage_rules]))
        if step.changes:
            names = ", ".join(words.changed(name) for name in step.changes)
            details.append(gettext("Written: {names}").format(names=names))
        if step.reason:
            details.append(readable(step.reason))
        if one.request:
            details.append(f"{one.request.what} → {one.request.status or '—'}, {one.request.milliseconds} ms")
        is_bad = step.state in (State.REFUSED, State.UNKNOWN)
        yield Event(step.intended_at, f"{what[:1].upper()}{what[1:]}: {outcome}", tuple(filter(None, details)), is_bad)


def deeds(clinic: Clinic, kind: str, key: Key) -> Iterator[Event]:
    rows = AuditEntry.objects.of(clinic.pk).filter(about=f"{kind} {key}").order_by("-id")[:MOST_DEEDS]
    for row in rows:
        details = tuple(f"{what}: {before or '—'} → {after or '—'}" for what, before, after in row.changes)
        yield Event(row.at, row.get_deed_display().capitalize(), details, by=row.name or gettext("a command"))
