"""Read, decide, carry out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from priem.engine.apply import Carried, carry_out
from priem.engine.bindings import Bound
from priem.engine.later import Later
from priem.engine.mirror import SETTLE, Mirror
from priem.engine.orphans import with_patients, without_contact
from priem.engine.plan import plan_patients, plan_visits
from priem.engine.taking import left_out
from priem.engine.unheard import as_if_heard
from priem.engine.vanished import DecideAnew
from priem.engine.waiting import recalled_pages, show_waiting
from priem.model import Page, Step, Surroundings
from priem.ports import Clock, Crm, Ears, Source, Store

Decision = tuple[Sequence[Step], Surroundings]


@dataclass(frozen=True, slots=True)
class Progress:
    """What one piece of work brought; everything in it is stored already."""

    mirrored: int = 0
    """Contacts and leads that were read."""
    page: Page | None = None
    """The page that is finished."""
    carried: Carried = ()


@dataclass(frozen=True, slots=True)
class Clinic:
    """The parts that one clinic's pass needs, put together by bootstrap."""

    crm: Crm
    store: Store
    bound: Bound
    clock: Clock
    settle_seconds: float = SETTLE
    """How long amoCRM may work on a request whose answer was lost."""
    is_told: bool = False
    """Webhooks keep the mirror: changes are written without reading first what managers wrote."""
    ears: Ears | None = None
    """What brings the CRM's own news into the mirror, between passes."""


Decide = Callable[[Page, Later, Clinic, Mirror], Decision]


def sync(source: Source, clinic: Clinic) -> Iterator[Progress]:
    """Brings the CRM up to date with one connection. Safe to stop and to repeat at any line.

    Called inside `store.exclusively()`. Raises TryLater or AskOperator when nothing more can be done now.
    """
    mirror = Mirror(clinic.crm, clinic.store, clinic.clock, clinic.bound, clinic.settle_seconds, clinic.is_told)
    for count in mirror.fill():
        yield Progress(mirrored=count)
    mirror.settle()
    later, cursor = Later(), clinic.store.cursor(source.connection)
    recalls = clinic.store.recalled(source.connection) if cursor else ()
    for came in chain(recalled_pages(source, recalls, cursor), source.changes(cursor), later.rest()):
        page = with_patients(later.joined(came), source, clinic.store)
        for carried in settle_page(page, source.connection, later, clinic, mirror):
            yield Progress(carried=carried)
        clinic.store.reject(source.connection, page.rejected)
        if not later:
            clinic.store.advance(source.connection, page.cursor)
        yield Progress(page=came)
    mirror.heard(source.connection)
    clinic.store.recall_is_over([recall.id for recall in recalls])


def settle_page(page: Page, connection: str, later: Later, clinic: Clinic, mirror: Mirror) -> Iterator[Carried]:
    """Contacts before leads: a lead is made on its contact."""
    for decide in (decide_patients, decide_visits):
        try:
            yield from settle(decide, page, connection, later, clinic, mirror)
        except DecideAnew:
            mirror.catch_up()  # a merge changes the one that lives on
            yield from settle(decide, page, connection, later, clinic, mirror)


def settle(
    decide: Decide, page: Page, connection: str, later: Later, clinic: Clinic, mirror: Mirror
) -> Iterator[Carried]:
    steps, around = decide(page, later, clinic, mirror)
    if mirror.freshen_for(steps):
        steps, around = decide(page, later, clinic, mirror)
    decided = later.put_off(page, steps)
    show_waiting(page.visits, decided, clinic.store)
    if orphans := without_contact(page.visits, decided):
        clinic.store.reject(connection, orphans)
    yield from carry_out(decided, around, clinic.crm, clinic.store)


def decide_patients(page: Page, later: Later, clinic: Clinic, _mirror: Mirror) -> Decision:
    around = clinic.store.around_patients(page.patients)
    not_taken = left_out(page.patients, page.visits, around, clinic.bound, clinic.clock.now())
    last_look = later.is_last_for_patients(page)
    steps = plan_patients(page.patients, around, clinic.bound, left_out=not_taken, last_look=last_look)
    return tuple(steps), around


def decide_visits(page: Page, later: Later, clinic: Clinic, mirror: Mirror) -> Decision:
    moves = {visit.key: visit.moved_from for visit in page.visits}
    around = clinic.store.around_visits(moves, {visit.patient for visit in page.visits})
    if mirror.unheard:
        around = as_if_heard(around, {step.key for step in mirror.unheard})
    not_taken = left_out(page.patients, page.visits, around, clinic.bound, clinic.clock.now())
    steps = plan_visits(
        page.visits,
        around,
        clinic.bound,
        since=page.visits_since,
        left_out=not_taken,
        last_look=later.is_last_for_visits(page),
    )
    return tuple(steps), around
