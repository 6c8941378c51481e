"""How far visits got and where patients come from: what reports count. Taken from the pages as they are read."""

from contextlib import nullcontext
from decimal import Decimal

from django.db import transaction

from priem.hub.bulk import put
from priem.hub.models import PatientSource, VisitFact
from priem.model import Page, Visit, VisitStatus

CAME = frozenset({VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS, VisitStatus.COMPLETED, VisitStatus.PAID})
COLUMNS = ("clinic", "connection", "visit", "patient", "branch", "status", "came", "paid", "total")


def remember(clinic_id: int, page: Page) -> None:
    """A row by itself needs no transaction around it."""
    with transaction.atomic() if len(page.visits) + len(page.patients) > 1 else nullcontext():
        write(clinic_id, page)


def write(clinic_id: int, page: Page) -> None:
    visits = {visit.key: fact(clinic_id, visit) for visit in page.visits}
    put(VisitFact, COLUMNS, visits.values(), key=("clinic", "connection", "visit"))
    sources = {
        patient.key: (clinic_id, patient.key.connection, patient.key.id, patient.source[:200])
        for patient in page.patients
        if patient.source
    }
    columns = ("clinic", "connection", "patient", "source")
    put(PatientSource, columns, sources.values(), key=("clinic", "connection", "patient"))


def fact(clinic_id: int, visit: Visit) -> tuple[object, ...]:
    return (
        clinic_id,
        visit.key.connection,
        visit.key.id,
        visit.patient.id,
        (visit.branch_name or visit.branch)[:200],
        visit.status.value,
        visit.status in CAME,
        visit.status is VisitStatus.PAID,
        None if visit.total is None else str(visit.total.quantize(Decimal("0.01"))),
    )
