"""The hub as a process: it answers, and it stops when it is told to."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from priem.cli.hub_commands import reachable
from priem.hub.receiving import MOST_BYTES, THREADS
from tests.hub.conftest import RunsHub
from tests.postgres import hub_environment
from tests.warm import Python, new_home

pytestmark = pytest.mark.slow
CODE = """
import os, threading
from priem.hub import receiving
from priem.hub.server import HubServer
receiving.SILENCE = 1.0
server = HubServer("127.0.0.1", 0)
threading.Thread(target=lambda: (os.read(0, 1), server.stop()), daemon=True).start()
print(server.url, flush=True)
server.run()
"""


@pytest.fixture
def server(home: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**hub_environment(new_home(home)), "DJANGO_SETTINGS_MODULE": "priem.hub.settings"}
    pipe = subprocess.PIPE
    command = ["-c", CODE]
    with Python(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.kill()


def answer(url: str) -> bytes:
    """Waits for a server that is just starting."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(url, timeout=5) as response:  # noqa: S310  # our own address
                return bytes(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, None])
def test_a_server_answers_until_it_is_told_to_stop(server: subprocess.Popen[str], told: signal.Signals | None) -> None:
    workers = answering(server)
    if told:
        server.send_signal(told)
    elif server.stdin:
        server.stdin.close()  # and a thread calls `stop`
    assert server.wait(timeout=20) == 0
    assert not [pid for pid in workers if is_alive(pid)]


def test_nothing_is_left_of_a_server_that_was_killed(server: subprocess.Popen[str]) -> None:
    workers = answering(server)
    server.kill()
    server.wait()
    deadline = time.monotonic() + 20
    while left := [pid for pid in workers if is_alive(pid)]:
        assert time.monotonic() < deadline, left


def test_a_worker_that_is_only_starting_ends_when_it_is_told(server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not (started := children_of(server.pid)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for pid in started:
        os.kill(pid, signal.SIGTERM)
    while left := [pid for pid in started if is_alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


WORKING = """
import time
from concurrent.futures import ThreadPoolExecutor
from priem.hub.models import Work, WorkKind
from priem.hub.server import HubServer
from priem.hub.setup import living

def asks_all_the_time(report):
    asking = ThreadPoolExecutor(2)
    slow = asking.submit(time.sleep, 1)
    say("at work")
    while True:
        slow = asking.submit(time.sleep, 3) if slow.done() else slow
        asking.submit(time.sleep, 0.01).result()

living.stay_in_step = lambda slug, **_: asks_all_the_time
now = datetime.now(UTC)
Work.objects.create(clinic_id=CLINIC, kind=WorkKind.SYNC, started_at=now, beat_at=now)
HubServer("127.0.0.1", 0).run()
say([work.state for work in Work.objects.of_all()])
"""


def test_a_server_that_stops_breaks_off_no_sync_for_good(hub_process: RunsHub) -> None:
    """Its threads can ask nobody any more while it stops: that is no mistake, and the next server goes on."""
    hub = hub_process(WORKING)
    assert hub.says() == "at work"

    hub.process.send_signal(signal.SIGTERM)

    said, _ = hub.process.communicate(timeout=120)
    assert json.loads(said.splitlines()[-1]) == ["running"]


def test_slow_bodies_keep_no_page_waiting(server: subprocess.Popen[str]) -> None:
    assert server.stdout
    url = server.stdout.readline().strip()
    answer(f"{url}/healthz")
    slow = [line_with(url, 1000, b'{"code": ') for _ in range(5 * THREADS)]
    large = line_with(url, MOST_BYTES + 1, b"")

    assert json.loads(answer(f"{url}/healthz"))["state"] == "ok"

    assert said_on(large).startswith(b"HTTP/1.1 413")
    assert {said_on(line)[:12] for line in slow} == {b"HTTP/1.1 408"}
    assert b"<svg" in answer(f"{url}/static/hub/favicon.svg")


@pytest.mark.parametrize(
    ("given", "said"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("10.0.0.5", "10.0.0.5"), ("hub", "hub")],  # noqa: S104 - nobody listens
)
def test_the_address_is_one_that_a_browser_here_can_open(given: str, said: str) -> None:
    assert reachable(given) == said


def line_with(url: str, size: int, body: bytes) -> socket.socket:
    """One on which so much was announced, and only this was sent."""
    parts = urlsplit(url)
    line = socket.create_connection((str(parts.hostname), parts.port or 0), timeout=30)
    head = f"POST /agent/enrol HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {size}\r\n\r\n"
    line.sendall(head.encode() + body)
    return line


def said_on(line: socket.socket) -> bytes:
    """Everything, until the hub closed it."""
    with closing(line):
        return b"".join(iter(lambda: line.recv(4096), b""))


def answering(server: subprocess.Popen[str]) -> list[int]:
    """Its workers, once it answers."""
    assert server.stdout
    url = server.stdout.readline().strip()
    assert json.loads(answer(f"{url}/healthz")) == {
        "state": "ok",
        "database": "ok",
        "clinics": 0,
        "out_of_step": {"clinics": 0, "branches": 0},
        "incidents": {},
    }
    assert b"<svg" in answer(f"{url}/static/hub/favicon.svg")
    workers = children_of(server.pid)
    assert workers
    return workers


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    """A process that nobody has asked for its end yet is dead, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
