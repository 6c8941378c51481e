"""Moments as text that sorts: `2026-03-02`, `2026-03-02 10:00:00.000`, `10:00:00`; and back.

`datetime` ticks are 1/300 s, so its milliseconds end in 0, 3 or 7. `datetime2` keeps more digits, but only if they are
not zero: then equal moments of both types are equal texts.
"""

import re
from datetime import date, datetime, timedelta

from priem.sandbox.ident.errors import SqlError, bad_date

DATETIME_PATTERN = re.compile(
    r"^(?P<year>\d{4})(?P<dash>-?)(?P<month>\d{2})(?P=dash)(?P<day>\d{2})"
    r"(?:(?P<between>[ T])(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,7}))?)?)?$"
)
TIME_PATTERN = re.compile(r"^(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,7}))?)?$")
MIDNIGHT = "00:00:00.000"


def to_date(text: str) -> str:
    return _parts(text)[0]


def to_datetime(text: str) -> str:
    """Rounded to SQL Server's 1/300 s."""
    day, seconds, fraction = _parts(text)
    whole = datetime.fromisoformat(f"{day} {seconds}")
    return from_datetime(whole + timedelta(microseconds=int(fraction) / 10))


def to_datetime2(text: str) -> str:
    day, seconds, fraction = _parts(text)
    return f"{day} {seconds}.{_digits(fraction)}"


def to_time(text: str, scale: int = 7) -> str:
    clock = TIME_PATTERN.match(text.strip())
    if clock:
        seconds, fraction = f"{clock['hour']}:{clock['minute']}:{clock['second'] or '00'}", clock["fraction"] or ""
    else:
        _, seconds, fraction = _parts(text)
    return seconds if scale == 0 or not fraction.strip("0") else f"{seconds}.{fraction.ljust(7, '0')[:scale]}"


def from_datetime(moment: datetime) -> str:
    """A naive Python moment as SQL Server's `datetime`."""
    ticks = round(moment.microsecond * 3 / 10_000)
    whole = moment.replace(microsecond=0) + timedelta(seconds=ticks // 300)
    return f"{whole:%Y-%m-%d %H:%M:%S}.{(ticks % 300 * 10 + 1) // 3:03d}"


def from_datetime2(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{_digits(f'{moment.microsecond:06d}0')}"


def read(text: str) -> datetime:
    """Any moment's text as a Python one; a time alone gets SQL Server's day zero, 1900-01-01."""
    if len(text) >= 10 and text[4] == "-":
        return datetime.fromisoformat(_trim(text))
    return datetime.fromisoformat(f"1900-01-01 {_trim(text)}")


def _trim(text: str) -> str:
    head, dot, fraction = text.partition(".")
    return f"{head}{dot}{fraction[:6].ljust(6, '0')}" if dot else head


def _digits(fraction: str) -> str:
    padded = fraction.ljust(7, "0")[:7]
    return padded[:3] + padded[3:].rstrip("0")


def _parts(text: str) -> tuple[str, str, str]:
    found = DATETIME_PATTERN.match(text.strip())
    if not found:
        raise bad_date()
    day = _valid_day(found)
    if not found["hour"]:
        return day, "00:00:00", "0000000"
    return day, f"{found['hour']}:{found['minute']}:{found['second'] or '00'}", (found["fraction"] or "").ljust(7, "0")


def _valid_day(found: re.Match[str]) -> str:
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError as error:
        raise out_of_range() from error
    return day.isoformat()


def out_of_range() -> SqlError:
    message = "The conversion of a nvarchar data type to a datetime data type resulted in an out-of-range value."
    return SqlError(242, message)
