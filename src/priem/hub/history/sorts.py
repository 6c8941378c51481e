"""What a request was about, told by its address or the name of its query."""

from collections.abc import Mapping

from priem.hub.models.exchanges import Sort

AMOCRM: Mapping[str, Sort] = {
    "contacts": Sort.CONTACTS,
    "leads": Sort.LEADS,
    "tasks": Sort.TASKS,
    "calls": Sort.CALLS,
    "notes": Sort.CALLS,
    "events": Sort.EVENTS,
    "webhooks": Sort.ACCESS,
    "oauth2": Sort.ACCESS,
}
"""By a part of the path; the last one that says something wins: `/leads/77/notes` is about notes."""
WITHIN_ACCOUNT = frozenset({"custom_fields", "pipelines", "loss_reasons", "account", "users", "tags", "sources"})
SERVICE: Mapping[str, Sort] = {
    "gettickets": Sort.TICKETS,
    "applications": Sort.TICKETS,
    "getfinishedcalls": Sort.RINGS,
    "getongoingcalls": Sort.RINGS,
    "posttimetable": Sort.TIMETABLE,
}
QUERIES: Mapping[str, Sort] = {
    "patients": Sort.PATIENTS,
    "patient": Sort.PATIENTS,
    "medcards": Sort.PATIENTS,
    "visits": Sort.VISITS,
    "visit": Sort.VISITS,
    "talons": Sort.VISITS,
    "orders": Sort.ORDERS,
    "services": Sort.ORDERS,
    "clocks": Sort.LOOKS,
    "schema": Sort.LOOKS,
    "version": Sort.LOOKS,
    "permissions": Sort.LOOKS,
}
"""By the first word of a query's name, or a part of a path."""


def sort_of(system: str, what: str, *, incoming: bool) -> Sort:
    """`what` as in ports.Exchange: `POST /api/v4/contacts`, `visits changed`, `GET GetTickets`."""
    parts = what.lower().replace("/", " ").replace("?", " ").split()
    if incoming:
        return next((SERVICE[part] for part in parts if part in SERVICE), Sort.HOOK)
    if system == "amocrm":
        if WITHIN_ACCOUNT & set(parts):
            return Sort.ACCOUNT
        return next((AMOCRM[part] for part in reversed(parts) if part in AMOCRM), Sort.OTHER)
    return next((QUERIES[part] for part in parts if part in QUERIES), Sort.OTHER)
