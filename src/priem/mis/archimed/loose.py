"""ArchiMed+'s values as they come: figures as texts, flags as 0 and 1, days with the day first. Pure."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

Row = Mapping[str, Any]
MOMENT = re.compile(r"^\s*(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*$")
YEAR_FIRST = re.compile(r"^\s*(\d{4})-(\d{2})-(\d{2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
CLOCK = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")
DIGITS = re.compile(r"^\s*[+-]?\d{1,18}(?:\.0+)?\s*$")
LONGEST_ID = 18


def words(*parts: object) -> str:
    """With single spaces; what is no text is left out."""
    return " ".join(" ".join(str(part) for part in parts if isinstance(part, str | int)).split())


def figure(value: object) -> int | None:
    """A whole number, however it is written; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value.split(".")[0]) if isinstance(value, str) and DIGITS.match(value) else None


def an_id(value: object) -> str:
    """The id of a record as a text; empty for 0 and for nothing: ArchiMed+ writes 0 where it means none."""
    number = figure(value)
    return str(number) if number and 0 < number < 10**LONGEST_ID else ""


def flag(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in ("1", "true", "yes", "да")
    return bool(value) if isinstance(value, int | float) else False


def money(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip().replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01")) if amount.is_finite() and abs(amount) < 10**12 else None


def moment(value: object) -> datetime | None:
    """Naive, the clinic's wall clock; midnight for a day without an hour."""
    written = value if isinstance(value, str) else ""
    if found := MOMENT.match(written):
        day, month, year, *clock = found.groups()
    elif found := YEAR_FIRST.match(written):
        year, month, day, *clock = found.groups()
    else:
        return None
    hour, minute, second = (int(part or 0) for part in clock)
    try:
        return datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 - ArchiMed+'s are naive
    except ValueError:
        return None


def a_day(value: object) -> date | None:
    found = moment(value)
    return found.date() if found else None


def clock(value: object) -> time | None:
    found = CLOCK.match(value) if isinstance(value, str) else None
    hour, minute, second = (int(part or 0) for part in found.groups()) if found else (24, 0, 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def written_day(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def named(row: object, *names: str) -> Any:  # noqa: ANN401 - JSON of another server
    """The first of these that is there and says something."""
    if not isinstance(row, Mapping):
        return None
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def rows_of(value: object) -> list[Row]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def texts_in(body: object) -> list[str]:
    """What an answer says in words, whatever it calls them."""
    if isinstance(body, str):
        return [body.strip()] if body.strip() else []
    if isinstance(body, list):
        return [said for part in body for said in texts_in(part)]
    if isinstance(body, Mapping):
        keys = ("message", "error_message", "errors", "error", "description", "text", "msg")
        return list(dict.fromkeys(said for key in keys if key in body for said in texts_in(body[key])))
    return []
