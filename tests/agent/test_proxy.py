"""An agent whose clinic lets nobody out but through a proxy, by its CONNECT and with a login."""

import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from priem.agent.line import Address, Line
from priem.errors import TryLater
from tests.certificates import certificate_of

POSITION = {"priem": 1, "stream": 7, "sequence": 3, "cursor": "c", "is_first": False}
LOGIN = "me:s3cret"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub's, which only its own network trusts; its key stands in the same file."""
    return certificate_of("127.0.0.1", tmp_path_factory.mktemp("tls") / "hub.pem")


class Listening:
    """A server of one kind of line, each in a thread of its own."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            self.serve(line)

    def serve(self, line: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._socket.close()


class Hub(Listening):
    """Says where the reading stands to whoever has found the way here by TLS."""

    def __init__(self, certificate: Path) -> None:
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(certificate)
        super().__init__()

    def serve(self, line: socket.socket) -> None:
        with self._tls.wrap_socket(line, server_side=True) as whispered:
            head(whispered)
            body = json.dumps(POSITION).encode()
            whispered.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Proxy(Listening):
    """Carries what it cannot read, for whoever has the login."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__()

    def serve(self, line: socket.socket) -> None:
        first, *rest = head(line).decode().split("\r\n")
        self.asked.append(first)
        wanted = "basic " + base64.b64encode(LOGIN.encode()).decode()
        if f"proxy-authorization: {wanted}".lower() not in (one.lower() for one in rest):
            line.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = first.split()[1].partition(":")
        with socket.create_connection((host, int(port)), 5) as there:
            line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=carry, args=(there, line))
            back.start()
            carry(line, there)
            back.join(5)


def head(line: socket.socket) -> bytes:
    told = b""
    while not told.endswith(b"\r\n\r\n"):
        piece = line.recv(1)
        if not piece:
            raise OSError("the line is closed")
        told += piece
    return told


def carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with closing(Proxy()) as there:
        yield there


def test_the_way_out_goes_through_the_proxy(certificate: Path, proxy: Proxy) -> None:
    with closing(Hub(certificate)) as hub:
        there = f"https://127.0.0.1:{hub.port}"
        address = Address(url=there, proxy=f"http://{LOGIN}@127.0.0.1:{proxy.port}", certificates=str(certificate))
        with closing(Line(address, "token")) as line:
            position = line.position()

    assert (position.stream, position.sequence, position.cursor) == (7, 3, "c")
    assert proxy.asked == [f"CONNECT 127.0.0.1:{hub.port} HTTP/1.1"]


def test_a_proxy_that_wants_a_login_is_told_apart_from_a_hub_that_is_away(certificate: Path, proxy: Proxy) -> None:
    address = Address(url="https://127.0.0.1:9", proxy=f"http://127.0.0.1:{proxy.port}", certificates=str(certificate))
    with closing(Line(address, "token")) as line, pytest.raises(TryLater, match="does not let the agent out") as met:
        line.position()

    assert "login" in str(met.value.advice)


def test_a_certificate_that_nobody_knows_is_not_trusted(certificate: Path, proxy: Proxy) -> None:
    with closing(Hub(certificate)) as hub:
        address = Address(url=f"https://127.0.0.1:{hub.port}", proxy=f"http://{LOGIN}@127.0.0.1:{proxy.port}")
        with closing(Line(address, "token")) as line, pytest.raises(TryLater, match="does not trust"):
            line.position()
