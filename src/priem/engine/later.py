"""Records whose decision waits for what the rest of a reading may bring.

A contact with another name goes to a patient only if nobody of the household fits better, and a request goes to the
earliest visit: both are known once all pages were seen. Nothing has to be kept for it, since the cursor does not pass a
record that was put off: after a crash the reading begins before it, and what was done meanwhile needs nothing more.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from priem.engine.reasons import Reason
from priem.engine.succession import earliest
from priem.model import Key, Page, Patient, PatientKey, Step, Visit, VisitKey

AT_ONCE = 300
"""Visits of those that waited for the end: a tenth of a large clinic's, which would fill the memory, while amoCRM waits
until all are decided."""


@dataclass(slots=True)
class Later:
    patients: dict[PatientKey, Patient] = field(default_factory=dict)
    visits: dict[VisitKey, Visit] = field(default_factory=dict)
    soon: dict[VisitKey, Visit] = field(default_factory=dict)
    """Visits whose patient is on the way to amoCRM: they come with the next page."""
    page: Page | None = None
    """The one that came last."""
    is_over: bool = False
    """No more pages come."""
    are_compared: bool = False
    """There are applications: which visit fits them best is known only of all visits together."""
    pieces: deque[Collection[VisitKey]] = field(default_factory=deque)
    """Of what waited for the end, in the order in which requests are given away."""

    def __bool__(self) -> bool:
        return bool(self.patients or self.visits or self.soon)

    def rest(self) -> Iterator[Page]:
        """Pages without records of their own, after the last one, if something is put off by then."""
        self.is_over = True
        self.pieces = deque() if self.are_compared else deque(in_pieces(self.visits))
        while self and self.page:
            yield Page(cursor=self.page.cursor, visits_since=self.page.visits_since)

    def joined(self, page: Page) -> Page:
        """The page, each record once, with those that waited for it: patients until the first visits, visits until
        the end, and then for their turn. What is read again meanwhile is newer."""
        self.page = page
        patients = {patient.key: patient for patient in page.patients}
        visits = {visit.key: visit for visit in page.visits}
        if self.is_last_for_patients(page) and not page.is_news:
            patients = self.patients | patients
        if self.is_over:
            turn = self.pieces.popleft() if self.pieces else self.visits
            visits = {key: self.visits[key] for key in turn if key in self.visits} | visits
        if not page.is_news:
            visits = self.soon | visits
        self.patients = {key: patient for key, patient in self.patients.items() if key not in patients}
        self.visits = {key: visit for key, visit in self.visits.items() if key not in visits}
        self.soon = {key: visit for key, visit in self.soon.items() if key not in visits}
        return replace(page, patients=tuple(patients.values()), visits=tuple(visits.values()))

    def is_last_for_patients(self, page: Page) -> bool:
        return self.is_over or page.is_news or bool(page.visits)

    def is_last_for_visits(self, page: Page) -> bool:
        """News do not wait for the hours that a first reading may take."""
        return self.is_over or page.is_news

    def that_wait_for(self, undone: Collection[Key], visits: Sequence[Visit]) -> set[VisitKey]:
        """Those of the visits whose patient is among the undone, and those moved from a visit that waits, too."""
        waiting = {visit.key for visit in visits if visit.patient in undone}
        before = -1
        while before != len(waiting):
            before = len(waiting)
            put_off = waiting | self.visits.keys() | self.soon.keys()
            waiting |= {visit.key for visit in visits if visit.moved_from in put_off}
        return waiting

    def keep(self, page: Page, waiting: Collection[VisitKey]) -> Page:
        """The page without these visits, which are decided soon."""
        self.soon |= {visit.key: visit for visit in page.visits if visit.key in waiting}
        return replace(page, visits=tuple(visit for visit in page.visits if visit.key not in waiting))

    def put_off(self, page: Page, steps: Sequence[Step]) -> list[Step]:
        """Keeps those of the page's records that are to be decided later; gives the steps that were decided."""
        waiting = {step.key for step in steps if step.why.rule == Reason.LATER}
        self.patients |= {patient.key: patient for patient in page.patients if patient.key in waiting}
        self.visits |= {visit.key: visit for visit in page.visits if visit.key in waiting}
        return [step for step in steps if step.key not in waiting]


def in_pieces(visits: Mapping[VisitKey, Visit]) -> Iterator[list[VisitKey]]:
    """The earliest first, as requests are given away; a visit together with that which it was moved from."""
    chains: defaultdict[VisitKey, list[Visit]] = defaultdict(list)
    for visit in visits.values():
        chains[first_of(visit, visits)].append(visit)
    piece: list[VisitKey] = []
    for chain in sorted(chains.values(), key=turn):
        piece += [visit.key for visit in chain]
        if len(piece) >= AT_ONCE:
            yield piece
            piece = []
    if piece:
        yield piece


def turn(chain: Sequence[Visit]) -> tuple[datetime, VisitKey]:
    """That of the visit which lives on: those that it was moved from take no request."""
    moved_on = {visit.moved_from for visit in chain}
    return min(map(earliest, [visit for visit in chain if visit.key not in moved_on] or chain))


def first_of(visit: Visit, visits: Mapping[VisitKey, Visit]) -> VisitKey:
    """Of the visits from which this one was moved, as far as they are there."""
    passed = [visit.key]
    while visit.moved_from and visit.moved_from not in passed and (before := visits.get(visit.moved_from)):
        visit = before
        passed.append(visit.key)
    return min(passed) if visit.moved_from in passed else visit.key
