"""The tokens of a response: what a server says after a request (MS-TDS 2.2.7)."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from priem.sandbox.ident.errors import SqlError
from priem.sandbox.ident.types import (
    COLLATION,
    TDS_7_1,
    TDS_7_2,
    USER_TYPE_TIMESTAMP,
    SqlType,
    Value,
    encoder,
    is_ntext,
    on_wire,
    type_info,
)

SERVER_NAME = "CLINIC\\PZSQLSERVER"


class Done(IntFlag):
    FINAL = 0x00
    MORE = 0x01
    ERROR = 0x02
    COUNT = 0x10
    ATTENTION = 0x20


class Environment(IntEnum):
    DATABASE = 1
    LANGUAGE = 2
    PACKET_SIZE = 4
    COLLATION = 7
    BEGIN = 8
    COMMIT = 9
    ROLLBACK = 10


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: SqlType
    nullable: bool = True


class Tokens:
    """Writes tokens in the dialect of one TDS version."""

    def __init__(self, version: int) -> None:
        self.version = version

    def done(self, flags: Done, rows: int = 0, *, command: int = 0, token: int = 0xFD) -> bytes:
        layout = "<BHHQ" if self.version >= TDS_7_2 else "<BHHI"
        return struct.pack(layout, token, flags, command, rows)

    def error(self, error: SqlError) -> bytes:
        return self._message(0xAA, error.number, error.state, error.severity, error.message)

    def info(self, number: int, text: str) -> bytes:
        return self._message(0xAB, number, 2, 0, text)

    def environment(self, kind: Environment, new: str, old: str = "") -> bytes:
        return self._framed(0xE3, bytes((kind,)) + short_text(new) + short_text(old))

    def environment_bytes(self, kind: Environment, new: bytes, old: bytes = b"") -> bytes:
        return self._framed(0xE3, bytes((kind, len(new))) + new + bytes((len(old),)) + old)

    def collation(self) -> bytes:
        return self.environment_bytes(Environment.COLLATION, COLLATION) if self.version >= TDS_7_1 else b""

    def login_acknowledged(self, version: bytes, program: tuple[int, int, int]) -> bytes:
        major, minor, build = program
        body = b"\x01" + version + short_text("Microsoft SQL Server") + struct.pack(">BBH", major, minor, build)
        return self._framed(0xAD, body)

    def columns(self, columns: Sequence[Column]) -> bytes:
        body = b"".join(self._column(column) for column in columns)
        return b"\x81" + struct.pack("<H", len(columns)) + body

    def rows(self, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> Iterable[bytes]:
        encoders = [encoder(on_wire(column.type, self.version), self.version) for column in columns]
        for row in rows:
            yield b"\xd1" + b"".join([encode(value) for encode, value in zip(encoders, row, strict=True)])

    def challenge(self, data: bytes) -> bytes:
        return b"\xed" + struct.pack("<H", len(data)) + data

    def return_status(self, status: int = 0) -> bytes:
        return struct.pack("<Bi", 0x79, status)

    def return_value(self, ordinal: int, name: str, kind: SqlType, value: Value) -> bytes:
        user_type = struct.pack("<I" if self.version >= TDS_7_2 else "<H", 0)
        head = b"\xac" + struct.pack("<H", ordinal) + short_text(name) + b"\x01" + user_type + b"\x01\x00"
        kind = on_wire(kind, self.version)
        return head + type_info(kind, self.version) + encoder(kind, self.version)(value)

    def _column(self, column: Column) -> bytes:
        kind = on_wire(column.type, self.version)
        user_type = USER_TYPE_TIMESTAMP if kind.name == "rowversion" else 0
        flags = (0x01 if column.nullable else 0x00) | 0x08
        head = struct.pack("<IH" if self.version >= TDS_7_2 else "<HH", user_type, flags)
        table = b"\x00\x00" if is_ntext(kind, self.version) else b""
        return head + type_info(kind, self.version) + table + short_text(column.name)

    def _message(self, token: int, number: int, state: int, severity: int, text: str) -> bytes:
        line = struct.pack("<I" if self.version >= TDS_7_2 else "<H", 1)
        body = struct.pack("<iBB", number, state, severity) + long_text(text) + short_text(SERVER_NAME) + b"\x00" + line
        return self._framed(token, body)

    @staticmethod
    def _framed(token: int, body: bytes) -> bytes:
        return struct.pack("<BH", token, len(body)) + body


def short_text(text: str) -> bytes:
    return bytes((len(text),)) + text.encode("utf-16-le")


def long_text(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return struct.pack("<H", len(data) // 2) + data
