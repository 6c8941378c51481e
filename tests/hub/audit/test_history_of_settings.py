"""Every set-up that a clinic has had, what changed, and the way back."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from priem.hub.clinics import ClinicData, ConnectionData, clinic_data, save_clinic, save_connection
from priem.hub.models import AuditEntry, Clinic, Connection, Revision
from priem.hub.roles.rights import Role
from tests.hub.roles.world import World, make_world

SECRET = "open sesame, and never tell"


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001  # the fixture opens the database
    return make_world()


def save(settings: dict[str, object], secret: str = SECRET) -> int:
    url = "https://own.amocrm.ru"
    return save_clinic(ClinicData(slug="own", name="Своя", base_url=url, client_secret=secret, settings=settings))


def latest(clinic: Clinic) -> Revision:
    return Revision.objects.of(clinic.pk).latest("id")


def test_every_saved_change_is_kept_with_what_it_changed(world: World) -> None:
    save({"leads": {"create": True}})
    save({"leads": {"create": False}, "status_sync": {"rules": [{"status": "booked", "stage": "Записан"}]}})
    assert latest(world.own).changes == [
        ["leads.create", "true", "false"],
        ["status_sync.rules[1]", "", "stage = Записан, status = booked"],
    ]
    before = Revision.objects.of(world.own.pk).count()
    save({"leads": {"create": False}, "status_sync": {"rules": [{"status": "booked", "stage": "Записан"}]}})
    assert Revision.objects.of(world.own.pk).count() == before, "the same again is no change"


def test_rows_of_a_table_are_listed_in_their_order(world: World) -> None:
    save({})
    save({"duplicates": {"junk_phones": [f"+7912000000{number}" for number in range(11)]}})
    said = [what for what, _, _ in latest(world.own).changes]
    assert said == [f"duplicates.junk_phones[{number}]" for number in range(1, 12)]


def test_a_secret_is_in_no_revision_and_no_entry_and_its_change_is(world: World) -> None:
    save({})
    save({}, secret="another secret")
    save_connection(world.own.pk, ConnectionData(key="ident", kind="ident", secrets={"password": "hush hush"}))
    written = json.dumps(
        [
            list(Revision.objects.of_all().values_list("document", "changes")),
            list(AuditEntry.objects.of_all().values_list("changes", flat=True)),
        ],
        ensure_ascii=False,
    )
    assert not [secret for secret in (SECRET, "another secret", "hush hush", "open sesame") if secret in written]
    assert ["amocrm.client_secret", "stored", "stored anew"] in AuditEntry.objects.of(world.own.pk).order_by("-id")[
        1
    ].changes
    assert latest(world.own).changes == [["connections.ident.password", "stored", "stored anew"]]


def test_references_to_secrets_are_shown_as_they_are(world: World) -> None:
    save({}, secret="env:OWN_SECRET")
    assert latest(world.own).document["amocrm"]["client_secret"] == "env:OWN_SECRET"


def test_an_earlier_set_up_comes_back_from_its_page_whole_and_with_todays_secrets(client: Client, world: World) -> None:
    save({"leads": {"create": True, "tags": ["а", "б"]}})
    save_connection(
        world.own.pk, ConnectionData(key="ident", kind="ident", config={"server": "old"}, secrets={"password": "one"})
    )
    then = clinic_data(Clinic.objects.get(pk=world.own.pk))
    revision = latest(world.own)
    save({"leads": {"create": False}}, secret="newer secret")
    save_connection(
        world.own.pk, ConnectionData(key="ident", kind="ident", config={"server": "new"}, secrets={"password": "two"})
    )
    save_connection(world.own.pk, ConnectionData(key="mira", kind="archimed", config={"address": "x"}))

    client.force_login(world.people[Role.ADMINISTRATOR])
    shown = client.get(reverse("settings_look", args=["own", revision.pk])).content.decode()
    assert "leads.create" in shown
    assert "newer secret" not in shown
    for said in ("Создавать сделки по записям", "Подключение ident: ", '<td data-name="Стало">да</td>'):
        assert said in shown
    assert client.post(reverse("settings_back", args=["own", revision.pk])).status_code == 302

    now = clinic_data(Clinic.objects.get(pk=world.own.pk))
    own = {row.key: row for row in now.connections}
    assert now.settings == then.settings
    assert own["ident"].config == {"server": "old"}
    assert (now.client_secret, own["ident"].secrets) == ("newer secret", {"password": "two"})
    assert "mira" in own, "what came later stays"
    entry = AuditEntry.objects.of(world.own.pk).latest("id")
    assert (entry.deed, entry.name) == ("back", "administrator")


def test_settings_that_nobody_understands_any_more_do_not_come_back(client: Client, world: World) -> None:
    revision = Revision.objects.of(world.own.pk).latest("id")
    revision.document = {**revision.document, "settings": {"leads": {"colour": "red"}}}
    revision.save()
    client.force_login(world.people[Role.ADMINISTRATOR])
    answer = client.post(reverse("settings_back", args=["own", revision.pk]), follow=True)
    assert "больше не понимает" in answer.content.decode()
    assert Clinic.objects.get(pk=world.own.pk).settings == {}


def test_the_log_shows_a_clinics_people_what_was_done_there_and_by_whom(client: Client, world: World) -> None:
    person = world.people[Role.ADMINISTRATOR]
    client.force_login(person)
    row = Connection.objects.of(world.own.pk).get(key="ident")
    client.post(reverse("record_sync", args=["own", "patient", f"{row.key}:10"]))
    shown = client.get(reverse("audit")).content.decode()
    assert "Решено заново по просьбе: Пациент ident:10" in shown
    assert person.username in shown
    assert "Чужая" not in shown
    only = client.get(reverse("audit"), {"deed": "link"}).content.decode()
    assert "ident:10" not in only


def test_the_log_is_read_page_by_page(client: Client, world: World) -> None:
    for number in range(60):
        AuditEntry.objects.create(clinic=world.own, deed="retry", about=f"visit x:{number}.")
    client.force_login(world.people[Role.AUDITOR])
    first = client.get(reverse("audit"), {"deed": "retry"})
    second = client.get(reverse("audit"), {"deed": "retry", "before": first.context["more"]})
    assert [len(answer.context["entries"]) for answer in (first, second)] == [50, 10]
