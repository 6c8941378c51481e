"""What stands behind each method. docs/reference/ident.md §1.4"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from django.http import HttpRequest

from priem.hub.ident import calls, tickets, timetables
from priem.hub.ident.doors import Answer, body_of, door
from priem.hub.ident.services import element_names, writes_xml, zone_of
from priem.hub.models import IdentService
from priem.mis.ident.exchange.body import TooLarge
from priem.mis.ident.exchange.moments import to_written
from priem.mis.ident.exchange.query import Asked, parameters, read_number, read_query
from priem.mis.ident.exchange.refusals import BadRequest, TicketRefused
from priem.mis.ident.exchange.ticket import OF_LEADS, to_ticket
from priem.mis.ident.exchange.timetable import read_timetable
from priem.mis.ident.exchange.told_call import to_call
from priem.mis.ident.exchange.writing import Fields, as_json, as_xml
from priem.texts import text

MOST_OF_APPLICATION = 64 * 1024
DAYS = 14
"""How far free time is looked for when nobody says."""
MOST_DAYS = 62
MOST_MINUTES = 12 * 60


@door("GetTickets", "GET")
def get_tickets(request: HttpRequest, service: IdentService) -> Answer:
    rows = tickets.asked_for(service.clinic_id, service.connection, asked(request, service), zone_of(service))
    return listed(request, service, "tickets", rows)


@door("GetFinishedCalls", "GET")
def get_finished_calls(request: HttpRequest, service: IdentService) -> Answer:
    rows = calls.finished(service.clinic_id, service.connection, asked(request, service), zone_of(service))
    return listed(request, service, "calls", rows)


@door("GetOngoingCalls", "GET", is_quiet=True)
def get_ongoing_calls(request: HttpRequest, service: IdentService) -> Answer:
    # How IDENT asks for what goes on now was never seen: without dates, too.
    period = asked(request, service, dates_required=False)
    return listed(
        request, service, "calls", calls.running(service.clinic_id, service.connection, period, zone_of(service))
    )


@door("PostTimeTable", "POST")
def post_time_table(request: HttpRequest, service: IdentService) -> Answer:
    began = datetime.now(UTC)
    posted = timetables.gathered(read_timetable(body_of(request), zone_of(service)))
    timetables.replace(service, posted, began)
    said = {"intervals": posted.intervals, "unreadable": posted.unreadable}
    return Answer(json.dumps(said).encode(), "application/json", items=posted.intervals)


@door("applications", "POST", "applications_key")
def post_application(request: HttpRequest, service: IdentService) -> Answer:
    """From a site's form or an aggregator. The moment is ours: IDENT may have looked past an earlier one already."""
    fields = read_object(request)
    if str(fields.get("Id", "")).startswith(OF_LEADS):
        raise TicketRefused([text("An Id that begins with {beginning} is a lead's.", beginning=OF_LEADS)])
    zone = zone_of(service)
    ticket = to_ticket(fields, at=datetime.now(UTC), zone=zone)
    handed = tickets.hand_over(service.clinic_id, service.connection, ticket, zone, strict=True)
    said = {"Id": handed.id, "DateAndTime": to_written(handed.at, zone), "new": handed.is_new}
    body = json.dumps(said, ensure_ascii=False).encode()
    return Answer(body, "application/json", status=201 if handed.is_new else 200, items=1)


@door("calls", "POST", "applications_key")
def post_call(request: HttpRequest, service: IdentService) -> Answer:
    """From a telephony, as often as there is news of the call: IDENT shows it while it goes on."""
    id_, call = to_call(read_object(request), zone_of(service))
    calls.keep(service.clinic_id, service.connection, id_, call)
    return Answer(json.dumps({"Id": id_}, ensure_ascii=False).encode(), "application/json", items=1)


@door("slots", "GET", "applications_key", is_quiet=True)
def get_slots(request: HttpRequest, service: IdentService) -> Answer:
    """Free time, for a site's form."""
    zone = zone_of(service)
    today = datetime.now(zone).date()
    wanted = wanted_slots(parameters(request.META.get("QUERY_STRING", "")), today)
    rows = [slot_fields(slot) for slot in timetables.free_slots(service.clinic_id, service.connection, wanted)]
    return Answer(json.dumps(rows, ensure_ascii=False).encode(), "application/json; charset=utf-8", items=len(rows))


def slot_fields(slot: timetables.Slot) -> Mapping[str, object]:
    return {
        "DoctorId": slot.doctor,
        "DoctorName": slot.doctor_name,
        "BranchId": slot.branch,
        "BranchName": slot.branch_name,
        "StartDateTime": slot.starts_at.isoformat(),
        "LengthInMinutes": slot.minutes,
    }


def wanted_slots(given: Mapping[str, str], today: date) -> timetables.Wanted:
    """Raises BadRequest for what cannot be read, and for a period that nobody looks through."""
    since = read_day(given, "from", today)
    until = read_day(given, "to", since + timedelta(days=DAYS))
    if (until - since).days > MOST_DAYS:
        raise BadRequest(text("The period is longer than {most} days.", most=MOST_DAYS))
    minutes = read_number(given, "minutes") or 30
    if minutes > MOST_MINUTES:
        raise BadRequest(text("A visit of more than {most} minutes is not looked for.", most=MOST_MINUTES))
    return timetables.Wanted(
        since=since,
        until=until,
        minutes=minutes,
        doctor=read_number(given, "doctor"),
        branch=read_number(given, "branch"),
    )


def read_day(given: Mapping[str, str], name: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(given[name]) if given.get(name) else otherwise
    except ValueError as error:
        raise BadRequest(text("The parameter {parameter} is not a day such as 2026-05-12.", parameter=name)) from error


def asked(request: HttpRequest, service: IdentService, *, dates_required: bool = True) -> Asked:
    return read_query(request.META.get("QUERY_STRING", ""), zone_of(service), dates_required=dates_required)


def listed(
    request: HttpRequest, service: IdentService, of: Literal["tickets", "calls"], rows: Sequence[Fields]
) -> Answer:
    if writes_xml(service, request.headers.get("Accept", "")):
        return Answer(as_xml(rows, element_names(service, of)), "application/xml; charset=utf-8", items=len(rows))
    return Answer(as_json(rows), "application/json; charset=utf-8", items=len(rows))


def read_object(request: HttpRequest) -> Mapping[str, object]:
    written = b""
    for piece in body_of(request):
        written += piece
        if len(written) > MOST_OF_APPLICATION:
            raise TooLarge(text("The application is larger than {most} KB.", most=MOST_OF_APPLICATION >> 10))
    try:
        read = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise BadRequest(text("The application is not JSON.")) from error
    if not isinstance(read, dict):
        raise BadRequest(text("The application is not a JSON object."))
    return read
