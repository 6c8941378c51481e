"""Every address and list's action × every role × one's own and another's clinic: nobody gets further than he may."""

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from priem.hub.models import AuditEntry, Clinic
from priem.hub.roles.rights import RIGHTS, Right, Role
from tests.hub.audit.doors import ACTIONS
from tests.hub.roles.expected import EXPECTED, Line
from tests.hub.roles.world import FOREIGN, PEOPLE, Address, World, addresses

pytestmark = pytest.mark.slow

OF_A_CLINIC = frozenset({"slug", "clinic_id", "object_id", "membership_id"})
"""Parts of an address that name one clinic, or a row of it."""


def test_it_is_said_of_every_address_who_may_use_it() -> None:
    there = {address.name for address in addresses()} - {"admin:object"}
    assert there - EXPECTED.keys() == set(), "say in tests/hub/roles/expected.py who may use these"
    assert EXPECTED.keys() - there == set()


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_gets_exactly_as_far_as_his_role_says(world: World, who: str) -> None:
    wrong = []
    for address in addresses():
        if line := EXPECTED.get(address.name):
            for clinic in (world.own, world.foreign) if names_a_clinic(address, line) else (world.own,):
                came_in, status = tried(world, who, address, line, clinic)
                if came_in != expected(line, who, address, is_own=clinic == world.own):
                    wrong.append(f"{line.verb} {address.name} of {clinic.slug}: {status}")
    assert wrong == []


def test_an_action_of_a_list_reaches_the_clinics_that_a_person_sets_up_and_no_other(world: World) -> None:
    own = {(world.own.pk, action) for action in ACTIONS}
    every = own | {(world.foreign.pk, action) for action in ACTIONS}
    expected = {who: own if Right.SET_UP in RIGHTS[who] else set() for who in Role} | {"owner": every}
    for who in PEOPLE:
        reached = {place for place in every if reaches(world, who, *place)}
        assert reached == expected.get(who, set()), who


def reaches(world: World, who: str, clinic_id: int, action: tuple[str, str]) -> bool:
    client, (model, name) = Client(), action
    if who != "stranger":
        client.force_login(world.people[who])
    clinic = world.own if clinic_id == world.own.pk else world.foreign
    entries = AuditEntry.objects.of(clinic_id)
    with transaction.atomic():
        before = entries.count()
        chosen = {"action": name, "_selected_action": world.row(model, clinic)}
        client.post(reverse(f"admin:hub_{model}_changelist"), chosen)
        changed = entries.count() > before
        transaction.set_rollback(True)
    return changed


def names_a_clinic(address: Address, line: Line) -> bool:
    return bool(OF_A_CLINIC & set(address.parts)) and isinstance(line.who, Right)


def expected(line: Line, who: str, address: Address, *, is_own: bool) -> bool:
    if line.closed or (who == "stranger" and line.who != "anybody"):
        return False
    if who == "owner" or line.who in ("anybody", "person"):
        return True
    if line.who == "founder":
        return who == Role.INTEGRATOR
    has = isinstance(line.who, Right) and who in RIGHTS and line.who in RIGHTS[Role(who)]
    return has and (is_own or not names_a_clinic(address, line))


def tried(world: World, who: str, address: Address, line: Line, clinic: Clinic) -> tuple[bool, int]:
    client = Client()
    if who != "stranger":
        client.force_login(world.people[who])
    named = parts(world, address, line, clinic)
    url = "/admin/nowhere" if address.name == "admin:catch_all" else reverse(address.name, kwargs=named)
    sent = {name: filled(world, value, clinic) for name, value in line.sent.items()}
    with transaction.atomic():
        answer: HttpResponseBase = client.post(url, sent) if line.verb == "POST" else client.get(url, sent)
        transaction.set_rollback(True)  # the next one finds the world as it was
    if who != "owner" and answer.status_code == 200 and hasattr(answer, "content"):
        assert FOREIGN not in answer.content.decode(errors="replace"), url
    return is_in(answer, line), answer.status_code


def is_in(answer: HttpResponseBase, line: Line) -> bool:
    """Not let in is who is asked to log in, or sent home: so Django's admin says that a row is not there."""
    if answer.status_code in line.found:
        return True
    if answer.status_code in (302, 303):
        return (line.sends_home or answer["Location"] != "/admin/") and not answer["Location"].startswith(
            "/admin/login/"
        )
    return answer.status_code == 200


def parts(world: World, address: Address, line: Line, clinic: Clinic) -> dict[str, object]:
    model = address.name.removeprefix("admin:hub_").rpartition("_")[0]
    if address.name.startswith("admin:auth_user"):
        return dict.fromkeys(address.parts, world.people["outsider"].pk)
    known: dict[str, object] = {
        "slug": clinic.slug,
        "clinic_id": clinic.pk,
        "object_id": world.row(model, clinic) if address.name.startswith("admin:hub_") else "1",
        "content_type_id": "1",
        "app_label": "hub",
        "connection": "ident",
        "name": "Nothing",
        "url": "nowhere",
        "token": "x",
        "written": "x",
        "uidb64": "x",
        "membership_id": world.row("membership", clinic),
    } | {name: filled(world, value, clinic) for name, value in line.parts.items()}
    return {name: known[name] for name in address.parts}


def filled(world: World, value: str, clinic: Clinic) -> str:
    """`@question` is the id of that clinic's question; `@slug` its short name."""
    if value == "@slug":
        return clinic.slug
    return str(world.row(value[1:], clinic)) if value.startswith("@") else value
