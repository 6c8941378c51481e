"""Both sides of a record as they are now. Reads from outside: seconds, and somebody may be away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from priem.engine.comparing import Pair, compare_patient, compare_visit
from priem.errors import AskOperator, TryLater
from priem.hub.models import Clinic
from priem.hub.records.outside import OpenedClinic, outside
from priem.hub.surroundings import patient_links_of, visit_links_of
from priem.model import Contact, Lead, Patient, PatientKey, Rejected, Visit, VisitKey, VisitLink
from priem.ports import Source
from priem.texts import Text, text

AT_ONCE = threading.BoundedSemaphore(2)
"""Pages that wait for outside systems: the server has few threads, and others want pages meanwhile."""
BUSY = TryLater(text("Others are reading just now. Try again in a few seconds."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    record: Patient | Visit | None
    card: Contact | Lead | None
    pairs: tuple[Pair, ...] = ()
    rejected: Text | None = None
    """Why the МИС's row cannot be read."""


@contextmanager
def reading(clinic: Clinic) -> Iterator[OpenedClinic]:
    """Raises TryLater when too many read at once, and what opening raises."""
    if not AT_ONCE.acquire(blocking=False):
        raise BUSY
    try:
        with outside().opened(clinic.slug) as opened:
            yield opened
    finally:
        AT_ONCE.release()


def both_sides(clinic: Clinic, key: PatientKey | VisitKey) -> Sides:
    """Raises TryLater or AskOperator, which whoever looks reads."""
    with reading(clinic) as opened:
        return sides_of_patient(opened, clinic, key) if isinstance(key, PatientKey) else of_visit(opened, clinic, key)


def sides_of_patient(opened: OpenedClinic, clinic: Clinic, key: PatientKey) -> Sides:
    row = patient_of(opened, key)
    link = patient_links_of(clinic.pk, [key]).get(key)
    fields = opened.clinic.bound.contact_field_ids
    contact = next(iter(opened.clinic.crm.some_contacts([link.contact], fields)), None) if link else None
    if isinstance(row, Rejected):
        return Sides(record=None, card=contact, rejected=row.reason)
    pairs = compare_patient(row, contact, opened.clinic.bound) if row and contact else ()
    return Sides(record=row, card=contact, pairs=pairs)


def patient_of(opened: OpenedClinic, key: PatientKey) -> Patient | Rejected | None:
    return next(iter(source_of(opened, key).patients([key.id])), None)


def of_visit(opened: OpenedClinic, clinic: Clinic, key: VisitKey) -> Sides:
    store = opened.clinic.store
    since = store.cursor(key.connection)
    if since is None:
        raise TryLater(text("The clinic's system was never read to its end yet: look again after the first sync."))
    page = source_of(opened, key).reread(since, (), (key.id,))
    visit = next((one for one in page.visits if one.key == key), None)
    id_ = own_lead(visit_links_of(clinic.pk, [key]).get(key))
    leads = opened.clinic.crm.some_leads([id_], opened.clinic.bound.lead_field_ids) if id_ else ()
    lead = next(iter(leads), None)
    rejected = next((row.reason for row in page.rejected if row.id == key.id), None)
    if visit is None or lead is None:
        return Sides(record=visit, card=lead, rejected=rejected)
    around = store.around_visits({key: visit.moved_from}, [visit.patient])
    return Sides(record=visit, card=lead, pairs=compare_visit(visit, lead, around, opened.clinic.bound, opened.account))


def own_lead(link: VisitLink | None) -> int | None:
    """None once the visit was moved: the lead follows the later one, and nothing of this one goes there."""
    return link.lead if link and link.moved_to is None else None


def source_of(opened: OpenedClinic, key: PatientKey | VisitKey) -> Source:
    for source in opened.sources:
        if source.connection == key.connection:
            return source
    raise AskOperator(
        text("The connection {name} is not there any more.", name=key.connection),
        text("Connect it again in the clinic's settings."),
    )
