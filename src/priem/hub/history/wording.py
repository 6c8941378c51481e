"""A row of the history in words: «Создан контакт: пациент 4821»."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from priem.hub.models import ExchangeRecord, ExchangeSubject
from priem.hub.models.exchanges import Sort
from priem.hub.sentences import readable

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

ONE: Mapping[tuple[str, str], "StrPromise"] = {
    (Sort.CONTACTS, "POST"): _("Contact made: patient {id}"),
    (Sort.CONTACTS, "PATCH"): _("Contact changed: patient {id}"),
    (Sort.LEADS, "POST"): _("Lead made: visit {id}"),
    (Sort.LEADS, "PATCH"): _("Lead changed: visit {id}"),
    (Sort.TASKS, "POST"): _("Task made: visit {id}"),
    (Sort.PATIENTS, ""): _("Patient read: {id}"),
    (Sort.VISITS, ""): _("Visit read: {id}"),
}
"""Where one record is concerned, and known."""
MANY: Mapping[tuple[str, str], "StrPromise"] = {
    (Sort.CONTACTS, "POST"): _("Contacts made: {count}"),
    (Sort.CONTACTS, "PATCH"): _("Contacts changed: {count}"),
    (Sort.CONTACTS, "GET"): _("Contacts read: {count}"),
    (Sort.LEADS, "POST"): _("Leads made: {count}"),
    (Sort.LEADS, "PATCH"): _("Leads changed: {count}"),
    (Sort.LEADS, "GET"): _("Leads read: {count}"),
    (Sort.TASKS, "POST"): _("Tasks made: {count}"),
    (Sort.TASKS, "PATCH"): _("Tasks changed: {count}"),
    (Sort.TASKS, "GET"): _("Tasks read: {count}"),
    (Sort.CALLS, "POST"): _("Calls and notes written: {count}"),
    (Sort.CALLS, "GET"): _("Calls and notes read: {count}"),
    (Sort.EVENTS, "GET"): _("Changes in amoCRM read: {count}"),
    (Sort.ACCOUNT, "GET"): _("Account, pipelines and fields read"),
    (Sort.ACCOUNT, "POST"): _("Fields made in amoCRM: {count}"),
    (Sort.ACCOUNT, "PATCH"): _("Fields changed in amoCRM: {count}"),
    (Sort.ACCESS, "POST"): _("Access to amoCRM renewed, or changes subscribed to"),
    (Sort.ACCESS, "GET"): _("Subscription to changes looked at"),
    (Sort.ACCESS, "DELETE"): _("Subscription to changes taken back"),
    (Sort.PATIENTS, ""): _("Patients read: {count}"),
    (Sort.VISITS, ""): _("Visits read: {count}"),
    (Sort.ORDERS, ""): _("Orders and services read: {count}"),
    (Sort.LOOKS, ""): _("Looked whether there are changes"),
    (Sort.OTHER, ""): _("Read from the clinic's system: {count}"),
    (Sort.HOOK, "POST"): _("amoCRM told of changes: {count}"),
    (Sort.TICKETS, "GET"): _("IDENT took applications: {count}"),
    (Sort.TICKETS, "POST"): _("Applications came: {count}"),
    (Sort.RINGS, "GET"): _("IDENT took calls: {count}"),
    (Sort.TIMETABLE, "POST"): _("IDENT sent its timetable: intervals {count}"),
}
OTHERWISE = gettext_lazy("Request: {count}")
RECORDS = ("patient", "visit")


def in_words(row: ExchangeRecord, subjects: Sequence[ExchangeSubject]) -> str:
    verb = verb_of(row)
    records = [one.number for one in subjects if one.kind in RECORDS]
    if len(records) == 1 and row.items <= 1 and (row.sort, verb) in ONE:
        said = str(ONE[row.sort, verb]).format(id=records[0])
    else:
        said = str(MANY.get((row.sort, verb), OTHERWISE)).format(count=row.items)
    return gettext("{what} (asked {times} times)").format(what=said, times=row.times) if row.times > 1 else said


def verb_of(row: ExchangeRecord) -> str:
    """Empty for questions to a clinic's system, however it is asked."""
    if row.system != "amocrm" and not row.incoming:
        return ""
    verb = row.what.partition(" ")[0]
    return verb if verb in ("GET", "POST", "PATCH", "DELETE", "PUT") else ""


def result_of(row: ExchangeRecord) -> str:
    if row.error:
        return readable(row.error)
    if row.failed:
        return gettext("refused ({status})").format(status=row.status)
    return gettext("fine")


def way_of(row: ExchangeRecord) -> str:
    name = "amoCRM" if row.system == "amocrm" else row.system
    return f"← {name}" if row.incoming else f"→ {name}"


def way_said(row: ExchangeRecord) -> str:
    name = "amoCRM" if row.system == "amocrm" else row.system
    return (gettext("from {system} to Priem") if row.incoming else gettext("from Priem to {system}")).format(
        system=name
    )
