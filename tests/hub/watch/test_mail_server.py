"""The password of the mail server: only where nobody reads along."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from priem.hub.models import Clinic, Incident
from priem.hub.watch import alerts
from tests.certificates import certificate_of
from tests.hub.watch.test_alerts import NOON, incident

ELSEWHERE = "127.0.0.2"
"""Of this machine, too, but alerts do not know it as such."""


class Exchange(socketserver.ThreadingTCPServer):
    """A mail server with logins. Remembers of each whether it came encrypted."""

    daemon_threads = True

    def __init__(self, host: str, certificate: Path, *, offers: bool) -> None:
        self.offers, self.logins, self.letters = offers, list[bool](), 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        super().__init__((host, 0), Session)


class Session(socketserver.BaseRequestHandler):
    server: Exchange

    def handle(self) -> None:
        try:
            with suppress(OSError):
                self.say("220 here")
                self.talk()
        finally:
            self.request.close()  # the encrypted one, of which the server knows nothing

    def talk(self) -> None:
        while line := self.line():
            match line.split()[0].upper():
                case b"EHLO":
                    offer = "250-STARTTLS\r\n" if self.server.offers and not self.is_encrypted else ""
                    self.say(f"250-here\r\n{offer}250 AUTH PLAIN")
                case b"STARTTLS":
                    self.say("220 begin")
                    self.request = self.server.context.wrap_socket(self.request, server_side=True)
                case b"AUTH":
                    self.server.logins.append(self.is_encrypted)
                    self.say("235 come in")
                case b"DATA":
                    self.say("354 go on")
                    while self.line() not in (b".\r\n", b""):
                        pass
                    self.server.letters += 1
                    self.say("250 taken")
                case b"QUIT":
                    self.say("221 bye")
                case _:
                    self.say("250 fine")

    def line(self) -> bytes:
        """Byte by byte: what follows STARTTLS is not ours to keep back."""
        read = b""
        while not read.endswith(b"\n") and (byte := self.request.recv(1)):
            read += byte
        return read

    @property
    def is_encrypted(self) -> bool:
        return isinstance(self.request, ssl.SSLSocket)

    def say(self, words: str) -> None:
        self.request.sendall(f"{words}\r\n".encode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_of(ELSEWHERE, tmp_path_factory.mktemp("mail") / "mail.pem")


@pytest.fixture
def server(address: str, offers: bool, certificate: Path) -> Iterator[Exchange]:  # noqa: FBT001 - a column of the table
    with Exchange(address.rpartition("@")[2], certificate, offers=offers) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def known(trusts: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - as above
    """Whether this machine knows who signed the server's certificate."""
    if trusts:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.mark.parametrize(
    ("address", "offers", "trusts", "logins", "letters"),
    [
        pytest.param(f"me:s3cret@{ELSEWHERE}", True, True, [True], 1, id="the password goes encrypted"),
        pytest.param(f"me:s3cret@{ELSEWHERE}", True, False, [], 0, id="not to one who only says who he is"),
        pytest.param(f"me:s3cret@{ELSEWHERE}", False, True, [], 0, id="and never in the clear"),
        pytest.param(ELSEWHERE, True, False, [], 1, id="without a password a letter goes to any mail server"),
        pytest.param("me:s3cret@127.0.0.1", False, False, [False], 1, id="on this machine nobody stands between"),
    ],
)
@pytest.mark.usefixtures("known")
def test_who_gets_the_password_of_the_mail_server(
    address: str, logins: list[bool], letters: int, server: Exchange, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIEM_SMTP", f"smtp://{address}:{server.server_address[1]}")
    monkeypatch.setenv("PRIEM_ALERT_MAIL", "engineer@clinic.example")
    row = incident(clinic)

    alerts.send_due(NOON)

    assert (server.logins, server.letters) == (logins, letters)
    assert (Incident.objects.of(clinic.pk).get(pk=row.pk).told_at is not None) == bool(letters)
