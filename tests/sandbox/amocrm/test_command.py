"""The command: one line on stdout, a quick and quiet end, HTTPS, state on disk, and the speed that benches need."""

import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from priem.sandbox.amocrm.background import running
from priem.sandbox.amocrm.settings import Settings

from .conftest import Account, phone

pytestmark = pytest.mark.slow
Launch = Callable[..., tuple["subprocess.Popen[str]", dict[str, Any]]]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Start the command; whatever is left is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> tuple["subprocess.Popen[str]", dict[str, Any]]:
        command = [sys.executable, "-m", "priem.sandbox.amocrm", *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def test_one_line_tells_all_that_a_client_needs(launch: Launch) -> None:
    process, about = launch("--seed", "5")
    names = "sandbox url control subdomain account_id client_id client_secret redirect_uri code long_lived_token board"
    assert set(names.split()) <= set(about)
    assert about["sandbox"] == "amocrm"
    headers = {"Authorization": f"Bearer {about['long_lived_token']}"}
    assert httpx2.get(f"{about['url']}/api/v4/account", headers=headers).json()["id"] == about["account_id"]
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    assert process.stdout is not None
    assert process.stdout.read() == ""


def test_it_ends_at_once_even_with_a_request_in_flight(launch: Launch) -> None:
    process, about = launch("--latency-ms", "30000")
    headers = {"Authorization": f"Bearer {about['long_lived_token']}"}
    with httpx2.Client(headers=headers) as client, pytest.raises(httpx2.TransportError):
        client.get(f"{about['url']}/api/v4/account", timeout=0.3)
    begun = time.monotonic()
    process.terminate()
    assert process.wait(5) == 0
    assert time.monotonic() - begun < 2


def test_it_ends_with_its_parent(launch: Launch) -> None:
    process, _about = launch("--until-stdin-closes")
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(5) == 0


def test_https_with_a_certificate_of_its_own(launch: Launch) -> None:
    _process, about = launch("--tls")
    context = ssl.create_default_context(cafile=about["ca_file"])
    headers = {"Authorization": f"Bearer {about['long_lived_token']}"}
    answer = httpx2.get(f"{about['url']}/api/v4/account", headers=headers, verify=context)
    assert answer.json()["_links"]["self"]["href"].startswith("https://127.0.0.1:")


def test_the_account_is_kept_on_disk(launch: Launch, tmp_path: Path) -> None:
    kept = str(tmp_path / "amocrm.state")
    process, about = launch("--state-file", kept)
    with httpx2.Client(base_url=about["url"]) as client:
        sent = {"act": "site_form_lead", "name": "Анна Белова", "phone": "+70000000001", "price": 700, "unsorted": True}
        made = client.post("/_sandbox/act", json=sent).json()
        before = client.get(
            "/_sandbox/state", params={"only": "contacts,leads,pipelines,custom_fields,events,tags,unsorted"}
        ).json()
    process.terminate()
    assert process.wait(5) == 0
    _process, again = launch("--state-file", kept)
    assert again["client_secret"] == about["client_secret"]
    with httpx2.Client(
        base_url=again["url"], headers={"Authorization": f"Bearer {about['long_lived_token']}"}
    ) as client:
        after = client.get(
            "/_sandbox/state", params={"only": "contacts,leads,pipelines,custom_fields,events,tags,unsorted"}
        ).json()
        assert json.dumps(after).replace(again["url"], "") == json.dumps(before).replace(about["url"], "")
        lead = client.get(f"/api/v4/leads/{made['lead_id']}").json()
        assert lead["price"] == 700
        assert client.post("/api/v4/contacts", json=[{}]).json()["_embedded"]["contacts"][0]["id"] > made["contact_id"]


def test_it_is_quick_enough_not_to_be_what_is_measured() -> None:
    """The promise is 1,500 simple requests a second and 30 ms; a busy machine gets a third of it for granted."""
    with running(Settings(rate_limit=0, account_rate_limit=0, contacts=20_000)) as sandbox:
        account = Account(sandbox)
        items = [{"name": "Анна", "custom_fields_values": phone(f"+7000{index:07d}")} for index in range(250)]
        account.post("contacts", items)
        best = min(_seconds(lambda: account.post("contacts", items)) for _ in range(10))
        assert best < 0.09
        best = min(
            _seconds(lambda: account.get("contacts?limit=250&page=70&order[updated_at]=desc")) for _ in range(10)
        )
        assert best < 0.09
        account.http.close()


def _seconds(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun
