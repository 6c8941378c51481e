"""What amoCRM posts is kept whatever happens next; what others post is not."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from priem.hub.amocrm import inbox as module
from priem.hub.amocrm.address import clinic_of, destination, is_usable, path_token, public_url
from priem.hub.amocrm.inbox import Inbox, Letter, Spool, unpacked
from priem.hub.clinics import ClinicData
from priem.hub.models import Clinic, ReceivedHook

pytestmark = pytest.mark.django_db(transaction=True)
BODY = b"leads[status][0][id]=7&leads[status][0][status_id]=142&account[id]=5"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"


def post(client: Client, token: str, body: bytes = BODY) -> int:
    return client.post(f"/amocrm/hooks/{token}", body, content_type=FORM).status_code


def bodies(clinic: Clinic) -> list[bytes]:
    return [bytes(row.body) for row in ReceivedHook.objects.of(clinic.pk).order_by("id")]


def test_a_hook_is_kept_as_it_came(client: Client, clinic: Clinic, inbox: Inbox) -> None:
    assert post(client, path_token(clinic.pk)) == 200
    inbox.flush()
    assert bodies(clinic) == [BODY]


def test_each_clinic_has_a_path_of_its_own(client: Client, clinic: Clinic, inbox: Inbox) -> None:
    other = Clinic.objects.create(slug="mira", name="Мира")
    assert post(client, path_token(other.pk)) == 200
    inbox.flush()
    assert (bodies(clinic), bodies(other)) == ([], [BODY])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda right: right[:-1],
        lambda right: right + "a",
        lambda right: right.replace("-", "_", 1),
        lambda right: "2" + right,
        lambda right: right.partition("-")[0] + "-" + "A" * 43,
        lambda _right: "-",
        lambda _right: "0-",
        lambda _right: "٣-x",
        lambda _right: "9" * 40 + "-x",
    ],
)
def test_a_wrong_path_is_nobodys(client: Client, clinic: Clinic, inbox: Inbox, wrong: Callable[[str], str]) -> None:
    answer = client.post(f"/amocrm/hooks/{wrong(path_token(clinic.pk))}", BODY, content_type=FORM)
    inbox.flush()
    assert (answer.status_code, answer.content, bodies(clinic)) == (404, b"", [])


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "patch"])
def test_hooks_are_posted(client: Client, clinic: Clinic, method: str) -> None:
    assert getattr(client, method)(f"/amocrm/hooks/{path_token(clinic.pk)}").status_code == 405


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client: Client, clinic: Clinic, inbox: Inbox) -> None:
    assert post(client, path_token(clinic.pk), b"x" * (1024 * 1024 + 1)) == 413
    assert post(client, path_token(clinic.pk), b"x" * (1024 * 1024)) == 200
    inbox.flush()
    assert len(bodies(clinic)) == 1


def test_no_login_and_no_form_token_is_asked_for(clinic: Clinic, inbox: Inbox) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, path_token(clinic.pk)) == 200
    inbox.flush()
    assert bodies(clinic) == [BODY]


def test_a_database_that_is_away_holds_nobody_up(
    client: Client, clinic: Clinic, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_letters: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(module, "store", away)
    assert [post(client, path_token(clinic.pk)) for _ in range(20)] == [200] * 20
    with pytest.raises(DatabaseError):
        inbox.flush()
    assert (inbox.is_busy, bodies(clinic)) == (True, [])
    monkeypatch.undo()
    inbox.flush()
    assert bodies(clinic) == [BODY] * 20


def test_when_there_is_no_room_amocrm_is_asked_to_come_again(
    client: Client, clinic: Clinic, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    assert post(client, path_token(clinic.pk)) == 503
    inbox.flush()
    assert bodies(clinic) == []


def test_what_a_killed_process_has_kept_is_not_lost(clinic: Clinic, inbox: Inbox, home: Path) -> None:
    dead = home / "hooks" / "1-dead"
    dead.parent.mkdir()
    letter = Letter(clinic.pk, NOON, BODY)
    dead.write_bytes(letter.packed() + letter.packed()[:-5])  # it died over the second
    inbox.take_over()
    assert (bodies(clinic), dead.exists()) == ([BODY], False)


def test_what_a_living_process_keeps_is_left_to_it(clinic: Clinic, inbox: Inbox, home: Path) -> None:
    spool = Spool(home / "hooks" / "1-alive")
    assert spool.is_mine()
    spool.add(Letter(clinic.pk, NOON, BODY))
    inbox.take_over()
    assert (bodies(clinic), len(spool.letters())) == ([], 1)
    spool.close()


def test_the_file_is_gone_once_all_is_in_the_database(client: Client, clinic: Clinic, inbox: Inbox, home: Path) -> None:
    post(client, path_token(clinic.pk))
    (kept,) = (home / "hooks").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    inbox.close()
    assert list((home / "hooks").iterdir()) == []
    assert bodies(clinic) == [BODY]


def test_hooks_of_a_clinic_that_is_not_there_any_more_go_nowhere(clinic: Clinic, inbox: Inbox) -> None:
    assert inbox.put(clinic.pk + 1, BODY)
    assert inbox.put(clinic.pk, BODY)
    inbox.flush()
    assert bodies(clinic) == [BODY]


def test_what_nobody_looks_at_does_not_grow_for_ever(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    module.store(Letter(clinic.pk, NOON, str(n).encode()) for n in range(5))
    module.drop_oldest(clinic.pk)
    assert bodies(clinic) == [b"2", b"3", b"4"]


def test_whoever_waits_in_this_process_is_woken(clinic: Clinic, inbox: Inbox) -> None:
    bell = inbox.bell(clinic.pk)
    inbox.put(clinic.pk, BODY)
    assert bell.wait(10)


@given(st.lists(st.tuples(st.integers(1, 9), st.binary(max_size=50)), max_size=5), st.integers(0, 30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_kept_comes_back_and_a_torn_end_is_left_out(sent: list[tuple[int, bytes]], torn: int) -> None:
    letters = [Letter(clinic, NOON, body) for clinic, body in sent]
    written = b"".join(letter.packed() for letter in letters)
    assert list(unpacked(written)) == letters
    cut = written[: max(0, len(written) - torn)]
    assert list(unpacked(cut)) == letters[: len(list(unpacked(cut)))]


# Addresses


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://priem.example.org", True),
        ("https://priem.example.org:8443/hub", True),
        ("http://127.0.0.1:8000", True),
        ("http://priem.example.org", False),
        ("https://приём.рф", False),
        ("https://priem.example.org/?a=1", False),
        ("priem.example.org", False),
        ("", False),
    ],
)
def test_where_amocrm_can_reach_the_hub(url: str, fine: bool) -> None:  # noqa: FBT001  a table's column
    assert is_usable(url) is fine


@pytest.mark.parametrize(
    ("environment", "redirect", "sandbox", "expected"),
    [
        ("https://hub.example.org/", "", False, "https://hub.example.org"),
        ("https://hub.example.org", "https://own.example.org/amocrm/callback", False, "https://hub.example.org"),
        ("", "https://own.example.org/amocrm/callback", False, "https://own.example.org"),
        ("", "https://own.example.org/amocrm/callback", True, ""),
        ("", "https://own.example.org/somewhere", False, ""),
        ("", "", False, ""),
        ("ftp://hub.example.org", "https://own.example.org/amocrm/callback", False, ""),
    ],
)
def test_the_address_from_outside(
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    redirect: str,
    sandbox: bool,  # noqa: FBT001  a table's column
    expected: str,
) -> None:
    monkeypatch.setenv("PRIEM_PUBLIC_URL", environment)
    clinic = ClinicData(id=1, slug="a", name="А", redirect_uri=redirect, sandbox=sandbox)
    assert public_url(clinic) == expected
    assert destination(clinic).startswith(f"{expected}/amocrm/hooks/1-" if expected else "")


def test_another_key_makes_other_paths(clinic: Clinic, settings: Any) -> None:
    before = path_token(clinic.pk)
    assert clinic_of(before) == clinic.pk
    settings.SECRET_KEY = os.urandom(8).hex()
    assert path_token(clinic.pk) != before
    assert clinic_of(before) is None
