"""How the admin looks: names, colours, navigation."""

from typing import TYPE_CHECKING, Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def page(title: "StrPromise", icon: str, view: str, allowed: str = "sees") -> dict[str, Any]:
    """`allowed`: a question of roles.asked."""
    return own_page(title, icon, f"admin:{view}", allowed)


def own_page(title: "StrPromise", icon: str, view: str, allowed: str = "sees") -> dict[str, Any]:
    """One that is not the admin's."""
    return {"title": title, "icon": icon, "link": reverse_lazy(view), "permission": f"priem.hub.roles.asked.{allowed}"}


LOOK: dict[str, Any] = {
    "SITE_TITLE": "Priem",
    "SITE_HEADER": "Priem",
    "SITE_SYMBOL": "swap_horiz",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("hub/favicon.svg")}],
    "STYLES": [lambda _request: static("hub/frame.css")],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_LANGUAGES": False,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "priem.hub.today.today",
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .015 210)",
            "100": "oklch(94.5% .03 210)",
            "200": "oklch(89.5% .055 210)",
            "300": "oklch(82% .09 212)",
            "400": "oklch(71% .115 215)",
            "500": "oklch(60% .115 220)",
            "600": "oklch(51% .105 223)",
            "700": "oklch(44.5% .09 225)",
            "800": "oklch(38.5% .075 227)",
            "900": "oklch(33.5% .062 228)",
            "950": "oklch(25% .048 230)",
        },
    },
    "ACCOUNT": {
        "navigation": [{"title": _("Second step at login"), "link": reverse_lazy("second_factor_set_up")}],
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    page(_("Today"), "today", "index", "anybody"),
                    page(_("Clinics"), "local_hospital", "hub_clinic_changelist"),
                    page(_("Connections"), "cable", "hub_connection_changelist"),
                    own_page(_("Questions"), "help", "questions"),
                    own_page(_("Find a record"), "search", "records"),
                ],
            },
            {
                "items": [
                    own_page(_("Settings"), "tune", "settings_home", "sets_up"),
                    own_page(_("Connect a clinic"), "add_circle", "setup_new", "founds"),
                ],
            },
            {
                "title": _("History"),
                "separator": True,
                "items": [
                    page(_("Steps"), "checklist", "hub_steprecord_changelist"),
                    own_page(_("History of requests"), "swap_vert", "first_history"),
                    own_page(_("Incidents"), "warning", "incidents"),
                    own_page(_("Report"), "filter_alt", "first_report"),
                    page(_("Rejected rows"), "report", "hub_rejectedrow_changelist"),
                    page(_("Bookings from amoCRM"), "edit_calendar", "hub_bookingintent_changelist"),
                ],
            },
            {
                "title": _("Links"),
                "separator": True,
                "items": [
                    page(_("Patients and contacts"), "person", "hub_patientlink_changelist"),
                    page(_("Visits and leads"), "event", "hub_visitlink_changelist"),
                ],
            },
            {
                "title": "IDENT",
                "separator": True,
                "items": [
                    page(_("Applications"), "outgoing_mail", "hub_identticket_changelist"),
                    page(_("Calls"), "call", "hub_identcall_changelist"),
                    page(_("Timetables"), "calendar_month", "hub_timetable_changelist"),
                    page(_("Services for IDENT"), "api", "hub_identservice_changelist"),
                ],
            },
            {
                "title": _("Access"),
                "separator": True,
                "items": [
                    own_page(_("People"), "group", "people", "manages_people"),
                    page(_("Accounts"), "manage_accounts", "auth_user_changelist", "owns"),
                    own_page(_("Who changed what"), "history_edu", "audit", "audits"),
                ],
            },
        ],
    },
}
