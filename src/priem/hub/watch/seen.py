"""Visits of connections with a service for IDENT, whose database is read for the sync alone: the journal shows them."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from django.db import transaction

from priem.booking import ScheduleQuery
from priem.hub import desk
from priem.hub.bulk import put
from priem.hub.models import IdentService, SeenVisit, VisitFact
from priem.model import Page, PatientKey, Service, Visit, VisitKey, VisitStatus

KEPT_FOR = timedelta(days=60)
"""After a visit."""
KEY = ("clinic", "connection", "visit")
COLUMNS = (
    *KEY,
    *("patient", "branch", "branch_name", "doctor", "doctor_name", "room", "services", "total"),
    *("starts_at", "ends_at", "status"),
)
OPEN = (VisitStatus.BOOKED.value, VisitStatus.CONFIRMED.value)


def read_anew(clinic_id: int, connection: str) -> None:
    """What was read before anybody wanted to show it."""
    rows = VisitFact.objects.of(clinic_id).filter(connection=connection, status__in=OPEN)
    desk.recall(clinic_id, [VisitKey(connection, id_) for id_ in rows.values_list("visit", flat=True)])


def is_shown(clinic_id: int, connection: str) -> bool:
    return IdentService.objects.of(clinic_id).filter(connection=connection).exists()


@transaction.atomic
def remember(clinic_id: int, page: Page, now: datetime) -> None:
    rows = {visit.key: row(clinic_id, visit) for visit in page.visits if visit.starts_at > now - KEPT_FOR}
    put(SeenVisit, COLUMNS, rows.values(), key=KEY)


def row(clinic_id: int, visit: Visit) -> tuple[object, ...]:
    return (
        clinic_id,
        visit.key.connection,
        visit.key.id,
        visit.patient.id,
        visit.branch[:100],
        visit.branch_name[:200],
        visit.doctor[:100],
        visit.doctor_name[:200],
        visit.room[:200],
        [service.name for service in visit.services],
        None if visit.total is None else str(visit.total.quantize(Decimal("0.01"))),
        visit.starts_at,
        visit.ends_at,
        visit.status.value,
    )


def visits_between(clinic_id: int, connection: str, wanted: ScheduleQuery, zone: tzinfo) -> Iterator[Visit]:
    """As `Booking.visits_between`; as of the last reading."""
    first = datetime.combine(wanted.first, datetime.min.time(), zone)
    last = datetime.combine(wanted.last + timedelta(days=1), datetime.min.time(), zone)
    rows = SeenVisit.objects.of(clinic_id).filter(connection=connection, starts_at__gte=first, starts_at__lt=last)
    if wanted.doctors:
        rows = rows.filter(doctor__in=wanted.doctors)
    if wanted.branch:
        rows = rows.filter(branch__in=("", wanted.branch))
    return (visit_of(one, zone) for one in rows.order_by("starts_at", "visit"))


def visit_of(one: SeenVisit, zone: tzinfo) -> Visit:
    return Visit(
        key=VisitKey(one.connection, one.visit),
        patient=PatientKey(one.connection, one.patient),
        status=VisitStatus(one.status),
        raw_status="",
        starts_at=one.starts_at.astimezone(zone),
        ends_at=one.ends_at.astimezone(zone) if one.ends_at else None,
        branch=one.branch,
        branch_name=one.branch_name,
        doctor=one.doctor,
        doctor_name=one.doctor_name,
        room=one.room,
        services=tuple(Service(name=name, count=Decimal(1), total=Decimal(0)) for name in one.services),
        total=one.total,
    )


def forget(clinic_id: int, now: datetime) -> None:
    SeenVisit.objects.of(clinic_id).filter(starts_at__lt=now - KEPT_FOR).delete()
