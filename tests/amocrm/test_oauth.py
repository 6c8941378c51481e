"""Tokens, on the sandbox: had for a code, renewed by one, lost, revoked, moved."""

import base64
import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from priem.amocrm.oauth import authorise_url, claims_of, uninstall_is_genuine
from priem.errors import AskOperator, TryLater
from priem.ports import Tokens
from tests.amocrm.kit import (
    Journal,
    MemoryTokens,
    Response,
    SandboxProcess,
    ScriptedServer,
    Seen,
    connected,
    hal,
    page,
    problem,
)

pytestmark = pytest.mark.slow

REVOKED = problem(401, "В запросе отсутствует ряд параметров", hint="Token has been revoked")
NEVER = 10**11


def with_code(sandbox: SandboxProcess) -> MemoryTokens:
    """An account that was authorised by code, as the first thing anybody does."""
    store = MemoryTokens(Tokens(access=""))
    with connected(sandbox.config(requests_per_second=1000), store) as crm:
        crm.oauth.exchange(sandbox.about["code"])
    return store


def renewals(sandbox: SandboxProcess) -> int:
    paths: dict[str, int] = sandbox.state()["requests"]["by_path"]
    return sum(times for path, times in paths.items() if path.endswith("/oauth2/access_token")) - 1


@pytest.mark.slow
def test_a_code_becomes_a_pair_that_is_stored_and_opens_the_account(sandbox: SandboxProcess) -> None:
    store = with_code(sandbox)
    assert len(store.saved) == 1
    assert store.tokens.refresh
    assert store.tokens.expires_at > 0
    with connected(sandbox.config(requests_per_second=1000), store) as crm:
        assert crm.account().subdomain == sandbox.about["subdomain"]


@pytest.mark.slow
def test_a_code_that_was_used_or_never_was_is_said_in_words(sandbox: SandboxProcess) -> None:
    with_code(sandbox)
    with connected(sandbox.config(), MemoryTokens(Tokens(access=""))) as crm:
        for code in (sandbox.about["code"], "rubbish"):
            with pytest.raises(AskOperator, match="code"):
                crm.oauth.exchange(code)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"client_secret": "wrong"}, {"redirect_uri": "https://example.org/other"}])
def test_a_wrong_integration_is_said_and_the_pair_is_kept(sandbox: SandboxProcess, wrong: dict[str, str]) -> None:
    store = with_code(sandbox)
    sandbox.act("expire_access_tokens")
    with connected(sandbox.config(**wrong), store) as crm, pytest.raises(AskOperator, match="integration"):
        crm.account()
    assert store.forgotten is None


@pytest.mark.slow
def test_an_expired_token_is_renewed_and_the_new_pair_is_stored_before_it_is_used(sandbox: SandboxProcess) -> None:
    store = with_code(sandbox)
    sandbox.act("expire_access_tokens")
    old = store.tokens
    with connected(sandbox.config(requests_per_second=1000), store) as crm:
        crm.account()
    assert len(store.saved) == 2
    assert store.tokens.refresh != old.refresh


@pytest.mark.slow
def test_twenty_workers_with_one_expired_token_renew_it_once_and_none_fails(sandbox: SandboxProcess) -> None:
    store = with_code(sandbox)
    sandbox.act("expire_access_tokens")
    together = threading.Barrier(20)

    def work(_worker: int) -> int:
        with connected(sandbox.config(requests_per_second=1000), store) as crm:
            together.wait()
            return crm.client.get("/api/v4/account").status

    with ThreadPoolExecutor(20) as workers:
        assert list(workers.map(work, range(20))) == [200] * 20
    assert renewals(sandbox) == 1
    assert len(store.saved) == 2


@pytest.mark.slow
def test_twenty_threads_of_one_worker_renew_it_once(sandbox: SandboxProcess) -> None:
    store = with_code(sandbox)
    sandbox.act("expire_access_tokens")
    with connected(sandbox.config(requests_per_second=1000), store) as crm, ThreadPoolExecutor(20) as workers:
        answers = list(workers.map(lambda _: crm.client.get("/api/v4/account").status, range(20)))
    assert answers == [200] * 20
    assert renewals(sandbox) == 1


@pytest.mark.slow
def test_a_renewal_whose_answer_is_lost_ends_in_authorise_again(sandbox: SandboxProcess) -> None:
    store = with_code(sandbox)
    sandbox.act("expire_access_tokens")
    sandbox.fault("refresh_lost")
    with connected(sandbox.config(requests_per_second=1000), store) as crm:
        with pytest.raises(AskOperator) as raised:
            crm.account()
        assert raised.value.advice is not None
        assert "Authorise" in str(raised.value.advice)
    assert store.forgotten is not None
    with connected(sandbox.config(), store) as crm, pytest.raises(AskOperator):
        crm.account()

    fresh = sandbox.act("new_code")["code"]
    store.forgotten = None
    with connected(sandbox.config(requests_per_second=1000), store) as crm:
        crm.oauth.exchange(fresh)
        assert crm.account().id == sandbox.about["account_id"]


@pytest.mark.slow
def test_access_that_was_withdrawn_ends_in_authorise_again(sandbox: SandboxProcess) -> None:
    store = with_code(sandbox)
    sandbox.act("revoke_token")
    with connected(sandbox.config(requests_per_second=1000), store) as crm, pytest.raises(AskOperator):
        crm.account()
    assert store.forgotten is not None


@pytest.mark.slow
def test_a_long_lived_token_is_never_renewed(sandbox: SandboxProcess) -> None:
    store = sandbox.long_lived()
    before = renewals(sandbox)
    sandbox.act("revoke_token")
    with connected(sandbox.config(), store) as crm, pytest.raises(AskOperator, match="long-lived"):
        crm.account()
    assert renewals(sandbox) == before
    assert store.saved == []


def renewing_server(refresh: Response) -> tuple[ScriptedServer, list[str]]:
    """Accepts the token `new` only; refreshing is answered so."""
    asked: list[str] = []

    def answer(request: Seen) -> Response:
        if request.path == "/oauth2/access_token":
            asked.append(request.json["refresh_token"])
            return refresh
        known = request.headers["Authorization"] == "Bearer new"
        return hal({"id": 1}) if known else problem(401, "Неверный логин или пароль")

    return ScriptedServer(answer), asked


NEW_PAIR = hal({"token_type": "Bearer", "expires_in": 86400, "access_token": "new", "refresh_token": "next"})


def test_a_token_is_renewed_an_hour_before_its_end() -> None:
    server, asked = renewing_server(NEW_PAIR)
    soon = Tokens(access="old", refresh="first", expires_at=1)
    store = MemoryTokens(soon)
    with server, connected(server.config(), store) as crm:
        crm.client.get("/api/v4/account")
        crm.client.get("/api/v4/account")
    assert asked == ["first"]
    assert [one.headers.get("Authorization") for one in server.seen] == [None, "Bearer new", "Bearer new"]


def test_the_store_is_asked_in_the_callers_own_thread() -> None:
    class Watched(MemoryTokens):
        def load(self) -> Tokens:
            threads.add(threading.current_thread())
            return super().load()

    threads: set[threading.Thread] = set()
    server, _ = renewing_server(NEW_PAIR)
    with server, connected(server.config(), Watched(Tokens(access="old", refresh="first", expires_at=1))) as crm:
        crm.account()
        list(crm.contacts(None, ()))
    assert threads == {threading.current_thread()}


def test_a_token_with_a_day_left_is_left_alone() -> None:
    server, asked = renewing_server(NEW_PAIR)
    with server, connected(server.config(), MemoryTokens(Tokens(access="new", refresh="a", expires_at=NEVER))) as crm:
        crm.client.get("/api/v4/account")
    assert asked == []


def test_a_token_that_lives_for_a_minute_is_not_renewed_with_every_request() -> None:
    brief = hal({"expires_in": 60, "access_token": "new", "refresh_token": "next"})
    server, asked = renewing_server(brief)
    with server, connected(server.config(), MemoryTokens(Tokens(access="a", refresh="b", expires_at=1))) as crm:
        for _ in range(5):
            crm.client.get("/api/v4/account")
    assert asked == ["b"]


@pytest.mark.parametrize("refresh", [page(502, "502 Bad Gateway"), page(504, "504"), page(429, "429"), page(200, "x")])
def test_a_renewal_that_amocrm_could_not_answer_is_tried_later(refresh: Response) -> None:
    server, _ = renewing_server(refresh)
    store = MemoryTokens(Tokens(access="old", refresh="first"))
    with server, connected(server.config(), store) as crm, pytest.raises(TryLater):
        crm.client.get("/api/v4/account")
    assert (store.forgotten, store.saved) == (None, [])


def test_a_write_that_needed_a_lost_renewal_was_certainly_not_sent() -> None:
    server, _ = renewing_server(page(502, "502 Bad Gateway"))
    with server, connected(server.config(), MemoryTokens(Tokens(access="old", refresh="first"))) as crm:
        with pytest.raises(TryLater) as raised:
            crm.client.write("POST", "/api/v4/contacts", [{}])
        assert type(raised.value) is TryLater


def test_a_revoked_pair_is_forgotten() -> None:
    server, asked = renewing_server(REVOKED)
    store = MemoryTokens(Tokens(access="old", refresh="first"))
    with server, connected(server.config(), store) as crm, pytest.raises(AskOperator, match="revoked"):
        crm.client.get("/api/v4/account")
    assert store.forgotten is not None
    assert asked == ["first"]


def test_a_pair_that_nobody_used_for_three_months_asks_for_a_person(sandbox: SandboxProcess) -> None:
    store = MemoryTokens(Tokens(access=""))
    with connected(sandbox.config(), store) as crm:
        crm.oauth.exchange(sandbox.about["code"])
        sandbox.act("expire_access_tokens")
        sandbox.act("expire_refresh_tokens")
        with pytest.raises(AskOperator, match="revoked"):
            crm.client.get("/api/v4/account")
    assert store.forgotten is not None


def test_an_account_that_moved_is_followed() -> None:
    """The token names a host that knows where the account lives now."""

    def new_home(request: Seen) -> Response:
        if request.path == "/oauth2/account/current/subdomain":
            return hal({"id": 1, "subdomain": "new", "domain": host})
        return NEW_PAIR if request.path == "/oauth2/access_token" else hal({"id": 1, "subdomain": "new"})

    gone = page(404, "404 Not Found")
    with ScriptedServer(new_home) as home, ScriptedServer(lambda _request: gone) as old:
        host = home.url.removeprefix("http://")
        store = MemoryTokens(Tokens(access=jwt({"api_domain": host}), refresh="first", expires_at=1))
        moved: list[str] = []
        with connected(old.config(), store, on_moved=moved.append) as crm:
            assert crm.client.get("/api/v4/account").body["subdomain"] == "new"
        assert moved == [home.url]
        assert home.seen[0].headers["X-Refresh-Token"] == "first"


def test_a_token_cannot_lead_priem_to_a_strangers_host() -> None:
    with ScriptedServer(lambda _request: page(404, "404 Not Found")) as old:
        token = jwt({"api_domain": "example.org"})
        store = MemoryTokens(Tokens(access=token, refresh="first", expires_at=1))
        journal = Journal()
        with connected(old.config(), store, journal) as crm, pytest.raises((AskOperator, TryLater)):
            crm.client.get("/api/v4/account")
        assert not any("subdomain" in exchange.what for exchange in journal.exchanges)


def jwt(claims: dict[str, str]) -> str:
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".x"


@pytest.mark.parametrize("token", ["", "a.b", "x.!!!.y", "e30.W10.x"])
def test_what_is_no_token_claims_nothing(token: str) -> None:
    assert claims_of(token) == {}


def test_the_uninstall_hook_is_believed_only_with_its_signature() -> None:
    with ScriptedServer(lambda _request: None) as server:
        config = replace(server.config(), client_id="abc", client_secret="secret")
    signature = hmac.new(b"secret", b"abc|123", hashlib.sha256).hexdigest()
    good = {"account_id": "123", "client_uuid": "abc", "signature": signature}
    assert uninstall_is_genuine(config, good)
    assert uninstall_is_genuine(config, {"account_id": "123", "client_id": "abc", "signature": signature})
    for change in ({"account_id": "124"}, {"client_uuid": "abd"}, {"signature": "é"}, {"signature": ""}):
        assert not uninstall_is_genuine(config, good | change)


def test_the_button_leads_to_amocrm_with_the_state() -> None:
    with ScriptedServer(lambda _request: None) as server:
        config = server.config()
    assert authorise_url(config, "st&te").endswith("/oauth?client_id=client&state=st%26te&mode=post_message")
