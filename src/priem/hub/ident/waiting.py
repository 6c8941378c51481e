"""Leads that were handed to IDENT and wait for the visit that staff make from the application."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef

from priem.handed import HandedLead
from priem.hub.models import IdentTicket, VisitLink
from priem.hub.presence import has_any

AWAITED = timedelta(days=60)
"""Who has not been booked by then is a new request when he comes."""


def handed_leads(clinic_id: int) -> Iterator[HandedLead]:
    """Those that no visit has yet, and that nobody threw away."""
    if not has_any(IdentTicket, clinic_id):
        return iter(())
    taken = VisitLink.objects.of(clinic_id).filter(lead=OuterRef("lead"), moved_to__isnull=True)
    rows = IdentTicket.objects.of(clinic_id).filter(
        ~Exists(taken), lead__isnull=False, discarded=False, at__gte=datetime.now(UTC) - AWAITED
    )
    return (handed(row) for row in rows.order_by("at", "pk"))


def handed(row: IdentTicket) -> HandedLead:
    content = row.content
    return HandedLead(
        connection=row.connection,
        application=row.ticket,
        lead=row.lead or 0,
        at=row.at,
        phone=content.get("ClientPhone", ""),
        name=content.get("ClientFullName", ""),
        doctor=str(content.get("DoctorId") or ""),
        starts=moment_of(content.get("PlanStart")),
        ends=moment_of(content.get("PlanEnd")),
    )


def moment_of(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
