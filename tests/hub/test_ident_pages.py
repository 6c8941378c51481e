"""The hub's pages of what goes through the service for IDENT, and the service in a clinic's file."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from priem.configuration import STORED, ServiceFile
from priem.hub.ident.kept import save_services, services_of
from priem.hub.models import Clinic, IdentService, Membership
from priem.hub.roles.rights import Role
from tests.hub.ident_program import Ident, hand, ticket


def come_in(client: Client, clinic: Clinic, role: Role) -> None:
    person = User.objects.create(username=role.value, is_staff=True)
    Membership.objects.create(clinic=clinic, person=person, role=role)
    client.force_login(person)


def test_the_list_of_applications_says_what_became_of_each_and_nobodys_name(
    client: Client, clinic: Clinic, ident: Ident
) -> None:
    hand(clinic, ticket(4711))
    ident.get("GetTickets")
    come_in(client, clinic, Role.MANAGER)

    shown = client.get(reverse("admin:hub_identticket_changelist")).content.decode()

    assert "amo-4711" in shown
    assert "Заявка в IDENT: передана" in shown
    assert "Ершова" not in shown
    assert "9213334455" not in shown


def test_keys_are_shown_to_those_who_set_up_and_renewed_by_them_alone(
    client: Client, clinic: Clinic, ident: Ident
) -> None:
    row = IdentService.objects.of(clinic.pk).get()
    page, renew = reverse("admin:hub_identservice_change", args=[row.pk]), reverse("admin:hub_identservice_changelist")
    pressed = {"action": "renew_key", "_selected_action": str(row.pk)}
    come_in(client, clinic, Role.MANAGER)
    assert ident.service.key not in client.get(page).content.decode()
    client.post(renew, pressed)
    assert ident.get("GetTickets").status_code == 200

    come_in(client, clinic, Role.ADMINISTRATOR)
    assert ident.service.key in client.get(page).content.decode()
    client.post(renew, pressed)

    assert ident.get("GetTickets").status_code == 403


def test_a_service_in_a_clinics_file_comes_back_as_it_was_and_names_its_key(
    clinic: Clinic, ident: Ident, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"tickets": ("Zayavki", "Zayavka")}
    written = ServiceFile(
        time_zone="Asia/Omsk", serialization="xml", element_names=names, posts_whole=False, key=STORED
    )
    save_services(clinic.pk, {"ident": written})
    assert services_of(clinic.pk)["ident"].element_names == names
    assert services_of(clinic.pk)["ident"].time_zone == "Asia/Omsk"
    assert b"<Zayavki" in ident.get("GetTickets").content

    monkeypatch.setenv("IDENT_KEY", "another-key")
    save_services(clinic.pk, {"ident": ServiceFile(time_zone="Asia/Omsk", key="env:IDENT_KEY")})
    assert ident.get("GetTickets").status_code == 403
    assert ident.get("GetTickets", IDENT_Integration_Key="another-key").status_code == 200
    assert {service.key for service in services_of(clinic.pk).values()} == {"env:IDENT_KEY"}
