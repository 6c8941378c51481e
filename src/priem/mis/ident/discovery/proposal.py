"""The whole of it: look at a database, propose a profile, try it on five rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from priem.errors import AskOperator, PriemError
from priem.mis.ident.check import schema_fits
from priem.mis.ident.config import Config
from priem.mis.ident.discovery.described import describe
from priem.mis.ident.discovery.joins import Joins
from priem.mis.ident.discovery.matching import Guess, Matching
from priem.mis.ident.discovery.samples import sample
from priem.mis.ident.discovery.wanted import COLUMNS, Wanted
from priem.mis.ident.discovery.writing import BASE, lacking, profile_text
from priem.mis.ident.driver import Database
from priem.mis.ident.profile import load, parse
from priem.mis.ident.reading import Reader, about, stamp
from priem.mis.ident.rows import Row, clock_time, day, figure, moment, to_patient, whole
from priem.model import Finding, Patient, Severity
from priem.ports import Clock, ExchangeLog
from priem.texts import text

ROWS_TRIED = 5
MOST_TABLES = 800


def stamp_or_none(value: object) -> int | None:
    return stamp(value) or None


def number(value: object) -> float | None:
    return figure(value) if isinstance(value, (float, int, Decimal)) else None


READS: Mapping[str, Callable[[object], object]] = {
    **dict.fromkeys(
        ("ID", "Person", "Patient", "Doctor", "Chair", "Visit", "Branch", "Service", "CancelReason"), whole
    ),
    **dict.fromkeys(("MovedFrom", "InfoSource", "Treatment", "Line", "Type"), whole),
    **dict.fromkeys(("PlanStart", "PlanEnd", "Appeared", "Started", "Ended", "CheckIssued", "Cancelled"), moment),
    **dict.fromkeys(("Booked", "Added", "Changed", "PersonChanged", "PersonAdded", "Created", "Inserted"), moment),
    **dict.fromkeys(("FirstVisit", "Day"), day),
    **dict.fromkeys(("Starts", "Ends"), clock_time),
    **dict.fromkeys(("Quantity", "Price", "Discount", "Debt"), number),
    "RowVersion": stamp_or_none,
}
"""Columns that are read as numbers, times or days: what a profile gives there as anything else would be lost unseen."""


@dataclass(frozen=True, slots=True)
class Proposal:
    guesses: tuple[Guess, ...]
    written: str
    """The profile's file; empty when tables were not found that reading cannot do without."""
    lacking: tuple[str, ...]
    """Statements that cannot be proposed."""

    @property
    def sure(self) -> Sequence[Guess]:
        return [guess for guess in self.guesses if guess.is_sure]

    @property
    def doubtful(self) -> Sequence[Guess]:
        return [guess for guess in self.guesses if not guess.is_sure]

    @property
    def missing(self) -> Sequence[Wanted]:
        found = {guess.wanted.name for guess in self.guesses}
        return [wanted for wanted in COLUMNS if wanted.name not in found]


def propose(database: Database) -> Proposal:
    """Raises AskOperator when there is nothing to look at, TryLater when the server is away."""
    described = describe(database)
    count = sum(not table.is_view for table in described.tables.values())
    if not 0 < count <= MOST_TABLES:
        raise AskOperator(
            text("The database shows {count} tables to this login.", count=count),
            text("Check the name of the database; ask IDENT's support to let the login read the whole of it."),
        )
    sampled = {name: sample(database, table) for name, table in described.tables.items()}
    guesses = Matching(Joins(database, described, sampled), sampled).guesses()
    without = lacking(guesses, load(BASE))
    written = "" if without else profile_text(guesses, described)
    if written:
        parse("proposed", written)
    return Proposal(tuple(guesses), written, tuple(without))


def compare(config: Config, exchanges: ExchangeLog, clock: Clock) -> list[Finding]:
    """What differs between the database and the connection's profile, in plain words.

    Raises TryLater or AskOperator where nothing can be compared: the server is away, or lets nobody in.
    """
    database = Database(config, exchanges, clock)
    try:
        return list(schema_fits(Reader(config, database)))
    finally:
        database.close()


def try_out(config: Config, path: str, exchanges: ExchangeLog, clock: Clock) -> list[Finding]:
    """Every statement of the profile in that file, on five rows. Counts are told, never what stands in the rows."""
    own = replace(config, profile=path)
    database = Database(own, exchanges, clock)
    reader = Reader(own, database)
    try:
        return [tried(name, reader, database) for name in reader.profile().statements]
    except PriemError as error:
        return [Finding(Severity.BROKEN, error.what, error.advice)]
    finally:
        database.close()


def tried(name: str, reader: Reader, database: Database) -> Finding:
    try:
        rows = database.rows(f"try {name}", about(reader.profile()[name].sql, "TOP (@rows) it.*"), rows=ROWS_TRIED)
    except AskOperator as error:
        return Finding(Severity.BROKEN, error.what, error.advice)
    if unread := unreadable(rows):
        return Finding(
            Severity.BROKEN,
            text("{name}: {columns} cannot be read: values of another kind stand there.", name=name, columns=unread),
            text("Numbers, times and days have to come as such: change the column in the profile, or CAST it."),
        )
    if name != "patients":
        return Finding(Severity.FINE, text("{name}: {count} rows read.", name=name, count=len(rows)))
    read = [to_patient(row, "try", {}) for row in rows]
    good = [one for one in read if isinstance(one, Patient) and one.name]
    reached = sum(bool(one.phones) for one in good)
    says = text("{name}: {count} rows read, {good} with a name, {reached} with a valid phone.", name=name,
                count=len(rows), good=len(good), reached=reached)  # fmt: skip
    return Finding(Severity.FINE if len(good) == len(rows) else Severity.WARNING, says)


def unreadable(rows: Sequence[Row]) -> list[str]:
    """Columns in which something stands that nothing can be read of."""
    given = {column: [row[column] for row in rows if row[column] is not None] for column in rows[0]} if rows else {}
    return [
        column
        for column, values in given.items()
        if column in READS and any(READS[column](one) is None for one in values)
    ]
