"""One database on SQLite, with what SQLite has not: rowversions, identities with gaps, and transactions side by side.

SQLite lets one connection write at a time. SQL Server lets many, and a reader has to cope with rowversions that become
visible out of order, so it matters. Here a transaction keeps a log of its statements. When another one wants to write,
the first is rolled back in SQLite, and its log is run again, with the rowversions, identities and times that it was
given, when it goes on or commits. Nobody sees its rows before that; `MIN_ACTIVE_ROWVERSION()` stays at its first one.
"""

import shutil
import sqlite3
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from priem.sandbox.ident import errors, moments, sqlfunctions
from priem.sandbox.ident.clock import Clock
from priem.sandbox.ident.errors import Cancelled, SqlError
from priem.sandbox.ident.schema import (
    Schema,
    described_columns,
    described_constraints,
    described_databases,
    described_keys,
    described_references,
    described_tables,
    sqlite_tables,
)
from priem.sandbox.ident.types import Value

Row = Sequence[Value]
Parameters = Mapping[str, Value]
Answer = Callable[[str, tuple[Value, ...]], Value]
OPERATIONS_BETWEEN_LOOKS = 20_000


@dataclass(slots=True)
class Counters:
    """What grows and never goes back, except by a restored backup."""

    rowversion: int = 0x0C4000
    identities: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Counters":
        return Counters(self.rowversion, dict(self.identities))


@dataclass(slots=True)
class Given:
    """What one statement was given, kept to give it the same again."""

    now: datetime
    min_active: bytes = b""
    """Taken before the statement sees anything: later, what was open then might be committed, and yet not be seen."""
    rowversions: list[bytes] = field(default_factory=list)
    identities: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    sql: str
    parameters: Parameters
    given: Given


@dataclass(slots=True, eq=False)
class Transaction:
    began: float = field(default_factory=time.monotonic)
    entries: list[Entry] = field(default_factory=list)
    first_rowversion: int | None = None


class Database:
    def __init__(self, schema: Schema, clock: Clock, *, compatibility: int) -> None:
        self.schema = schema
        self.clock = clock
        self.compatibility = compatibility
        self.counters = Counters()
        self.writing = threading.RLock()
        self.holder: Connection | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="ident-"))
        self._generation = 0
        self._counting = threading.Lock()
        self._active: set[Transaction] = set()
        self._backup: tuple[Path, Counters, Schema] | None = None
        self._create()

    @property
    def path(self) -> Path:
        return self._folder / f"pz-{self._generation}.sqlite"

    def _create(self) -> None:
        connection = self.plain_connection()
        connection.execute("PRAGMA journal_mode=WAL")
        for statement in sqlite_tables(self.schema):
            connection.execute(statement)
        self._describe(connection)
        connection.close()

    def plain_connection(self) -> sqlite3.Connection:
        """Without foreign keys and T-SQL's functions: for seeding and for looking in from the control port."""
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA synchronous=OFF")
        connection.create_collation("cyrillic", sqlfunctions.compare)
        return connection

    def _describe(self, connection: sqlite3.Connection) -> None:
        level = 150 if self.compatibility >= 2019 else 110
        for name, rows in (
            ("INFORMATION_SCHEMA.TABLES", list(described_tables(self.schema))),
            ("INFORMATION_SCHEMA.COLUMNS", list(described_columns(self.schema))),
            ("INFORMATION_SCHEMA.TABLE_CONSTRAINTS", list(described_constraints(self.schema))),
            ("INFORMATION_SCHEMA.KEY_COLUMN_USAGE", list(described_keys(self.schema))),
            ("INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS", list(described_references(self.schema))),
            ("sys.databases", list(described_databases(level))),
        ):
            connection.execute(f"DELETE FROM [{name}]")  # noqa: S608  # our own names
            if not rows:
                continue
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO [{name}] VALUES ({marks})", rows)  # noqa: S608  # same

    def describe(self) -> None:
        """INFORMATION_SCHEMA again, for a schema that is another one now."""
        connection = self.plain_connection()
        self._describe(connection)
        connection.close()

    def change_schema(self, schema: Schema, statement: str) -> None:
        with self.writing:
            self.evict(None)
            connection = self.plain_connection()
            connection.execute(statement)
            self.schema = schema
            self._describe(connection)
            connection.close()

    # --- counters ---------------------------------------------------------------------------------

    def next_rowversion(self, transaction: Transaction) -> bytes:
        with self._counting:
            self.counters.rowversion += 1
            if transaction.first_rowversion is None:
                transaction.first_rowversion = self.counters.rowversion
                self._active.add(transaction)
            return self.counters.rowversion.to_bytes(8, "big")

    def next_identity(self, table: str) -> int:
        with self._counting:
            self.counters.identities[table] = self.counters.identities.get(table, 0) + 1
            return self.counters.identities[table]

    def note_identity(self, table: str, value: int) -> None:
        with self._counting:
            self.counters.identities[table] = max(value, self.counters.identities.get(table, 0))

    def last_rowversion(self) -> bytes:
        with self._counting:
            return self.counters.rowversion.to_bytes(8, "big")

    def min_active_rowversion(self) -> bytes:
        with self._counting:
            first = [t.first_rowversion for t in self._active if t.first_rowversion is not None]
            return min(first, default=self.counters.rowversion + 1).to_bytes(8, "big")

    def finished(self, transaction: Transaction) -> None:
        with self._counting:
            self._active.discard(transaction)

    # --- who writes -------------------------------------------------------------------------------

    def evict(self, newcomer: "Connection | None") -> None:
        """Call with `writing` held: the connection that SQLite lets write makes room; its log stays."""
        if self.holder is not None and self.holder is not newcomer:
            self.holder.make_room()
            self.holder = None

    # --- backups ----------------------------------------------------------------------------------

    def backup(self) -> None:
        with self.writing:
            path = self._folder / "backup.sqlite"
            path.unlink(missing_ok=True)
            source, target = self.plain_connection(), sqlite3.connect(path)
            source.backup(target)
            target.close()
            source.close()
            self._backup = (path, self.counters.copy(), self.schema)

    def restore(self) -> None:
        """Everybody has to be disconnected first, as for a real RESTORE."""
        if self._backup is None:
            raise SqlError(3201, "Cannot open backup device: there is no backup.")
        path, counters, schema = self._backup
        with self.writing:
            self.evict(None)
            old = self.path
            self._generation += 1
            shutil.copy(path, self.path)
            self.schema = schema
            with self._counting:
                self.counters = counters.copy()
                self._active.clear()
            old.unlink(missing_ok=True)
            connection = self.plain_connection()
            connection.execute("PRAGMA journal_mode=WAL")
            connection.close()

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Connection:
    """One session's way into the database. One thread at a time, as ever; `make_room` alone may come from another."""

    def __init__(self, database: Database, answer: Answer) -> None:
        self._database = database
        self._answer = answer
        self._failure = sqlfunctions.Failure()
        self._sqlite = self._open()
        self.transaction: Transaction | None = None
        self.last_identity: int | None = None
        self._writer = Transaction()
        self._given = self._fresh()
        self._replayed: tuple[deque[bytes], deque[int]] = (deque(), deque())

    def _open(self) -> sqlite3.Connection:
        connection = self._database.plain_connection()
        connection.execute("PRAGMA foreign_keys=ON")
        sqlfunctions.register(connection, self._failure)
        connection.create_function("t_session", -1, self._failure.keeping(self._session_value), deterministic=True)
        connection.create_function("t_rowversion", 0, self._take_rowversion)
        connection.create_function("t_identity", 1, self._take_identity)
        return connection

    def watch(self, interrupted: Callable[[], bool] | None) -> None:
        """Look now and then, while a statement runs, whether the client has said stop."""
        handler = (lambda: int(interrupted())) if interrupted else None
        self._sqlite.set_progress_handler(handler, OPERATIONS_BETWEEN_LOOKS)

    # --- functions that SQLite calls --------------------------------------------------------------

    def _session_value(self, name: Value, *arguments: Value) -> Value:
        if name in ("GETDATE", "CURRENT_TIMESTAMP"):
            return moments.from_datetime(self._given.now)
        if name == "SYSDATETIME":
            return moments.from_datetime2(self._given.now)
        if name == "MIN_ACTIVE_ROWVERSION":
            return self._given.min_active
        return self._answer(str(name), arguments)

    def _take_rowversion(self) -> bytes:
        repeated = self._replayed[0]
        value = repeated.popleft() if repeated else self._database.next_rowversion(self._writer)
        self._given.rowversions.append(value)
        return value

    def _take_identity(self, table: str) -> int:
        repeated = self._replayed[1]
        value = repeated.popleft() if repeated else self._database.next_identity(table)
        self._given.identities.append(value)
        self.last_identity = value
        return value

    # --- statements -------------------------------------------------------------------------------

    def read(self, sql: str, parameters: Parameters) -> list[Row]:
        self._given = self._fresh()
        if self.transaction is None or not self.transaction.entries:
            return self._run(sql, parameters).fetchall()
        with self._database.writing:
            self._hold(self.transaction)
            self._given = self._fresh()
            return self._run(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Parameters) -> tuple[list[Row], int]:
        """(what RETURNING gave, rows changed). Outside a transaction it commits by itself."""
        with self._database.writing:
            transaction = self.transaction or Transaction()
            try:
                self._hold(transaction)
                given = self._given = self._fresh()
                cursor = self._run(sql, parameters)
                rows = cursor.fetchall()
                count = len(rows) if cursor.description else cursor.rowcount
                if self.transaction is None:
                    self._sqlite.execute("COMMIT")
                transaction.entries.append(Entry(sql, dict(parameters), given))
            except BaseException:
                if self.transaction is None:
                    self._let_go(transaction)
                elif not transaction.entries:
                    self._make_way()
                raise
            if self.transaction is None:
                self._let_go(transaction)
            return rows, count

    def _fresh(self) -> Given:
        return Given(self._database.clock.now(), self._database.min_active_rowversion())

    def _let_go(self, transaction: Transaction) -> None:
        self._make_way()
        self._database.finished(transaction)

    def _make_way(self) -> None:
        self.make_room()
        if self._database.holder is self:
            self._database.holder = None

    def _run(self, sql: str, parameters: Parameters) -> sqlite3.Cursor:
        try:
            return self._sqlite.execute(sql, dict(parameters))
        except sqlite3.Error as error:
            raise self._failure.take() or _translated(error) from error

    # --- transactions -----------------------------------------------------------------------------

    def begin(self) -> None:
        self.transaction = Transaction()

    def commit(self) -> None:
        transaction, self.transaction = self.transaction, None
        if transaction is None:
            return
        with self._database.writing:
            try:
                if transaction.entries:
                    self._hold(transaction)
                    self._sqlite.execute("COMMIT")
            finally:
                self._let_go(transaction)

    def rollback(self) -> None:
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            with self._database.writing:
                self._let_go(transaction)

    def make_room(self) -> None:
        if self._sqlite.in_transaction:
            self._sqlite.execute("ROLLBACK")

    def _hold(self, transaction: Transaction) -> None:
        """Become the one that SQLite lets write, with everything done again that this transaction did before."""
        database = self._database
        database.evict(self)
        self._writer = transaction
        if database.holder is self:
            return
        database.holder = self
        self._sqlite.execute("BEGIN IMMEDIATE")
        for entry in transaction.entries:
            self._given = Given(entry.given.now)
            self._replayed = (deque(entry.given.rowversions), deque(entry.given.identities))
            self._run(entry.sql, entry.parameters).fetchall()
        self._replayed = (deque(), deque())

    def close(self) -> None:
        self.rollback()
        self._sqlite.close()


def _translated(error: sqlite3.Error) -> Exception:
    text = str(error)
    if text == "interrupted":
        return Cancelled()
    table, _, column = text.rpartition(": ")[2].partition(".")
    known = {
        "CHECK constraint failed: truncated": errors.truncated(),
        "UNIQUE constraint failed": errors.duplicate_key(table),
        "FOREIGN KEY constraint failed": errors.broken_reference(),
        "NOT NULL constraint failed": errors.missing_value(table, column),
    }
    unknown = SqlError(8621, f"The sandbox could not run this: {text}.")
    return next((meant for beginning, meant in known.items() if text.startswith(beginning)), unknown)
