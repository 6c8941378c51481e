"""How a session begins: PRELOGIN (encryption) and LOGIN7 (who, which database, which TDS) (MS-TDS 2.2.6.4-5)."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from priem.sandbox.ident.tls import TlsMode
from priem.sandbox.ident.types import TDS_7_0, TDS_7_1, TDS_7_2, TDS_7_3, TDS_7_4

VERSION, ENCRYPTION, INSTANCE, THREAD, MARS, TERMINATOR = 0, 1, 2, 3, 4, 0xFF


class Encryption(IntEnum):
    OFF = 0
    """The login packet alone is encrypted."""
    ON = 1
    NOT_SUPPORTED = 2
    REQUIRED = 3


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str
    database: str
    application: str
    host: str
    version: int
    """70 to 74."""
    packet_size: int
    hello: bytes = b""
    """What begins the sign-in with a Windows account; empty for a login of the server's own."""

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, database={self.database!r}, version={self.version})"


def wanted_encryption(body: bytes) -> Encryption:
    at = 0
    while at < len(body) and body[at] != TERMINATOR:
        kind, offset, length = struct.unpack_from(">BHH", body, at)
        if kind == ENCRYPTION and length:
            return Encryption(body[offset] & 0x03)
        at += 5
    return Encryption.NOT_SUPPORTED


def agreed_encryption(wanted: Encryption, mode: TlsMode) -> Encryption:
    if mode == "off":
        return Encryption.NOT_SUPPORTED
    if mode == "required":
        return Encryption.REQUIRED if wanted != Encryption.ON else Encryption.ON
    if wanted == Encryption.REQUIRED:
        return Encryption.ON
    return wanted


def prelogin_answer(encryption: Encryption, program: tuple[int, int, int]) -> bytes:
    major, minor, build = program
    values = [
        (VERSION, struct.pack(">BBHH", major, minor, build, 0)),
        (ENCRYPTION, bytes((encryption,))),
        (INSTANCE, b"\x00"),
        (THREAD, b""),
        (MARS, b"\x00"),
    ]
    offset = 5 * len(values) + 1
    head, tail = b"", b""
    for kind, value in values:
        head += struct.pack(">BHH", kind, offset + len(tail), len(value))
        tail += value
    return head + bytes((TERMINATOR,)) + tail


FIELDS = ("host", "user", "password", "application", "server", "extension", "library", "language", "database")


def parse_login(body: bytes) -> Login:
    _length, version, packet_size = struct.unpack_from("<III", body, 0)
    fields = {}
    for number, name in enumerate(FIELDS):
        offset, length = struct.unpack_from("<HH", body, 36 + 4 * number)
        fields[name] = b"" if name == "extension" else body[offset : offset + 2 * length]
    return Login(
        user=fields["user"].decode("utf-16-le"),
        password=_password(fields["password"]),
        database=fields["database"].decode("utf-16-le"),
        application=fields["application"].decode("utf-16-le"),
        host=fields["host"].decode("utf-16-le"),
        version=_version(version),
        packet_size=packet_size,
        hello=_hello(body),
    )


def _hello(body: bytes) -> bytes:
    """It stands behind the nine fields and the client's six bytes."""
    offset, length = struct.unpack_from("<HH", body, 36 + 4 * len(FIELDS) + 6)
    return body[offset : offset + length]


def _password(hidden: bytes) -> str:
    plain = bytes((byte ^ 0xA5) >> 4 | ((byte ^ 0xA5) << 4) & 0xF0 for byte in hidden)
    return plain.decode("utf-16-le", "replace")


def _version(number: int) -> int:
    """7.1 is sent as 0x07010000 or 0x71000000, 7.0 as 0x70000000 or 0x07000000."""
    high = number >> 24
    if high == 0x07:
        return TDS_7_1 if (number >> 16) & 0xFF else TDS_7_0
    return {0x70: TDS_7_0, 0x71: TDS_7_1, 0x72: TDS_7_2, 0x73: TDS_7_3}.get(high, TDS_7_4)


ACKNOWLEDGED = {
    TDS_7_0: b"\x07\x00\x00\x00",
    TDS_7_1: b"\x71\x00\x00\x01",
    TDS_7_2: b"\x72\x09\x00\x02",
    TDS_7_3: b"\x73\x0b\x00\x03",
    TDS_7_4: b"\x74\x00\x00\x04",
}
