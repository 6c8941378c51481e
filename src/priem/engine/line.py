"""Pages in their order, each decided while the steps of those before it are on their way to amoCRM."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from priem.engine.apply import Carried, Underway
from priem.engine.bindings import Bound
from priem.engine.errands import make_tasks, wish_tasks
from priem.engine.expected import claim, kept
from priem.engine.inbox import show_unmapped
from priem.engine.kinds import Act
from priem.engine.later import Later
from priem.engine.linking import decided_on_nothing, with_put_back
from priem.engine.mirror import SETTLE, Lately, Mirror
from priem.engine.orphans import to_look_at, with_moved, with_patients
from priem.engine.plan import plan_patients, plan_visits
from priem.engine.reception import Reception
from priem.engine.taking import left_out
from priem.engine.unheard import as_if_heard
from priem.engine.vanished import DecideAnew
from priem.engine.waiting import show_waiting
from priem.errors import AskOperator, TryLater
from priem.model import Action, Key, Page, PatientKey, Step, Surroundings, VisitKey
from priem.ports import Clock, Crm, Ears, Source, Store, Watch

MOST_VANISHED = 20
"""How often a page is decided anew within a pass, each time without what had vanished; then the next pass goes on."""
Decision = tuple[Sequence[Step], Surroundings]
MANY = 100
"""Visits that can be decided on keep the line full while the last contacts are on their way."""


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
    is_told_at_once: bool = False
    """And what others make, too: a creation needs no look first, if there was one a moment ago."""
    doubts: bool = False
    """What was decided before counts for nothing: everything is compared anew."""
    lately: Lately = field(default_factory=Lately)
    """What a pass leaves to the next one of the same process."""
    ears: Ears | None = None
    """What brings the CRM's own news into the mirror, between passes."""
    reception: Reception | None = None
    """Where visits are booked, for clinics whose МИС lets others book; a rehearsal has none."""
    acts: Mapping[str, Act] = field(default_factory=dict)
    """What stage triggers do besides, by their kind: `engine/kinds.py`."""
    watch: Watch | None = None
    """Who is told how it goes."""
    chores: tuple[Callable[[Source], None], ...] = ()
    """What else is looked after once a connection was read; raises TryLater or AskOperator as reading does."""


@dataclass(slots=True)
class Turn:
    """A page that is in work."""

    came: Page
    page: Page
    """With the records that waited for it."""
    sent: set[Key] = field(default_factory=set)
    moves_on: bool = False
    """Nothing of this page, or of one before it, was put off: once it is done, reading goes on behind it."""
    is_decided: bool = False


class Line:
    """Pages in the order in which they come: the next ones are decided while steps of the last ones are under way, so
    that amoCRM is never what waits. A page is done once all before it are, and only then the cursor moves."""

    def __init__(self, source: Source, clinic: Clinic, mirror: Mirror) -> None:
        self.later = Later()
        self._source = source
        self._clinic = clinic
        self._mirror = mirror
        self._underway = Underway(clinic.crm, clinic.store)
        self._turns: deque[Turn] = deque()

    def take(self, came: Page) -> Iterator[Progress]:
        comes_last = self.later.is_over or 0 < len(came.visits) < MANY
        if comes_last and not came.is_news:
            yield from self._anew_if_vanished(self._alone(VisitKey))
        page = with_moved(came, self._source, self._clinic.store) if came.is_news else came
        page = with_patients(self.later.joined(page), self._source, self._clinic.store, self._underway.undone)
        turn = Turn(came, page)
        self._turns.append(turn)
        yield from self._anew_if_vanished(self._decide(turn))
        self._clinic.store.reject(self._source.connection, page.rejected)
        show_unmapped(self._source.connection, page.visits, self._clinic.store)
        turn.is_decided, turn.moves_on = True, not self.later
        if came.is_news:
            self.make_tasks()
        yield from self._done()

    def make_tasks(self) -> None:
        """For whom somebody wished: their leads are there."""
        clinic = self._clinic
        make_tasks(clinic.crm, clinic.store, clinic.bound, clinic.clock, clinic.settle_seconds)

    def finish(self) -> Iterator[Progress]:
        yield from self._anew_if_vanished(self._settled())
        yield from self._done()

    def hear_what_was_sent(self) -> Iterator[Progress]:
        """Before giving up: what nobody heard of would have to be looked up."""
        with suppress(TryLater, AskOperator):
            yield from self._settled()
        yield from self._done()

    def _decide(self, turn: Turn) -> Iterator[Progress]:
        """Contacts before leads: a lead is made on its contact."""
        page, store = turn.page, self._clinic.store
        ways = ((PatientKey, page.patients, self._patients), (VisitKey, page.visits, self._visits))
        named = named_on(page) if turn.came.is_news else ()
        yield from (Progress(carried=carried) for carried in self._underway.settle_those(named))
        passes = turn.came.is_news and not self._underway.concerns_any(named)
        for kind, records, decide in ways:
            if not records:
                continue
            left = self._without_waiting(turn) if kind is VisitKey else None
            page = left or page
            if not (passes or left):
                yield from self._alone(kind)
            steps, around = decide(page)
            if self._mirror.is_stale_for(steps):
                # What was read before an answer came, and is newer than what was decided upon, would hide the answer.
                yield from () if passes else self._settled()
                self._mirror.catch_up()
                steps, around = decide(page)
            if self._underway.concerns(steps, [visit.moved_from for visit in page.visits]):
                yield from self._settled()
                steps, around = decide(page)
            decided = [step for step in self.later.put_off(page, steps) if not self._is_as_it_was(step)]
            show_waiting(page.visits, decided, store)
            if for_people := list(to_look_at(page, decided)):
                store.reject(self._source.connection, for_people)
            wish_tasks(page.visits, decided, around, self._clinic.bound, store, self._clinic.clock)
            turn.sent |= {step.key for step in decided}
            for carried in self._underway.send(decided, around, are_news=passes):
                yield Progress(carried=carried)
            for carried in self._underway.settle_news() if passes else ():
                yield Progress(carried=carried)
        if self._underway.has_failed or (turn.came.is_news and not passes):
            yield from self._settled()

    def _without_waiting(self, turn: Turn) -> Page | None:
        """The page without visits whose patients are on their way, if so many are left that it need not wait for these;
        None otherwise."""
        if turn.came.is_news or self.later.is_over or not self._underway.has_other_than(VisitKey):
            return None
        waiting = self.later.that_wait_for(self._underway.undone, turn.page.visits)
        return self.later.keep(turn.page, waiting) if len(turn.page.visits) - len(waiting) >= MANY else None

    def _is_as_it_was(self, step: Step) -> bool:
        """Compared anew and found as it should be: a journal of that would hold every record once more."""
        return self._clinic.doubts and step.action is Action.UPDATE and step.draft is None

    def _alone(self, kind: type[Key]) -> Iterator[Progress]:
        """Leads only once all contacts are settled, and contacts once all leads are."""
        if kind is VisitKey and self._underway.has_other_than(kind):
            yield from (Progress(carried=carried) for carried in self._underway.settle_contacts())
        if self._underway.has_other_than(kind) or self._underway.has_failed:
            yield from self._settled()

    def _settled(self) -> Iterator[Progress]:
        return (Progress(carried=carried) for carried in self._underway.settle())

    def _anew_if_vanished(self, work: Iterator[Progress]) -> Iterator[Progress]:
        """Again and again: behind a contact that was deleted may stand another one that was, too."""
        for is_last in (*(False,) * MOST_VANISHED, True):
            try:
                yield from work
            except DecideAnew:
                if is_last:
                    raise
                self._mirror.catch_up()  # a merge changes the one that lives on
                self._underway.begin_anew()
                work = self._over_again()
            else:
                return

    def _over_again(self) -> Iterator[Progress]:
        for turn in tuple(self._turns):
            yield from self._decide(turn)
            yield from self._settled()

    def _done(self) -> Iterator[Progress]:
        undone = self._underway.undone
        while self._turns and self._turns[0].is_decided and self._turns[0].sent.isdisjoint(undone):
            turn = self._turns.popleft()
            if turn.moves_on:
                self._clinic.store.advance(self._source.connection, turn.page.cursor)
            yield Progress(page=turn.came)

    def _booked(self, page: Page) -> Mapping[int, VisitKey]:
        """Whose visits and patients come on the page, linked; and the leads that are kept for others."""
        reception = self._clinic.reception
        return claim(page, self._source.connection, reception.store) if reception else {}

    def _patients(self, page: Page) -> Decision:
        self._booked(page)
        around = self._underway.seen_in(self._clinic.store.around_patients(page.patients))
        decision = decide_patients(page, remembered(around, self._clinic), self._clinic, self.later)
        return as_told(decision, around, self._clinic)

    def _visits(self, page: Page) -> Decision:
        moves = {visit.key: visit.moved_from for visit in page.visits}
        booked = self._booked(page)
        known = self._clinic.store.around_visits(moves, {visit.patient for visit in page.visits})
        around = kept(self._underway.seen_in(known), booked)
        if self._mirror.unheard:
            around = as_if_heard(around, {step.key for step in self._mirror.unheard})
        decision = decide_visits(page, remembered(around, self._clinic), self._clinic, self.later)
        return as_told(decision, around, self._clinic)


def named_on(page: Page) -> set[Key | None]:
    """Records that the page brings, and those that these build upon."""
    of_visits = {key for visit in page.visits for key in (visit.key, visit.patient, visit.moved_from)}
    return {*(patient.key for patient in page.patients), *of_visits}


def remembered(around: Surroundings, clinic: Clinic) -> Surroundings:
    return decided_on_nothing(around) if clinic.doubts else around


def as_told(decision: Decision, around: Surroundings, clinic: Clinic) -> Decision:
    steps, decided_in = decision
    return (tuple(with_put_back(steps, around)), decided_in) if clinic.doubts else decision


def decide_patients(page: Page, around: Surroundings, clinic: Clinic, later: Later) -> Decision:
    not_taken = left_out(page.patients, page.visits, around, clinic.bound, clinic.clock.now())
    last_look = later.is_last_for_patients(page)
    steps = plan_patients(page.patients, around, clinic.bound, left_out=not_taken, last_look=last_look)
    return tuple(steps), around


def decide_visits(page: Page, around: Surroundings, clinic: Clinic, later: Later) -> Decision:
    not_taken = left_out(page.patients, page.visits, around, clinic.bound, clinic.clock.now())
    since, last_look = page.visits_since, later.is_last_for_visits(page)
    later.are_compared = later.are_compared or bool(around.handed)
    steps = plan_visits(page.visits, around, clinic.bound, since=since, left_out=not_taken, last_look=last_look)
    return tuple(steps), around
