"""Visits and the patients they belong to: fetched when a visit came first, named when there is none."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from priem.engine.reasons import Reason
from priem.model import Key, Page, Patient, Rejected, Step, Visit
from priem.ports import Source, Store
from priem.texts import Text, text


def with_patients(page: Page, source: Source, store: Store, underway: Collection[Key] = ()) -> Page:
    """Adds the patients of visits that came before their patients did, and names visits whose patient nobody has.
    Those who are under way are there."""
    of_visits = {visit.patient for visit in page.visits} - {patient.key for patient in page.patients}
    of_visits = of_visits.difference(underway)
    missing = sorted(of_visits.difference(store.decided(of_visits) if of_visits else ()))
    if not missing:
        return page
    fetched = source.patients([key.id for key in missing])
    patients = {row.key: row for row in fetched if isinstance(row, Patient) and row.key in missing}
    lost = set(missing) - patients.keys()
    store.hold({visit.key: visit.patient for visit in page.visits if visit.patient in lost})
    return replace(
        page,
        patients=(*page.patients, *patients.values()),
        visits=tuple(visit for visit in page.visits if visit.patient not in lost),
        rejected=(
            *page.rejected,
            *(row for row in fetched if isinstance(row, Rejected)),
            *(unreadable(visit) for visit in page.visits if visit.patient in lost),
        ),
    )


def unreadable(visit: Visit) -> Rejected:
    return orphan(visit, text("The card of its patient {id} cannot be read.", id=visit.patient.id))


def without_contact(visits: Sequence[Visit], steps: Sequence[Step]) -> list[Rejected]:
    """Visits that got no lead because their patient has no contact: amoCRM refused it, or a person deleted it."""
    concerned = {step.key for step in steps if step.why.rule == Reason.NO_CONTACT}
    return [
        orphan(visit, text("Its patient {id} has no contact in amoCRM.", id=visit.patient.id))
        for visit in visits
        if visit.key in concerned
    ]


def orphan(visit: Visit, reason: Text) -> Rejected:
    return Rejected(kind="visit", id=visit.key.id, reason=reason)
