"""Failures on request, the log, the clock, the life of the clinic, and invented people."""

import time
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from .conftest import Account, Start

pytestmark = pytest.mark.slow

Json = Any


def patients(account: Account) -> int:
    return int(account.sandbox.state("counts")["counts"][account.api_id]["medcards"])


def create(account: Account) -> httpx2.Response:
    return account.post("medcards", last_name="Лунин", first_name="Пётр")


@pytest.mark.parametrize("kind", ["lost_after_commit", "cut_after"])
def test_an_answer_is_lost_after_the_work_was_done(account: Account, kind: str) -> None:
    account.sandbox.fault(kind, method="POST", path="/medcards")
    before = patients(account)
    with pytest.raises(httpx2.TransportError):
        create(account)
    assert patients(account) == before + 1
    assert create(account).status_code == 200


def test_a_connection_breaks_before_anything_was_done(account: Account) -> None:
    account.sandbox.fault("cut_before")
    before = patients(account)
    with pytest.raises(httpx2.TransportError):
        create(account)
    assert patients(account) == before


@pytest.mark.parametrize(
    ("kind", "status", "made"),
    [
        ("500", 500, 0),
        ("502", 502, 0),
        ("504_before", 504, 0),
        ("500_after", 500, 1),
        ("502_after", 502, 1),
        ("504_after", 504, 1),
        ("401", 401, 0),
        ("403", 403, 0),
        ("429", 429, 0),
        ("html_200", 200, 0),
    ],
)
def test_answers_that_are_none(account: Account, kind: str, status: int, made: int) -> None:
    account.sandbox.fault(kind)
    before = patients(account)
    answer = create(account)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(
        "application/json" if kind in ("401", "403", "429") else "text/html"
    )
    assert patients(account) == before + made


def test_a_slow_answer_comes_all_the_same(account: Account) -> None:
    account.sandbox.fault("slow", seconds=0.2)
    begun = time.monotonic()
    assert create(account).status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_a_failure_may_be_of_one_branch_by_path_by_method_by_chance_and_later(start: Start) -> None:
    first = start(branches=2)
    second = first.other()
    first.sandbox.fault("502", count=None, branch=second.api_id)
    assert [each.call("GET", "doctors").status_code for each in (first, second)] == [200, 502]
    first.http.delete("/_sandbox/faults")
    first.sandbox.fault("500", method="GET", path="/doctors", skip=1, count=2)
    assert first.call("GET", "talons").status_code == 200
    assert [first.call("GET", "doctors").status_code for _ in range(4)] == [200, 500, 500, 200]
    first.sandbox.fault("500", probability=0.5)
    statuses = {first.call("GET", "doctors").status_code for _ in range(40)}
    assert statuses == {200, 500}


def test_a_failure_that_makes_no_sense_is_refused(account: Account) -> None:
    for wrong in ({"kind": "earthquake"}, {"kind": "500", "when": "now"}):
        assert account.http.post("/_sandbox/faults", json=wrong).status_code == 400
    assert account.http.post("/_sandbox/branch", json={"collision": "maybe"}).status_code == 400
    assert account.http.post("/_sandbox/branch", json={"v5": {"limits": 1}}).status_code == 400
    assert account.http.post("/_sandbox/act", json={"act": "dance"}).status_code == 400
    assert account.http.get("/_sandbox/nothing").status_code == 404


def test_requests_are_logged_and_counted_by_branch_and_second(start: Start) -> None:
    first = start(branches=2)
    second = first.other()
    last = first.http.get("/_sandbox/requests").json()["last"]
    for _ in range(5):
        first.call("GET", "doctors", params={"limit": 1})
    second.post("medcards", last_name="Лунин", phone="222")
    entries = first.http.get("/_sandbox/requests", params={"after": last}).json()["requests"]
    assert [(entry["branch"], entry["method"], entry["status"]) for entry in entries] == [
        *[(first.api_id, "GET", 200)] * 5,
        (second.api_id, "POST", 400),
    ]
    assert entries[0]["query"] == "limit=1"
    assert entries[-1]["sent"] == ["last_name", "phone"]
    counted = first.sandbox.state("requests")["requests"]["by_branch"]
    assert counted[second.api_id] == {"total": 1, "max_in_one_second": 1}
    assert counted[first.api_id]["total"] == 5
    assert 1 <= counted[first.api_id]["max_in_one_second"] <= 5


def test_a_rate_may_be_set(start: Start) -> None:
    account = start(rate_limit=3)
    statuses = [account.call("GET", "doctors", params={"limit": 1}).status_code for _ in range(12)]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses


def test_the_clock_stands_moves_and_runs(start: Start) -> None:
    account = start()

    def clock(**sent: Json) -> Json:
        return account.http.post("/_sandbox/clock", json=sent).json()

    assert clock(set="2026-03-10T21:30:00", freeze=True)["local"][account.api_id] == "2026-03-11T00:30:00"
    assert clock()["utc"] == "2026-03-10T21:30:00+00:00"
    assert clock(advance=90)["utc"] == "2026-03-10T21:31:30+00:00"
    running = clock(freeze=False, skew=30)
    assert (running["frozen"], running["skew"]) == (False, 30)
    assert clock()["utc"] > running["utc"]


def test_the_schedule_goes_on_as_days_go_by(account: Account) -> None:
    before = account.act("free", count=1)["slots"][0]["start"]
    account.http.post("/_sandbox/clock", json={"advance": 200 * 86_400})
    [slot] = account.act("free", count=1)["slots"]
    assert slot["start"] > before
    assert account.act("book", medcard=1, doctor=slot["doctor"], start=slot["start"])["talon"]


def until(account: Account, done: int) -> Json:
    """The summary of the life once so much has happened."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        summary = account.http.get("/_sandbox/state?only=live").json()["live"]
        if summary["made"] >= done and not summary["running"]:
            return summary
    raise AssertionError("nothing happened")


def test_the_clinic_lives_and_books_nobody_twice(start: Start) -> None:
    account = start(branches=2, visits=60)
    account.http.post("/_sandbox/live", json={"rate": 5000, "changes": 400})
    kinds = until(account, 400)["by_kind"]
    assert {"booked", "moved", "confirmed", "arrived", "paid", "cancelled", "deleted", "no_show"} <= set(kinds)
    assert list(account.sandbox.state("double_bookings")["double_bookings"].values()) == [[], []]
    changes = account.http.get("/_sandbox/changes", params={"after": 390}).json()
    assert len(changes) == 10
    assert {change["branch"] for change in changes} <= {each[0] for each in account.sandbox.accounts}


def test_the_same_seed_makes_the_same_clinic(start: Start) -> None:
    now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    one, same, other = (start(seed=seed, now=now, frozen=True) for seed in (1, 1, 2))
    tables = [each.sandbox.state("medcards", "talons", "doctors", "shifts") for each in (one, same, other)]
    assert tables[0] == tables[1] != tables[2]
    assert one.secret == same.secret != other.secret


def test_an_invented_clinic_has_the_troubles_of_a_real_one(start: Start) -> None:
    account = start(patients=600, visits=300, history=30)
    cards = account.get("medcards", limit=1000)["data"]
    phones = [card["phone"] for card in cards]
    assert "" in phones
    assert len(set(phones)) < len(phones) - phones.count("")
    assert {phone[:2] for phone in phones} >= {"+7", "79", "8 "}
    talons = account.get("talons", limit=5000, withDeleted=1)["data"]
    assert {row["deleted"] for row in talons} == {True, False}
    assert 0 in {row["patient_id"] for row in talons}
    assert {row["status"] for row in talons} >= {"Запись", "Подтвержден", "Прием завершен", "Отменен", "Оплачен"}
    assert account.sandbox.state("double_bookings")["double_bookings"] == {account.api_id: []}
