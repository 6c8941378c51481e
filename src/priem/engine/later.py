"""Records whose decision waits for what the rest of a reading may bring.

A contact with another name goes to a patient only if nobody of the household fits better, and a request goes to the
earliest visit: both are known once all pages were seen. Nothing has to be kept for it, since the cursor does not pass a
record that was put off: after a crash the reading begins before it, and what was done meanwhile needs nothing more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from priem.engine.reasons import Reason
from priem.model import Page, Patient, PatientKey, Step, Visit, VisitKey


@dataclass(slots=True)
class Later:
    patients: dict[PatientKey, Patient] = field(default_factory=dict)
    visits: dict[VisitKey, Visit] = field(default_factory=dict)
    page: Page | None = None
    """The one that came last."""
    is_over: bool = False
    """No more pages come."""

    def __bool__(self) -> bool:
        return bool(self.patients or self.visits)

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
        self.patients = {key: patient for key, patient in self.patients.items() if key not in patients}
        self.visits = {key: visit for key, visit in self.visits.items() if key not in visits}
        return replace(page, patients=tuple(patients.values()), visits=tuple(visits.values()))

    def is_last_for_patients(self, page: Page) -> bool:
        return self.is_over or page.is_news or bool(page.visits)

    def is_last_for_visits(self, page: Page) -> bool:
        """News do not wait for the hours that a first reading may take."""
        return self.is_over or page.is_news

    def put_off(self, page: Page, steps: Sequence[Step]) -> list[Step]:
        """Keeps those of the page's records that are to be decided later; gives the steps that were decided."""
        waiting = {step.key for step in steps if step.why.rule == Reason.LATER}
        self.patients |= {patient.key: patient for patient in page.patients if patient.key in waiting}
        self.visits |= {visit.key: visit for visit in page.visits if visit.key in waiting}
        return [step for step in steps if step.key not in waiting]
