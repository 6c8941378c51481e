"""The bench of the hub's pages asks for every page that there is."""

from django.urls import resolve

from bench.pages import pages
from priem.hub.setup.parts import SECTIONS
from priem.hub.setup.steps import NAMES
from tests.hub.roles.expected import EXPECTED

PIECES = ("widget_", "booking_", "agent_", "ident_", "amocrm_")
"""Programs ask for these; their speed has benches of its own."""
NO_PAGES = {
    **dict.fromkeys(("home", "first_history", "first_report", "settings_home", "setup", "settings"), "forwards"),
    **dict.fromkeys(
        ("setup_work", "record_brief", "record_sides", "record_pass", "admin:search"), "asks outside or once"
    ),
    **dict.fromkeys(("setup_csv", "admin:jsi18n"), "a file"),
    **dict.fromkeys(("second_factor", "second_factor_set_up", "set_password", "admin:login"), "on the way in"),
    **dict.fromkeys(("admin:password_change", "admin:password_change_done"), "of one account"),
    **dict.fromkeys(("setup_new", "setup_letter", "setup_granted"), "forms of a few fields"),
    **dict.fromkeys(("admin:auth_user_add", "admin:auth_user_change", "admin:auth_user_delete"), "of one account"),
    **dict.fromkeys(("admin:auth_user_history", "admin:auth_user_password_change"), "of one account"),
}


def test_every_page_is_timed() -> None:
    timed = {resolve(url.partition("?")[0]).view_name for url in pages("large")}
    there = {name for name, line in EXPECTED.items() if line.verb == "GET" and not line.closed}
    wanted = {name for name in there - NO_PAGES.keys() if not name.startswith(PIECES)}
    assert sorted(wanted - timed) == []


def test_every_step_and_section_is_timed() -> None:
    asked = pages("large")
    assert [name for name in NAMES if f"/clinics/large/setup/{name}/" not in asked] == []
    assert [name for name in SECTIONS if f"/clinics/large/settings/{name}/" not in asked] == []
