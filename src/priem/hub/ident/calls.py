"""Calls for IDENT. Whoever hears of one, from amoCRM's notes or a telephony's webhook, keeps it here."""

from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import QuerySet

from priem.hub.models import IdentCall
from priem.mis.ident.exchange.call import LONGEST, Call
from priem.mis.ident.exchange.query import Asked
from priem.mis.ident.exchange.ticket import clean
from priem.mis.ident.exchange.writing import TRACKING, Fields, call_fields

KEPT = timedelta(days=180)


def keep(clinic_id: int, connection: str, id_: str, call: Call) -> None:
    """By the telephony's own id: a call is kept when it begins and again when it is answered and when it ends."""
    old = IdentCall.objects.of(clinic_id).filter(connection=connection, started_at__lt=datetime.now(UTC) - KEPT)
    old.delete()
    content = {
        "direction": call.direction,
        "phone_from": clean(call.phone_from),
        "phone_to": clean(call.phone_to),
        "line": clean(call.line),
        "record_url": clean(call.record_url),
        "tracking": {name: clean(value) for name, value in call.tracking.items() if name in TRACKING},
    }
    IdentCall.objects.update_or_create(
        clinic_id=clinic_id,
        connection=connection,
        call=id_,
        defaults={
            "started_at": call.started_at.replace(microsecond=0),
            "answered_at": call.answered_at,
            "ended_at": call.ended_at,
            "content": content,
        },
    )


def finished(clinic_id: int, connection: str, asked: Asked, zone: tzinfo) -> list[Fields]:
    rows = IdentCall.objects.of(clinic_id).filter(connection=connection, ended_at__isnull=False)
    return page(rows, asked, zone)


def running(clinic_id: int, connection: str, asked: Asked, zone: tzinfo) -> list[Fields]:
    """Without those that began so long ago that nobody told us of their end."""
    rows = IdentCall.objects.of(clinic_id).filter(connection=connection, ended_at__isnull=True)
    return page(rows.filter(started_at__gte=datetime.now(UTC) - LONGEST), asked, zone)


def page(rows: QuerySet[IdentCall], asked: Asked, zone: tzinfo) -> list[Fields]:
    if asked.since:
        rows = rows.filter(started_at__gte=asked.since)
    if asked.until:
        rows = rows.filter(started_at__lte=asked.until)
    rows = rows.order_by("started_at", "call")
    now = datetime.now(UTC)
    found = rows[asked.offset : asked.offset + asked.limit] if asked.limit else rows[asked.offset :]
    return [call_fields(to_call(row), zone, now) for row in found]


def to_call(row: IdentCall) -> Call:
    return Call(started_at=row.started_at, answered_at=row.answered_at, ended_at=row.ended_at, **row.content)
