"""Rates, the block behind them, and every way to fail that can be ordered."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from .conftest import Account, Json, Start

pytestmark = pytest.mark.slow


def test_the_eighth_request_within_a_second_is_429_in_html(start: Start) -> None:
    account = start(rate_limit=7)
    answers = [account.get("account") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429]
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert "retry-after" not in answers[-1].headers


def test_any_rolling_second_counts_and_not_the_clocks(start: Start) -> None:
    account = start(rate_limit=7, block_after=0)
    deadline = time.monotonic() + 2.6
    while time.monotonic() < deadline:
        account.get("account")
    log = account.http.get("/_sandbox/requests").json()["requests"]
    let_in = [entry["at"] for entry in log if entry["status"] == 200]
    assert len(let_in) >= 14
    assert all(later - earlier > 0.99 for earlier, later in zip(let_in, let_in[7:], strict=False))


def test_the_account_has_a_rate_of_its_own(start: Start) -> None:
    account = start(rate_limit=0, account_rate_limit=3)
    assert [account.get("account").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_going_on_over_the_rate_ends_in_a_block_of_everything(start: Start) -> None:
    account = start(rate_limit=2, block_after=5)
    statuses = [account.get("account").status_code for _ in range(10)]
    assert statuses[:2] == [200, 200]
    assert statuses[-1] == 403
    blocked = account.get("account")
    assert "nginx" in blocked.text
    assert blocked.headers["content-type"].startswith("text/html")
    assert account.http.post("/oauth2/access_token", json={}).status_code == 403
    account.act("unblock")
    time.sleep(1.0)  # the rate itself, which is what is tested
    assert account.get("account").status_code == 200


def test_the_busiest_second_and_the_counts_are_told(account: Account) -> None:
    for _ in range(5):
        account.get("account")
    account.post("leads", [{}])
    account.get("nothing")
    seen = account.state("requests")["requests"]
    assert seen["max_in_one_second"] == 7
    assert seen["by_path"]["GET /api/v4/account"] == 5
    assert seen["by_path"]["POST /api/v4/leads"] == 1
    assert seen["by_status"] == {"200": 6, "404": 1}
    log = account.http.get("/_sandbox/requests", params={"after": 5}).json()["requests"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in log] == [
        ("POST", "/api/v4/leads", 200),
        ("GET", "/api/v4/nothing", 404),
    ]


@pytest.mark.parametrize(
    ("kind", "status", "saved"),
    [
        ("429", 429, 0),
        ("block_403", 403, 0),
        ("ip_403", 403, 0),
        ("402", 402, 0),
        ("500", 500, 0),
        ("502", 502, 0),
        ("504_before", 504, 0),
        ("504_after", 504, 1),
        ("html_200", 200, 0),
        ("lost_after_commit", None, 1),
        ("cut_before", None, 0),
    ],
)
def test_ordered_failures(account: Account, kind: str, status: int | None, saved: int) -> None:
    account.fault(kind, method="POST", path="/api/v4/leads")
    assert account.get("account").status_code == 200
    if status is None:
        with pytest.raises(httpx2.TransportError):
            account.post("leads", [{}])
    else:
        answer = account.post("leads", [{}])
        assert answer.status_code == status
        assert kind in {"402", "ip_403"} or answer.headers["content-type"].startswith("text/html")
    assert account.state("counts")["counts"]["leads"] == saved
    assert account.post("leads", [{}]).status_code == 200
    assert account.state("faults")["faults"]["fired"] == {kind: 1}


def test_faults_by_probability_go_on_until_they_are_taken_back(account: Account) -> None:
    account.fault("500", probability=0.5)
    statuses = [account.get("account").status_code for _ in range(60)]
    assert {200, 500} == set(statuses)
    account.http.request("DELETE", "/_sandbox/faults")
    assert [account.get("account").status_code for _ in range(10)] == [200] * 10


def test_a_slow_answer_does_not_hold_up_the_others(account: Account) -> None:
    account.fault("slow", seconds=0.6, path="/api/v4/users")
    with ThreadPoolExecutor() as pool:
        begun = time.monotonic()
        slow = pool.submit(account.get, "users")
        quick = [pool.submit(account.get, "account") for _ in range(5)]
        assert all(each.result().status_code == 200 for each in quick)
        assert not slow.done()
        assert slow.result().status_code == 200
        assert time.monotonic() - begun >= 0.6


def test_latency_is_by_request_and_by_record_and_requests_wait_together(start: Start) -> None:
    account = start(latency_ms=50, latency_per_record_ms=2)
    account.act("bulk", contacts=[{"name": str(index)} for index in range(100)])
    account.get("account")
    begun = time.monotonic()
    account.get("contacts", params={"limit": 100})
    assert time.monotonic() - begun >= 0.25
    with ThreadPoolExecutor(8) as pool:
        begun = time.monotonic()
        assert all(each.status_code == 200 for each in pool.map(lambda _: account.get("account"), range(8)))
        assert time.monotonic() - begun < 8 * 0.05


def test_a_search_index_that_lags_does_not_find_the_latest(account: Account) -> None:
    account.created("contacts", {"name": "Новенький"})
    account.fault("stale_search", seconds=60)
    assert account.get("contacts", params={"query": "Новенький"}).status_code == 204
    assert account.get("contacts", params={"query": "Новенький"}).status_code == 200


def test_an_unpaid_account_refuses_writes_at_once_and_reads_after_a_month(account: Account) -> None:
    account.act("subscription_ended")
    assert account.get("account").status_code == 200
    refused = account.post("leads", [{}])
    assert (refused.status_code, refused.headers["content-type"]) == (402, "application/problem+json")
    account.act("subscription_ended", days=31)
    assert account.get("account").status_code == 402
    account.act("subscription_ended", ended=False)
    assert account.post("leads", [{}]).status_code == 200


@pytest.mark.parametrize("sent", [{"kind": "nonsense"}, {}, {"kind": "500", "colour": 1}])
def test_orders_that_make_no_sense_are_refused(account: Account, sent: Json) -> None:
    assert account.http.post("/_sandbox/faults", json=sent).status_code == 400
