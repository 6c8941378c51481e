"""Contacts and leads that were there a moment ago, and which amoCRM does not know any more when they are written to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from priem.engine.reasons import Reason
from priem.errors import TryLater
from priem.model import (
    Action,
    ContactDraft,
    LeadDraft,
    Outcome,
    PatientKey,
    State,
    Step,
    Surroundings,
    VisitKey,
    Why,
)
from priem.ports import Crm, Store
from priem.texts import text

KEPT = 30 * 24 * 3600
"""Seconds that amoCRM keeps what was deleted or merged. docs/reference/amocrm.md §4.2"""


class DecideAnew(TryLater):
    """What was decided upon has vanished; the store knows by now what became of it."""


def not_an_error(outcome: Outcome) -> Outcome:
    """Nobody has to mend what is gone: it is decided anew."""
    return replace(outcome, state=State.POSTPONED) if outcome.gone else outcome


def look_after(vanished: Sequence[tuple[Step, Surroundings]], crm: Crm, store: Store) -> None:
    """Whoever lives on after a merge is known to the store from now on; the rest is gone from it. Each step comes with
    what was around its record.

    Raises DecideAnew when there were any.
    """
    if not vanished:
        return
    steps = [step for step, _ in vanished]
    contacts, leads = named_contacts(steps), named_leads(steps)
    last_seen = [seen for step, around in vanished for seen in changed_at(step, around)]
    since = max(min(last_seen, default=0), (store.mirrored_until() or 0) - KEPT)
    history = crm.gone_since(since)
    store.merged(history.merged_contacts, history.merged_leads)
    store.gone(contacts, leads)
    by_key = [step for step in steps if step.action is Action.ADOPT and step.why.rule == Reason.KEY]
    store.intend([lost(step.key, step.target) for step in by_key if step.target in contacts | leads])
    raise DecideAnew(text("What was to be changed in amoCRM was merged or deleted at this moment."))


def lost(key: PatientKey | VisitKey, target: int) -> Step:
    """Remembers what was the record's and is gone, so that it is not made again unless the clinic wishes so."""
    return Step(action=Action.ADOPT, key=key, target=target, why=Why(Reason.GONE))


def changed_at(step: Step, around: Surroundings) -> Iterator[int]:
    """When the contacts and leads that the step names had changed last, as far as was known."""
    yield from (around.contacts[id_].updated_at for id_ in named_contacts([step]) if id_ in around.contacts)
    yield from (around.leads[id_].updated_at for id_ in named_leads([step]) if id_ in around.leads)


def named_contacts(steps: Sequence[Step]) -> set[int]:
    """Those that the drafts change, and those that new leads were to be made on."""
    own = (step.draft.id for step in steps if isinstance(step.draft, ContactDraft))
    of_leads = (step.draft.contact for step in steps if isinstance(step.draft, LeadDraft) and step.draft.id is None)
    return {id_ for id_ in chain(own, of_leads) if id_ is not None}


def named_leads(steps: Sequence[Step]) -> set[int]:
    ids = (step.draft.id for step in steps if isinstance(step.draft, LeadDraft))
    return {id_ for id_ in ids if id_ is not None}
