"""Everything by which a person writes, and what it leaves in the audit log. A new one without a line here fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from priem.hub.models.audit import Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """An entry of this sort, when it is sent this. `@question`: the id of the clinic's own row."""

    deed: Deed
    sent: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)


NOTHING = "it changes nothing that is kept"
A_PAGE = "a page, which takes no form"
BOOKED = "a list of its own says who booked what"
PROGRAMS = "a program with its own key: the history of requests has it"
WORK = "begins a look outside, whose outcome the page shows"
STARTS = "a sync goes on: test_going_live_stopping_and_starting_again_are_written_down_once_each"
MENDED = "asks amoCRM first: test_a_patient_is_linked_with_another_contact_by_hand_and_then_with_none"
HUMAN = {"username": "anna", "role": "manager"}
PASSWORDS = {"password1": "long enough 1", "password2": "long enough 1", "usable_password": "true"}
ACCOUNT = {"username": "anna", **PASSWORDS}

DOORS: Mapping[str, Leaves | str] = {
    "people": Leaves(deed=Deed.INVITED, sent={**HUMAN, "clinic": "@clinic"}),
    "people_role": Leaves(deed=Deed.ROLE, sent={"role": "manager"}),
    "people_link": Leaves(deed=Deed.INVITED),
    "people_forget_factor": Leaves(deed=Deed.FACTOR),
    "answer": Leaves(deed=Deed.ANSWER, sent={"choice": "77"}),
    "give_meaning": Leaves(deed=Deed.STATUS, sent={"meaning": "booked"}),
    "read_again": Leaves(deed=Deed.RETRY),
    "record_link": MENDED,
    "record_unlink": MENDED,
    "record_sync": Leaves(deed=Deed.RETRY),
    "settings_back": Leaves(deed=Deed.BACK),
    "history_retry": Leaves(deed=Deed.RETRY, sent={"all": "1"}),
    "history_whole": Leaves(deed=Deed.LOOKED),
    "setup_new": Leaves(deed=Deed.SETTINGS, sent={"name": "Зубная фея"}),
    "setup_step": Leaves(
        deed=Deed.SETTINGS, parts={"name": "amocrm"}, sent={"name": "Новая", "base_url": "https://own.amocrm.ru"}
    ),
    "settings_section": Leaves(
        deed=Deed.SERVICE,
        parts={"name": "service"},
        sent={
            "service_ident-time_zone": "Asia/Omsk",
            "service_ident-serialization": "json",
            "service_far-time_zone": "Asia/Omsk",
            "service_far-serialization": "json",
        },
    ),
    "setup_start": STARTS,
    "setup_stop": STARTS,
    "setup_agent_code": Leaves(deed=Deed.CODE),
    "setup_agent_revoke": Leaves(deed=Deed.AGENT, parts={"agent": "@agent"}),
    "setup_agent_look": NOTHING,
    "setup_remove": Leaves(deed=Deed.SETTINGS),
    "setup_look": WORK,
    "setup_preview": WORK,
    "setup_try": NOTHING,
    "setup_find": NOTHING,
    "setup_example": NOTHING,
    "setup_letter": NOTHING,
    "admin:password_change": Leaves(
        deed=Deed.ACCOUNT,
        sent={"old_password": "old enough 1", "new_password1": "long enough 1", "new_password2": "long enough 1"},
    ),
    "admin:auth_user_add": Leaves(deed=Deed.ACCOUNT, sent=ACCOUNT),
    "admin:auth_user_change": Leaves(deed=Deed.ACCOUNT, sent={"username": "outsider", "is_superuser": "on"}),
    "admin:auth_user_delete": Leaves(deed=Deed.ACCOUNT, sent={"post": "yes"}),
    "admin:auth_user_password_change": Leaves(deed=Deed.ACCOUNT, sent=PASSWORDS),
    "second_factor": NOTHING,
    "second_factor_set_up": "wants a code of a phone: tests/hub/roles/test_entrance.py",
    "set_password": "wants an invitation: tests/hub/roles/test_entrance.py",
    "questions": A_PAGE,
    "home": A_PAGE,
    "healthz": A_PAGE,
    "ident_openapi": A_PAGE,
    "amocrm_enter": "tests/hub/roles/test_from_amocrm.py",
    "amocrm_ticket": "hands a lead over, as the list of applications shows",
    "agent_enrol": "tests/agent/test_pages.py",
    **dict.fromkeys(("ident_service", "ident_lost", "amocrm_hooks", "widget_pipeline"), PROGRAMS),
    **dict.fromkeys(("agent_report", "agent_parcel", "agent_answer"), PROGRAMS),
    **dict.fromkeys(("widget_enter", "widget_sign-in"), NOTHING),
    **{
        f"widget_{name}": NOTHING
        for name in ("panel", "nearest", "others", "window", "directory", "schedule", "people", "journal", "settings")
    },
    **{f"widget_{name}": BOOKED for name in ("apply", "book", "move", "cancel", "status", "edit")},
    **{f"booking_{name}": BOOKED for name in ("book", "reschedule", "cancel", "status", "update")},
}
"""By the address's name."""

ACTIONS: Mapping[tuple[str, str], Leaves] = {
    ("identservice", "renew_key"): Leaves(deed=Deed.SERVICE),
    ("identservice", "renew_sites_key"): Leaves(deed=Deed.SERVICE),
}
"""By the model's name and the action's, of the admin's lists."""

COMMANDS: Mapping[str, str] = {
    "configure": "settings, service, role, access, fields",
    "administrator": "account",
    "sync": "live, when a clinic goes live",
    "answer": "answer",
    "link": "link",
    "unlink": "unlink",
    "retry": "retry",
    "ident service": "service",
    "agent": "enrolled, once the hub has let it in",
    "visit book": BOOKED,
    "visit move": BOOKED,
    "visit cancel": BOOKED,
    "visit status": BOOKED,
    "restore": "the log is a part of what it replaces; the database before is kept",
    "migrate-store": "carries the log as it is",
    "tidy": "as the hub does by itself; the log stays",
    "reconcile": "as the hub does by itself each night",
    **dict.fromkeys(("serve", "worker", "demo", "sandbox"), "a server"),
    **dict.fromkeys(("doctor", "plan", "discover", "explain", "questions", "export", "backup"), NOTHING),
    **dict.fromkeys(
        ("ident tickets", "ident profile", "ident access-letter", "visit schedule", "visit outcome", "widget pack"),
        NOTHING,
    ),
}
