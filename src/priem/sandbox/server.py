"""Serves a sandbox with uvicorn: loopback only, HTTP or HTTPS, ended at once by a signal or by a closed stdin."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, MutableMapping
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HOST = "127.0.0.1"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application(Protocol):
    """ASGI, and an end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

    def close(self) -> None:
        """It serves no more."""


class Wanted(Protocol):
    """How it is to be served."""

    @property
    def port(self) -> int:
        """0 takes a free one."""

    @property
    def tls(self) -> bool:
        """HTTPS with a certificate of its own."""

    @property
    def until_stdin_closes(self) -> bool:
        """End with the process that holds our stdin."""


class CuttableProtocol(HttpToolsProtocol):
    """Lets the application reset a connection, which ASGI has no word for."""

    def on_message_begin(self) -> None:
        """Called for each request on the connection."""
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox.cut": {"abort": self.transport.abort}}


class Server(uvicorn.Server):
    """Tells where it listens, then serves until it is told to stop."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce once it answers."""
        await super().startup(sockets)
        if self.started and sockets:
            self._ready(sockets[0].getsockname()[1])

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End quietly with code 0, where uvicorn would raise the signal again."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """End at once, whatever is in flight."""
        self.should_exit = self.force_exit = True


def serve(
    application: Application,
    settings: Wanted,
    ready: Callable[[Server, int, Path | None], None],
    hosts: Iterable[str] = (),
) -> None:
    """Listen on the loopback until told to stop; `ready` gets the server, its port and its certificate, if any.

    `hosts` are names that the certificate carries besides localhost.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, settings.port))
    with tempfile.TemporaryDirectory() as folder:
        config = uvicorn.Config(
            application,
            http=CuttableProtocol,
            loop="uvloop",
            lifespan="off",
            access_log=False,
            log_level="error",
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            backlog=2048,
        )
        config.load()
        certificate = Path(folder) / "certificate.pem" if settings.tls else None
        if certificate:
            config.ssl = own_certificate(certificate, hosts)
        server = Server(config, lambda port: ready(server, port, certificate))
        if settings.until_stdin_closes:
            threading.Thread(target=_stop_when_stdin_closes, args=(server,), daemon=True).start()
        server.run(sockets=[listener])
        application.close()


def _stop_when_stdin_closes(server: Server) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):  # sys.stdin would be locked when the interpreter wants to end
            pass
    server.stop()


def own_certificate(pem: Path, hosts: Iterable[str] = ()) -> ssl.SSLContext:
    """A context with a fresh self-signed certificate for 127.0.0.1, localhost and `hosts`, written to `pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    known = [x509.DNSName(host) for host in ("localhost", *hosts)]
    names = x509.SubjectAlternativeName([*known, x509.IPAddress(ipaddress.ip_address(HOST))])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
