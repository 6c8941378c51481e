"""What is asked of the database: the profile's statements in pages, and the server's clocks."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from priem.errors import AskOperator
from priem.mis.ident.config import Config
from priem.mis.ident.driver import Database, Value
from priem.mis.ident.habits import Habits
from priem.mis.ident.profile import Profile, Schema, load, path_of
from priem.mis.ident.rows import Plain, Row, id_of, moment, whole
from priem.mis.ident.statements import main_select, tokens
from priem.texts import text

IDS_AT_ONCE = 1000
"""Ids in one IN list: SQL Server plans much longer ones badly."""
ROWS_OF_IDS = 10_000
ID_MARGIN = 50
"""Ids are given out when a row is written and seen when it is committed: the newest come out of order."""
WANTED: Mapping[str, str] = {
    "patients": "ID Person Surname Name Patronymic Birthday MobilePhone Phone Email CardNumber Parent InfoSource"
    " FirstVisit ArchivingReason",
    "visits": "ID Patient Doctor Chair PlanStart PlanEnd Comment Notified ?Appeared ?Started ?Ended ?CheckIssued"
    " Cancelled CancelReason MovedFrom Booked Added RowVersion ExternalUID FirstVisit",
    "orders": "Visit ID Branch",
    "services": "Visit ID Service Name ~Quantity ~Price ~Discount",
    "debts": "Visit IsFormed ~Debt",
    "plans": "ID Patient Name Created IsActive Until",
    "plan_lines": "ID Treatment ~Price ~Discount Teeth",
    "plan_work": "Line",
}
"""What is asked of each row: times of change only where they are looked at. What stands after a ~ comes as a float:
decimals of ten places take drivers eight times as long. Of what stands after a ? only whether there is anything."""
FRUGAL = " OPTION (MAXDOP 1)"
AS_WANTED = {
    "~": "CAST(it.{0} AS float) AS {0}",
    "?": "CASE WHEN it.{0} IS NULL THEN 0 ELSE 1 END AS {0}",
}
CLOCKS = (
    "SELECT GETDATE() AS Now, @@DBTS AS Last, MIN_ACTIVE_ROWVERSION() AS Active",
    "SELECT GETDATE() AS Now, @@DBTS AS Last, NULL AS Active",
    "SELECT GETDATE() AS Now, NULL AS Last, NULL AS Active",
)
"""As many as the server has."""
COLUMNS = (
    "SELECT TABLE_NAME AS T, COLUMN_NAME AS C FROM INFORMATION_SCHEMA.COLUMNS"
    " WHERE LOWER(TABLE_NAME) IN (@tables) AND LOWER(TABLE_SCHEMA) IN (@schemas)"
)


CLOSES_A_JOB = ("ByVisit", "ByDelay", "ByRefusal", "ByTalk")
OF_PLANS = ("plans", "plan_lines", "plan_work")


@dataclass(frozen=True, slots=True)
class Clocks:
    now: datetime
    """The server's wall clock, naive."""
    last: int
    """The newest rowversion of the database; 0 when there is none."""
    complete: int
    """Up to this rowversion nothing can appear any more; 0 when the server does not say."""


@dataclass(frozen=True, slots=True)
class Window:
    """How changes are found where there is no rowversion: by times of change, and by ids that are new."""

    statement: str
    stamps: tuple[str, ...]
    also: tuple[str, ...] = ()


PATIENTS = Window("patients", ("Changed", "PersonChanged", "PersonAdded"))
VISITS = Window(
    "visits",
    ("Changed", "Added", "Booked", "Appeared", "Started", "Ended", "CheckIssued", "Cancelled"),
    ("RowVersion", "Doctor", "PlanStart"),
)
ORDERS = Window("orders", ("Changed", "Added"), ("Visit",))
SERVICES = Window("services", ("Changed", "Added"), ("Visit",))
PAYMENTS = Window("payments", ("Changed", "Added"), ("Patient",))
PLANS = Window("plans", ("Changed", "Added"), ("Patient",))
PLAN_LINES = Window("plan_lines", ("Changed", "Added"), ("Patient",))
PLAN_WORK = Window("plan_work", ("Changed", "Added"), ("Patient",))


def wanted_of(name: str) -> str:
    """What a SELECT wants of a statement's rows."""
    columns = WANTED[name].split() if name in WANTED else ()
    wanted = (AS_WANTED.get(column[0], "it.{0}").format(column.lstrip("~?")) for column in columns)
    return ", ".join(wanted) or "it.*"


@lru_cache(maxsize=256)
def about(statement: str, wanted: str, where: str = "", order: str = "") -> str:
    """A question about the rows that a statement of the profile gives, which stands inside as a derived table."""
    opening, table = inside(statement)
    ending = (" WHERE " * bool(where), where, " ORDER BY " * bool(order), order, FRUGAL)
    return "".join((opening, "SELECT ", wanted, " FROM ", table, *ending))


@lru_cache(maxsize=256)
def about_each(statement: str, wanted: str, ways: tuple[str, ...]) -> str:
    """The first rows by id that any of these conditions is true of, each asked apart: an OR over columns of two tables
    makes a server read both, while each of its parts may have an index."""
    opening, table = inside(statement)
    parts = " UNION ".join("".join(("SELECT ", wanted, " FROM ", table, " WHERE ", way)) for way in ways)
    return "".join((opening, "SELECT TOP (@page) found.* FROM (", parts, ") AS found ORDER BY found.ID", FRUGAL))


def inside(statement: str) -> tuple[str, str]:
    """What has to stand before the question, and the statement as the table `it` of it."""
    start = list(tokens(statement))[main_select(list(tokens(statement)))].at
    before, main = statement[:start].rstrip(), statement[start:]
    # A WITH cannot stand inside a derived table, so that table becomes the last one of the WITH.
    return (f"{before}, it AS ({main}) ", "it") if before else ("", f"({main}) AS it")


class Reader:
    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self._whole: Profile | None = None
        self._fitted: tuple[int, Profile] | None = None
        self._clocks = 0
        self._now: datetime | None = None
        self._habits = Habits()

    @property
    def whole_profile(self) -> Profile:
        """As it is written. Raises AskOperator when the file is not a profile."""
        if self._whole is None:
            self._whole = load(self._config.profile)
        return self._whole

    def schema(self) -> Schema:
        """The columns of the profile's tables, as far as the login can see them."""
        named = self.whole_profile
        tables = [table.lower() for table in named.tables]
        rows = self._database.rows("schema", COLUMNS, tables=tables, schemas=named.schemas)
        return Schema(frozenset((str(row["T"]).lower(), str(row["C"]).lower()) for row in rows))

    def profile(self) -> Profile:
        """Fitted to this database, looked at anew on each connection: IDENT's updates restart the server.

        Raises AskOperator that names what reading cannot do without.
        """
        if self._fitted is None or self._fitted[0] != self._database.connected_times:
            schema = self.schema()
            if lacking := self.whole_profile.missing(schema):
                raise AskOperator(
                    text("IDENT's database lacks {names}.", names=", ".join(path_of(*pair) for pair in lacking)),
                    text("Run priem doctor: it compares the database with the profile and says what to do."),
                )
            self._fitted = (self._database.connected_times, self.whole_profile.fitted(schema))
        return self._fitted[1]

    def clocks(self) -> Clocks:
        while True:
            try:
                [row] = self._database.rows("clocks", CLOCKS[self._clocks])
            except AskOperator:
                if self._database.connected_times == 0 or self._clocks + 1 == len(CLOCKS):
                    raise
                self._clocks += 1
            else:
                now = moment(row["Now"])
                assert now is not None, "GETDATE() is a time"  # noqa: S101 - says what holds
                self._now = now
                return Clocks(now, stamp(row["Last"]), max(stamp(row["Active"]) - 1, 0))

    def today(self) -> datetime:
        """When this day began, by the server's clock as it was last looked at."""
        return (self._now or self.clocks().now).replace(hour=0, minute=0, second=0, microsecond=0)

    def tells_by_stamp(self, clocks: Clocks) -> bool:
        """Whether changes of visits are found by rowversion: where not, by times of change."""
        return clocks.complete > 0 and not self.profile()["visits"].lacks("RowVersion")

    def asks_for(self, name: str) -> bool:
        """Whether this database has it, and anybody wants it."""
        profile = self.profile()
        if name == PAYMENTS.statement and "debts" not in profile:
            return False  # a payment is the patient's, and only debts tell whose bills it settles
        return name in profile and (self._config.reads_plans or name not in OF_PLANS)

    def all_of(self, name: str) -> list[Row]:
        """A whole dictionary; nothing when this database lacks it."""
        profile = self.profile()
        return self._database.rows(name, about(profile[name].sql, "it.*")) if name in profile else []

    def page(self, name: str, *, after: int, horizon: datetime | None = None, most: int | None = None) -> list[Row]:
        """The next rows by id; of visits those that begin at the horizon or later, and those that do not say when."""
        where = "it.ID > @after" + (" AND (it.PlanStart >= @horizon OR it.PlanStart IS NULL)" if horizon else "")
        values: dict[str, Value] = {"page": most or self._config.page_size, "after": after}
        values |= {"horizon": horizon} if horizon else {}
        return self._asked(name, name, f"TOP (@page) {wanted_of(name)}", where, "it.ID", **values)

    def stamped(self, *, after: int, until: int) -> list[Row]:
        """The next visits by rowversion, the bound itself included."""
        where = "it.RowVersion > @after AND it.RowVersion <= @until"
        values: dict[str, Value] = {"after": eight_bytes(after), "until": eight_bytes(until)}
        size = min(self._config.page_size, IDS_AT_ONCE)
        wanted = f"TOP (@page) {wanted_of('visits')}"
        return self._asked("visits changed", "visits", wanted, where, "it.RowVersion", page=size, **values)

    def windowed(self, window: Window, *, since: datetime, newest: int | None, after: int) -> list[Row]:
        """The next ids, with their times of change, of rows that changed since then or have an id above `newest`."""
        statement = self.profile()[window.statement]
        stamps = [column for column in window.stamps if not statement.lacks(column)]
        wanted = ", ".join(f"it.{column}" for column in ("ID", *stamps, *window.also))
        ways = [f"it.{column} >= @since" for column in stamps]
        values: dict[str, Value] = {"page": self._config.page_size, "since": since}
        if newest is not None:
            ways.append("it.ID > @newest")
            values["newest"] = newest - ID_MARGIN
        if after:
            values["after"] = after
        if not ways:  # a profile without any time of change: nothing can be found so
            return []
        questions = {
            "at once": about(statement.sql, f"TOP (@page) {wanted}", behind(after, " OR ".join(ways)), "it.ID"),
            "apart": about_each(statement.sql, wanted, tuple(behind(after, way) for way in ways)),
        }
        way, before = self._habits.cheapest(window.statement, questions), self._database.milliseconds
        rows = self._database.rows(f"{window.statement} changed", questions[way], **values)
        self._habits.cost(window.statement, way, self._database.milliseconds - before)
        return rows

    def with_ids(self, name: str, ids: Collection[int], column: str = "ID", wanted: str = "") -> Iterator[Row]:
        """The rows whose id (or other column) is one of these; nothing of what this database lacks."""
        wanted = wanted or wanted_of(name)
        ordered = sorted(set(ids)) if name in self.profile() else []
        for start in range(0, len(ordered), IDS_AT_ONCE):
            some = ordered[start : start + IDS_AT_ONCE]
            yield from self._asked(f"{name} of {column}", name, wanted, f"it.{column} IN (@ids)", "", ids=some)

    def parts_of(self, name: str, visits: Collection[int]) -> Iterator[Plain]:
        """What stands in another table about these visits: plain rows, of which the first column is the visit's id."""
        sql = about(self.profile()[name].sql, wanted_of(name), "it.Visit IN (@ids)") if name in self.profile() else ""
        ordered = sorted(set(visits)) if sql else []
        for start in range(0, len(ordered), IDS_AT_ONCE):
            some = ordered[start : start + IDS_AT_ONCE]
            yield from self._database.plain_rows(f"{name} of Visit", sql, ids=some)

    def ids_of_visits(self, since: datetime) -> Iterator[int]:
        """Of visits that begin then or later."""
        after = 0
        where = "it.ID > @after AND it.PlanStart >= @since"
        while True:
            values: dict[str, Value] = {"page": ROWS_OF_IDS, "after": after, "since": since}
            rows = self._asked("visits there", "visits", "TOP (@page) it.ID", where, "it.ID", **values)
            ids = [id_ for row in rows if (id_ := whole(row["ID"])) is not None]
            yield from ids
            if len(rows) < ROWS_OF_IDS or not ids:
                return
            after = ids[-1]

    def moves_of(self, first: int) -> Iterator[tuple[int, int]]:
        """Pairs of visits with that id or a later one, and the visits that they were moved to, which come by id."""
        after = 0
        while True:
            values: dict[str, Value] = {"page": ROWS_OF_IDS, "after": after, "first": first}
            where, wanted = "it.ID > @after AND it.MovedFrom >= @first", "TOP (@page) it.ID, it.MovedFrom"
            rows = self._asked("moves", "visits", wanted, where, "it.ID", **values)
            pairs = [(whole(row["MovedFrom"]) or 0, whole(row["ID"]) or 0) for row in rows]
            yield from pairs
            if len(rows) < ROWS_OF_IDS:
                return
            after = pairs[-1][1]

    def open_jobs(self, since: datetime) -> Iterator[Row]:
        """Jobs that were added since then and that nothing has closed, by id."""
        after, closed = 0, " AND ".join(f"it.{way} IS NULL" for way in CLOSES_A_JOB)
        where = f"it.ID > @after AND it.Added >= @since AND {closed}"
        while True:
            values: dict[str, Value] = {"page": self._config.page_size, "after": after, "since": since}
            rows = self._asked("jobs open", "jobs", "TOP (@page) it.*", where, "it.ID", **values)
            yield from rows
            if len(rows) < self._config.page_size:
                return
            after = id_of(rows[-1])

    def timetable(self, since: date, until: date) -> Iterator[Row]:
        """The calendar's quarters of an hour with a doctor, by id, on the days from `since` until before `until`."""
        after, where = 0, "it.ID > @after AND it.Day >= @since AND it.Day < @until"
        while True:
            values: dict[str, Value] = {"page": self._config.page_size, "after": after}
            values |= {"since": datetime.combine(since, time()), "until": datetime.combine(until, time())}
            rows = self._asked("timetable", "timetable", "TOP (@page) it.*", where, "it.ID", **values)
            yield from rows
            if len(rows) < self._config.page_size:
                return
            after = id_of(rows[-1])

    def highest(self, name: str) -> int:
        [row] = self._asked(f"{name} highest", name, "MAX(it.ID) AS N", "", "")
        return whole(row["N"]) or 0

    def count(self, name: str, where: str = "", **values: Value) -> int:
        [row] = self._asked(f"{name} count", name, "COUNT(*) AS N", where, "", **values)
        return whole(row["N"]) or 0

    def _asked(self, what: str, name: str, wanted: str, where: str, order: str, **values: Value) -> list[Row]:
        return self._database.rows(what, about(self.profile()[name].sql, wanted, where, order), **values)

    def first(self, horizon: datetime) -> datetime:
        """From when on visits are read: further back than they get leads, where it counts who was here."""
        return horizon - timedelta(days=self._config.look_back_days)

    def since(self, read_at: datetime) -> datetime:
        return read_at - timedelta(seconds=self._config.overlap_seconds)


def behind(after: int, condition: str) -> str:
    """Without a bound that lets all rows through: servers take it for a reason to read the table by id."""
    return f"it.ID > @after AND ({condition})" if after else condition


def stamp(value: object) -> int:
    """A rowversion as a number: eight bytes, the highest first."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) else whole(value) or 0


def eight_bytes(number: int) -> bytes:
    return number.to_bytes(8, "big")
