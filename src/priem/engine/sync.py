"""Read, decide, carry out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from priem.engine.apply import Carried, carry_out
from priem.engine.bindings import Bound
from priem.engine.mirror import Mirror
from priem.engine.plan import plan_patients, plan_visits
from priem.model import Action, Page, Patient, Rejected, Step, Surroundings, Visit
from priem.ports import Clock, Crm, Source, Store
from priem.texts import text


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


def sync(source: Source, clinic: Clinic) -> Iterator[Progress]:
    """Brings the CRM up to date with one connection. Safe to stop and to repeat at any line."""
    mirror = Mirror(clinic.crm, clinic.store, clinic.clock, clinic.bound)
    for count in mirror.fill():
        yield Progress(mirrored=count)
    mirror.settle()
    for came in source.changes(clinic.store.cursor(source.connection)):
        page = with_patients(came, source, clinic.store)
        for carried in settle_page(page, clinic, mirror):
            yield Progress(carried=carried)
        clinic.store.reject(source.connection, page.rejected)
        clinic.store.advance(source.connection, page.cursor)
        yield Progress(page=page)


def settle_page(page: Page, clinic: Clinic, mirror: Mirror) -> Iterator[Carried]:
    """Contacts before leads: a lead is made on its contact."""
    for decide in (decide_patients(page.patients, clinic), decide_visits(page.visits, clinic)):
        steps, around = decide()
        if not mirror.is_fresh and any(step.action is Action.CREATE for step in steps):
            mirror.catch_up()
            steps, around = decide()
        yield from carry_out(steps, around, clinic.crm, clinic.store)


Decide = Callable[[], tuple[Sequence[Step], Surroundings]]


def decide_patients(patients: Sequence[Patient], clinic: Clinic) -> Decide:
    def decide() -> tuple[Sequence[Step], Surroundings]:
        around = clinic.store.around_patients(patients)
        return tuple(plan_patients(patients, around, clinic.bound)), around

    return decide


def decide_visits(visits: Sequence[Visit], clinic: Clinic) -> Decide:
    def decide() -> tuple[Sequence[Step], Surroundings]:
        moves = {visit.key: visit.moved_from for visit in visits}
        around = clinic.store.around_visits(moves, {visit.patient for visit in visits})
        return tuple(plan_visits(visits, around, clinic.bound)), around

    return decide


def with_patients(page: Page, source: Source, store: Store) -> Page:
    """Adds the patients of visits that came before their patients did, and names visits whose patient nobody has."""
    of_visits = {visit.patient for visit in page.visits} - {patient.key for patient in page.patients}
    known = store.around_visits({}, of_visits).patient_links
    missing = sorted(key.id for key in of_visits if key not in known)
    if not missing:
        return page
    fetched = source.patients(missing)
    patients = tuple(row for row in fetched if isinstance(row, Patient))
    there = {*known, *(patient.key for patient in patients), *(patient.key for patient in page.patients)}
    orphans = [visit for visit in page.visits if visit.patient not in there]
    return replace(
        page,
        patients=(*page.patients, *patients),
        visits=tuple(visit for visit in page.visits if visit.patient in there),
        rejected=(
            *page.rejected,
            *(row for row in fetched if isinstance(row, Rejected)),
            *(orphan(visit) for visit in orphans),
        ),
    )


def orphan(visit: Visit) -> Rejected:
    return Rejected(
        kind="visit", id=visit.key.id, reason=text("The card of its patient {id} cannot be read.", id=visit.patient.id)
    )
