"""What a client asks for: a batch of SQL, a remote procedure, a transaction (MS-TDS 2.2.6.7, 2.2.6.6, 2.2.6.9)."""

import struct
from dataclasses import dataclass

from priem.sandbox.ident.parameters import Parameter, Reader, read_parameter
from priem.sandbox.ident.types import TDS_7_2

PROCEDURES = {
    1: "sp_cursor",
    2: "sp_cursoropen",
    3: "sp_cursorprepare",
    4: "sp_cursorexecute",
    5: "sp_cursorprepexec",
    6: "sp_cursorunprepare",
    7: "sp_cursorfetch",
    8: "sp_cursoroption",
    9: "sp_cursorclose",
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    14: "sp_prepexecrpc",
    15: "sp_unprepare",
}


@dataclass(frozen=True, slots=True)
class Call:
    procedure: str
    parameters: tuple[Parameter, ...]


def batch_text(body: bytes, version: int) -> str:
    return body[_headers(body, version) :].decode("utf-16-le", "surrogatepass")


def calls(body: bytes, version: int) -> list[Call]:
    """One message may hold several calls, divided by a flag byte."""
    reader = Reader(body, _headers(body, version))
    found = []
    while not reader.exhausted:
        name = _procedure(reader)
        reader.number("H")
        parameters = []
        while reader.data[reader.at : reader.at + 1] not in (b"", b"\x80", b"\xff"):
            parameters.append(read_parameter(reader, version))
        if not reader.exhausted:
            reader.take(1)
        found.append(Call(name, tuple(parameters)))
    return found


def transaction_request(body: bytes, version: int) -> tuple[int, bool]:
    """(5 begin, 7 commit, 8 roll back, 9 save; whether a new transaction follows at once)."""
    at = _headers(body, version)
    kind = struct.unpack_from("<H", body, at)[0]
    if kind not in (7, 8):
        return kind, False
    name = body[at + 2] if len(body) > at + 2 else 0
    flags = body[at + 3 + name : at + 4 + name]
    return kind, flags[:1] == b"\x01"


def _headers(body: bytes, version: int) -> int:
    return int(struct.unpack_from("<I", body, 0)[0]) if version >= TDS_7_2 else 0


def _procedure(reader: Reader) -> str:
    length = reader.number("H")
    if length == 0xFFFF:
        number = reader.number("H")
        return PROCEDURES.get(number, f"#{number}")
    name = reader.text(length)
    return name.replace("[", "").replace("]", "").rpartition(".")[2].lower()
