"""What waits for a person: one question at a time, statuses without a meaning, rows that could not be read."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from priem.hub.clinics import ConnectionData, save_connection
from priem.hub.models import (
    AuditEntry,
    Connection,
    PatientLink,
    Question,
    RecalledRecord,
    RejectedRow,
    Saying,
    SourcePicture,
    UnmappedStatus,
    VisitLink,
)
from priem.hub.roles.rights import Role
from priem.hub.store import DjangoStore
from priem.model import Candidate, Contact, PatientKey, PhoneEntry
from tests.hub.roles.world import World, make_world


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001  # the fixture opens the database
    world = make_world()
    store = DjangoStore(world.own.pk)
    phone = (PhoneEntry("+79123456789"),)
    store.mirror([Contact(id=77, name="Анна Ким", phones=phone), Contact(id=78, name="", phones=phone)])
    store.ask({PatientKey("ident", "12"): [Candidate(78, "phone:nameless"), Candidate(79, "phone:name")]})
    return world


@pytest.fixture
def administrator(client: Client, world: World) -> Client:
    client.force_login(world.people[Role.ADMINISTRATOR])
    return client


def shown(client: Client, **query: str) -> str:
    return client.get(reverse("questions"), query).content.decode()


def question(world: World, patient: str) -> int:
    return Question.objects.of(world.own.pk).get(patient=patient).pk


def test_a_question_shows_candidates_and_what_speaks_for_each(administrator: Client) -> None:
    first = shown(administrator)
    assert "1 из 2" in first
    assert "Анна Ким" in first
    assert "+7 912 345-67-89" in first
    for said in ("= телефон совпадает", "≠ имя другое", "Это он", "создать контакт", "Решить позже"):
        assert said in first
    assert "ident:12" not in first


def test_whoever_sees_masked_sees_no_name_and_no_phone(client: Client, world: World) -> None:
    client.force_login(world.people[Role.AUDITOR])
    seen = shown(client)
    assert "Анна" not in seen
    assert "345" not in seen
    assert "Это он" not in seen


def test_the_answer_binds_the_contact_and_the_next_question_comes(administrator: Client, world: World) -> None:
    url = reverse("answer", args=["own", question(world, "11")])
    answer = administrator.post(url, {"choice": "77"}, follow=True).content.decode()
    link = PatientLink.objects.of(world.own.pk).get(patient="11")
    assert (link.contact, link.by_person) == (77, True)
    assert RecalledRecord.objects.of(world.own.pk).filter(record="11", kind="patient").exists()
    assert "1 из 1" in answer
    assert "ident:12" in answer
    entry = AuditEntry.objects.of(world.own.pk).latest("id")
    assert (entry.deed, entry.about, entry.changes) == ("answer", "patient ident:11", [["contact", "", "77"]])
    assert "уже ответили" in administrator.post(url, {"choice": "78"}, follow=True).content.decode()
    assert PatientLink.objects.of(world.own.pk).get(patient="11").contact == 77


def test_another_person_gets_a_contact_of_his_own(administrator: Client, world: World) -> None:
    administrator.post(reverse("answer", args=["own", question(world, "11")]), {"choice": "new"})
    assert Saying.objects.of(world.own.pk).get(record="11").told == "new"


def test_a_contact_that_nobody_asked_about_is_no_answer(administrator: Client, world: World) -> None:
    administrator.post(reverse("answer", args=["own", question(world, "11")]), {"choice": "9999"})
    assert Question.objects.of(world.own.pk).filter(patient="11").exists()
    assert not PatientLink.objects.of(world.own.pk).filter(patient="11").exists()


def test_later_goes_on_to_the_next_and_comes_round(administrator: Client, world: World) -> None:
    ids = [question(world, patient) for patient in ("11", "12")]
    assert f"?at={ids[1]}" in shown(administrator, at=str(ids[0]))
    assert f"?at={ids[0]}" in shown(administrator, at=str(ids[1]))


def test_after_the_last_there_are_no_questions(administrator: Client, world: World) -> None:
    for patient in ("11", "12"):
        administrator.post(reverse("answer", args=["own", question(world, patient)]), {"choice": "new"})
    assert "Вопросов нет" in shown(administrator)


def test_a_status_gets_a_meaning_by_one_click_and_its_visits_are_decided_anew(
    administrator: Client, world: World
) -> None:
    save_connection(world.own.pk, ConnectionData(key="mira", kind="archimed", config={"statuses": {"3": "paid"}}))
    DjangoStore(world.own.pk).note_unmapped("mira", {"17": 2}, ())
    of_own = VisitLink.objects.of(world.own.pk)
    of_own.update(connection="mira", status="17")
    row = UnmappedStatus.objects.of(world.own.pk).get(raw="17")
    assert "Статус «17»" in shown(administrator)
    directory = {"statuses": {"17": "Ждёт анализы"}}
    SourcePicture.objects.create(clinic=world.own, connection="mira", directory=directory, taken_at=datetime.now(UTC))
    assert "Статус «Ждёт анализы» (17)" in shown(administrator)
    url = reverse("give_meaning", args=["own", row.pk])
    assert administrator.post(url, {"meaning": "nonsense"}).status_code == 404
    said = administrator.post(url, {"meaning": "arrived"}, follow=True).content.decode()
    assert "Заново решаем 1 запись" in said
    assert Connection.objects.of(world.own.pk).get(key="mira").config == {"statuses": {"3": "paid", "17": "arrived"}}
    assert RecalledRecord.objects.of(world.own.pk).filter(connection="mira", kind="visit", record="500").exists()
    assert not UnmappedStatus.objects.of(world.own.pk).filter(raw="17").exists()


def test_a_system_without_such_a_setting_offers_no_meaning(administrator: Client, world: World) -> None:
    row = UnmappedStatus.objects.of(world.own.pk).get(raw="Ждёт")
    seen = shown(administrator)
    assert "Ждёт" in seen
    assert reverse("give_meaning", args=["own", row.pk]) not in seen


def test_a_row_that_could_not_be_read_says_why_and_is_read_once_more(client: Client, world: World) -> None:
    client.force_login(world.people[Role.MANAGER])
    row = RejectedRow.objects.of(world.own.pk).get()
    seen = shown(client)
    assert "ident:9" in seen
    client.post(reverse("read_again", args=["own", row.pk]))
    assert RecalledRecord.objects.of(world.own.pk).filter(record="9", kind="visit").exists()
