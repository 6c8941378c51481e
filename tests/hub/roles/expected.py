"""What every address of the hub is for. A new one without a line here fails the matrix: say who may use it, and how.

A line: the address's name → who may (a Right in the clinic that the address names, or one of the words below), and
how it is tried.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from priem.hub.roles.rights import Right

Who = Right | Literal["anybody", "person", "owner", "founder"]
"""`anybody`: no login; `person`: whoever is logged in; a Right: whoever has it in that clinic, or, where the address
names no clinic, in any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    who: Who
    verb: str = "GET"
    sent: Mapping[str, str] = field(default_factory=dict)
    found: tuple[int, ...] = ()
    """Statuses of being let in, besides 200 and a redirect that is not to the login page."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """What stands in the address, where it is not a clinic: `{"kind": "patient"}`. Here and in `sent`, `@question` is
    the id of a row of that clinic, `@slug` its short name."""
    sends_home: bool = False
    """That is a success here."""
    closed: bool = False
    """Nobody may: what the machine owns is not edited by hand."""


LISTS = (
    *("clinic", "connection", "steprecord", "rejectedrow", "patientlink", "visitlink"),
    *("identservice", "identticket", "identcall", "timetable", "bookingintent"),
)
"""The admin's lists of what the machine owns."""


RECORD = {"kind": "patient", "record": "ident:10"}


def page(who: Who) -> Line:
    return Line(who=who)


def action(who: Who, **sent: str) -> Line:
    return Line(who=who, verb="POST", sent=sent)


EXPECTED: dict[str, Line] = {
    # Doors with keys of their own
    "home": Line(who="anybody", found=(302,)),
    "healthz": page("anybody"),
    "metrics": page("anybody"),  # on this machine itself
    "ident_openapi": page("anybody"),
    "ident_service": Line(who="anybody", found=(401, 403, 404)),
    "ident_lost": Line(who="anybody", found=(404,)),
    "agent_enrol": Line(who="anybody", verb="POST", found=(400, 403)),
    "agent_report": Line(who="anybody", verb="POST", found=(401,)),
    "agent_position": Line(who="anybody", found=(401,)),
    "agent_parcel": Line(who="anybody", verb="POST", found=(401,), parts={"stream": "1", "sequence": "1"}),
    "agent_answer": Line(who="anybody", verb="POST", found=(401,), parts={"question": "1"}),
    "amocrm_hooks": Line(who="anybody", verb="POST", found=(404,)),
    "amocrm_callback": Line(who="anybody", found=(400,)),
    "amocrm_uninstall": Line(who="anybody", found=(404,)),
    "amocrm_authorise": Line(who=Right.SET_UP, found=(400,)),
    "amocrm_enter": Line(who="anybody", verb="POST", found=(403,)),
    "amocrm_ticket": Line(who="anybody", verb="POST", found=(403,), parts={"lead": "77"}),
    "amocrm_enter_by_ticket": Line(who="anybody", found=(403,)),
    # What the widget in amoCRM asks, with amoCRM's token or a session of its own
    "widget_enter": Line(who="anybody", verb="POST", found=(403,)),
    "widget_pipeline": Line(who="anybody", verb="POST", found=(404,)),
    "widget_frame": Line(who="anybody", parts={"account": "1", "name": "panel"}, found=(404,)),
    **{
        f"widget_{name}": Line(who="anybody", found=(401,))
        for name in ("panel", "nearest", "others", "window", "directory", "schedule", "people", "journal", "settings")
    },
    **{
        f"widget_{name}": Line(who="anybody", verb="POST", found=(401,))
        for name in ("sign-in", "apply", "book", "move", "cancel", "status", "edit")
    },
    # On the way in, and people
    "second_factor": Line(who="person", sends_home=True),
    "second_factor_set_up": page("person"),
    "set_password": page("anybody"),
    "people": page(Right.MANAGE_PEOPLE),
    "people_role": action(Right.MANAGE_PEOPLE, role="manager"),
    "people_link": action(Right.MANAGE_PEOPLE),
    "people_forget_factor": action(Right.MANAGE_PEOPLE),
    # Questions, records, the audit log
    "questions": page(Right.SEE),
    "answer": Line(who=Right.ANSWER, verb="POST", parts={"question_id": "@question"}, sent={"choice": "new"}),
    "give_meaning": Line(
        who=Right.ANSWER, verb="POST", parts={"status_id": "@unmappedstatus"}, sent={"meaning": "booked"}
    ),
    "read_again": Line(who=Right.RETRY, verb="POST", parts={"row_id": "@rejectedrow"}),
    "records": page(Right.SEE),
    "record": Line(who=Right.SEE, parts=RECORD),
    "record_brief": Line(who=Right.SEE, parts=RECORD),
    "record_sides": Line(who=Right.SEE, parts=RECORD),
    "record_link": Line(who=Right.RELINK, verb="POST", parts=RECORD, sent={"target": "77"}),
    "record_unlink": Line(who=Right.RELINK, verb="POST", parts=RECORD),
    "record_sync": Line(who=Right.RETRY, verb="POST", parts=RECORD),
    "record_pass": Line(who=Right.SEE, parts=RECORD | {"work_id": "1"}, found=(204,)),
    "audit": page(Right.AUDIT),
    "settings_history": page(Right.AUDIT),
    "settings_look": Line(who=Right.SET_UP, parts={"revision_id": "@revision"}),
    "settings_back": Line(who=Right.SET_UP, verb="POST", parts={"revision_id": "@revision"}),
    # Booking; no amoCRM stands behind the matrix, so being let in is to be told so
    "booking_dictionaries": Line(who=Right.BOOK, found=(409,)),
    "booking_schedule": Line(who=Right.BOOK, found=(409,)),
    "booking_patients": Line(who=Right.BOOK, found=(409,)),
    "booking_lead": Line(who=Right.BOOK, found=(409,), parts={"lead": "1"}),
    "booking_outcome": Line(who=Right.BOOK, found=(409,), parts={"ref": "x"}),
    "booking_book": Line(who=Right.BOOK, verb="POST", found=(409,)),
    "booking_reschedule": Line(who=Right.BOOK, verb="POST", found=(409,)),
    "booking_cancel": Line(who=Right.BOOK, verb="POST", found=(409,)),
    "booking_status": Line(who=Right.BOOK, verb="POST", found=(409,)),
    "booking_update": Line(who=Right.BOOK, verb="POST", found=(409,)),
    # The admin's own
    "admin:index": page("person"),
    "admin:login": Line(who="anybody", found=(302,)),
    "admin:logout": Line(who="anybody", verb="POST", found=(302,)),
    "admin:password_change": page("person"),
    "admin:password_change_done": page("person"),
    "admin:search": page("person"),
    "admin:autocomplete": Line(who="owner", closed=True),
    "admin:jsi18n": page("person"),
    "admin:view_on_site": Line(who="owner", closed=True),
    "admin:app_list": page(Right.SEE),
    "admin:catch_all": Line(who="person", closed=True),
    # The history of requests, incidents, reports
    "first_history": page(Right.SEE),
    "history": page(Right.SEE),
    "history_exchange": Line(who=Right.SEE, parts={"exchange_id": "@exchangerecord"}),
    "history_whole": Line(who=Right.SEE_UNMASKED, verb="POST", parts={"exchange_id": "@exchangerecord"}),
    "history_retry": action(Right.RETRY, exchange="@exchangerecord"),
    "incidents": page(Right.SEE),
    "first_report": page(Right.SEE),
    "report": page(Right.SEE),
    # Accounts of people, as Django has them
    "admin:auth_user_changelist": page("owner"),
    "admin:auth_user_add": page("owner"),
    "admin:auth_user_change": page("owner"),
    "admin:auth_user_history": page("owner"),
    "admin:auth_user_delete": page("owner"),
    "admin:auth_user_password_change": page("owner"),
}
for model in LISTS:
    EXPECTED |= {
        f"admin:hub_{model}_changelist": page(Right.SEE),
        f"admin:hub_{model}_change": page(Right.SEE),
        f"admin:hub_{model}_history": page(Right.SEE),
        f"admin:hub_{model}_add": Line(who="owner", closed=True),
        f"admin:hub_{model}_delete": Line(who="owner", verb="POST", closed=True),
    }
EXPECTED |= {
    # Connecting a clinic, and its settings
    "setup_new": page("founder"),
    "settings_home": page(Right.SET_UP),
    "setup": page(Right.SET_UP),
    "setup_step": Line(who=Right.SET_UP, parts={"name": "amocrm"}),
    "settings": page(Right.SET_UP),
    "settings_section": Line(who=Right.SET_UP, parts={"name": "stages"}),
    "setup_work": Line(who=Right.SET_UP, parts={"kind": "look"}, found=(204,)),
    "setup_try": Line(who=Right.SET_UP, verb="POST", parts={"what": "amocrm"}),
    "setup_find": action(Right.SET_UP, segment="nonsense/1"),
    "setup_letter": page(Right.SET_UP),
    "setup_granted": page(Right.SET_UP),
    "setup_look": action(Right.SET_UP),
    "setup_preview": action(Right.SET_UP),
    "setup_start": action(Right.SET_UP),
    "setup_stop": action(Right.SET_UP),
    "setup_agents": Line(who=Right.SET_UP, parts={"key": "far"}),
    "setup_agent_code": Line(who=Right.SET_UP, verb="POST", parts={"key": "far"}),
    "setup_agent_look": Line(who=Right.SET_UP, verb="POST", parts={"key": "far"}),
    "setup_agent_revoke": Line(who=Right.SET_UP, verb="POST", parts={"key": "far", "agent": "1"}),
    "setup_remove": Line(who=Right.SET_UP, verb="POST", parts={"key": "ident"}),
    "setup_csv": page(Right.SET_UP),
    "setup_planned": Line(who=Right.SET_UP, parts={"entity": "contact", "action": "create"}),
    "setup_example": action(Right.SET_UP),
    "setup_file": page(Right.SET_UP),
}
