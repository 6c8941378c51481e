"""The history of requests: found, in words, masked, repeated, and kept as long as it is of use."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from priem.hub.exchanges import NOTEBOOK, DjangoExchanges
from priem.hub.history import keeping, retrying, search
from priem.hub.history.masking import masked
from priem.hub.history.search import Filters
from priem.hub.history.sorts import sort_of
from priem.hub.models import (
    AuditEntry,
    Clinic,
    ExchangeBody,
    ExchangeRecord,
    ExchangeSubject,
    PatientLink,
    RecalledRecord,
    StepRecord,
)
from priem.hub.roles.rights import Role
from priem.hub.store import DjangoStore
from priem.model import Action, ContactDraft, Outcome, PatientKey, State, Step, Why
from priem.ports import Exchange
from priem.texts import text
from tests.hub.roles.world import make_world

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CARD = {
    "id": 77,
    "name": "Иванова Анна",
    "custom_fields_values": [
        {"field_id": 5, "field_code": "PHONE", "values": [{"value": "+79123456789", "enum_code": "MOB"}]},
        {"field_id": 6, "field_name": "День рождения", "values": [{"value": 512345678}]},
        {"field_id": 7, "values": [{"value": "anna@clinic.example"}]},
    ],
}


def exchange(
    what: str = "POST /api/v4/contacts", at: datetime = NOON, *, failed: bool = False, patient: str = "", **more: object
) -> Exchange:
    return Exchange(
        **{
            "system": "amocrm",
            "what": what,
            "started_at": at,
            "milliseconds": 312,
            "status": 400 if failed else 200,
            "items": 1,
            "error": text("amoCRM refused it ({status}): {detail}", status=400, detail="x") if failed else None,
            "about": [("patient", f"ident:{patient}")] if patient else [],
            **more,
        }  # type: ignore[arg-type]  # a table of what tests change
    )


def note(clinic: Clinic, *exchanges: Exchange) -> list[ExchangeRecord]:
    for one in exchanges:
        NOTEBOOK.note(clinic.pk, one)
    NOTEBOOK.flush()
    return list(ExchangeRecord.objects.of(clinic.pk).order_by("pk"))


def found(clinic: Clinic, **query: str) -> list[str]:
    return [row.what for row in search.page(clinic.pk, Filters.of(query), None)]


@pytest.fixture
def owner(client: Client, clinic: Clinic) -> Client:  # noqa: ARG001  # whose page it is
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    return client


# --- masking ----------------------------------------------------------------------------------------


def test_what_is_kept_names_nobody(clinic: Clinic) -> None:
    note(clinic, exchange(request=[CARD], answer={"_embedded": {"contacts": [CARD]}}))
    body = ExchangeBody.objects.of(clinic.pk).get()
    for written in (body.request, body.answer):
        assert not re.search("Анна|Иванова|9123456|512345678|anna@|clinic.example", written)
        assert '"id": 77' in written
        assert "PHONE" in written
    assert body.whole.reveal() == ""


def test_masks_leave_enough_to_tell_two_apart() -> None:
    shown = json.loads(masked({"name": "Иванова Анна", "phone": "+7 912 345-67-89", "email": "a@b.c", "price": 1900}))
    assert shown == {"name": "И••• А•••", "phone": "•••89", "email": "•••@•••", "price": 1900}


def test_a_long_batch_is_cut() -> None:
    shown = json.loads(masked([{"id": number} for number in range(250)]))
    assert (len(shown), shown[-1]) == (11, "… 240")


def test_unmasked_bodies_are_kept_only_where_the_hub_says_so_and_encrypted(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIEM_KEEP_UNMASKED", "1")
    note(clinic, exchange(request=[CARD]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT whole FROM hub_exchangebody")
        assert "Анна" not in cursor.fetchone()[0]
    assert "Анна" in ExchangeBody.objects.of(clinic.pk).get().whole.reveal()


def test_unmasked_bodies_are_for_those_with_the_right_and_who_looked_is_written_down(
    client: Client,
    db: None,  # noqa: ARG001  # the fixture opens the database
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRIEM_KEEP_UNMASKED", "1")
    world = make_world()
    row = note(world.own, exchange(request=[CARD]))[-1]
    url = reverse("history_whole", args=["own", row.pk])
    for role, is_shown in ((Role.MANAGER, True), (Role.AUDITOR, False)):
        client.force_login(world.people[role])
        inside = client.get(reverse("history_exchange", args=["own", row.pk])).content.decode()
        assert ("Анна" in inside, url in inside) == (False, is_shown)
        assert ("Анна" in client.post(url).content.decode()) is is_shown
    looks = AuditEntry.objects.of(world.own.pk).filter(deed="looked")
    assert list(looks.values_list("name", flat=True)) == [Role.MANAGER]


# --- finding ----------------------------------------------------------------------------------------


def test_filters_find_what_they_say(clinic: Clinic) -> None:
    note(
        clinic,
        exchange(patient="10"),
        exchange("PATCH /api/v4/leads", NOON + timedelta(days=1), failed=True),
        exchange("visits changed", NOON, system="ident", status=None),
        exchange("POST hooks", NOON, incoming=True, about=[("lead", "900")]),
    )
    assert found(clinic, sort="contacts") == ["POST /api/v4/contacts"]
    assert found(clinic, result="failed") == ["PATCH /api/v4/leads"]
    assert found(clinic, system="ident") == ["visits changed"]
    assert found(clinic, direction="in") == ["POST hooks"]
    assert found(clinic, q="10") == found(clinic, q="ident:10") == ["POST /api/v4/contacts"]
    assert found(clinic, q="900", result="failed") == []
    assert found(clinic, q="https://smile.amocrm.ru/leads/detail/900?compact=yes") == ["POST hooks"]
    assert sorted(found(clinic, q="900, ident:10 7")) == ["POST /api/v4/contacts", "POST hooks"]
    assert found(clinic, q="1") == []
    assert found(clinic, since="2026-11-21") == ["PATCH /api/v4/leads"]
    assert len(found(clinic, since="2026-11-20", until="2026-11-20")) == 3
    assert len(found(clinic, since="nonsense", sort="nonsense")) == 4


def test_pages_follow_each_other_without_gap_or_repetition(clinic: Clinic) -> None:
    note(clinic, *[exchange(at=NOON + timedelta(seconds=number // 3), failed=number % 2 == 0) for number in range(40)])
    for query in ({}, {"sort": "contacts"}, {"result": "failed"}):
        seen: list[int] = []
        before = None
        while rows := search.page(clinic.pk, Filters.of(query), before, 7):
            seen += [row.pk for row in rows]
            before = search.place_of(search.written_place((rows[-1].started_at, rows[-1].pk)))
        assert len(seen) == len(set(seen)) == (20 if "result" in query else 40)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is SQLite's own")
@pytest.mark.parametrize(
    "query", [{}, {"sort": "contacts"}, {"result": "failed"}, {"direction": "in"}, {"q": "10"}, {"q": "10 11"}]
)
def test_no_filter_reads_more_than_its_range_of_an_index(clinic: Clinic, query: dict[str, str]) -> None:
    with CaptureQueriesContext(connection) as asked:
        search.page(clinic.pk, Filters.of(query), (NOON, 5))
    with connection.cursor() as cursor:
        for one in asked.captured_queries:
            if "hub_exchangerecord" in one["sql"] and one["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}")
                plan = " ".join(str(row[3]) for row in cursor.fetchall())
                assert "SCAN hub_exchangerecord" not in plan, plan
                assert query.get("q") or "TEMP B-TREE" not in plan, plan
                assert not query or "q" in query or "failed=?" in plan or "INTEGER PRIMARY KEY" in plan, plan


@pytest.mark.parametrize(
    ("system", "what", "incoming", "sort"),
    [
        ("amocrm", "POST /api/v4/contacts", False, "contacts"),
        ("amocrm", "GET /api/v4/leads/pipelines", False, "account"),
        ("amocrm", "POST /api/v4/leads/77/notes", False, "calls"),
        ("amocrm", "POST /oauth2/access_token", False, "access"),
        ("pz", "visits changed", False, "visits"),
        ("pz", "clocks", False, "looks"),
        ("pz", "something new", False, "other"),
        ("ident", "GET GetTickets", True, "tickets"),
        ("amocrm", "POST hooks", True, "hook"),
    ],
)
def test_what_a_request_was_about(system: str, what: str, *, incoming: bool, sort: str) -> None:
    assert sort_of(system, what, incoming=incoming) == sort


def test_questions_that_bring_nothing_make_one_row(clinic: Clinic) -> None:
    idle = exchange("visits changed", system="pz", status=None, items=0)
    rows = note(clinic, *[idle] * 100)
    assert len(rows) == 1
    assert len(note(clinic, exchange("visits changed", system="pz", status=None, items=3))) == 2


# --- the page ---------------------------------------------------------------------------------------


def test_a_row_says_in_words_what_was_done(owner: Client, clinic: Clinic) -> None:
    [row] = note(clinic, exchange(patient="4821", request=[CARD]))
    written = owner.get(reverse("history", args=["smile"])).content.decode()
    assert "Создан контакт: пациент 4821" in written, re.findall("<summary>.*?</summary>", written)
    inside = owner.get(reverse("history_exchange", args=["smile", row.pk])).content.decode()
    assert "•••89" in inside
    assert "Анна" not in inside


def test_the_chosen_or_all_that_are_found_are_decided_anew(owner: Client, clinic: Clinic) -> None:
    rows = note(clinic, *[exchange(patient=str(number), failed=number > 1) for number in range(4)])
    address = reverse("history_retry", args=["smile"])
    owner.post(address, {"exchange": [rows[0].pk, rows[1].pk]})
    waiting = RecalledRecord.objects.of(clinic.pk).order_by("record")
    assert list(waiting.values_list("kind", "record")) == [("patient", "0"), ("patient", "1")]

    owner.post(address, {"all": "1", "result": "failed"})
    assert waiting.count() == 4


def test_a_message_of_amocrm_among_the_chosen_is_not_forgotten(owner: Client, clinic: Clinic) -> None:
    links = PatientLink.objects
    links.create(clinic=clinic, connection="ident", patient="20", contact=77, made_at=NOON)
    rows = note(
        clinic,
        exchange(patient="10", about=[("patient", "ident:10"), ("contact", "78")]),
        exchange("POST hooks", incoming=True, about=[("contact", "77")]),
    )
    links.create(clinic=clinic, connection="ident", patient="30", contact=78, made_at=NOON)
    owner.post(reverse("history_retry", args=["smile"]), {"exchange": [row.pk for row in rows]})
    waiting = RecalledRecord.objects.of(clinic.pk).order_by("record")
    assert list(waiting.values_list("record", flat=True)) == ["10", "20"]


def test_what_is_too_much_for_one_click_goes_on_with_the_next(
    owner: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "AT_ONCE", 2)
    monkeypatch.setattr(retrying, "MOST", 2)
    note(clinic, *[exchange(patient=str(number), failed=number > 0) for number in range(6)])
    address, waiting = reverse("history_retry", args=["smile"]), RecalledRecord.objects.of(clinic.pk)
    sent, counts = {"all": "1", "result": "failed"}, list[int]()
    while len(counts) < 6:
        page = owner.post(address, sent, follow=True)
        counts.append(waiting.count())
        if not page.context["rest"]:
            break
        assert "Повторить и более ранние" in page.content.decode()
        sent["before"] = page.context["rest"]
    assert counts == [2, 4, 5]
    assert not waiting.filter(record="0").exists(), "it went well"


def test_what_another_clinic_asked_is_not_repeated(owner: Client, clinic: Clinic) -> None:
    other = Clinic.objects.create(slug="other", name="Другая")
    [row] = note(other, exchange(patient="10"))
    owner.post(reverse("history_retry", args=["smile"]), {"exchange": [row.pk]})
    assert not RecalledRecord.objects.of_any([clinic.pk, other.pk]).exists()


# --- keeping ----------------------------------------------------------------------------------------


def a_step(clinic: Clinic, patient: str, state: State, request: str = "") -> None:
    store, key = DjangoStore(clinic.pk), PatientKey("ident", patient)
    step = Step(action=Action.UPDATE, key=key, target=1, draft=ContactDraft(ref="1", id=1, name="x"), why=Why("link"))
    store.intend([step])
    store.record([(step, Outcome(ref="1", state=state, id=1, request_id=request), None)])


def test_what_is_old_goes_but_never_a_failure_that_nobody_made_up_for(clinic: Clinic) -> None:
    long_ago = NOON - timedelta(days=1000)
    note(
        clinic,
        exchange(at=long_ago, patient="1"),
        exchange(at=long_ago, patient="2", failed=True, request=[CARD]),
        exchange(at=long_ago, patient="3", failed=True),
        exchange(at=NOON, patient="4", request=[CARD]),
    )
    a_step(clinic, "2", State.REFUSED)
    a_step(clinic, "3", State.REFUSED)
    a_step(clinic, "3", State.DONE)

    assert keeping.tidy(NOON + timedelta(days=1)) == 2

    left = ExchangeSubject.objects.of(clinic.pk).order_by("number").values_list("number", flat=True)
    assert list(left) == ["2", "4"]
    assert ExchangeBody.objects.of(clinic.pk).count() == 2


def test_a_batch_that_was_taken_but_for_one_record_stays_until_that_one_is_written(clinic: Clinic) -> None:
    long_ago = NOON - timedelta(days=1000)
    both = [("patient", "ident:1"), ("patient", "ident:2")]
    note(clinic, exchange(at=long_ago, about=both, request_id="r-7"), exchange(at=long_ago, patient="1"))
    a_step(clinic, "1", State.DONE, "r-7")
    a_step(clinic, "2", State.REFUSED, "r-7")

    keeping.tidy(NOON + timedelta(days=1))
    rows = ExchangeRecord.objects.of(clinic.pk)
    assert list(rows.values_list("request_id", flat=True)) == ["r-7"]

    a_step(clinic, "2", State.DONE)
    keeping.tidy(NOON + timedelta(days=1))
    assert not rows.exists()


def test_too_many_rows_go_the_oldest_first(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIEM_KEEP_ROWS", "3")
    rows = note(clinic, *[exchange(at=NOON + timedelta(seconds=number)) for number in range(10)])
    keeping.tidy(NOON + timedelta(hours=1))
    left = ExchangeRecord.objects.of(clinic.pk).order_by("pk").values_list("pk", flat=True)
    assert list(left) == [row.pk for row in rows[-3:]]


def test_bodies_go_before_their_rows(clinic: Clinic) -> None:
    note(clinic, exchange(request=[CARD]))
    keeping.tidy(NOON + timedelta(days=20))
    assert (ExchangeRecord.objects.of(clinic.pk).count(), ExchangeBody.objects.of(clinic.pk).count()) == (1, 0)


def test_old_steps_go_but_not_what_still_waits_for_somebody(clinic: Clinic) -> None:
    for patient, state in (("1", State.DONE), ("2", State.REFUSED), ("3", State.UNKNOWN), ("4", State.REFUSED)):
        a_step(clinic, patient, state)
    a_step(clinic, "4", State.DONE)
    StepRecord.objects.of(clinic.pk).update(intended_at=NOON - timedelta(days=1000))
    keeping.tidy(NOON)
    assert set(StepRecord.objects.of(clinic.pk).values_list("record", "state")) == {("2", "refused"), ("3", "unknown")}


def test_everything_is_noted_once(clinic: Clinic) -> None:
    DjangoExchanges(clinic.pk).note(exchange())
    DjangoExchanges(clinic.pk).flush()
    assert ExchangeRecord.objects.of(clinic.pk).count() == 1
