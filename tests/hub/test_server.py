"""The hub as a process: it answers, and it stops when it is told to."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.postgres import hub_environment
from tests.warm import Python

pytestmark = pytest.mark.slow
CODE = """
import os, threading
from priem.hub.server import HubServer
server = HubServer("127.0.0.1", 0)
threading.Thread(target=lambda: (os.read(0, 1), server.stop()), daemon=True).start()
print(server.url, flush=True)
server.run()
"""


@pytest.fixture
def server(home: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**hub_environment(home), "DJANGO_SETTINGS_MODULE": "priem.hub.settings"}
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


def answering(server: subprocess.Popen[str]) -> list[int]:
    """Its workers, once it answers."""
    assert server.stdout
    url = server.stdout.readline().strip()
    assert json.loads(answer(f"{url}/healthz")) == {"state": "ok", "database": "ok", "clinics": 0, "incidents": {}}
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
