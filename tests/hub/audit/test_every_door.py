"""Whatever a person changes is written down: by every form of every page, every action of a list, every command."""

import pytest
import typer.core
import typer.main
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from priem import bootstrap
from priem.cli.app import app
from priem.commanding import OPERATOR
from priem.hub.agents.enrolling import enrol, make_code
from priem.hub.clinics import ConnectionData, load_clinic, note_seen, save_connection
from priem.hub.models import AuditEntry, Work, WorkKind, WorkState
from priem.hub.roles.rights import Role
from priem.hub.store import DjangoStore
from tests.hub.audit.doors import ACTIONS, COMMANDS, DOORS, Leaves
from tests.hub.roles.expected import EXPECTED
from tests.hub.roles.test_matrix import filled, parts
from tests.hub.roles.world import Address, World, addresses, make_world

UNKNOWN_METHOD = "PROPFIND"
"""Django answers it with what an address does take."""


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001  # the fixture opens the database
    world = make_world()
    world.people["owner"].set_password("old enough 1")
    world.people["owner"].save()
    enrol(make_code(world.own.pk, "far"), "clinic-pc", "1.0")
    save_connection(world.own.pk, ConnectionData(key="arch", kind="archimed"))  # whose statuses are given a meaning
    DjangoStore(world.own.pk).note_unmapped("arch", {"Ждёт": 1}, ())
    return world


@pytest.fixture
def owner(client: Client, world: World) -> Client:
    client.force_login(world.people["owner"])
    return client


def url_of(world: World, address: Address, leaves: Leaves | str) -> str:
    own = leaves.parts if isinstance(leaves, Leaves) else {}
    named = parts(world, address, EXPECTED[address.name], world.own)
    named |= {name: filled(world, said, world.own) for name, said in own.items()}
    return reverse(address.name, kwargs={name: named[name] for name in address.parts})


def takes_forms(owner: Client, world: World, address: Address) -> bool:
    answer = owner.generic(UNKNOWN_METHOD, url_of(world, address, ""))
    return answer.status_code != 405 or "POST" in answer["Allow"]


def test_it_is_said_of_every_door_what_it_leaves_in_the_log(owner: Client, world: World) -> None:
    ours = [address for address in addresses() if not address.name.startswith("admin:")]
    open_ = {address.name for address in ours if takes_forms(owner, world, address)}
    of_admin = {name for name, line in EXPECTED.items() if name.startswith("admin:auth_user") and not line.closed}
    of_admin -= {"admin:auth_user_changelist", "admin:auth_user_history"}

    there = open_ | of_admin | {"admin:password_change"}
    assert there - DOORS.keys() == set(), "say in tests/hub/audit/doors.py what these leave in the log"
    assert DOORS.keys() - there == set()


def test_every_door_leaves_what_is_said(owner: Client, world: World) -> None:
    silent = []
    for address in addresses():
        leaves = DOORS.get(address.name)
        if isinstance(leaves, Leaves):
            sent = {name: filled(world, said, world.own) for name, said in leaves.sent.items()}
            with transaction.atomic():
                owner.force_login(world.people["owner"])  # a new password logs others out
                last = newest()
                answer = owner.post(url_of(world, address, leaves), sent)
                left = list(AuditEntry.objects.of_all().filter(pk__gt=last).values_list("deed", "name"))
                transaction.set_rollback(True)
            if (leaves.deed, "owner") not in left:
                silent.append(f"{address.name}: {answer.status_code} {left}")
    assert silent == []


def newest() -> int:
    last = AuditEntry.objects.of_all().order_by("-id").first()
    return last.pk if last else 0


def test_every_action_of_a_list_leaves_what_is_said(owner: Client, world: World) -> None:
    there = {
        (model._meta.model_name, str(name))  # Django documents _meta
        for model, shown in admin.site._registry.items()  # there is no other way to ask
        for name in shown.actions or ()
    }
    assert there == ACTIONS.keys()
    for (model, action), leaves in ACTIONS.items():
        last = newest()
        chosen = {"action": action, "_selected_action": world.row(model, world.own)}
        assert owner.post(reverse(f"admin:hub_{model}_changelist"), chosen).status_code == 302
        assert AuditEntry.objects.of(world.own.pk).filter(pk__gt=last, deed=leaves.deed, name="owner").exists()


def test_it_is_said_of_every_command_what_it_leaves_in_the_log() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    named = set()
    for name, command in group.commands.items():
        inner = command.commands if isinstance(command, typer.core.TyperGroup) else {}
        named |= {f"{name} {one}" for one in inner} or {name}
    assert named == COMMANDS.keys()


def test_an_owners_own_account_is_written_down_for_owners_only(owner: Client, world: World) -> None:
    person = world.people["owner"]
    person.set_password("another, and long")
    person.save()
    entry = AuditEntry.objects.of_all().latest("id")
    assert (entry.clinic, entry.deed, entry.about) == (None, "account", "owner")
    assert entry.changes == [["password", "stored", "stored anew"]]
    owner.force_login(person)
    shown = owner.get(reverse("audit")).content.decode()
    assert "Изменена учётная запись: owner" in shown
    assert "сам узел" in shown

    owner.force_login(world.people[Role.AUDITOR])
    assert "Изменена учётная запись: owner" not in owner.get(reverse("audit")).content.decode()


def test_a_clinic_reads_what_was_done_to_its_peoples_accounts(world: World) -> None:
    person = world.people[Role.MANAGER]
    person.is_active = False
    person.save()
    entry = AuditEntry.objects.of(world.own.pk).latest("id")
    assert (entry.deed, entry.about, entry.changes) == ("account", "manager", [["is_active", "true", "false"]])
    person.delete()
    left = AuditEntry.objects.of(world.own.pk).filter(about="manager").order_by("-id")[:2]
    assert {(one.deed, str(one.changes)) for one in left} == {
        ("account", "[['username', 'manager', '']]"),
        ("role", "[['role', 'manager', '']]"),
    }


def test_coming_in_changes_no_account(client: Client, world: World) -> None:
    last = newest()
    sent = {"username": "owner", "password": "old enough 1"}
    assert client.post(reverse("admin:login"), sent).status_code == 302
    assert User.objects.get(pk=world.people["owner"].pk).last_login
    assert newest() == last


def test_a_command_that_makes_an_owner_is_written_down_with_who_ran_it(db: None) -> None:  # noqa: ARG001  # the database
    token = OPERATOR.set("root")
    try:
        bootstrap.make_administrator("chief", "long enough 1")
    finally:
        OPERATOR.reset(token)
    entry = AuditEntry.objects.of_all().filter(about="chief").earliest("id")
    assert (entry.clinic, entry.name, entry.deed) == (None, "root (priem)", "account")
    assert ["is_superuser", "", "true"] in entry.changes
    assert User.objects.get(username="chief").is_superuser


def test_going_live_stopping_and_starting_again_are_written_down_once_each(owner: Client, world: World) -> None:
    note_seen(load_clinic("own"))
    for door in ("setup_start", "setup_start", "setup_stop", "setup_stop"):  # people click twice
        owner.post(reverse(door, args=["own"]))
    works = Work.objects.of(world.own.pk).filter(kind=WorkKind.SYNC)
    assert works.update(state=WorkState.DONE) == 1
    owner.post(reverse("setup_start", args=["own"]))
    left = AuditEntry.objects.of(world.own.pk).filter(name="owner").order_by("id").values_list("deed", flat=True)
    assert list(left) == ["live", "stopped", "started"]
    assert works.count() == 2
