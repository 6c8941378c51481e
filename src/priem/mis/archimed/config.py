"""The settings of a connection to one branch's ArchiMed+ account."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime, time
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from priem.asked import called
from priem.errors import AskOperator
from priem.mis.archimed.asking import ASKED
from priem.model import VisitStatus
from priem.texts import Text, text

GATEWAY = "https://newapi.archimed-soft.ru"
MEANINGS = tuple(status.value for status in VisitStatus if status is not VisitStatus.UNMAPPED)
OUTCOMES = (VisitStatus.CANCELLED.value, VisitStatus.NO_SHOW.value, VisitStatus.DELETED.value)
"""What a reason for deleting may mean."""
WINDOWS = ("auto", "dates", "all")
CANCELLING = ("status", "delete")
SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]{0,30}$")
"""No colon: it parts the connection from the id in a key."""
HOURS = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")


@dataclass(frozen=True, kw_only=True)
class Config:
    connection: str
    """The connection's own short name; every key begins with it, so it is never changed."""
    api_id: str
    api_secret: str = field(repr=False)
    time_zone: str
    """IANA name. ArchiMed+ keeps local time without an offset."""
    user_id: str = ""
    """A user of ArchiMed+ on whose behalf requests are made; the talon's creator, then."""
    base_url: str = GATEWAY
    version: str = "v5"
    branch: str = "1"
    """The branch's id in `settings.branches`, after the connection and a colon."""
    branch_name: str = ""
    """What people call it; else the connection's name."""
    timeout: int = 20
    """Seconds."""
    page_size: int = 2000
    requests_per_second: float = 1.0
    """On average, for reading. What a person waits for is not counted."""
    poll_seconds: float = 2.0
    """How often every page of coming talons is looked at, as far as the rate allows."""
    working_hours: str = "07:00-22:00"
    night_seconds: float = 30.0
    """How often outside working hours."""
    days_back: int = 7
    days_ahead: int = 365
    """From which day to which talons are looked at, counted from today."""
    talon_window: str = "auto"
    """`dates`: the API narrows talons by date_from and date_to. `all`: it does not. `auto`: found out by trying."""
    visits_since: date | None = None
    """How far back the first reading gives leads. None: only visits to come."""
    look_back_days: int = 0
    """How much further back visits are read only to know who was here lately; they get no leads."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """A talon status's id or name → a visit's status."""
    delete_reasons: Mapping[str, str] = field(default_factory=dict)
    """A reason's id or name → `cancelled`, `no_show` or `deleted`."""
    com_statuses: Mapping[str, str] = field(default_factory=dict)
    """The id or name of a talon's com_status → the status of a visit that is only booked otherwise."""
    cancel_by: str = "status"
    """How a visit is cancelled: `status` gives it cancel_status, `delete` deletes the talon."""
    cancel_status: str = ""
    """A status's id; else the first one that means cancelled."""
    dictionaries_minutes: int = 60
    """How old statuses, doctors and services may be."""

    @classmethod
    def from_mapping(cls, connection: str, settings: Mapping[str, object]) -> Self:
        """Raises AskOperator that names every setting which is missing, unknown or not what it should be."""
        problems: dict[str, Text] = {}
        if not SLUG.match(connection):
            problems["connection"] = text("A connection's name has small Latin letters, digits, - and _.")
        for name in settings.keys() - READERS.keys():
            problems[name] = text("There is no setting {setting}.", setting=name)
        for name in REQUIRED - settings.keys():
            problems[name] = text("The setting {setting} is missing.", setting=called(ASKED, name))
        read: dict[str, Any] = {}
        for name in settings.keys() & READERS.keys():
            reader, expected = READERS[name]
            try:
                read[name] = reader(settings[name])
            except (ValueError, TypeError, AttributeError):
                problems[name] = Text(expected.template, {**expected.values, "setting": called(ASKED, name)})
        if problems:
            raise wrong(connection, problems)
        return cls(connection=connection, **read)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def name_of_branch(self) -> str:
        return self.branch_name or self.connection

    def is_working(self, now: datetime) -> bool:
        """By the branch's own clock. Hours that end before they begin last over midnight."""
        begin, _, end = self.working_hours.partition("-")
        first, last = time.fromisoformat(begin), time.fromisoformat(end)
        local = now.astimezone(self.zone).time()
        return first <= local < last if first < last else not last <= local < first


def wrong(connection: str, problems: Mapping[str, Text]) -> AskOperator:
    first = problems[min(problems)]
    names = [called(ASKED, name) for name in sorted(problems)]
    if len(problems) == 1:
        return AskOperator(
            first,
            text("Correct {setting} of the connection {connection}.", setting=names[0], connection=connection),
            beside=problems,
        )
    return AskOperator(
        text("Settings of the connection {connection} are wrong: {names}.", connection=connection, names=names),
        first,
        beside=problems,
    )


def any_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value.strip()


def a_text(value: object) -> str:
    return some(any_text(value))


def an_id(value: object) -> str:
    """A figure or a text: people write both."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(value)
    return some(str(value).strip())


def some(value: str) -> str:
    if not value or ":" in value:
        raise ValueError(value)
    return value


def a_secret(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def a_url(value: object) -> str:
    url = any_text(value).rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise ValueError(value)
    return url


def a_version(value: object) -> str:
    if not re.fullmatch(r"v\d{1,2}", written := any_text(value)):
        raise ValueError(value)
    return written


def whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(value)
        return value

    return read


def figure(least: float, most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(value)
        return float(value)

    return read


def one_of(*known: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        return known[known.index(any_text(value))]

    return read


def a_zone(value: object) -> str:
    try:
        return ZoneInfo(a_text(value)).key
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(value) from error


def a_day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(any_text(value))


def hours(value: object) -> str:
    if not HOURS.match(written := any_text(value)):
        raise ValueError(value)
    return written


def table_of(*known: str) -> Callable[[object], Mapping[str, str]]:
    reader = one_of(*known)

    def read(value: object) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            raise TypeError(value)
        return {str(key).strip(): reader(item) for key, item in value.items()}

    return read


TEXT = text("The setting {setting} is a text.")


def number(least: int, most: int) -> tuple[Callable[[object], int], Text]:
    return whole(least, most), text(
        "The setting {setting} is a whole number, {least} to {most}.", least=least, most=most
    )


def amount(least: float, most: float) -> tuple[Callable[[object], float], Text]:
    return figure(least, most), text("The setting {setting} is a number, {least} to {most}.", least=least, most=most)


def choice(*known: str) -> tuple[Callable[[object], str], Text]:
    return one_of(*known), text("The setting {setting} is one of: {known}.", known=", ".join(known))


def meanings(*known: str) -> tuple[Callable[[object], Mapping[str, str]], Text]:
    said = text("The setting {setting} gives to ids or names one of: {known}.", known=", ".join(known))
    return table_of(*known), said


READERS: Mapping[str, tuple[Callable[[object], Any], Text]] = {
    "api_id": (an_id, TEXT),
    "api_secret": (a_secret, TEXT),
    "time_zone": (a_zone, text("The setting {setting} is a time zone such as Europe/Moscow.")),
    "user_id": (lambda value: an_id(value) if value != "" else "", TEXT),
    "base_url": (a_url, text("The setting {setting} is an address that begins with https://.")),
    "version": (a_version, text("The setting {setting} is a version such as v5.")),
    "branch": (an_id, text("The setting {setting} is a text without a colon.")),
    "branch_name": (any_text, TEXT),
    "timeout": number(1, 300),
    "page_size": number(1, 25000),
    "requests_per_second": amount(0.1, 1000),
    "poll_seconds": amount(0, 3600),
    "working_hours": (hours, text("The setting {setting} is two times of day such as 07:00-22:00.")),
    "night_seconds": amount(0, 3600),
    "days_back": number(0, 365),
    "days_ahead": number(1, 3650),
    "talon_window": choice(*WINDOWS),
    "visits_since": (a_day, text("The setting {setting} is a day such as 2026-01-31.")),
    "look_back_days": number(0, 36500),
    "statuses": meanings(*MEANINGS),
    "delete_reasons": meanings(*OUTCOMES),
    "com_statuses": meanings(*MEANINGS),
    "cancel_by": choice(*CANCELLING),
    "cancel_status": (an_id, TEXT),
    "dictionaries_minutes": number(1, 1440),
}
"""How each setting is read, and what to say when it is something else."""
REQUIRED = {each.name for each in fields(Config) if each.default is MISSING and each.default_factory is MISSING} - {
    "connection"
}
