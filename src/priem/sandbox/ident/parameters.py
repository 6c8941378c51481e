"""Values that arrive in RPC requests: TYPE_INFO and data of every type that the drivers send (MS-TDS 2.2.5.4)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from priem.sandbox.ident import moments
from priem.sandbox.ident.errors import SqlError
from priem.sandbox.ident.types import (
    BIGINT,
    BIT,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    MAX,
    SMALLINT,
    TDS_7_1,
    TINYINT,
    UNKNOWN,
    SqlType,
    Value,
    decimal,
    nvarchar,
)

PLP_NULL = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: SqlType
    value: Value
    output: bool = False


class Reader:
    """Walks over a request's bytes."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    @property
    def exhausted(self) -> bool:
        return self.at >= len(self.data)

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise malformed()
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, code: str) -> int:
        size = struct.calcsize("<" + code)
        return int(struct.unpack("<" + code, self.take(size))[0])

    def text(self, characters: int) -> str:
        return self.take(2 * characters).decode("utf-16-le", "surrogatepass")

    def short_text(self) -> str:
        return self.text(self.number("B"))


def malformed() -> SqlError:
    return SqlError(4002, "The incoming tabular data stream (TDS) protocol stream is incorrect.", severity=16)


def read_parameter(reader: Reader, version: int) -> Parameter:
    name = reader.short_text().lstrip("@").lower()
    status = reader.number("B")
    kind, value = read_value(reader, version)
    return Parameter(name, kind, value, output=bool(status & 1))


def read_value(reader: Reader, version: int) -> tuple[SqlType, Value]:
    code = reader.number("B")
    if code in FIXED:
        kind, size = FIXED[code]
        return kind, _fixed(kind, reader.take(size))
    decode = DECODERS.get(code)
    if decode is None:
        raise SqlError(8009, f"The data type 0x{code:02X} is unknown to the sandbox.")
    return decode(reader, code, version)


FIXED = {
    0x1F: (UNKNOWN, 0),
    0x30: (TINYINT, 1),
    0x32: (BIT, 1),
    0x34: (SMALLINT, 2),
    0x38: (INT, 4),
    0x7F: (BIGINT, 8),
    0x3B: (FLOAT, 4),
    0x3E: (FLOAT, 8),
    0x3D: (DATETIME, 8),
    0x3A: (DATETIME, 4),
}


def _fixed(kind: SqlType, data: bytes) -> Value:
    if not data:
        return None
    if kind.family == "integer":
        return int.from_bytes(data, "little", signed=kind not in (TINYINT, BIT))
    if kind == FLOAT:
        return float(struct.unpack("<f" if len(data) == 4 else "<d", data)[0])
    return _moment(data)


def _moment(data: bytes) -> str:
    if len(data) == 4:
        days, minutes = struct.unpack("<HH", data)
        return moments.from_datetime(datetime(1900, 1, 1) + timedelta(days=days, minutes=minutes))  # noqa: DTZ001  # a clinic's naive time
    days, ticks = struct.unpack("<iI", data)
    return moments.from_datetime(datetime(1900, 1, 1) + timedelta(days=days, microseconds=ticks * 10_000 / 3))  # noqa: DTZ001  # same


def _nullable(families: dict[int, SqlType]) -> Callable[[Reader, int, int], tuple[SqlType, Value]]:
    def decode(reader: Reader, _code: int, _version: int) -> tuple[SqlType, Value]:
        kind = families[reader.number("B")]
        return kind, _fixed(kind, reader.take(reader.number("B")))

    return decode


def _decimal(reader: Reader, _code: int, _version: int) -> tuple[SqlType, Value]:
    _size, precision, scale = reader.take(3)
    length = reader.number("B")
    if not length:
        return decimal(precision, scale), None
    sign = reader.number("B")
    digits = int.from_bytes(reader.take(length - 1), "little")
    value = Decimal(digits if sign else -digits).scaleb(-scale)
    return decimal(precision, scale), float(value) if scale else int(value)


def _date(reader: Reader, _code: int, _version: int) -> tuple[SqlType, Value]:
    length = reader.number("B")
    return DATE, _day(reader.take(length)) if length else None


def _day(data: bytes) -> str:
    return date.fromordinal(int.from_bytes(data, "little") + 1).isoformat()


def _precise(reader: Reader, code: int, _version: int) -> tuple[SqlType, Value]:
    """time(n), datetime2(n) and datetimeoffset(n); of the last, the offset is applied, what stays is UTC plus it."""
    scale = reader.number("B")
    kind = SqlType("time" if code == 0x29 else "datetime2", scale=scale)
    length = reader.number("B")
    if not length:
        return kind, None
    data = reader.take(length)
    width = 3 if scale <= 2 else 4 if scale <= 4 else 5
    clock = timedelta(microseconds=int.from_bytes(data[:width], "little") * 10 ** (7 - scale) / 10)
    if code == 0x2B:
        clock += timedelta(minutes=int.from_bytes(data[width + 3 : width + 5], "little", signed=True))
    if code == 0x29:
        return kind, moments.to_time(moments.from_datetime2(datetime(1900, 1, 1) + clock), scale)  # noqa: DTZ001  # naive by nature
    return kind, moments.from_datetime2(datetime.fromisoformat(_day(data[width : width + 3])) + clock)


def _long(reader: Reader, code: int, version: int) -> tuple[SqlType, Value]:
    size = reader.number("H")
    textual = code in (0xA7, 0xAF, 0xE7, 0xEF)
    codepage = _codepage(reader.take(5)) if textual and version >= TDS_7_1 else "cp1251"
    data = _plp(reader) if size == 0xFFFF else _sized(reader, reader.number("H"), 0xFFFF)
    if not textual:
        return SqlType("varbinary", MAX if size == 0xFFFF else size), data
    wide = code in (0xE7, 0xEF)
    kind = nvarchar(MAX if size == 0xFFFF else size // 2 if wide else size)
    return kind, None if data is None else data.decode(
        "utf-16-le" if wide else codepage, "surrogatepass" if wide else "replace"
    )


def _short(reader: Reader, code: int, _version: int) -> tuple[SqlType, Value]:
    """The types of TDS 4.2 with a one-byte length, which FreeTDS still sends now and then."""
    size = reader.number("B")
    data = _sized(reader, reader.number("B"), -1)
    if code in (0x25, 0x2D):
        return SqlType("varbinary", size), data or None
    return nvarchar(size), data.decode("cp1251", "replace") if data else None


def _huge(reader: Reader, code: int, version: int) -> tuple[SqlType, Value]:
    """text, ntext and image: a four-byte length."""
    reader.number("I")
    codepage = _codepage(reader.take(5)) if code != 0x22 and version >= TDS_7_1 else "cp1251"
    size = reader.number("i")
    data = None if size < 0 else reader.take(size)
    if code == 0x22:
        return SqlType("varbinary", MAX), data
    return nvarchar(MAX), None if data is None else data.decode("utf-16-le" if code == 0x63 else codepage, "replace")


def _guid(reader: Reader, _code: int, _version: int) -> tuple[SqlType, Value]:
    reader.number("B")
    data = _sized(reader, reader.number("B"), 0)
    return SqlType("binary", 16), data


def _codepage(collation: bytes) -> str:
    return "cp1251" if int.from_bytes(collation[:2], "little") == 0x0419 else "cp1252"


def _sized(reader: Reader, size: int, null: int) -> bytes | None:
    return None if size == null else reader.take(size)


def _plp(reader: Reader) -> bytes | None:
    if reader.number("Q") == PLP_NULL:
        return None
    data = b""
    while size := reader.number("I"):
        data += reader.take(size)
    return data


WHOLE = {1: TINYINT, 2: SMALLINT, 4: INT, 8: BIGINT}
MONEY = decimal(19, 4)


def _money(reader: Reader, _code: int, _version: int) -> tuple[SqlType, Value]:
    reader.number("B")
    size = reader.number("B")
    if not size:
        return MONEY, None
    data = reader.take(size)
    raw = int.from_bytes(data if size == 4 else data[4:] + data[:4], "little", signed=True)
    return MONEY, raw / 10_000


DECODERS: dict[int, Callable[[Reader, int, int], tuple[SqlType, Value]]] = {
    0x26: _nullable(WHOLE),
    0x68: _nullable({1: BIT}),
    0x6D: _nullable({4: FLOAT, 8: FLOAT}),
    0x6F: _nullable({4: DATETIME, 8: DATETIME}),
    0x6E: _money,
    **dict.fromkeys((0x37, 0x3F, 0x6A, 0x6C), _decimal),
    0x28: _date,
    **dict.fromkeys((0x29, 0x2A, 0x2B), _precise),
    **dict.fromkeys((0xA5, 0xAD, 0xA7, 0xAF, 0xE7, 0xEF), _long),
    **dict.fromkeys((0x25, 0x2D, 0x27, 0x2F), _short),
    **dict.fromkeys((0x22, 0x23, 0x63), _huge),
    0x24: _guid,
}
