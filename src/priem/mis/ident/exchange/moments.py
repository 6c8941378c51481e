"""ISO 8601 as IDENT, sites and aggregators write it. docs/reference/ident.md §1.4"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s*(?:(Z)|([+\- ])(\d\d):?(\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
"""The offset's sign may be a space: that is what a `+` in an address becomes when nobody encodes it."""


def moment(written: str, zone: tzinfo) -> datetime:
    """Aware, in whole seconds; without an offset it is a time of `zone`. Raises ValueError for anything else."""
    found = WRITTEN.fullmatch(written.strip())
    if found is None:
        raise ValueError("not a time")
    parts = [int(part or 0) for part in found.groups()[:6]]
    return datetime(*parts, tzinfo=offset(found) or zone)  # type: ignore[arg-type, misc]  # six whole numbers


def offset(found: re.Match[str]) -> timezone | None:
    """None when there is none."""
    if found[7]:
        return UTC
    if not found[9]:
        return None
    minutes = 60 * int(found[9]) + int(found[10] or 0)
    return timezone(timedelta(minutes=-minutes if found[8] == "-" else minutes))


FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def in_utc(when: datetime) -> datetime:
    """The same moment; what lies beyond the calendar's ends in UTC is at its end. IDENT may ask from the year 1 on."""
    try:
        return when.astimezone(UTC)
    except OverflowError:
        return FIRST if when.year == FIRST.year else LAST


def to_written(when: datetime, zone: tzinfo) -> str:
    """`2026-05-12T10:00:00+07:00`, with the clinic's offset."""
    return when.astimezone(zone).isoformat(timespec="seconds")
