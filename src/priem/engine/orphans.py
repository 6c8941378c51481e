"""Visits and what they build upon: their patients, fetched when a visit came first and named when there is none; and
visits that they were moved from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from priem.engine.reasons import Reason
from priem.model import Key, Page, Patient, Rejected, Step, Visit, VisitKey
from priem.ports import Source, Store
from priem.texts import Text, text

KEY_ALONE = text("Something in amoCRM carries its key, and nothing else agrees. Link it by hand, or take the key out.")
ANOTHER = text(
    "Another visit may have got its number: patient and time are other ones than before, and it was booked later."
    " Link it with its lead by hand, or give it a lead of its own."
)


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


def with_moved(page: Page, source: Source, store: Store) -> Page:
    """Adds the visits that those of the page were moved from, back to one that is linked. News are decided at once: a
    visit that was moved twice, and is told before the row between, would get a second lead."""
    visits: dict[VisitKey, Visit] = {visit.key: visit for visit in page.visits}
    looked_for = set[VisitKey]()
    while unknown := unknown_before(visits, store) - looked_for:
        looked_for |= unknown
        found = source.reread(page.cursor, (), [key.id for key in sorted(unknown)]).visits
        visits |= {visit.key: visit for visit in found if visit.key in unknown}
    return replace(page, visits=tuple(visits.values())) if looked_for else page


def unknown_before(visits: Mapping[VisitKey, Visit], store: Store) -> set[VisitKey]:
    """Those that the visits were moved from, unless they are among them or have a lead."""
    before = {visit.moved_from for visit in visits.values() if visit.moved_from} - visits.keys()
    return before - store.around_visits(dict.fromkeys(before), ()).visit_links.keys() if before else before


def unreadable(visit: Visit) -> Rejected:
    return orphan(visit, text("The card of its patient {id} cannot be read.", id=visit.patient.id))


def to_look_at(page: Page, steps: Sequence[Step]) -> Iterator[Rejected]:
    """What is left alone until a person has looked: visits whose patient has no contact, since amoCRM refused it or a
    person deleted it; and records of which nobody knows whether what carries their key is theirs."""
    why = {step.key: step.why.rule for step in steps}
    for patient in page.patients:
        if why.get(patient.key) == Reason.KEY_ALONE:
            yield Rejected(kind="patient", id=patient.key.id, reason=KEY_ALONE)
    for visit in page.visits:
        match why.get(visit.key):
            case Reason.NO_CONTACT:
                yield orphan(visit, text("Its patient {id} has no contact in amoCRM.", id=visit.patient.id))
            case Reason.KEY_ALONE:
                yield orphan(visit, KEY_ALONE)
            case Reason.ANOTHER_VISIT:
                yield orphan(visit, ANOTHER)


def orphan(visit: Visit, reason: Text) -> Rejected:
    return Rejected(kind="visit", id=visit.key.id, reason=reason)
