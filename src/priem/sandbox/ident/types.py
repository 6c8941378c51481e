"""SQL Server's types: how a value lies in SQLite and how it travels in TDS (MS-TDS 2.2.5.4 and 2.2.5.5).

In SQLite: whole numbers are INTEGER, decimals and floats REAL (money of a dental clinic fits into a double), text is
TEXT, binary is BLOB. Moments are TEXT that sorts: `2026-03-02 10:00:00.000`, `2026-03-02`, `10:00:00`.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

MAX = -1
TDS_7_0, TDS_7_1, TDS_7_2, TDS_7_3, TDS_7_4 = 70, 71, 72, 73, 74
COLLATION = bytes.fromhex("1904d00000")  # Cyrillic_General_CI_AS

Value: TypeAlias = int | float | str | bytes | None
Encoder: TypeAlias = Callable[[Value], bytes]


@dataclass(frozen=True, slots=True)
class SqlType:
    name: str
    length: int | None = None
    precision: int = 0
    scale: int = 0

    @property
    def family(self) -> str:
        return FAMILIES.get(self.name, "unknown")


FAMILIES = {
    **dict.fromkeys(("bit", "tinyint", "smallint", "int", "bigint"), "integer"),
    **dict.fromkeys(("decimal", "float", "real"), "number"),
    **dict.fromkeys(("nvarchar", "varchar", "nchar", "char"), "text"),
    **dict.fromkeys(("date", "time", "datetime", "datetime2"), "moment"),
    **dict.fromkeys(("binary", "varbinary", "rowversion"), "binary"),
    "unknown": "unknown",
}

BIT, TINYINT, SMALLINT, INT, BIGINT = (SqlType(n) for n in ("bit", "tinyint", "smallint", "int", "bigint"))
FLOAT = SqlType("float")
DATE, DATETIME = SqlType("date"), SqlType("datetime")
TIME, DATETIME2 = SqlType("time", scale=7), SqlType("datetime2", scale=7)
ROWVERSION = SqlType("rowversion", 8)
UNKNOWN = SqlType("unknown")


def nvarchar(length: int = 4000) -> SqlType:
    return SqlType("nvarchar", length if 0 < length <= 4000 else MAX)


def decimal(precision: int, scale: int) -> SqlType:
    return SqlType("decimal", None, precision, scale)


def on_wire(kind: SqlType, version: int) -> SqlType:
    """What the server sends for a type to a client of that TDS version: older ones never heard of some."""
    if version < TDS_7_3 and kind.name in ("date", "time", "datetime2"):
        return nvarchar({"date": 10, "time": 16}.get(kind.name, 27))
    return kind


# --- what describes a column ----------------------------------------------------------------------

FIXED = {
    "bit": b"\x68\x01",
    "tinyint": b"\x26\x01",
    "smallint": b"\x26\x02",
    "int": b"\x26\x04",
    "bigint": b"\x26\x08",
    "real": b"\x6d\x04",
    "float": b"\x6d\x08",
    "datetime": b"\x6f\x08",
    "date": b"\x28",
    "rowversion": b"\xad\x08\x00",
}
USER_TYPE_TIMESTAMP = 80


def type_info(kind: SqlType, version: int) -> bytes:
    if kind.name in FIXED:
        return FIXED[kind.name]
    if kind.family in ("text", "unknown"):
        return _text_info(kind, version)
    if kind.name == "decimal":
        return bytes((0x6A, 1 + _decimal_width(kind.precision), kind.precision, kind.scale))
    if kind.name in ("time", "datetime2"):
        return bytes((0x29 if kind.name == "time" else 0x2A, kind.scale))
    length = kind.length or 8000
    return b"\xad" + struct.pack("<H", length) if kind.name == "binary" else b"\xa5" + struct.pack("<H", length % 65536)


def _text_info(kind: SqlType, version: int) -> bytes:
    collation = COLLATION if version >= TDS_7_1 else b""
    if kind.length == MAX and version < TDS_7_2:
        return b"\x63" + struct.pack("<I", 0x7FFFFFFE) + collation
    size = 0xFFFF if kind.length == MAX else 2 * (kind.length or 4000)
    return b"\xe7" + struct.pack("<H", size) + collation


def is_ntext(kind: SqlType, version: int) -> bool:
    return kind.family == "text" and kind.length == MAX and version < TDS_7_2


def _decimal_width(precision: int) -> int:
    return 4 if precision <= 9 else 8 if precision <= 19 else 12 if precision <= 28 else 16


# --- what carries a value -------------------------------------------------------------------------


def encoder(kind: SqlType, version: int) -> Encoder:
    if kind.name in WHOLE:
        return _whole(WHOLE[kind.name])
    if kind.family in ("text", "unknown"):
        return _text(kind, version)
    if kind.family == "binary":
        return _plp_bytes if kind.length == MAX else _binary(kind)
    if kind.name == "decimal":
        return _decimal(kind)
    return {"float": _float, "real": _real, "datetime": _datetime, "date": _date}.get(kind.name) or _precise(kind)


WHOLE = {"bit": "<B", "tinyint": "<B", "smallint": "<h", "int": "<i", "bigint": "<q"}


def _whole(code: str) -> Encoder:
    packer = struct.Struct("<B" + code[1:])
    size = packer.size - 1

    def encode(value: Value) -> bytes:
        return b"\x00" if value is None else packer.pack(size, int(value))

    return encode


def _text(kind: SqlType, version: int) -> Encoder:
    if is_ntext(kind, version):
        return _ntext
    return _plp_text if kind.length == MAX else _short_text


def _short_text(value: Value) -> bytes:
    if value is None:
        return b"\xff\xff"
    data = str(value).encode("utf-16-le", "surrogatepass")
    return struct.pack("<H", len(data)) + data


def _plp_text(value: Value) -> bytes:
    return _plp_bytes(None if value is None else str(value).encode("utf-16-le", "surrogatepass"))


def _plp_bytes(value: Value) -> bytes:
    if value is None:
        return b"\xff" * 8
    value = _as_bytes(value)
    chunk = struct.pack("<I", len(value)) + value if value else b""
    return struct.pack("<Q", len(value)) + chunk + b"\x00\x00\x00\x00"


def _as_bytes(value: float | str | bytes) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-16-le")


TEXT_POINTER = b"\x10" + b"\x01" * 16 + b"\x01" * 8


def _ntext(value: Value) -> bytes:
    if value is None:
        return b"\x00"
    data = str(value).encode("utf-16-le", "surrogatepass")
    return TEXT_POINTER + struct.pack("<I", len(data)) + data


def _binary(kind: SqlType) -> Encoder:
    pad = kind.length if kind.name in ("binary", "rowversion") and kind.length else 0

    def encode(value: Value) -> bytes:
        if value is None:
            return b"\xff\xff"
        data = _as_bytes(value).ljust(pad, b"\x00")
        return struct.pack("<H", len(data)) + data

    return encode


def _float(value: Value) -> bytes:
    return b"\x00" if value is None else b"\x08" + struct.pack("<d", float(value))


def _real(value: Value) -> bytes:
    return b"\x00" if value is None else b"\x04" + struct.pack("<f", float(value))


def _decimal(kind: SqlType) -> Encoder:
    width, scale = _decimal_width(kind.precision), kind.scale

    def encode(value: Value) -> bytes:
        if value is None:
            return b"\x00"
        digits = int(Decimal(repr(value) if isinstance(value, float) else str(value)).scaleb(scale).to_integral_value())
        sign = 1 if digits >= 0 else 0
        return bytes((width + 1, sign)) + abs(digits).to_bytes(width, "little")

    return encode


EPOCH_1900 = date(1900, 1, 1).toordinal()


@lru_cache(maxsize=20_000)
def _ordinal(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _thousandths(text: str) -> int:
    """`10:15:00.123` → milliseconds of the day."""
    whole = int(text[0:2]) * 3_600_000 + int(text[3:5]) * 60_000 + int(text[6:8] or 0) * 1000
    return whole + (int(text[9:12].ljust(3, "0")) if len(text) > 9 else 0)


def _datetime(value: Value) -> bytes:
    if value is None:
        return b"\x00"
    text = str(value)
    ticks = (_thousandths(text[11:]) * 3 + 5) // 10 if len(text) > 10 else 0
    return b"\x08" + struct.pack("<iI", _ordinal(text[:10]) - EPOCH_1900, ticks)


def _date(value: Value) -> bytes:
    return b"\x00" if value is None else b"\x03" + (_ordinal(str(value)[:10]) - 1).to_bytes(3, "little")


def _precise(kind: SqlType) -> Encoder:
    """time(n) and datetime2(n): 10^-n seconds since midnight, and days since 0001-01-01."""
    width = 3 if kind.scale <= 2 else 4 if kind.scale <= 4 else 5
    dated, unit = kind.name == "datetime2", int(10 ** (7 - kind.scale))

    def encode(value: Value) -> bytes:
        if value is None:
            return b"\x00"
        text = str(value)
        clock = text[11:] if dated else text
        fraction = clock[9:].ljust(7, "0")[:7] if len(clock) > 9 else "0000000"
        seconds = _thousandths(clock[:8]) // 1000 if clock else 0
        ticks = (seconds * 10_000_000 + int(fraction)) // unit
        data = ticks.to_bytes(width, "little")
        if dated:
            data += (_ordinal(text[:10]) - 1).to_bytes(3, "little")
        return bytes((len(data),)) + data

    return encode
