"""What the hub remembers of a record: its link, the decision, its history. Ids and reasons; nobody's name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.configuration import settings_from_json
from priem.engine.reasons import Reason
from priem.hub import words
from priem.hub.audit.words import shown
from priem.hub.explaining import Explanation, Happening, explain
from priem.hub.histories import Kind
from priem.hub.models import AuditEntry, Clinic, OrderState
from priem.hub.models.audit import Deed
from priem.hub.models.journal import STATES
from priem.hub.sentences import readable
from priem.hub.widget.orders import in_words, orders_of
from priem.model import Action, Key, PatientKey, State, VisitKey

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

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
    """The latest step that chose between candidates, else the latest that said why. That it was linked before, or put
    back, says nothing of how it came to be."""
    chose = [one for one in found.happenings if any(it.because != Reason.LINK for it in one.step.why.candidates)]
    said = [one for one in found.happenings if one.step.why.rule not in (Reason.LINK, Reason.PUT_BACK)]
    return next(iter(chose or said or found.happenings), None)


def events(clinic: Clinic, kind: str, key: Key, found: Explanation) -> list[Event]:
    """The latest first: what Priem did, and what people did."""
    every = [*steps(found), *deeds(clinic, kind, key), *orders(clinic, kind, found)]
    return sorted(every, key=lambda event: event.at, reverse=True)


DONE: Mapping[tuple[Action, str], "StrPromise"] = {
    (Action.CREATE, "contact"): _("contact made"),
    (Action.ADOPT, "contact"): _("contact found"),
    (Action.UPDATE, "contact"): _("contact changed"),
    (Action.LEAVE, "contact"): _("contact left as it is"),
    (Action.CREATE, "lead"): _("lead made"),
    (Action.ADOPT, "lead"): _("lead found"),
    (Action.UPDATE, "lead"): _("lead changed"),
    (Action.LEAVE, "lead"): _("lead left as it is"),
}


def steps(found: Explanation) -> Iterator[Event]:
    for one in found.happenings:
        step = one.step
        what = str(DONE.get((step.action, step.entity), _("a person asked"))).capitalize()
        outcome = "" if step.state is State.DONE else f": {STATES[step.state]}"
        is_bad = step.state in (State.REFUSED, State.UNKNOWN)
        said = tuple(details(one, found.fields))
        yield Event(step.intended_at, f"{what} {step.target or ''}".strip() + outcome, said, is_bad)


def details(one: Happening, fields: Mapping[str, str]) -> Iterator[str]:
    step = one.step
    yield words.because(step.why.rule)
    if step.why.stage_rule:
        yield " ".join([gettext("Stage:"), words.because(step.why.stage_rule)])
    if step.changes:
        changed = (words.changed(name, fields, of_lead=step.entity == "lead") for name in step.changes)
        yield gettext("Written: {names}").format(names=", ".join(changed))
    if step.reason:
        yield readable(step.reason)
    if one.request:
        took = gettext("{count} ms").format(count=one.request.milliseconds)
        yield f"{one.request.what} → {one.request.status or '—'}, {took}"


def deeds(clinic: Clinic, kind: str, key: Key) -> Iterator[Event]:
    rows = AuditEntry.objects.of(clinic.pk).filter(about=f"{kind} {key}").exclude(deed=Deed.LOOKED)
    for row in rows.order_by("-id")[:MOST_DEEDS]:
        said = (shown(*change) for change in row.changes)
        details = tuple(f"{one.what or one.place}: {one.before.written} → {one.after.written}" for one in said)
        yield Event(row.at, row.get_deed_display().capitalize(), details, by=row.name or gettext("a command"))


def orders(clinic: Clinic, kind: str, found: Explanation) -> Iterator[Event]:
    """What stages of amoCRM have ordered of the visit's lead."""
    leads = [link.target for link in found.links] if kind == "visit" else []
    for row in orders_of(clinic.pk, leads):
        by = gettext("a stage in amoCRM")
        yield Event(row.came_at, readable(in_words(row)), is_bad=row.state == OrderState.REFUSED, by=by)
