"""One connection to the clinic's SQL Server, on a thread of its own, that can only read."""

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

from priem.errors import AskOperator, PriemError
from priem.mis.ident.browser import port_of
from priem.mis.ident.config import Config
from priem.mis.ident.drivers import OPEN, Connection, errors
from priem.mis.ident.failures import Lost, NoDatabase, WrongLogin, no_database, not_connected, number_of, sorted_out
from priem.mis.ident.rows import Plain, Row
from priem.mis.ident.statements import require_reading
from priem.ports import Clock, Exchange, ExchangeLog

T = TypeVar("T")
Value = int | str | bytes | datetime | Collection[int] | Collection[str]
MANNERS = (
    "SET LOCK_TIMEOUT 3000",
    "SET DEADLOCK_PRIORITY LOW",
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET TEXTSIZE 2147483647",
    "SET NOCOUNT ON",
    "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON",
)
"""In the clinic's database others come first: we wait 3 s for a lock, lose every deadlock, hold nothing. A server that
does not know one of them is asked for the others.

The last one is what IDENT's own program has by its driver and ours has not: without it SQL Server refuses to read some
views at all (its error 1934), and passes over some indexes."""
DEFAULT_PORT = 1433
GRACE = 5
"""Seconds that a driver gets beyond its own time limit before it counts as hung."""
MOST_NAMED = 50
NAMED_VALUE = re.compile(r"(?<![\w@])@([a-z_]+)\b")


class Lane:
    """A thread that alone touches one connection: neither driver may be used by two."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self._work: SimpleQueue[tuple[Callable[[], object], Future[object]] | None] = SimpleQueue()
        # A daemon: a driver that hangs for ever must not keep the process from ending.
        threading.Thread(target=self._run, name="ident", daemon=True).start()

    def do(self, work: Callable[[], T], seconds: float) -> T:
        """Raises TimeoutError after that long; the lane is not to be used again then."""
        done: Future[T] = Future()
        self._work.put((work, done))  # type: ignore[arg-type]  # the queue does not know what each piece of work gives
        return done.result(seconds)

    def leave(self) -> None:
        """Closes the connection as soon as the thread is free to do it, and ends the thread."""
        self._work.put(None)

    def _run(self) -> None:
        while (task := self._work.get()) is not None:
            work, done = task
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits
                done.set_exception(error)
        self._close()

    def _close(self) -> None:
        try:
            if self.connection is not None:
                self.connection.close()
        except Exception:  # noqa: BLE001, S110 - it is thrown away, and a dead peer is no reason to tell anybody
            pass


class Database:
    """Asks, and notes every question in the journal. Connects when first asked, and again after any failure."""

    def __init__(self, config: Config, exchanges: ExchangeLog, clock: Clock) -> None:
        self._config = config
        self._exchanges = exchanges
        self._clock = clock
        self._lane: Lane | None = None
        self.connected_times = 0
        """0: never yet, so the address itself may be wrong."""
        self.asked = 0
        """Questions so far."""
        self.milliseconds = 0
        """How long their answers took, the way there and back included."""

    def rows(self, what: str, sql: str, /, **values: Value) -> list[Row]:
        """The rows of one SELECT, in which `@name` stands for a value. `what` names it in the journal.

        Raises TryLater or AskOperator, see failures.
        """
        names, found = self._asked(what, sql, values)
        return [dict(zip(names, row, strict=True)) for row in found]

    def plain_rows(self, what: str, sql: str, /, **values: Value) -> Sequence[Plain]:
        """The same in the order of its columns, for what there are millions of."""
        return self._asked(what, sql, values)[1]

    def _asked(self, what: str, sql: str, values: Mapping[str, Value]) -> "Answer":
        require_reading(sql, what)
        return self._noted(what, lambda lane: fetch(lane, filled_in(sql, values)))

    def close(self) -> None:
        if self._lane is not None:
            self._lane.leave()
            self._lane = None

    def databases(self) -> list[str] | None:
        """Those that this login can see, asked over a connection of its own that names none; None when it is not let
        in at all, empty when it may not look."""
        lane = Lane()
        try:
            lane.do(lambda: self._open(lane, ""), self._patience)
            _, rows = lane.do(lambda: fetch(lane, "SELECT name AS Name FROM sys.databases"), self._patience)
        except PriemError:
            return None
        except errors():
            return []
        finally:
            lane.leave()
        return sorted(str(name) for (name,) in rows)

    @property
    def _patience(self) -> float:
        return self._config.query_timeout + self._config.login_timeout + GRACE

    def _noted(self, what: str, ask: "Ask") -> "Answer":
        began, clock_began = self._clock.now(), time.monotonic()
        failure: PriemError | None = None
        found = Answer((), ())
        try:
            found = self._guarded(what, ask)
        except PriemError as error:
            failure = error
            raise
        finally:
            spent = round((time.monotonic() - clock_began) * 1000)
            self.asked, self.milliseconds = self.asked + 1, self.milliseconds + spent
            reason = failure.what if failure else None
            self._exchanges.note(
                Exchange(
                    system=self._config.connection,
                    what=what,
                    started_at=began,
                    milliseconds=spent,
                    items=len(found.rows),
                    error=reason,
                    about=named_in(self._config.connection, what, found),
                )
            )
        return found

    def _guarded(self, what: str, ask: "Ask") -> "Answer":
        was_connected = self._lane is not None
        try:
            return self._sorted(what, ask)
        except Lost:
            # The server may have been restarted since we last asked. A question may be asked twice.
            if not was_connected:
                raise
        return self._sorted(what, ask)

    def _sorted(self, what: str, ask: "Ask") -> "Answer":
        lane = self._connected()
        try:
            return lane.do(lambda: ask(lane), self._patience)
        except errors() as error:
            failure = sorted_out(error, what, self._config.server)
            if not isinstance(failure, AskOperator):
                self.close()
            raise failure from error

    def _connected(self) -> Lane:
        if self._lane is not None:
            return self._lane
        lane = Lane()
        try:
            lane.do(lambda: self._open(lane, self._config.database), self._patience)
        except errors() as error:
            lane.leave()
            raise not_connected(error, self._config.server, self._config.database) from error
        except PriemError:
            lane.leave()
            raise
        self._lane = lane
        self.connected_times += 1
        return lane

    def _open(self, lane: Lane, database: str) -> None:
        """On the lane's own thread."""
        host, instance, port = self._config.address
        if port is None:
            port = port_of(host, instance) if instance else DEFAULT_PORT
        try:
            lane.connection = OPEN[self._config.driver](self._config, host, port, database)
        except errors() as error:
            raise self._told_apart(not_connected(error, self._config.server, database), database) from error
        behave(lane.connection)

    def _told_apart(self, error: PriemError, database: str) -> PriemError:
        if database and isinstance(error, WrongLogin | NoDatabase):
            known = self.databases()
            return error if known is None else no_database(database, known)
        return error


def named_in(connection: str, what: str, found: "Answer") -> tuple[tuple[str, str], ...]:
    """Whose rows these are, so that people find the question by a patient or a visit. Nothing for long lists."""
    kind = next((kind for kind in ("patient", "visit") if what.startswith(f"{kind}s")), "")
    if not kind or len(found.rows) > MOST_NAMED or "ID" not in found.names:
        return ()
    place = found.names.index("ID")
    return tuple((kind, f"{connection}:{row[place]}") for row in found.rows if row[place] is not None)


def behave(connection: Connection) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("; ".join(MANNERS))
    except errors() as error:
        if not number_of(error):
            raise
        for each in MANNERS:
            try_to(connection, each)
    finally:
        cursor.close()


def try_to(connection: Connection, setting: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(setting)
    except errors() as error:
        if not number_of(error):
            raise
    finally:
        cursor.close()


class Answer(NamedTuple):
    names: Sequence[str]
    """Of the columns."""
    rows: Sequence[Plain]


Ask = Callable[[Lane], Answer]


def fetch(lane: Lane, sql: str) -> Answer:
    """On the lane's own thread."""
    assert lane.connection is not None, "a lane is asked only once it is connected"  # noqa: S101 - says what holds
    cursor = lane.connection.cursor()
    try:
        cursor.execute(sql)
        names = [str(column[0]) for column in cursor.description or ()]
        return Answer(names, cursor.fetchall())
    finally:
        cursor.close()


def filled_in(sql: str, values: Mapping[str, Value]) -> str:
    """With literals for values. Parameters would do, but the two drivers send times as types that compare differently:
    a `datetime2` never equals the `datetime` that it was read from."""
    return NAMED_VALUE.sub(lambda found: literal(values[found[1]]) if found[1] in values else found[0], sql)


def literal(value: Value) -> str:
    match value:
        case bool():
            return str(int(value))
        case int():
            return str(value)
        case bytes():
            return f"0x{value.hex()}"
        case str():
            escaped = value.replace("'", "''")
            return f"N'{escaped}'"
        case datetime():
            # The style is given: without one, what it means depends on the login's language.
            return f"CONVERT(datetime, '{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}', 121)"
        case _:
            return ",".join(literal(one) for one in value) or "NULL"
