"""Coming in: passwords that are guessed, the second step, invitations."""

import base64
import re
import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from pytest_django import Settings

from priem.hub.models import AuditEntry, AuthenticatorApp, Membership, SpareCodes
from priem.hub.roles.rights import Role
from tests.hub.roles.world import World

pytestmark = pytest.mark.slow

LOGIN = "/admin/login/"
PASSWORD = "long enough 1"


@pytest.fixture
def person(world: World) -> User:
    person = world.people[Role.MANAGER]
    person.set_password(PASSWORD)
    person.save()
    return person


def log_in(client: Client, name: str, password: str = PASSWORD) -> int:
    return client.post(LOGIN, {"username": name, "password": password}).status_code


def code(secret: str, later: int = 0) -> str:
    now = TOTP(base64.b32decode(secret), 30)
    now.time = time.time() + later
    return f"{now.token():06d}"


def test_whoever_guesses_passwords_has_to_wait_and_others_do_not(client: Client, person: User) -> None:
    statuses = [log_in(client, person.username, f"guess {number}") for number in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]
    assert log_in(client, person.username) == 429
    answer = client.post(LOGIN, {"username": person.username, "password": PASSWORD})
    assert "Слишком много неверных паролей" in answer.content.decode()
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert log_in(elsewhere, person.username) == 302


def test_an_account_that_the_owner_makes_by_hand_comes_in(client: Client, world: World) -> None:
    client.force_login(world.people["owner"], backend="django.contrib.auth.backends.ModelBackend")
    sent = {"username": "by-hand", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("admin:auth_user_add"), sent).status_code == 302
    asked = {"username": "by-hand", "clinic": world.own.pk, "role": Role.MANAGER}
    assert client.post(reverse("people"), asked).status_code == 200
    client.logout()
    assert log_in(client, "by-hand") == 302
    assert world.own.name in client.get("/", follow=True).content.decode()


def test_a_second_factor_is_set_up_shown_at_the_next_login_and_asked_before_any_page(
    client: Client, person: User
) -> None:
    assert log_in(client, person.username) == 302
    set_up = reverse("second_factor_set_up")
    shown = client.get(set_up).content.decode()
    app = AuthenticatorApp.objects.get(user=person)
    assert "<svg" in shown
    assert app.secret.reveal() == re.sub(r"\s", "", re.findall(r'priem-key">([^<]+)<', shown)[0])
    assert "этот код не подходит" in client.post(set_up, {"code": "000000"}).content.decode().lower()
    AuthenticatorApp.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    done = client.post(set_up, {"code": code(app.secret.reveal())}).content.decode()
    spare = re.findall(r"<li><code>([0-9a-f-]+)</code>", done)
    assert len(spare) == 10
    assert AuditEntry.objects.of_all().filter(deed="factor_on", about=person.username, name=person.username).exists()
    assert client.get("/admin/").status_code == 200

    fresh = Client()
    assert log_in(fresh, person.username) == 302
    step = reverse("second_factor")
    for page in ("/admin/", reverse("admin:hub_steprecord_changelist"), set_up, reverse("admin:password_change")):
        answer = fresh.get(page)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, step), page
    assert fresh.post(step, {"code": "123456"}).status_code == 200
    AuthenticatorApp.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    SpareCodes.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert fresh.post(step, {"code": code(app.secret.reveal())}).status_code == 200, "a code works once"
    AuthenticatorApp.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    SpareCodes.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    answer = fresh.post(step, {"code": code(app.secret.reveal(), 30), "next": "//elsewhere.example/"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert fresh.get("/admin/").status_code == 200

    third = Client()
    log_in(third, person.username)
    assert third.post(step, {"code": spare[0]}).status_code == 302
    fourth = Client()
    log_in(fourth, person.username)
    assert fourth.post(step, {"code": spare[0]}).status_code == 200, "a spare code works once"


def test_neither_the_secret_nor_the_spare_codes_stand_readable_in_the_database(person: User) -> None:
    app = AuthenticatorApp.objects.create(user=person, secret="A" * 32)
    from django.db import connection  # noqa: PLC0415  # only here

    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM hub_authenticatorapp WHERE id = %s", [app.pk])
        assert "A" * 32 not in cursor.fetchone()[0]


def test_whose_role_asks_for_it_sets_it_up_before_anything_else(
    client: Client, person: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = ["manager"]
    log_in(client, person.username)
    answer = client.get("/admin/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("second_factor_set_up"))
    settings.SECOND_FACTOR_ROLES = ["owner", "integrator"]
    assert client.get("/admin/").status_code == 200


def test_an_invitation_is_a_link_to_choose_a_password_by_once(client: Client, world: World) -> None:
    client.force_login(world.people[Role.ADMINISTRATOR])
    asked = {"username": "anna@example.ru", "clinic": world.own.pk, "role": "manager"}
    shown = client.post(reverse("people"), asked).content.decode()
    link = re.findall(r'value="(http://testserver/admin/password/[^"]+)"', shown)[0]
    guest = Client()
    answer = guest.get(link, follow=True)
    address = answer.redirect_chain[-1][0]
    sent = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert guest.post(address, sent)["Location"] == LOGIN
    kept = AuditEntry.objects.of(world.own.pk).get(deed="account", about="anna@example.ru")
    assert kept.changes == [["password", "stored", "stored anew"]]
    assert log_in(guest, "anna@example.ru") == 302
    assert "уже использована" in Client().get(link, follow=True).content.decode()
    entries = AuditEntry.objects.of(world.own.pk).filter(name="administrator")
    said = list(entries.values_list("name", "deed", "about", "changes"))
    assert said == [
        ("administrator", "invited", "anna@example.ru", []),
        ("administrator", "role", "anna@example.ru", [["role", "", "manager"]]),
    ]


@pytest.mark.parametrize(
    ("who", "role", "given"),
    [
        ("administrator", "administrator", True),
        ("administrator", "integrator", False),
        ("integrator", "integrator", True),
        ("owner", "integrator", True),
    ],
)
def test_nobody_gives_more_than_he_has(client: Client, world: World, who: str, role: str, *, given: bool) -> None:
    client.force_login(world.people[who])
    client.post(reverse("people"), {"username": "anna", "clinic": world.own.pk, "role": role})
    assert Membership.objects.of(world.own.pk).filter(person__username="anna").exists() is given


def test_nobody_changes_his_own_role_nor_that_of_whoever_has_more(client: Client, world: World) -> None:
    client.force_login(world.people[Role.ADMINISTRATOR])
    for role in (Role.ADMINISTRATOR, Role.INTEGRATOR):
        row = Membership.objects.of(world.own.pk).get(person=world.people[role])
        client.post(reverse("people_role", args=[row.pk]), {"role": ""})
        client.post(reverse("people_role", args=[row.pk]), {"role": "auditor"})
        row.refresh_from_db()
        assert row.role == role
    row = Membership.objects.of(world.own.pk).get(person=world.people[Role.MANAGER])
    client.post(reverse("people_role", args=[row.pk]), {"role": ""})
    assert not Membership.objects.of(world.own.pk).filter(pk=row.pk).exists()


def test_a_clinics_administrator_gets_no_link_into_an_account_that_another_clinic_knows(
    client: Client, world: World
) -> None:
    stranger = User.objects.get(username="invited-foreign")
    client.force_login(world.people[Role.ADMINISTRATOR])
    asked = {"username": stranger.username, "clinic": world.own.pk, "role": "auditor"}
    client.post(reverse("people"), asked)
    row = Membership.objects.of(world.own.pk).get(person=stranger)
    assert client.post(reverse("people_link", args=[row.pk])).status_code == 404
    assert client.post(reverse("people_forget_factor", args=[row.pk])).status_code == 404
