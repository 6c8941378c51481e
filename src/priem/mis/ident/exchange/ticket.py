"""An application (заявка) and its limits: docs/reference/ident.md §1.5."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from priem.mis.ident.exchange.moments import moment
from priem.mis.ident.exchange.refusals import TicketRefused
from priem.model import Account, Contact, Lead
from priem.phones import numbers_in
from priem.texts import Text, text

LONGEST_ID = 400
LONGEST_TEXT = 10_000
"""Not IDENT's limit, which is not known: what anybody might still read."""
LONGEST_PLAN = timedelta(hours=12)
GREATEST_NUMBER = 2**31 - 1
OF_LEADS = "amo-"
"""What the ids of leads' tickets begin with; nobody else may use it."""

NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot carry."""
NOT_OF_A_NUMBER = re.compile(r"[^\d\s()+.\-\u2010-\u2015\u00a0]")
PLAIN_NAME = re.compile(r"[A-Za-z_]\w{0,40}", re.ASCII)
AFTER_THE_PREFIX = 3
"""Digits that may stand before a number: 8, 00 or 810."""

TEXTS: Mapping[str, str] = {
    "ClientEmail": "email",
    "FormName": "form",
    "ClientFullName": "full_name",
    "ClientSurname": "surname",
    "ClientName": "name",
    "ClientPatronymic": "patronymic",
    "Comment": "comment",
    "DoctorName": "doctor_name",
    "UtmSource": "utm_source",
    "UtmMedium": "utm_medium",
    "UtmCampaign": "utm_campaign",
    "UtmTerm": "utm_term",
    "UtmContent": "utm_content",
    "HttpReferer": "referer",
}
"""IDENT's fields that are plain texts → ours."""
OTHERS = ("Id", "ClientPhone", "PlanStart", "PlanEnd", "DoctorId")
FIELDS = frozenset((*TEXTS, *OTHERS))
"""What a ticket may be made of; `DateAndTime` is Priem's own to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One that IDENT takes. `id` and `at` never change: together they are how IDENT knows what it has seen."""

    id: str
    at: datetime
    """When it was made; aware, whole seconds."""
    phone: str
    """E.164"""
    full_name: str = ""
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    """Either `full_name` or some of the three."""
    email: str = ""
    form: str = ""
    plan_start: datetime | None = None
    plan_end: datetime | None = None
    """When the patient wishes to come; aware."""
    comment: str = ""
    doctor_id: int | None = None
    """IDENT's number of the doctor, as in its timetable."""
    doctor_name: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    referer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the patient asked for."""

    start: datetime | None = None
    end: datetime | None = None
    doctor_id: int | None = None
    doctor_name: str = ""


def to_ticket(fields: Mapping[str, object], *, at: datetime, zone: tzinfo) -> Ticket:
    """A ticket of fields under IDENT's own names. Raises TicketRefused that names all that is wrong."""
    problems = [text("There is no field {field}.", field=shown(name)) for name in fields if name not in FIELDS]
    read: dict[str, Any] = {TEXTS[name]: a_text(name, fields.get(name), problems) for name in TEXTS}
    read["id"] = an_id(fields.get("Id"), problems)
    read["phone"] = a_phone(fields.get("ClientPhone"), problems)
    read["plan_start"] = a_moment("PlanStart", fields.get("PlanStart"), zone, problems)
    read["plan_end"] = a_moment("PlanEnd", fields.get("PlanEnd"), zone, problems)
    read["doctor_id"] = a_number("DoctorId", fields.get("DoctorId"), problems)
    problems += wrong_together(read)
    if problems:
        raise TicketRefused(problems)
    return Ticket(at=at.replace(microsecond=0), **read)


def wrong_together(read: Mapping[str, Any]) -> list[Text]:
    """What no field is to blame for alone."""
    found = []
    in_parts = read["surname"] or read["name"] or read["patronymic"]
    if read["full_name"] and in_parts:
        found.append(text("Either ClientFullName or the name in parts, not both."))
    if not read["full_name"] and not in_parts:
        found.append(text("The name is missing: ClientFullName, or ClientSurname, ClientName, ClientPatronymic."))
    start, end = read["plan_start"], read["plan_end"]
    if start and end and start > end:
        found.append(text("PlanStart is later than PlanEnd."))
    elif start and end and end - start > LONGEST_PLAN:
        found.append(text("Between PlanStart and PlanEnd there are more than 12 hours."))
    return found


def clean(written: str) -> str:
    """Without what neither XML nor the database can carry."""
    return NOT_TEXT.sub("", written).strip()


def shown(name: str) -> str:
    """A field's name for the journal: what does not look like one might be anybody's data."""
    return name if PLAIN_NAME.fullmatch(name) else "?"


def a_text(name: str, value: object, problems: list[Text]) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        problems.append(text("{field} is not a text.", field=name))
        return ""
    if len(value) > LONGEST_TEXT:
        problems.append(text("{field} is longer than {most} characters.", field=name, most=LONGEST_TEXT))
        return ""
    return clean(value)


def an_id(value: object, problems: list[Text]) -> str:
    id_ = a_text("Id", value, problems)
    if not id_:
        problems.append(text("Id is missing."))
    elif len(id_) > LONGEST_ID:
        problems.append(text("{field} is longer than {most} characters.", field="Id", most=LONGEST_ID))
    return id_


def a_phone(value: object, problems: list[Text]) -> str:
    """E.164 of a field that holds exactly one full number and nothing else."""
    written = a_text("ClientPhone", value, problems)
    found = numbers_in(written) if len(written) <= 40 and not NOT_OF_A_NUMBER.search(written) else ()
    if len(found) == 1 and is_all_of(found[0], written):
        return found[0]
    problems.append(text("ClientPhone is not one full telephone number with its code and nothing else."))
    return ""


def is_all_of(number: str, written: str) -> bool:
    """Whether there is no other digit than the number's own, but for what one dials before it."""
    own, there = number[1:], re.sub(r"\D", "", written)
    return there.endswith(own[-7:]) and len(there) <= len(own) + AFTER_THE_PREFIX


def a_moment(name: str, value: object, zone: tzinfo, problems: list[Text]) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return moment(value if isinstance(value, str) else "", zone)
    except ValueError:
        problems.append(text("{field} is not a time such as 2025-12-16T10:00:00+03:00.", field=name))
        return None


def a_number(name: str, value: object, problems: list[Text]) -> int | None:
    if value is None or value == "":
        return None
    written = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if re.fullmatch(r"[0-9]{1,10}", written) and 0 < int(written) <= GREATEST_NUMBER:
        return int(written)
    problems.append(text("{field} is not a number of IDENT's.", field=name))
    return None


# --- leads ---------------------------------------------------------------------------------------

NO_WISH = Wish()
UTM_FIELDS: Mapping[str, str] = {
    "UTM_SOURCE": "UtmSource",
    "UTM_MEDIUM": "UtmMedium",
    "UTM_CAMPAIGN": "UtmCampaign",
    "UTM_TERM": "UtmTerm",
    "UTM_CONTENT": "UtmContent",
    "REFERRER": "HttpReferer",
}
"""Codes of amoCRM's own tracking fields → IDENT's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FromLead:
    """What of a lead goes to IDENT."""

    lead: Lead
    contact: Contact
    wish: Wish = NO_WISH
    comment: str = ""
    form: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    """By IDENT's names, see `utm_of`."""


def id_of_lead(lead: int) -> str:
    return f"{OF_LEADS}{lead}"


def ticket_for_lead(given: FromLead, *, at: datetime, zone: tzinfo) -> Ticket:
    """The lead's ticket; its id is the same each time. Raises TicketRefused, as for a contact without a phone."""
    written = [entry.text for entry in given.contact.phones]
    phones = [number for entry in written for number in numbers_in(entry)]
    fields: dict[str, object] = {
        "Id": id_of_lead(given.lead.id),
        "ClientPhone": phones[0] if phones else "",
        "ClientFullName": clean(given.contact.name) or text("Name unknown").read("ru"),
        "Comment": given.comment[:LONGEST_TEXT],
        "FormName": given.form,
        "PlanStart": given.wish.start and given.wish.start.isoformat(timespec="seconds"),
        "PlanEnd": given.wish.end and given.wish.end.isoformat(timespec="seconds"),
        "DoctorId": given.wish.doctor_id,
        "DoctorName": given.wish.doctor_name,
        **given.utm,
    }
    return to_ticket(fields, at=at, zone=zone)


def utm_of(lead: Lead, account: Account) -> Mapping[str, str]:
    """Where the lead came from, as amoCRM's own tracking fields have it."""
    codes = {info.id: UTM_FIELDS[info.code.upper()] for info in account.lead_fields if info.code.upper() in UTM_FIELDS}
    found = {codes[id_]: value for id_, value in lead.fields.items() if id_ in codes}
    return {name: value[:LONGEST_TEXT] for name, value in found.items() if isinstance(value, str) and value}
