"""Tasks for managers about new bookings: wished for before the lead is made, made once for each visit (through ports).

The store knows every visit that ever got one. A task carries no key; one whose answer was lost is known again by its
lead and its text, which is kept until it is done.
"""

from collections.abc import Sequence
from datetime import timedelta

from priem.engine.bindings import Bound
from priem.engine.identity import linked_contact
from priem.engine.names import filled
from priem.errors import TryLater
from priem.model import Action, Lead, Outcome, Rejected, State, Step, Surroundings, Visit, VisitKey, VisitStatus
from priem.ports import Clock, Crm, Store, Wish, WishState
from priem.tasks import TaskDraft

FRESH = timedelta(days=1)
"""A visit that was booked longer ago is no news: a first sync makes no tasks for thousands of them."""
KINDS = {"call": 1, "meeting": 2}
"""docs/reference/amocrm.md §3.7"""
COMING = (VisitStatus.BOOKED, VisitStatus.CONFIRMED)


def wish_tasks(
    visits: Sequence[Visit], steps: Sequence[Step], around: Surroundings, bound: Bound, store: Store, clock: Clock
) -> None:
    task = bound.settings.leads.task
    if task is None:
        return
    since = clock.now() - FRESH
    fresh = {visit.key: visit for visit in visits if visit.added_at and visit.added_at >= since}
    wishes: dict[VisitKey, str] = {}
    for step in steps:
        visit = fresh.get(step.key) if isinstance(step.key, VisitKey) else None
        if visit and visit.status in COMING and step.action in (Action.CREATE, Action.ADOPT):
            contact = linked_contact(visit.patient, around)
            wishes[visit.key] = filled(task.text, visit, contact.name if contact else "")
    if wishes:
        store.wish_tasks(wishes)


def make_tasks(crm: Crm, store: Store, bound: Bound, clock: Clock, settle_seconds: float) -> None:
    """Makes those whose leads are there by now. Raises TryLater when one has to be looked for once more."""
    if bound.settings.leads.task is None or not (wishes := store.wished_tasks()):
        return
    now = clock.now()
    leads = leads_of(wishes, store)
    sent = [wish for wish in wishes if wish.state is WishState.SENT and wish.visit in leads]
    there = {(task.lead, task.text) for task in crm.tasks([leads[wish.visit].id for wish in sent])} if sent else set()
    over = {wish.visit for wish in sent if (leads[wish.visit].id, wish.text) in there}
    over |= {wish.visit for wish in wishes if wish.visit not in leads and wish.wished_at < now - FRESH}
    unsure = {
        wish.visit
        for wish in sent
        if wish.visit not in over and wish.changed_at > now - timedelta(seconds=settle_seconds)
    }
    if over:
        store.mark_tasks(over, WishState.OVER)
    todo = [wish for wish in wishes if wish.visit in leads and wish.visit not in over | unsure]
    if todo:
        send(todo, {wish.visit: draft(wish, leads[wish.visit], bound, clock) for wish in todo}, crm, store)


def leads_of(wishes: Sequence[Wish], store: Store) -> dict[VisitKey, Lead]:
    around = store.around_visits({wish.visit: None for wish in wishes}, ())
    linked = {wish.visit: around.visit_links.get(wish.visit) for wish in wishes}
    found = {
        visit: around.leads.get(around.merged_leads.get(link.lead, link.lead)) for visit, link in linked.items() if link
    }
    return {visit: lead for visit, lead in found.items() if lead}


def draft(wish: Wish, lead: Lead, bound: Bound, clock: Clock) -> TaskDraft:
    task = bound.settings.leads.task
    assert task is not None, "nobody wishes for tasks otherwise"  # noqa: S101 - says what holds
    until = clock.now() + timedelta(minutes=task.deadline_minutes)
    return TaskDraft(
        ref=str(wish.visit),
        text=wish.text,
        until=int(until.timestamp()),
        kind=task.type if isinstance(task.type, int) else KINDS[task.type],
        responsible=bound.task_responsible or lead.responsible or None,
        entity_id=lead.id,
    )


def send(wishes: Sequence[Wish], drafts: dict[VisitKey, TaskDraft], crm: Crm, store: Store) -> None:
    by_ref = {str(wish.visit): wish.visit for wish in wishes}
    store.mark_tasks(by_ref.values(), WishState.SENT)
    unknown: list[Outcome] = []
    for outcomes in crm.write_tasks([drafts[wish.visit] for wish in wishes]):
        for state, becomes in BECOMES.items():
            if visits := [by_ref[outcome.ref] for outcome in outcomes if outcome.state is state]:
                store.mark_tasks(visits, becomes)
        unknown += [outcome for outcome in outcomes if outcome.state is State.UNKNOWN]
        for outcome in outcomes:
            if outcome.state is State.REFUSED and outcome.reason:
                visit = by_ref[outcome.ref]
                store.reject(visit.connection, [Rejected(kind="visit", id=visit.id, reason=outcome.reason)])
    if unknown and unknown[0].reason:
        raise TryLater(unknown[0].reason)


BECOMES = {State.DONE: WishState.OVER, State.REFUSED: WishState.OVER, State.POSTPONED: WishState.WISHED}
