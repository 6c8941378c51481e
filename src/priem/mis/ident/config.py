"""The settings of a connection to IDENT's database."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from priem.asked import called
from priem.errors import AskOperator
from priem.mis.ident.asking import ASKED
from priem.mis.ident.statuses import OUTCOMES
from priem.texts import Text, text

ENCRYPTIONS = ("auto", "off", "required", "old")
PLANS = ("active", "all")
DRIVERS = ("pymssql", "pytds")
SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]{0,30}$")
"""No colon: it parts the connection from the id in a key."""


@dataclass(frozen=True, kw_only=True)
class Config:
    connection: str
    """The connection's own short name; every key begins with it, so it is never changed."""
    server: str
    r"""`host`, `host\INSTANCE` or `host,port`."""
    password: str = field(repr=False)
    time_zone: str
    """IANA name. IDENT keeps local time without an offset."""
    login: str = "readonly_user"
    r"""`DOMAIN\user` signs in with Windows' own authentication (NTLM)."""
    database: str = "PZ"
    port: int | None = None
    instance: str = ""
    encryption: str = "auto"
    """`auto`, `off`, `required`, or `old` for a server that knows nothing newer than TLS 1.0."""
    certificate: str = ""
    """Path of the server's certificate (PEM): python-tds encrypts only with one."""
    driver: str = "pymssql"
    query_timeout: int = 15
    login_timeout: int = 10
    """Seconds, both."""
    page_size: int = 2000
    cancel_reasons: Mapping[str, str] = field(default_factory=dict)
    """A reason's id or name → `cancelled`, `no_show`, `moved` or `deleted`."""
    auto_closed_is_no_show: bool = True
    notified_is_confirmed: bool = True
    branch_time_zones: Mapping[str, str] = field(default_factory=dict)
    """A branch's id → IANA name, for branches that live in another zone."""
    only_branches: tuple[str, ...] = ()
    """Ids; visits of other branches are not read. Empty: all."""
    visits_since: date | None = None
    """How far back the first reading goes. None: only visits to come."""
    look_back_days: int = 0
    """How much further back visits are read only to know who was here lately; they get no leads."""
    overlap_seconds: int = 600
    """How late a change may become visible after its own time of change."""
    polling_share: int = 2
    """Per cent of the time that the server may spend on looking for changes: slow scans are made less often."""
    sweep_minutes: int = 10
    """How often to look for visits that vanished and for what changed without a trace. 0: never."""
    vanishing_share: int = 20
    """Per cent of the known visits, and at least 5 of them: when more vanish at once, none counts as deleted."""
    reads_plans: bool = False
    """Whether treatment plans are read. The hub says so where a field shows them."""
    treatment_plans: str = "active"
    """Which of them: `active`, those in force, or `all`."""
    plan_lines_per_tooth: bool = False
    """Whether a plan's line counts once for each of its teeth. The vendor does not say how IDENT counts."""
    profile: str = "ident-2604"
    """A built-in profile, or the path of a file."""

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
        must_encrypt = read.get("encryption") in ("required", "old")
        if read.get("driver") == "pytds" and must_encrypt and not read.get("certificate"):
            problems["certificate"] = text(
                "With the driver python-tds, encryption needs the setting {setting}.",
                setting=called(ASKED, "certificate"),
            )
        if problems:
            raise wrong(connection, problems)
        return cls(connection=connection, **read)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def zone_of(self, branch: str) -> ZoneInfo:
        return ZoneInfo(self.branch_time_zones.get(branch, self.time_zone))

    @cached_property
    def address(self) -> tuple[str, str, int | None]:
        r"""Host, instance and port. A port that is given wins over the instance's name."""
        host, _, port = self.server.replace(":", ",").partition(",")
        host, _, instance = host.partition("\\")
        host = "localhost" if host.strip().lower() in ("", ".", "(local)") else host.strip()
        return host, self.instance or instance.strip(), self.port or (int(port) if port.strip() else None)


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


def a_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value


def any_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def a_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(value)
        return value

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


def ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, (int, str)) for one in value):
        raise TypeError(value)
    return tuple(str(one) for one in value)


def table_of(reader: Callable[[object], str]) -> Callable[[object], Mapping[str, str]]:
    def read(value: object) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            raise TypeError(value)
        return {str(key).strip(): reader(item) for key, item in value.items()}

    return read


def a_server(value: object) -> str:
    _, comma, port = a_text(value).replace(":", ",").partition(",")
    if comma:
        whole(1, 65535)(int(port))
    return a_text(value).strip()


TEXT = text("The setting {setting} is a text.")
FLAG = text("The setting {setting} is true or false.")
READERS: Mapping[str, tuple[Callable[[object], Any], Text]] = {
    "server": (a_server, text(r"The setting {setting} is host, host\INSTANCE or host,port.")),
    "password": (any_text, TEXT),
    "time_zone": (a_zone, text("The setting {setting} is a time zone such as Europe/Moscow.")),
    "login": (a_text, TEXT),
    "database": (a_text, TEXT),
    "port": (whole(1, 65535), text("The setting {setting} is a port, 1 to 65535.")),
    "instance": (any_text, TEXT),
    "encryption": (
        one_of(*ENCRYPTIONS),
        text("The setting {setting} is one of: {known}.", known=", ".join(ENCRYPTIONS)),
    ),
    "certificate": (any_text, TEXT),
    "driver": (one_of(*DRIVERS), text("The setting {setting} is one of: {known}.", known=", ".join(DRIVERS))),
    "query_timeout": (whole(1, 300), text("The setting {setting} is a number of seconds, 1 to 300.")),
    "login_timeout": (whole(1, 300), text("The setting {setting} is a number of seconds, 1 to 300.")),
    "page_size": (whole(1, 10000), text("The setting {setting} is a number from 1 to 10000.")),
    "cancel_reasons": (
        table_of(one_of(*OUTCOMES)),
        text("The setting {setting} gives to ids or names of reasons one of: {known}.", known=", ".join(OUTCOMES)),
    ),
    "auto_closed_is_no_show": (a_flag, FLAG),
    "notified_is_confirmed": (a_flag, FLAG),
    "branch_time_zones": (
        table_of(a_zone),
        text("The setting {setting} gives to ids of branches time zones such as Europe/Moscow."),
    ),
    "only_branches": (ids, text("The setting {setting} is a list of ids of branches.")),
    "visits_since": (a_day, text("The setting {setting} is a day such as 2026-01-31.")),
    "look_back_days": (whole(0, 36500), text("The setting {setting} is a number of days, 0 to 36500.")),
    "overlap_seconds": (whole(0, 86400), text("The setting {setting} is a number of seconds, 0 to 86400.")),
    "polling_share": (whole(1, 100), text("The setting {setting} is a number of per cent, 1 to 100.")),
    "sweep_minutes": (whole(0, 1440), text("The setting {setting} is a number of minutes, 0 to 1440.")),
    "vanishing_share": (whole(1, 100), text("The setting {setting} is a number of per cent, 1 to 100.")),
    "reads_plans": (a_flag, FLAG),
    "treatment_plans": (
        one_of(*PLANS),
        text("The setting {setting} is one of: {known}.", known=", ".join(PLANS)),
    ),
    "plan_lines_per_tooth": (a_flag, FLAG),
    "profile": (a_text, TEXT),
}
"""How each setting is read, and what to say when it is something else."""
REQUIRED = {each.name for each in fields(Config) if each.default is MISSING and each.default_factory is MISSING} - {
    "connection"
}
