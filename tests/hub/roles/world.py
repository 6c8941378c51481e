"""Two clinics with a row of every kind, and a person of every role in the first of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Manager
from django.urls import URLPattern, URLResolver, get_resolver

from priem.hub.clinics import ConnectionData, save_connection
from priem.hub.exchanges import DjangoExchanges
from priem.hub.ident.calls import keep
from priem.hub.ident.services import open_service
from priem.hub.models import AuthenticatorApp, BookingIntent, Clinic, IdentTicket, Membership, Timetable
from priem.hub.roles.rights import Role
from priem.hub.store import DjangoStore
from priem.mis.ident.exchange.call import Call
from priem.model import (
    Action,
    Candidate,
    ContactDraft,
    LeadDraft,
    Outcome,
    PatientKey,
    Rejected,
    State,
    Step,
    VisitKey,
    Why,
)
from priem.ports import Exchange
from priem.texts import text

FOREIGN = "Чужая"
PEOPLE = ("stranger", "outsider", *Role.values, "owner")
"""`stranger` is not logged in; `outsider` is, and has no clinic."""


@dataclass(slots=True)
class World:
    own: Clinic
    foreign: Clinic
    people: dict[str, User] = field(default_factory=dict)

    def row(self, model: str, clinic: Clinic) -> int:
        """The id of a row of that clinic."""
        if model == "clinic":
            return clinic.pk
        rows: Manager[Any] = apps.get_model("hub", model)._base_manager
        found = rows.filter(clinic=clinic).order_by("pk")
        return int(found.values_list("pk", flat=True).last() or 0)


def make_world() -> World:
    world = World(make_clinic("own", "Своя"), make_clinic("foreign", FOREIGN))
    for role in Role.values:
        world.people[role] = User.objects.create(username=role, is_staff=True)
        Membership.objects.create(clinic=world.own, person=world.people[role], role=role)
    world.people["outsider"] = User.objects.create(username="outsider", is_staff=True)
    world.people["owner"] = User.objects.create(username="owner", is_staff=True, is_superuser=True)
    for clinic in (world.own, world.foreign):
        invite(clinic)
    return world


def invite(clinic: Clinic) -> None:
    """Somebody who has chosen no password yet, and has a second factor nevertheless: every button is there."""
    person = User.objects.create_user(f"invited-{clinic.slug}", is_staff=True)
    AuthenticatorApp.objects.create(user=person, secret="A" * 32, confirmed=True)
    Membership.objects.create(clinic=clinic, person=person, role=Role.AUDITOR)


def make_clinic(slug: str, name: str) -> Clinic:
    clinic = Clinic.objects.create(slug=slug, name=name, base_url=f"https://{slug}.amocrm.ru")
    save_connection(clinic.pk, ConnectionData(key="ident", kind="ident", secrets={"password": "open sesame"}))
    save_connection(clinic.pk, ConnectionData(key="far", kind="ident", config={"through": "agent"}))
    furnish(clinic, "ident")
    return clinic


def furnish(clinic: Clinic, connection: str) -> None:
    """A row of everything that a clinic comes to have."""
    store = DjangoStore(clinic.pk)
    for key in (PatientKey(connection, "10"), VisitKey(connection, "500")):
        step = creation(key)
        store.intend([step])
        done = Outcome(ref="1", state=State.DONE, id=clinic.pk * 100_000 + int(key.id), request_id="r-1")
        store.record([(step, done, None)])
    store.reject(connection, [Rejected(kind="visit", id="9", reason=text("There is no clinic {slug}.", slug="x"))])
    store.ask({PatientKey(connection, "11"): [Candidate(77, "phone:other_name"), Candidate(78, "key")]})
    store.note_unmapped(connection, {"Ждёт": 3}, ())
    exchange_with_ident(clinic.pk, connection)
    exchanges = DjangoExchanges(clinic.pk)
    now = datetime.now(UTC)
    exchanges.note(Exchange(system="amocrm", what="GET /api/v4/leads", started_at=now, milliseconds=3, status=200))
    about = [("patient", f"{connection}:10")]
    exchanges.note(
        Exchange(system="amocrm", what="POST /api/v4/contacts", started_at=now, milliseconds=3, status=200, about=about)
    )
    exchanges.flush()
    BookingIntent.objects.create(
        clinic=clinic, ref=f"{clinic.slug}-1", deed="book", connection=connection, lead=7, patient="10",
        phase="refused", said=text("The doctor does not work then."), begun_at=now, changed_at=now,
    )  # fmt: skip


def exchange_with_ident(clinic_id: int, connection: str) -> None:
    now = datetime.now(UTC)
    open_service(clinic_id, connection, "Europe/Moscow")
    IdentTicket.objects.create(clinic_id=clinic_id, connection=connection, ticket="amo-1", at=now, lead=1)
    keep(clinic_id, connection, "u-1", Call(started_at=now, direction="in", phone_from="+79213334455", phone_to=""))
    Timetable.objects.create(clinic_id=clinic_id, connection=connection, posted_at=now, doctors={"1": "Зубов Иван"})


def creation(key: PatientKey | VisitKey) -> Step:
    draft: ContactDraft | LeadDraft = (
        ContactDraft(ref="1", name="Анна") if isinstance(key, PatientKey) else LeadDraft(ref="1", name="Приём")
    )
    return Step(action=Action.CREATE, key=key, draft=draft, why=Why("nobody"), fingerprint="f")


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    route: str
    parts: tuple[str, ...]
    """Names of what stands in it."""


def addresses() -> Iterator[Address]:
    """Every one that the hub answers to."""
    yield from walk(get_resolver().url_patterns, "", "")


def walk(patterns: list[URLPattern | URLResolver], namespace: str, before: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern.url_patterns, inner, route)
        else:
            parts = tuple(pattern.pattern.converters) or tuple(getattr(pattern.pattern, "regex").groupindex)  # noqa: B009 - only some patterns have it
            yield Address(namespace + (pattern.name or nameless(route)), route, parts)


def nameless(route: str) -> str:
    if route.endswith("<path:object_id>/"):
        return "object"  # where Django redirects from a row's address to its page
    return "catch_all" if route.endswith("(?P<url>.*)$") else route
