"""T-SQL's functions and collation for SQLite. NULL in, NULL out, as there."""

import math
import re
import sqlite3
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache, wraps
from typing import Any

from priem.sandbox.ident import moments
from priem.sandbox.ident.errors import SqlError, bad_number
from priem.sandbox.ident.schema import SQLITE_COLLATION

Scalar = int | float | str | bytes | None


class Failure:
    """SQLite swallows what a function raises and tells only that it did; here the reason is kept."""

    def __init__(self) -> None:
        self.error: SqlError | None = None

    def keeping(self, function: Callable[..., Scalar]) -> Callable[..., Scalar]:
        @wraps(function)
        def call(*arguments: Scalar) -> Scalar:
            try:
                return function(*arguments)
            except SqlError as error:
                self.error = error
                raise

        return call

    def take(self) -> SqlError | None:
        error, self.error = self.error, None
        return error


def register(connection: sqlite3.Connection, failure: Failure) -> None:
    connection.create_collation(SQLITE_COLLATION, compare)
    for name, function in FUNCTIONS.items():
        connection.create_function(name, -1, failure.keeping(function), deterministic=True)


# --- text -----------------------------------------------------------------------------------------


@lru_cache(maxsize=50_000)
def _key(value: str) -> str:
    """Case does not count, trailing spaces do not count, ё is a letter of its own after е."""
    return value.rstrip(" ").casefold().replace("ё", "е\uffff")


def compare(one: str, other: str) -> int:
    left, right = _key(one), _key(other)
    return (left > right) - (left < right)


@lru_cache(maxsize=1000)
def _pattern(pattern: str, escape: str) -> re.Pattern[str]:
    out, at = [], 0
    while at < len(pattern):
        sign = pattern[at]
        closing = pattern.find("]", at + 1) if sign == "[" else -1
        if escape and sign == escape and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        elif closing > 0:
            out.append(pattern[at : closing + 1])
            at = closing
        else:
            out.append({"%": ".*", "_": "."}.get(sign, re.escape(sign)))
        at += 1
    return re.compile("".join(out) + r"\s*\Z" if not pattern.endswith("%") else "".join(out), re.IGNORECASE | re.DOTALL)


def like(value: Scalar, pattern: Scalar, escape: Scalar) -> Scalar:
    if value is None or pattern is None:
        return None
    return int(_pattern(str(pattern), str(escape)).match(_text(value)) is not None)


def _text(value: Scalar) -> str:
    return value.decode("utf-16-le", "replace") if isinstance(value, bytes) else str(value)


def strict(function: Callable[..., Any]) -> Callable[..., Scalar]:
    @wraps(function)
    def call(*arguments: Scalar) -> Scalar:
        return None if None in arguments else function(*arguments)

    return call


def datalength(value: Scalar) -> int:
    if isinstance(value, bytes):
        return len(value)
    return 2 * len(value) if isinstance(value, str) else 8 if isinstance(value, float) else 4


def charindex(part: Scalar, value: Scalar, start: int = 1) -> int:
    return _text(value).casefold().find(_text(part).casefold(), max(0, int(start) - 1)) + 1


def substring(value: Scalar, start: int, length: int) -> Scalar:
    begin, end = start - 1, start - 1 + length
    data = value if isinstance(value, bytes) else _text(value)
    return data[max(0, begin) : max(0, end)]


def replace(value: Scalar, old: Scalar, new: Scalar) -> str:
    if not _text(old):
        return _text(value)
    return re.sub(re.escape(_text(old)), lambda _found: _text(new), _text(value), flags=re.IGNORECASE)


def concat(*values: Scalar) -> str:
    return "".join("" if value is None else _text(value) for value in values)


def truncate(value: Scalar) -> Scalar:
    return None if value is None else int(value)


def divide(one: float, other: float) -> float:
    """Whole numbers give whole ones, towards nought."""
    if other == 0:
        raise SqlError(8134, "Divide by zero error encountered.")
    return int(one / other) if isinstance(one, int) and isinstance(other, int) else one / other


def modulo(one: float, other: float) -> float:
    if other == 0:
        raise SqlError(8134, "Divide by zero error encountered.")
    return type(one)(math.fmod(one, other))


# --- moments --------------------------------------------------------------------------------------

UNITS = {"day": 86_400_000, "week": 604_800_000, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}
MONTHS = {"year": 12, "quarter": 3, "month": 1}


def _written_like(original: str, moment: datetime) -> str:
    if len(original) == 10:
        return f"{moment:%Y-%m-%d}"
    if original[4:5] != "-":
        return moments.to_time(moments.from_datetime2(moment))
    return moments.from_datetime(moment) if len(original) <= 23 else moments.from_datetime2(moment)


def date_add(unit: str, amount: float, text: str) -> str:
    moment, count = moments.read(text), int(amount)
    try:
        if unit in MONTHS:
            return _written_like(text, _add_months(moment, count * MONTHS[unit]))
        milliseconds = UNITS["day" if unit in ("dayofyear", "weekday") else unit]
        return _written_like(text, moment + timedelta(milliseconds=count * milliseconds))
    except (OverflowError, ValueError) as error:
        raise SqlError(517, "Adding a value to a 'datetime' column caused an overflow.") from error


def _add_months(moment: datetime, count: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + count, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def date_diff(unit: str, start: str, end: str) -> int:
    """Boundaries crossed, as T-SQL counts: 23:59 to 00:01 is one day."""
    one, other = moments.read(start), moments.read(end)
    if unit in MONTHS:
        return _months(other) // MONTHS[unit] - _months(one) // MONTHS[unit]
    if unit in ("day", "dayofyear", "weekday"):
        return other.toordinal() - one.toordinal()
    if unit == "week":
        return other.toordinal() // 7 - one.toordinal() // 7
    return _units(other, unit) - _units(one, unit)


def _months(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _units(moment: datetime, unit: str) -> int:
    since = moment - datetime(1, 1, 1)  # noqa: DTZ001  # naive, like what it is taken from
    return (since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000) // UNITS[unit]


def date_part(unit: str, text: str) -> int:
    moment = moments.read(text)
    derived = {
        "quarter": (moment.month + 2) // 3,
        "dayofyear": moment.timetuple().tm_yday,
        "weekday": moment.isoweekday() % 7 + 1,
        "week": int(f"{moment:%U}") + 1,
        "millisecond": moment.microsecond // 1000,
    }
    return derived[unit] if unit in derived else int(getattr(moment, unit))


def end_of_month(text: str) -> str:
    moment = moments.read(moments.to_datetime2(text))
    return f"{moment.year:04d}-{moment.month:02d}-{monthrange(moment.year, moment.month)[1]:02d}"


def date_from_parts(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise SqlError(
            289, "Cannot construct data type date, some of the arguments have values which are not valid."
        ) from error


# --- casts ----------------------------------------------------------------------------------------


def cast(value: Scalar, target: str, size: int, style: str, safe: int, source: str) -> Scalar:
    """`size` is the length of text and binary, the scale of the rest."""
    if value is None:
        return None
    try:
        return CASTS[target](value, size, style, source, target)
    except SqlError:
        if safe:
            return None
        raise


WHOLE = {
    "bit": (0, 1),
    "tinyint": (0, 255),
    "smallint": (-(1 << 15), (1 << 15) - 1),
    "int": (-(1 << 31), (1 << 31) - 1),
}
BIG = (-(1 << 63), (1 << 63) - 1)


def _to_whole(value: Scalar, _size: int, _style: str, source: str, target: str) -> int:
    if isinstance(value, bytes):
        number = int.from_bytes(value[-8:].rjust(8, b"\x00"), "big", signed=True)
    elif isinstance(value, str):
        number = _parsed(value, target)
    else:
        number = int(value or 0)
    if target == "bit":
        return int(bool(number))
    low, high = WHOLE.get(target, BIG)
    if not low <= number <= high:
        raise SqlError(8115, f"Arithmetic overflow error converting expression from {source} to data type {target}.")
    return number


def _parsed(value: str, target: str) -> int:
    try:
        return int(value.strip() or "0")
    except ValueError as error:
        raise bad_number(value, target) from error


def _to_real(value: Scalar, size: int, _style: str, _source: str, target: str) -> float:
    if isinstance(value, bytes):
        raise SqlError(529, f"Explicit conversion from data type varbinary to {target} is not allowed.")
    try:
        number = float(value or 0)
    except ValueError as error:
        raise SqlError(8114, f"Error converting data type nvarchar to {target}.") from error
    return round(number, size) if target == "decimal" else number


def _to_text(value: Scalar, size: int, style: str, source: str, _target: str) -> str:
    if source in ("date", "datetime", "datetime2", "time"):
        written = _written(str(value), style, source)
    elif isinstance(value, bytes):
        written = value.decode("utf-16-le", "replace")
    elif isinstance(value, float):
        written = f"{value:.10f}" if source == "decimal" else f"{value:g}"
    else:
        written = str(value)
    return written if size < 0 else written[:size]


def _written(text: str, style: str, source: str) -> str:
    if style == "112":
        return text[:10].replace("-", "")
    if style == "120":
        return text[:19]
    if style == "121" or source in ("date", "time"):
        return text
    moment = moments.read(text)
    return f"{moment:%b} {moment.day:2d} {moment.year} {moment.hour % 12 or 12:2d}:{moment:%M%p}"


def _to_moment(value: Scalar, size: int, _style: str, _source: str, target: str) -> str:
    if isinstance(value, int | float):
        return moments.from_datetime(datetime(1900, 1, 1) + timedelta(days=value))  # noqa: DTZ001  # SQL Server's day zero, naive
    if isinstance(value, bytes) or value is None:
        raise SqlError(529, f"Explicit conversion from data type varbinary to {target} is not allowed.")
    if target == "time":
        return moments.to_time(value, size)
    if target == "datetime" and moments.TIME_PATTERN.match(value):
        return f"1900-01-01 {moments.to_time(value, 3)}"
    return {"date": moments.to_date, "datetime": moments.to_datetime}.get(target, moments.to_datetime2)(value)


def _to_binary(value: Scalar, size: int, _style: str, source: str, target: str) -> bytes:
    if isinstance(value, bytes):
        data = value if size < 0 else value[:size]
        return data.ljust(size, b"\x00") if target == "binary" else data
    if isinstance(value, int):
        width = 8 if source == "bigint" else 4
        data = (value & ((1 << 64) - 1)).to_bytes(8, "big")
        data = data if target == "binary" else data[-width:]
        return data[-size:].rjust(size, b"\x00") if target == "binary" else data
    if isinstance(value, str):
        return value.encode("utf-16-le")[: size if size > 0 else None]
    raise SqlError(529, f"Explicit conversion from data type {source} to {target} is not allowed.")


CASTS: dict[str, Callable[[Scalar, int, str, str, str], Scalar]] = {
    **dict.fromkeys(("bit", "tinyint", "smallint", "int", "bigint"), _to_whole),
    **dict.fromkeys(("decimal", "float", "real"), _to_real),
    **dict.fromkeys(("nvarchar", "varchar", "nchar", "char"), _to_text),
    **dict.fromkeys(("date", "time", "datetime", "datetime2"), _to_moment),
    **dict.fromkeys(("binary", "varbinary", "rowversion"), _to_binary),
}

FUNCTIONS: dict[str, Callable[..., Scalar]] = {
    "t_like": like,
    "t_len": strict(lambda value: len(_text(value).rstrip(" "))),
    "t_datalength": strict(datalength),
    "t_charindex": strict(charindex),
    "t_upper": strict(lambda value: _text(value).upper()),
    "t_lower": strict(lambda value: _text(value).lower()),
    "t_ltrim": strict(lambda value: _text(value).lstrip(" ")),
    "t_rtrim": strict(lambda value: _text(value).rstrip(" ")),
    "t_trim": strict(lambda value: _text(value).strip(" ")),
    "t_substring": strict(substring),
    "t_left": strict(lambda value, count: _text(value)[:count]),
    "t_right": strict(lambda value, count: _text(value)[-count:] if count else ""),
    "t_replace": strict(replace),
    "t_stuff": strict(
        lambda value, at, count, new: _text(value)[: at - 1] + _text(new) + _text(value)[at - 1 + count :]
    ),
    "t_reverse": strict(lambda value: _text(value)[::-1]),
    "t_concat": concat,
    "t_truncate": truncate,
    "t_divide": strict(divide),
    "t_modulo": strict(modulo),
    "t_dateadd": strict(date_add),
    "t_datediff": strict(date_diff),
    "t_datepart": strict(date_part),
    "t_eomonth": strict(end_of_month),
    "t_datefromparts": strict(date_from_parts),
    "t_cast": cast,
}
