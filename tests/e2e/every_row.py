"""In a hub's surroundings: fills its clinic with a row of everything, and says where every page is, as JSON.

A process of its own, for it needs that hub's database: `python -m tests.e2e.every_row PATIENT VISIT`.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models are there once Django is
from django.contrib.auth.tokens import default_token_generator  # noqa: E402 - once Django is set up
from django.urls import reverse  # noqa: E402 - once Django is set up
from django.utils.http import urlsafe_base64_encode  # noqa: E402 - once Django is set up

from priem.hub.clinics import ConnectionData, save_connection  # noqa: E402 - once Django is set up
from priem.hub.models import Clinic, Connection, Delay, Incident, IncidentKind  # noqa: E402 - once Django is set up
from priem.hub.setup.parts import SECTIONS  # noqa: E402 - once Django is set up
from priem.hub.setup.steps import NAMES  # noqa: E402 - once Django is set up
from priem.texts import text  # noqa: E402 - once Django is set up
from tests.hub.roles.expected import EXPECTED, Line  # noqa: E402 - once Django is set up
from tests.hub.roles.world import Address, World, addresses, furnish, invite  # noqa: E402 - once Django is set up

FORWARDS = "leads to a page that is walked itself"
PIECE = "a piece of a page that is walked"
AMOCRM = "for amoCRM, with its own key"
DOWNLOAD = "a file"
NO_PAGE = {
    "home": FORWARDS,
    "first_history": FORWARDS,
    "first_report": FORWARDS,
    "settings_home": FORWARDS,
    "setup": FORWARDS,
    "settings": FORWARDS,
    "second_factor": FORWARDS,
    "admin:login": FORWARDS,
    "admin:object": FORWARDS,
    "setup_work": PIECE,
    "record_brief": PIECE,
    "record_sides": PIECE,
    "record_pass": PIECE,
    "admin:search": PIECE,
    "setup_csv": DOWNLOAD,
    "setup_file": DOWNLOAD,
    "admin:jsi18n": "a script",
    "setup_granted": "begins work: where amoCRM sends a person back to",
    "healthz": "for watchers",
    "metrics": "for watchers",
    "ident_openapi": "for IDENT's program",
    "ident_service": "for IDENT's program",
    "ident_lost": "for IDENT's program",
    "amocrm_callback": AMOCRM,
    "amocrm_uninstall": AMOCRM,
    "amocrm_authorise": AMOCRM,
    "amocrm_enter_by_ticket": AMOCRM,
}
"""Addresses that answer to GET and are no page, with the reason."""
NO_PAGES = ("widget_", "booking_", "agent_")
"""Programs speak with these: the widget, in frames of its own with tests of their own; whoever books; and agents."""
SEVERAL = {"settings_section": tuple(SECTIONS), "setup_step": tuple(NAMES)}
"""Pages by name."""


def furnished() -> Clinic:
    clinic = Clinic.objects.get()
    connection = Connection.objects.of(clinic.pk).get().key
    furnish(clinic, connection)
    save_connection(
        clinic.pk, ConnectionData(key="far", kind="ident", config={"through": "agent", "time_zone": "Europe/Moscow"})
    )
    invite(clinic)
    now = datetime.now(UTC)
    said = {
        "what": text("The SQL Server {server} does not answer.", server="192.168.1.10"),
        "advice": text(
            "Check that the computer is on, the address and the port are right and the firewall lets Priem in."
        ),
    }
    for kind, over in ((IncidentKind.AWAY, None), (IncidentKind.DISK, now)):
        Incident.objects.create(
            clinic=clinic, connection=connection, kind=kind, began_at=now - timedelta(hours=2), over_at=over, **said
        )
    for branch in ("1", "2"):
        since = now.replace(minute=0, second=0, microsecond=0)
        Delay.objects.create(clinic=clinic, connection="ident", branch=branch, since=since, bound=1000, changes=7)
    return clinic


def paths(world: World, patient: str, visit: str) -> Iterator[str]:
    for address in addresses():
        line = EXPECTED.get(address.name, Line(who="owner"))
        if line.verb != "GET" or line.closed or address.name in NO_PAGE or address.name.startswith(NO_PAGES):
            continue
        for name in SEVERAL.get(address.name, ("",)):
            known = parts(world, address, line) | {"name": name} | invitation() | {"record": patient}
            yield reverse(address.name, kwargs={part: known[part] for part in address.parts})
    yield reverse("record", args=[world.own.slug, "visit", visit])
    yield reverse("records") + "?q=424242"
    yield reverse("report", args=[world.own.slug]) + f"?since={datetime.now(UTC).date() - timedelta(300)}"
    yield reverse("setup_step", args=[world.own.slug, "mis"]) + "?kind=archimed"
    yield reverse("settings_section", args=[world.own.slug, "stages"]) + "?branch=lenina:1"
    yield from (reverse("setup_planned", args=[world.own.slug, entity, "leave"]) for entity in ("contact", "lead"))


def parts(world: World, address: Address, line: Line) -> dict[str, object]:
    model = address.name.removeprefix("admin:hub_").rpartition("_")[0]
    of_hub = address.name.startswith("admin:hub_")
    row = world.row(model, world.own) if of_hub else User.objects.get(username="owner").pk
    known: dict[str, object] = {"slug": world.own.slug, "app_label": "hub", "object_id": row, "id": row}
    sent = {name: world.row(said[1:], world.own) if said[0] == "@" else said for name, said in line.parts.items()}
    return known | sent


def invitation() -> dict[str, object]:
    invited = User.objects.get(username__startswith="invited-")
    written = urlsafe_base64_encode(str(invited.pk).encode())
    return {"uidb64": written, "token": default_token_generator.make_token(invited)}


if __name__ == "__main__":
    clinic = furnished()
    json.dump(list(paths(World(clinic, clinic), *sys.argv[1:])), sys.stdout)
