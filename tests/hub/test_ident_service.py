"""The address that IDENT calls: who is let in, and how it is said when something is wrong."""

import json
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from typer.testing import CliRunner

from priem.errors import AskOperator
from priem.hub.exchanges import NOTEBOOK
from priem.hub.ident import services
from priem.hub.ident.services import ServiceData, change_key, open_service
from priem.hub.models import Clinic, Connection, ExchangeRecord, IdentService
from tests.hub.ident_program import WINDOW, Ident, hand, said, ticket

# --- who is let in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GetTickets", "GetFinishedCalls", "GetOngoingCalls", "PostTimeTable"])
def test_nobody_comes_in_without_the_key(ident: Ident, method: str) -> None:
    ask: Callable[..., HttpResponse] = ident.post if method == "PostTimeTable" else ident.get
    first = {"body": b"{}"} if method == "PostTimeTable" else {}
    missing, wrong = (ask(method=method, IDENT_Integration_Key=key, **first) for key in ("", "guess"))

    assert (missing.status_code, wrong.status_code) == (401, 403)
    assert said(missing) == "Нет ключа."
    assert said(wrong) == "Ключ не подходит к этому адресу."


def test_an_unknown_address_answers_as_a_wrong_key_does(ident: Ident) -> None:
    for path in ("/ident/other/ident", "/ident/smile/other", "/ident/%00/ident", "/ident/smile/а"):
        stranger = Ident(ServiceData(path=path, key=ident.service.key, applications_key="", time_zone=""))
        assert (stranger.get("GetTickets").status_code, said(stranger.get("GetTickets"))) == (
            403,
            "Ключ не подходит к этому адресу.",
        )


def test_one_clinics_key_does_not_open_anothers(ident: Ident) -> None:
    other = Clinic.objects.create(slug="other", name="Другая")
    theirs = open_service(other.pk, "ident", "Asia/Omsk")
    hand(other, ticket(1))

    assert Ident(ServiceData(**{**as_dict(theirs), "key": ident.service.key})).get("GetTickets").status_code == 403
    assert ident.rows("GetTickets") == []
    assert [row["Id"] for row in Ident(theirs).rows("GetTickets")] == ["amo-1"]


def as_dict(service: ServiceData) -> dict[str, str]:
    return {name: getattr(service, name) for name in ServiceData.__slots__}


def test_the_two_keys_open_different_doors(ident: Ident) -> None:
    assert ident.apply(key=ident.service.key, Id="1", ClientPhone="89213334455").status_code == 403
    assert ident.get("GetTickets", IDENT_Integration_Key=ident.service.applications_key).status_code == 403


def test_a_new_key_ends_the_old_one(ident: Ident, clinic: Clinic) -> None:
    changed = change_key(clinic.pk, "ident", "key")

    assert ident.get("GetTickets").status_code == 403
    assert Ident(changed).get("GetTickets").status_code == 200
    assert changed.applications_key == ident.service.applications_key


def test_an_empty_key_opens_nothing(ident: Ident, clinic: Clinic) -> None:
    IdentService.objects.of(clinic.pk).update(key="")

    assert not services.is_key(services.find_service("smile", "ident"), "key", "")
    assert ident.get("GetTickets").status_code == 403


def test_keys_are_encrypted_and_do_not_show(ident: Ident, clinic: Clinic) -> None:
    row = IdentService.objects.of(clinic.pk).get()
    with_key = IdentService.objects.of(clinic.pk).extra(select={"raw": "hub_identservice.key"}).get()

    assert ident.service.key not in (repr(row.key), str(row.__dict__), with_key.raw)


def test_a_service_needs_a_time_zone_that_there_is(clinic: Clinic) -> None:
    for nonsense in ("", "Moscow", "../etc/passwd"):
        with pytest.raises(AskOperator):
            open_service(clinic.pk, "ident", nonsense)


# --- addresses and failures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/ident/smile/ident/GetTickets",
        "/IDENT/Smile/Ident/GETTICKETS",
        "/ident/smile/ident/gettickets/",
        "/ident/smile/ident//GetTickets",
    ],
)
def test_the_path_goes_in_any_letter_case(ident: Ident, path: str) -> None:
    answer = Client().get(f"{path}?{WINDOW}", headers={"ident-integration-key": ident.service.key})

    assert (answer.status_code, answer.content) == (200, b"[]")


@pytest.mark.parametrize(
    ("method", "status"), [("GetPatients", 404), ("", 404), ("GetTickets/all", 404), ("PostTimeTable", 405)]
)
def test_other_addresses_are_refused_in_words_and_never_redirected(ident: Ident, method: str, status: int) -> None:
    answer = ident.get(method)

    assert answer.status_code == status
    assert said(answer)


@pytest.mark.parametrize("query", ["", "dateTimeFrom=x&dateTimeTo=y", f"{WINDOW}&limit=many"])
@pytest.mark.parametrize("method", ["GetTickets", "GetFinishedCalls"])
def test_a_bad_question_is_400_and_says_what_is_bad(ident: Ident, method: str, query: str) -> None:
    answer = ident.get(method, query)

    assert answer.status_code == 400
    assert "Параметр" in said(answer)


def test_failures_speak_english_to_those_who_ask_for_it(ident: Ident) -> None:
    assert said(ident.get("GetTickets", "", Accept_Language="en")) == "The parameter dateTimeFrom is missing."


def test_a_mistake_of_our_own_is_plain_text_and_never_a_success(ident: Ident, clinic: Clinic) -> None:
    IdentService.objects.of(clinic.pk).update(time_zone="Nowhere/Land")
    answer = ident.get("GetTickets")

    assert answer.status_code == 500
    assert said(answer) == "Сбой на стороне Priem; подробности в его журнале."


def test_secrets_of_another_key_are_a_503(ident: Ident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIEM_SECRET_KEY", "a" * 42 + "A=")

    assert ident.get("GetTickets").status_code == 503


def test_requests_are_in_the_journal_without_what_they_carry(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, ticket(1))
    ident.get("GetTickets")
    ident.get("GetOngoingCalls")
    ident.get("GetFinishedCalls", "")
    NOTEBOOK.flush()
    noted = ExchangeRecord.objects.of(clinic.pk).order_by("pk")

    assert [(row.system, row.what, row.status, row.items) for row in noted] == [
        ("ident", "GET GetTickets", 200, 1),
        ("ident", "GET GetFinishedCalls", 400, 0),
    ]
    assert IdentService.objects.of(clinic.pk).get().heard_at


# --- the command ----------------------------------------------------------------------------------


def command(*words: str) -> str:
    from priem.cli.app import app  # noqa: PLC0415 - it needs Django set up

    ran = CliRunner().invoke(app, ["ident", *words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_the_command_shows_what_to_enter_in_ident(clinic: Clinic) -> None:
    Connection.objects.of(clinic.pk).update(config={"time_zone": "Asia/Omsk"})
    shown = json.loads(command("service", "--address", "https://priem.example/", "--json"))
    kept = open_service(clinic.pk, "ident")

    assert kept.time_zone == "Asia/Omsk"
    assert shown == {
        "url": "https://priem.example/ident/smile/ident",
        "key": kept.key,
        "applications_key": kept.applications_key,
    }


def test_the_command_says_when_the_address_is_not_whole(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    Connection.objects.of(clinic.pk).update(config={"time_zone": "Asia/Omsk"})
    monkeypatch.delenv("PRIEM_PUBLIC_URL", raising=False)

    assert "PRIEM_PUBLIC_URL" in command("service")
    assert "PRIEM_PUBLIC_URL" not in command("service", "--address", "https://priem.example")


def test_the_command_makes_new_keys_only_when_told_to(ident: Ident) -> None:
    command("service")
    assert ident.get("GetTickets").status_code == 200
    command("service", "--new-key")
    assert ident.get("GetTickets").status_code == 403
