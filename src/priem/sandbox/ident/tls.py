"""TLS as TDS wants it: the handshake travels inside pre-login packets, then come plain TLS records (MS-TDS 3.3.5.1).

SQL Server before 2022 knows TLS 1.2 at most; old ones in clinics know TLS 1.0 only, which the mode `tls1.0` imitates.
"""

import ssl
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from priem.sandbox.ident.errors import ConnectionLost
from priem.sandbox.ident.wire import Channel, PacketType, Transport

TlsMode = Literal["off", "on", "required", "tls1.0"]
TLS_MODES: tuple[str, ...] = get_args(TlsMode)
RECORD = 1 << 16


class TlsTransport:
    def __init__(
        self, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, beneath: Transport
    ) -> None:
        self._tls = tls
        self._incoming = incoming
        self._outgoing = outgoing
        self._beneath = beneath

    def receive(self, size: int) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._incoming.write(self._more())
            except ssl.SSLError as error:
                raise ConnectionLost from error

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._beneath.send(self._outgoing.read())

    def _more(self) -> bytes:
        chunk = self._beneath.receive(RECORD)
        if not chunk:
            raise ConnectionLost
        return chunk


def handshake(channel: Channel, context: ssl.SSLContext) -> TlsTransport:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while not _shake(tls):
        if outgoing.pending:
            channel.send(PacketType.PRELOGIN, outgoing.read())
        incoming.write(channel.read().body)
    if outgoing.pending:
        channel.send(PacketType.PRELOGIN, outgoing.read())
    return TlsTransport(tls, incoming, outgoing, channel.transport)


def _shake(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError as error:
        raise ConnectionLost from error
    return True


def server_context(mode: TlsMode, certificate: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if mode == "tls1.0":
        _only_version_1_0(context)
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "server.pem"
        chain.write_bytes(certificate + key)
        context.load_cert_chain(chain)
    return context


def _only_version_1_0(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # an old server is what this mode is for
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1


def self_signed() -> tuple[bytes, bytes]:
    """A certificate as SQL Server makes one at start: (certificate, key), both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), pem
