"""What a session knows of itself and of the server: the answers to `@@VERSION`, `DB_NAME()` and their like."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from priem.sandbox.ident import moments
from priem.sandbox.ident.engine import Connection, Database
from priem.sandbox.ident.permissions import READER
from priem.sandbox.ident.schema import COLLATION, DATABASE
from priem.sandbox.ident.tokens import SERVER_NAME
from priem.sandbox.ident.types import Value

PROGRAMS = {2012: (11, 0, 7001), 2019: (15, 0, 2000)}


def version_text(compatibility: int) -> str:
    major, _, build = PROGRAMS[compatibility]
    return (
        f"Microsoft SQL Server {compatibility} - {major}.0.{build}.0 (X64) \n\tPriem's sandbox of IDENT\n\t"
        "Express Edition (64-bit) on Windows NT 6.3 <X64>\n"
    )


@dataclass(slots=True)
class Facts:
    login: str
    spid: int = 51
    host: str = ""
    application: str = ""
    rowcount: int = 0
    lock_timeout: int = -1
    identity_insert: str = ""
    _transactions: int = 0
    transaction_began: float | None = None
    rolled_back: bool = False
    """How the last transaction ended."""
    _database: Database | None = field(default=None, repr=False)
    _connection: Connection | None = field(default=None, repr=False)

    def attach(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    @property
    def transactions(self) -> int:
        return self._transactions

    @transactions.setter
    def transactions(self, depth: int) -> None:
        if depth == 0:
            self.transaction_began = None
        elif self._transactions == 0:
            self.transaction_began = time.monotonic()
        self._transactions = depth

    @property
    def database(self) -> Database:
        if self._database is None:
            raise RuntimeError("a session that is not attached to a database")
        return self._database

    @property
    def last_identity(self) -> int | None:
        return self._connection.last_identity if self._connection else None

    def answer(self, name: str, arguments: tuple[Value, ...]) -> Value:
        return ANSWERS[name](self, arguments)

    # --- answers that need thought ----------------------------------------------------------------

    def server_property(self, arguments: tuple[Value, ...]) -> Value:
        major, minor, build = PROGRAMS[self.database.compatibility]
        known: dict[str, Value] = {
            "productversion": f"{major}.{minor}.{build}.0",
            "productlevel": "SP4" if major == 11 else "RTM",
            "edition": "Express Edition (64-bit)",
            "engineedition": 4,
            "servername": SERVER_NAME,
            "machinename": SERVER_NAME.partition("\\")[0],
            "instancename": SERVER_NAME.partition("\\")[2],
            "collation": COLLATION,
            "productmajorversion": str(major),
            "isintegratedsecurityonly": 0,
            "isclustered": 0,
        }
        return known.get(str(arguments[0]).lower())

    def object_id(self, arguments: tuple[Value, ...]) -> Value:
        schema, name = _object_name(arguments[0])
        table = self.database.schema.find(schema, name)
        return None if table is None else 100_000 + sum(map(ord, table.name)) * 17

    def has_permission(self, arguments: tuple[Value, ...]) -> Value:
        """HAS_PERMS_BY_NAME(securable, class, permission [, …]): NULL for a thing that is not there."""
        securable, kind, permission = (None if a is None else str(a) for a in arguments[:3])
        if securable is not None and (kind or "").upper() == "OBJECT":
            if self.database.schema.find(*_object_name(securable)) is None:
                return None
        elif securable is not None and (kind or "").upper() == "DATABASE" and securable.strip("[]").upper() != DATABASE:
            return 0
        if self.login != READER:
            return 1
        return int((permission or "").upper() in ("SELECT", "CONNECT", "ANY", "VIEW DEFINITION"))


def _object_name(value: Value) -> tuple[str, str]:
    parts = str(value).replace("[", "").replace("]", "").split(".")
    return parts[-2] if len(parts) > 1 else "", parts[-1]


def _is_own_database(_facts: Facts, arguments: tuple[Value, ...]) -> Value:
    return int(str(arguments[0]).strip("[]").upper() == DATABASE)


def _utc(facts: Facts, _arguments: tuple[Value, ...]) -> Value:
    return moments.from_datetime(facts.database.clock.utc())


def _identity_current(facts: Facts, arguments: tuple[Value, ...]) -> Value:
    _, name = _object_name(arguments[0])
    return facts.database.counters.identities.get(name)


Answer = Callable[[Facts, tuple[Value, ...]], Value]
ANSWERS: dict[str, Answer] = {
    "@@VERSION": lambda facts, _: version_text(facts.database.compatibility),
    "@@DBTS": lambda facts, _: facts.database.last_rowversion(),
    "@@ROWCOUNT": lambda facts, _: facts.rowcount,
    "@@TRANCOUNT": lambda facts, _: facts.transactions,
    "@@SPID": lambda facts, _: facts.spid,
    "@@SERVERNAME": lambda _facts, _: SERVER_NAME,
    "@@SERVICENAME": lambda _facts, _: SERVER_NAME.partition("\\")[2],
    "@@IDENTITY": lambda facts, _: facts.last_identity,
    "@@LOCK_TIMEOUT": lambda facts, _: facts.lock_timeout,
    "@@ERROR": lambda _facts, _: 0,
    "@@MAX_PRECISION": lambda _facts, _: 38,
    "@@LANGUAGE": lambda _facts, _: "us_english",
    "@@OPTIONS": lambda _facts, _: 5432,
    "@@MICROSOFTVERSION": lambda facts, _: PROGRAMS[facts.database.compatibility][0] << 24,
    "GETUTCDATE": _utc,
    "SYSUTCDATETIME": _utc,
    "SCOPE_IDENTITY": lambda facts, _: facts.last_identity,
    "IDENT_CURRENT": _identity_current,
    "DB_NAME": lambda _facts, _: DATABASE,
    "DB_ID": lambda _facts, _: 5,
    "OBJECT_ID": Facts.object_id,
    "SUSER_SNAME": lambda facts, _: facts.login,
    "SUSER_NAME": lambda facts, _: facts.login,
    "ORIGINAL_LOGIN": lambda facts, _: facts.login,
    "USER_NAME": lambda facts, _: facts.login,
    "HOST_NAME": lambda facts, _: facts.host,
    "APP_NAME": lambda facts, _: facts.application,
    "HAS_PERMS_BY_NAME": Facts.has_permission,
    "HAS_DBACCESS": _is_own_database,
    "IS_SRVROLEMEMBER": lambda _facts, _: 0,
    "IS_MEMBER": lambda facts, arguments: int(str(arguments[0]).lower() == "db_datareader" and facts.login == READER),
    "SERVERPROPERTY": Facts.server_property,
}
