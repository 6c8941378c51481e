"""The process: one line when it answers, gone when it is told, or when its parent is."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pymssql
import pytest

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "priem.sandbox.ident", "--patients", "50", "--visits", "20", "--history", "3"]


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def begin(processes: list[subprocess.Popen[str]], *options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    process = subprocess.Popen(
        [*COMMAND, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    processes.append(process)
    assert process.stdout
    return process, json.loads(process.stdout.readline())


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_cleanly(processes: list[subprocess.Popen[str]], end: signal.Signals) -> None:
    process, said = begin(processes, "--live", "50", "--reader-password", "особый")
    assert {"sandbox", "host", "port", "database", "instance", "control", "logins", "time_zone"} == set(said)
    assert (said["sandbox"], said["database"], said["instance"]) == ("ident", "PZ", "PZSQLSERVER")
    with (
        pymssql.connect(
            server=said["host"],
            port=said["port"],
            user="readonly_user",
            password="особый",
            database="PZ",
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT COUNT(*) FROM Patients")
        assert cursor.fetchall() != [(0,)]
        began = time.monotonic()
        process.send_signal(end)
        out, err = process.communicate(timeout=10)
        assert time.monotonic() - began < 3
    assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_with_its_parent(processes: list[subprocess.Popen[str]]) -> None:
    process, _said = begin(processes, "--until-stdin-closes")
    assert process.stdin
    process.stdin.close()
    assert process.wait(10) == 0


def test_a_port_that_is_taken_is_said_so_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "Порт занят" in done.stderr
    assert "Traceback" not in done.stderr


def test_sql_browser_tells_the_port(processes: list[subprocess.Popen[str]]) -> None:
    _process, said = begin(processes, "--browser-port", "0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(b"\x04PZSQLSERVER\x00", ("127.0.0.1", said["browser_port"]))
        answer = asking.recv(2000)
    assert f"tcp;{said['port']};;" in answer[3:].decode()
