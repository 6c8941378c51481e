"""Tickets and calls → JSON or XML.

The names of JSON fields are IDENT's. Those of XML elements above them are not published: they are a setting.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from xml.sax.saxutils import escape

from priem.mis.ident.exchange.call import Call
from priem.mis.ident.exchange.moments import to_written
from priem.mis.ident.exchange.ticket import TEXTS, Ticket

Fields = Mapping[str, str | int | None]
TRACKING = ("UtmSource", "UtmMedium", "UtmCampaign", "UtmTerm", "UtmContent", "HttpReferer")


@dataclass(frozen=True, slots=True)
class ElementNames:
    """Of the document and of one object in it. Inferred: docs/reference/ident.md §8 says that they are not known."""

    document: str
    item: str


TICKETS = ElementNames("Tickets", "Ticket")
CALLS = ElementNames("Calls", "Call")


def ticket_fields(ticket: Ticket, zone: tzinfo) -> Fields:
    """What is empty is left out: IDENT wants one of two ways of giving the name, and the other absent."""
    fields: dict[str, str | int | None] = {
        "Id": ticket.id,
        "DateAndTime": to_written(ticket.at, zone),
        "ClientPhone": ticket.phone,
        "PlanStart": to_written(ticket.plan_start, zone) if ticket.plan_start else None,
        "PlanEnd": to_written(ticket.plan_end, zone) if ticket.plan_end else None,
        "DoctorId": ticket.doctor_id,
        **{name: getattr(ticket, attribute) for name, attribute in TEXTS.items()},
    }
    return {name: value for name, value in fields.items() if value not in (None, "")}


def call_fields(call: Call, zone: tzinfo, now: datetime) -> Fields:
    """What is not known is null, as in the gateways that work."""
    return {
        "DateAndTime": to_written(call.started_at, zone),
        "Direction": call.direction,
        "PhoneFrom": call.phone_from,
        "PhoneTo": call.phone_to,
        "WaitInSeconds": call.wait_seconds(now),
        "TalkInSeconds": call.talk_seconds(now),
        "LineDescription": call.line or None,
        "RecordUrl": call.record_url or None,
        **{name: call.tracking.get(name) or None for name in TRACKING},
    }


def as_json(rows: Iterable[Fields]) -> bytes:
    return json.dumps([dict(row) for row in rows], ensure_ascii=False, separators=(",", ":")).encode()


def as_xml(rows: Iterable[Fields], names: ElementNames) -> bytes:
    """What is null is left out."""
    parts = ['<?xml version="1.0" encoding="utf-8"?>', f"<{names.document}>"]
    for row in rows:
        parts.append(f"<{names.item}>")
        parts += [f"<{name}>{escape(str(value))}</{name}>" for name, value in row.items() if value is not None]
        parts.append(f"</{names.item}>")
    parts.append(f"</{names.document}>")
    return "".join(parts).encode()
