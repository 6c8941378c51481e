"""A named instance is found on whatever port it has taken today."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from priem.errors import AskOperator, TryLater
from priem.mis.ident.browser import parse, port_of
from tests.mis.ident.clinic import Sandbox

ANSWER = (
    "ServerName;RECEPTION;InstanceName;PZSQLSERVER;IsClustered;No;Version;13.0.1601.5;tcp;50026;;"
    "ServerName;RECEPTION;InstanceName;OLD;IsClustered;No;Version;10.50.1600.1;np;\\\\RECEPTION\\pipe\\sql\\query;;"
)
Browser = Callable[[bytes], int]


def packed(answer: str) -> bytes:
    return b"\x05" + len(answer).to_bytes(2, "little") + answer.encode("ascii")


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Starts a server that gives one answer to one question, and tells its port."""
    sockets: list[socket.socket] = []

    def serve(answer: bytes) -> int:
        served = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        served.bind(("127.0.0.1", 0))
        sockets.append(served)

        def answer_once() -> None:
            question, asker = served.recvfrom(16)
            if question == b"\x03":
                served.sendto(answer, asker)

        threading.Thread(target=answer_once, daemon=True).start()
        port: int = served.getsockname()[1]
        return port

    yield serve
    for served in sockets:
        served.close()


def test_an_instances_port_is_found(browser: Browser) -> None:
    assert port_of("127.0.0.1", "PzSqlServer", browser=browser(packed(ANSWER))) == 50026


def test_an_unknown_instance_is_answered_with_the_known_ones(browser: Browser) -> None:
    with pytest.raises(AskOperator) as caught:
        port_of("127.0.0.1", "IDENT", browser=browser(packed(ANSWER)))

    assert "OLD, PZSQLSERVER" in str(caught.value.advice)


def test_an_instance_without_tcp_is_a_persons_to_mend(browser: Browser) -> None:
    with pytest.raises(AskOperator, match="old"):
        port_of("127.0.0.1", "old", browser=browser(packed(ANSWER)))


@pytest.mark.slow
def test_the_port_that_a_browser_tells_is_the_servers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sandbox = Sandbox("--browser-port", str(port), patients=5, visits=5)

    assert port_of("127.0.0.1", "pzsqlserver", browser=port) == sandbox.facts["port"]
    sandbox.stop()


def test_silence_is_waited_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(TryLater):
            port_of("127.0.0.1", "PZSQLSERVER", browser=silent.getsockname()[1], patience=0.2)


@pytest.mark.parametrize("answer", [b"", b"\x05", b"\x05\x00\x00", packed("nonsense"), b"\xff" * 100])
def test_nonsense_is_no_instance(answer: bytes) -> None:
    assert parse(answer) == {}
