"""What stands on the pages comes back from the clinic's file on a hub that knows nothing, and from its history."""

import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from priem import bootstrap, configuration
from priem.configuration import ClinicFile, RoleName
from priem.engine.settings import Settings
from priem.errors import AskOperator
from priem.hub.ident.services import find_service, is_key, service_data
from priem.hub.models import AmoCrmPerson, AuditEntry, Clinic, IdentService, Membership, Revision
from priem.hub.roles.rights import Role

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
OTHERWISE = {
    "03:30": "04:15",
    "give = false": "give = true",
    "copy = false": "copy = true",
    "keep = false": "keep = true",
}


@pytest.fixture
def file(db: None, monkeypatch: pytest.MonkeyPatch) -> ClinicFile:  # noqa: ARG001  # the fixture opens the database
    """The example of the reference, with every section as nobody has it who has set nothing."""
    secrets = {"IDENT_PASSWORD": "sesame", "IDENT_KEY": "key of IDENT", "ANNA_PASSWORD": "long enough 1"}
    for name, secret in secrets.items():
        monkeypatch.setenv(name, secret)
    (example,) = re.findall(r"```toml\n(.*?)```", REFERENCE.read_text("utf-8"), re.DOTALL)
    for before, after in OTHERWISE.items():
        example = example.replace(before, after)
    return configuration.parse(tomllib.loads(example))


def exported() -> str:
    return configuration.write(bootstrap.clinic_file("ulybka"))


def test_everything_comes_back_on_an_empty_hub(file: ClinicFile) -> None:
    usual = Settings()
    assert [one.name for one in fields(Settings) if getattr(file.settings, one.name) == getattr(usual, one.name)] == []
    bootstrap.keep_set_up(file)
    User.objects.create_superuser("owner")
    written = exported()

    Clinic.objects.all().delete()
    User.objects.all().delete()
    bootstrap.keep_set_up(configuration.parse(tomllib.loads(written)))

    assert exported() == written
    assert not [secret for secret in ("sesame", "key of IDENT", "long enough 1", "owner") if secret in written]
    assert 'key = "env:IDENT_KEY"' in written
    read = configuration.parse(tomllib.loads(written))
    without = replace(file.people["anna@example.ru"], password="")
    assert (read.settings, read.people) == (file.settings, {"anna@example.ru": without})


def test_a_password_of_the_file_is_for_whoever_has_none(file: ClinicFile) -> None:
    bootstrap.keep_set_up(file)
    anna = User.objects.get(username="anna@example.ru")
    assert anna.check_password("long enough 1")
    assert Membership.objects.of_all().get(person=anna).role == Role.MANAGER

    anna.set_password("her own, and better")
    anna.save()
    bootstrap.keep_set_up(file)
    assert User.objects.get(pk=anna.pk).check_password("her own, and better")
    assert bootstrap.invited("ulybka") == []

    named = replace(file, people={"boris": replace(file.people["anna@example.ru"], password="")})
    bootstrap.keep_set_up(named)
    assert bootstrap.invited("ulybka") == ["boris"]
    assert Membership.objects.of_all().count() == 2, "whom the file does not name stays"


def test_whoever_comes_from_amocrm_is_not_in_the_file(file: ClinicFile) -> None:
    _, clinic = bootstrap.keep_set_up(file)
    visitor = User.objects.create_user("ulybka-amocrm-7", is_staff=True)
    AmoCrmPerson.objects.create(clinic_id=clinic.id, amocrm_user=7, person=visitor)
    Membership.objects.create(clinic_id=clinic.id, person=visitor, role=Role.ADMINISTRATOR)

    assert "amocrm-7" not in exported()


def test_the_owner_of_the_hub_takes_no_role_from_a_file(file: ClinicFile) -> None:
    User.objects.create_superuser("anna@example.ru")
    with pytest.raises(AskOperator):
        bootstrap.keep_set_up(file)


def test_the_roles_of_the_file_are_those_of_the_hub() -> None:
    assert set(RoleName.__args__) == set(Role.values)  # type: ignore[attr-defined]  # of a Literal, which mypy hides


def test_a_key_by_reference_opens_and_one_that_leads_nowhere_does_not(
    file: ClinicFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.keep_set_up(file)
    service = find_service("ulybka", "ident")
    assert service
    assert is_key(service, "key", "key of IDENT")
    assert service_data(service).key == "key of IDENT"
    monkeypatch.delenv("IDENT_KEY")
    assert not is_key(service, "key", "")
    assert not is_key(service, "key", "env:IDENT_KEY")


def test_the_service_and_the_roles_have_their_history_and_come_back(client: Client, file: ClinicFile) -> None:
    _, kept = bootstrap.keep_set_up(file)
    clinic = Clinic.objects.get(pk=kept.id)
    then = Revision.objects.of(clinic.pk).latest("id")
    owner = User.objects.create_superuser("owner")
    client.force_login(owner)
    url = reverse("settings_section", args=["ulybka", "service"])
    typed = {"service_ident-time_zone": "Asia/Omsk", "service_ident-serialization": "xml"}
    names = {"service_ident-tickets_list": "Заявки", "service_ident-tickets_one": "Ticket"}
    assert client.post(url, {**typed, **names}).status_code == 422, "an element's name is Latin"
    names["service_ident-tickets_list"] = "Requests"
    assert client.post(url, {**typed, **names, "service_ident-renew_applications_key": "on"}).status_code == 302
    anna = Membership.objects.of(clinic.pk).get()
    assert client.post(reverse("people_role", args=[anna.pk]), {"role": ""}).status_code == 302

    service = IdentService.objects.of(clinic.pk).get()
    changed = (service.time_zone, service.serialization, service.posts_whole, service.element_names)
    assert changed == ("Asia/Omsk", "xml", False, {"tickets": ["Requests", "Ticket"]})
    entries = AuditEntry.objects.of(clinic.pk).filter(name="owner").order_by("id")
    said = [(one.deed, one.about, change[0]) for one in entries for change in one.changes]
    assert said == [
        ("service", "ident", "time_zone"),
        ("service", "ident", "element_names.tickets[1]"),
        ("service", "ident", "element_names.tickets[2]"),
        ("service", "ident", "posts_whole"),
        ("service", "ident", "serialization"),
        ("service", "ident", "applications_key"),
        ("role", "anna@example.ru", "role"),
    ]

    shown = client.get(reverse("settings_look", args=["ulybka", then.pk])).content.decode()
    assert "services.ident.time_zone" in shown
    assert "people.anna@example.ru.role" in shown
    assert client.post(reverse("settings_back", args=["ulybka", then.pk])).status_code == 302
    service.refresh_from_db()
    assert (service.time_zone, service.element_names) == ("Europe/Moscow", {})
    assert Membership.objects.of(clinic.pk).get().role == Role.MANAGER


def test_going_back_gives_nobody_more_than_whoever_goes_has(client: Client, file: ClinicFile) -> None:
    _, kept = bootstrap.keep_set_up(file)
    clinic = Clinic.objects.get(pk=kept.id)
    people = {}
    for name, role in (("chief", Role.INTEGRATOR), ("clerk", Role.ADMINISTRATOR)):
        people[name] = User.objects.create_user(name, is_staff=True)
        Membership.objects.create(clinic=clinic, person=people[name], role=role)
    then = Revision.objects.of(clinic.pk).latest("id")
    Membership.objects.of(clinic.pk).filter(person=people["chief"]).delete()
    client.force_login(people["clerk"])

    answer = client.post(reverse("settings_back", args=["ulybka", then.pk]), follow=True)

    assert "chief" in answer.content.decode()
    assert not Membership.objects.of(clinic.pk).filter(person=people["chief"]).exists()
