"""Records whose decision waits for what the rest of a reading may bring.

A contact with another name goes to a patient only if nobody of the household fits better, and a request goes to the
earliest visit: both are known once all pages were seen. Nothing has to be kept for it, since the cursor does not pass a
record that was put off: after a crash the reading begins before it, and what was done meanwhile needs nothing more.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from priem.engine.reasons import Reason
from priem.model import Key, Page, Patient, PatientKey, Step, Visit, VisitKey


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

    def __bool__(self) -> bool:
        return bool(self.patients or self.visits or self.soon)

    def rest(self) -> Iterator[Page]:
        """A page without records of its own, after the last one, if something is put off by then."""
        self.is_over = True
        if self and self.page:
            yield Page(cursor=self.page.cursor, visits_since=self.page.visits_since)

    def joined(self, page: Page) -> Page:
        """The page, each record once, with those that waited for it: patients until the first visits, visits until
        the end. What is read again meanwhile is newer."""
        self.page = page
        patients = {patient.key: patient for patient in page.patients}
        visits = {visit.key: visit for visit in page.visits}
        if self.is_last_for_patients(page) and not page.is_news:
            patients = self.patients | patients
        if self.is_over:
            visits = self.visits | visits
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
