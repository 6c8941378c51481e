"""Applications for IDENT: each is kept once and given as often as IDENT asks, which drops what it has seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from priem.errors import AskOperator, BadRecord
from priem.hub.models import IdentService, IdentTicket
from priem.mis.ident.applications import Application
from priem.mis.ident.exchange.moments import to_written
from priem.mis.ident.exchange.query import Asked
from priem.mis.ident.exchange.ticket import Ticket
from priem.mis.ident.exchange.writing import Fields, ticket_fields
from priem.texts import Text, text

KEPT = timedelta(days=180)
"""IDENT looks 30 days back; longer than needed nobody's name and phone should lie here."""
FOLLOWED = timedelta(days=60)
"""How long IDENT's database is asked what became of one."""


class OtherContent(BadRecord):
    """An application of this id is there already and says something else: what IDENT may have seen never changes."""


@dataclass(frozen=True, slots=True)
class Handed:
    id: str
    at: datetime
    is_new: bool


def hand_over(
    clinic_id: int,
    connection: str,
    ticket: Ticket,
    zone: tzinfo,
    *,
    lead: int | None = None,
    stage: tuple[int, int] = (0, 0),
    strict: bool = False,
) -> Handed:
    """Keeps it for IDENT's next request. The same id again changes nothing: neither id nor moment may ever change.

    `stage` is where the lead stands. Raises OtherContent when `strict` and the first of this id said something else.
    """
    forget_old(clinic_id, connection)
    content = {name: value for name, value in ticket_fields(ticket, zone).items() if name not in ("Id", "DateAndTime")}
    row, is_new = IdentTicket.objects.get_or_create(
        clinic_id=clinic_id,
        connection=connection,
        ticket=ticket.id,
        defaults={"at": ticket.at, "lead": lead, "content": content, "pipeline": stage[0], "stage": stage[1]},
    )
    if strict and not is_new and row.content != content:
        raise OtherContent(text("There is another application with this Id already."))
    return Handed(row.ticket, row.at, is_new)


def asked_for(clinic_id: int, connection: str, asked: Asked, zone: tzinfo) -> list[Fields]:
    """Of the period, both its ends included, in an order that never changes."""
    rows = IdentTicket.objects.of(clinic_id).filter(connection=connection)
    rows = rows.filter(at__gte=asked.since, at__lte=asked.until).order_by("at", "ticket")
    page = list(rows[asked.offset : asked.offset + asked.limit] if asked.limit else rows[asked.offset :])
    if fresh := [row.pk for row in page if row.given_at is None]:
        IdentTicket.objects.of(clinic_id).filter(pk__in=fresh[:500]).update(given_at=datetime.now(UTC))
    return [{"Id": row.ticket, "DateAndTime": to_written(row.at, zone), **row.content} for row in page]


def awaited(clinic_id: int, connection: str, *, only_new: bool = False) -> Sequence[str]:
    """Ids of those that IDENT's database should be asked about; `only_new`: that it was not known to have."""
    rows = IdentTicket.objects.of(clinic_id).filter(
        connection=connection, discarded=False, at__gte=datetime.now(UTC) - FOLLOWED
    )
    rows = rows.filter(accepted_at__isnull=True) if only_new else rows
    return list(rows.order_by("at").values_list("ticket", flat=True))


def confirm(clinic_id: int, connection: str, found: Iterable[Application], zone: tzinfo) -> Sequence[str]:
    """Notes what IDENT's database says of them. Gives the ids of those whose state is news."""
    news = []
    for application in found:
        rows = IdentTicket.objects.of(clinic_id).filter(connection=connection, ticket=application.ticket)
        unknown = Q(accepted_at__isnull=True) | ~Q(discarded=application.discarded)
        accepted_at = (application.inserted_at or application.created_at).replace(tzinfo=zone)
        if rows.filter(unknown).update(accepted_at=accepted_at, row=application.row, discarded=application.discarded):
            news.append(application.ticket)
    return news


def untold(clinic_id: int, connection: str) -> QuerySet[IdentTicket]:
    """Applications of leads, of whose fate the lead does not know yet."""
    rows = IdentTicket.objects.of(clinic_id).filter(connection=connection, lead__isnull=False)
    accepted = Q(accepted_at__isnull=False, discarded=False) & ~Q(told="accepted")
    return rows.filter(accepted | (Q(discarded=True) & ~Q(told="discarded"))).order_by("pk")


def note_told(row: IdentTicket) -> None:
    IdentTicket.objects.of(row.clinic_id).filter(pk=row.pk).update(told=row.became)


def forget_old(clinic_id: int, connection: str) -> None:
    rows = IdentTicket.objects.of(clinic_id).filter(connection=connection, at__lt=datetime.now(UTC) - KEPT)
    rows.delete()


def state_of(row: IdentTicket, zone: tzinfo) -> Text:
    """What became of it, for people."""
    if row.discarded:
        return text("Application in IDENT: discarded there.")
    if row.accepted_at:
        return text(
            "Application in IDENT: accepted {time}, waits for the administrator.", time=clock(row.accepted_at, zone)
        )
    if row.given_at:
        return text("Application in IDENT: given to it {time}.", time=clock(row.given_at, zone))
    return text("Application in IDENT: waits until IDENT asks for it.")


def next_of(row: IdentTicket) -> Text:
    """What whoever waits for it may expect."""
    if row.discarded:
        return text("Call the reception: the visit is booked by hand, or the lead is closed.")
    if row.accepted_at:
        return text("The reception books the visit in IDENT; it appears here, in this same lead, by itself.")
    return text("IDENT asks every few minutes. The reception sees it then, books the visit, and it appears here.")


def zone_of_service(clinic_id: int, connection: str) -> ZoneInfo:
    """Raises AskOperator when there is no service for this connection yet."""
    service = IdentService.objects.of(clinic_id).filter(connection=connection).first()
    if service is None:
        raise AskOperator(
            text("There is no service for IDENT on the connection {connection}.", connection=connection),
            text("Make one: priem ident service."),
        )
    return ZoneInfo(service.time_zone)


def clock(when: datetime, zone: tzinfo) -> str:
    return f"{when.astimezone(zone):%d.%m %H:%M}"


def of_lead(clinic_id: int, lead: int) -> Mapping[str, IdentTicket]:
    """By connection."""
    return {row.connection: row for row in IdentTicket.objects.of(clinic_id).filter(lead=lead)}
