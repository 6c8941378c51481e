"""IDENT as a source: what its database holds, and what changed in it since a cursor."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from priem.errors import AskOperator, PriemError
from priem.mis.ident.applications import Application, applications
from priem.mis.ident.calendar import Calendar, calendar
from priem.mis.ident.catalogue import Catalogue
from priem.mis.ident.check import findings
from priem.mis.ident.config import Config
from priem.mis.ident.cursor import Anchor, Cursor, Marks, Stage
from priem.mis.ident.details import Parser
from priem.mis.ident.discovery.proposal import tried
from priem.mis.ident.driver import Database, Value
from priem.mis.ident.failures import Unreachable
from priem.mis.ident.jobs import Seen, jobs
from priem.mis.ident.known import read
from priem.mis.ident.passes import GIVEN_AT_ONCE, Memory, Pass, anchor_of
from priem.mis.ident.profile import built_in
from priem.mis.ident.reading import PATIENTS, Clocks, Reader, eight_bytes
from priem.mis.ident.showing import directory, samples
from priem.mis.ident.sweep import Sweep
from priem.model import Finding, Page, Patient, Rejected, Severity, Visit
from priem.ports import Clock, Counts, Exchange, ExchangeLog
from priem.showing import Directory
from priem.texts import Text, text

NEWS_EVERY = timedelta(seconds=1)
"""How often to look for what changed while a first reading runs."""
DICTIONARIES_LAST = timedelta(hours=1)
NEIGHBOURS = 10


@dataclass
class News:
    """What was told between the pages of a first reading."""

    cursor: Cursor
    looked_at: datetime
    memory: Memory = field(default_factory=Memory)


class Ident:
    """Reads one IDENT database. A `Source`, for one thread at a time."""

    def __init__(
        self, config: Config, exchanges: ExchangeLog, clock: Clock, *, given_at_once: int = GIVEN_AT_ONCE
    ) -> None:
        """`given_at_once`: records on a page of a first reading; behind small ones news need not wait for long."""
        self._config = config
        self._given_at_once = given_at_once
        self._exchanges = exchanges
        self._clock = clock
        self._database = Database(config, exchanges, clock)
        self._reader = Reader(config, self._database)
        self._catalogue = Catalogue(self._reader.all_of)
        self._catalogue_read_at = clock.now()
        self._parser = Parser(config, self._reader, self._catalogue)
        self._memory = Memory()
        self._anchored = 0
        """The connection on which the database was last made sure to be the same."""

    @property
    def connection(self) -> str:
        return self._config.connection

    def close(self) -> None:
        """Lets the clinic's server have its session back. The next question connects again."""
        self._database.close()

    def check(self) -> Sequence[Finding]:
        found = tuple(findings(self._config, self._database, self._reader, self._catalogue, self._clock))
        if any(one.severity is Severity.BROKEN for one in found):
            return found
        try:
            return (*found, *self._own_profile_tried(), self._cost())
        except PriemError as error:
            return (*found, Finding(Severity.BROKEN, error.what, error.advice, error.beside))

    def _own_profile_tried(self) -> Sequence[Finding]:
        """Every statement of a profile that is not Priem's own, on five rows: only what is wrong with any."""
        if self._config.profile in built_in():
            return ()
        named = self._reader.profile().statements
        found = (tried(name, self._reader, self._database) for name in named)
        return [one for one in found if one.severity is not Severity.FINE]

    def _cost(self) -> Finding:
        """A poll as it is when nothing has changed, the second of two: the server knows the questions by then."""
        clocks = self._reader.clocks()
        begun = Cursor(horizon=self._horizon(clocks.now), noted=self._first_marks(clocks), swept=clocks.now).done()
        polls, asked, spent = self._a_pass(Memory(), clocks), 0, 0
        for _ in range(2):
            asked, spent = self._database.asked, self._database.milliseconds
            for _piece in polls.pieces(begun.begin(later_marks(begun, self._reader.clocks()))):
                pass
        return Finding(
            Severity.FINE,
            text(
                "A look for changes: {count} questions, {milliseconds} ms with the way there and back.",
                count=self._database.asked - asked,
                milliseconds=self._database.milliseconds - spent,
            ),
        )

    def count(self, since: str | None) -> Counts:
        reader = self._reader
        cursor = None if since is None else Cursor.parse(since)
        if cursor is None or cursor.read is None:
            horizon = cursor.horizon if cursor else self._horizon(reader.clocks().now)
            in_patients = cursor is None or cursor.stage is Stage.ALL_PATIENTS
            after = cursor.after if cursor else 0
            return Counts(
                patients=reader.count("patients", "it.ID > @after", after=after) if in_patients else 0,
                visits=reader.count(
                    "visits",
                    "it.PlanStart >= @horizon AND it.ID > @after",
                    horizon=reader.first(horizon),
                    after=0 if in_patients else after,
                ),
            )
        changed = " OR ".join(f"it.{stamp} > @since" for stamp in PATIENTS.stamps)
        newer: Mapping[str, Value] = {"since": cursor.read.at, "newest": cursor.read.patient}
        return Counts(
            patients=reader.count("patients", f"{changed} OR it.ID > @newest", **newer),
            visits=reader.count("visits", "it.RowVersion > @after", after=eight_bytes(cursor.read.stamp)),
        )

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        return tuple(self._parser.patients(list(self._reader.with_ids("patients", numbers(ids)))))

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        rows = list(self._reader.with_ids("visits", numbers(visits)))
        found = [*self.patients(patients), *(self._parser.visits(rows) if rows else ())]
        return Page(
            patients=tuple(one for one in found if isinstance(one, Patient)),
            visits=tuple(one for one in found if isinstance(one, Visit)),
            rejected=tuple(one for one in found if isinstance(one, Rejected)),
            cursor=since,
            visits_since=Cursor.parse(since).horizon.replace(tzinfo=self._config.zone),
        )

    def directory(self) -> Directory:
        return directory(self._reader, self._catalogue)

    def samples(self, count: int) -> Page:
        return samples(self._reader, self._parser, self._horizon(self._reader.clocks().now), count)

    def applications(self, tickets: Sequence[str]) -> tuple[Application, ...]:
        """What IDENT has of the applications that were given to it under these ids."""
        return tuple(applications(self._reader, tickets))

    def jobs(self, held: Collection[int], days: int) -> Seen | None:
        """IDENT's CRM jobs: the open ones of the last days, and those of these ids. None where it has no jobs."""
        found = jobs(self._reader, self._catalogue, held, days)
        return None if found is None else Seen(tuple(found), frozenset(held))

    def timetable(self, days: int) -> Calendar:
        """Of the database's own calendar, from today on."""
        return calendar(self._config, self._reader, self._catalogue, days)

    def changes(self, since: str | None) -> Iterator[Page]:
        try:
            yield from self._changes(since)
        except Unreachable as error:
            if since is None and not self._database.connected_times:
                # Nobody has ever answered there: it is the address that is wrong, and waiting does not mend it.
                raise AskOperator(error.what, error.advice) from error
            raise

    def _changes(self, since: str | None) -> Iterator[Page]:
        if since is None or self._memory.cursor != since:
            self._memory = Memory(cursor=since)
        self._renew_dictionaries()
        clocks = self._reader.clocks()
        if since is None:
            marks = self._first_marks(clocks)
            begun = Cursor(horizon=self._horizon(clocks.now), noted=marks, swept=clocks.now)
            yield from self._first_reading(begun, clocks)
            return
        cursor = Cursor.parse(since)
        if went_back(cursor, clocks) or self._is_another_copy(cursor):
            self._note("clocks", text("IDENT's database went back to an older copy: everything is read anew."))
            self._memory = Memory(cursor=since)
            yield from self._first_reading(cursor.over_again(self._first_marks(clocks)), clocks)
            return
        if cursor.stage is not Stage.DONE:
            # It stopped half-way, maybe long ago. Once that pass is done, another brings what changed meanwhile.
            go_on = self._pass if cursor.read else self._first_reading
            cursor = yield from go_on(cursor, clocks)
            clocks = self._reader.clocks()
        yield from self._pass(cursor.begin(later_marks(cursor, clocks)), clocks)

    def _first_reading(self, begun: Cursor, clocks: Clocks) -> Generator[Page, None, Cursor]:
        """A pass that takes hours in a large clinic: what changes meanwhile comes between its pages.

        Where these news stand is not kept. The pass that follows begins where this one began and brings them again,
        so whenever the process dies nothing is lost.
        """
        news = News(begun.done(), self._clock.now())
        if begun.is_untouched:
            self._pass_over(news)
        self._memory.is_amid = False
        pages = self._pass(begun, clocks)
        while True:
            try:
                page = next(pages)
            except StopIteration as end:
                behind: Cursor = end.value
                return behind
            yield page
            if not self._memory.is_amid and self._clock.now() - news.looked_at >= NEWS_EVERY:
                yield from (replace(fresh, cursor=page.cursor, is_news=True) for fresh in self._look(news))

    def _pass_over(self, news: News) -> None:
        """What had changed shortly before the first page is no news: the pages bring it, as it is by then."""
        for _ in self._look(news):
            pass

    def _look(self, news: News) -> Iterator[Page]:
        news.looked_at, clocks = self._clock.now(), self._reader.clocks()
        # As if everything had just been compared: that is for later passes to do.
        begun = replace(news.cursor.begin(later_marks(news.cursor, clocks)), swept=clocks.now)
        for page, behind in self._a_pass(news.memory, clocks).pieces(begun):
            news.cursor = behind
            if page.patients or page.visits or page.rejected:
                yield page

    def _a_pass(self, memory: Memory, clocks: Clocks) -> Pass:
        by_stamp = self._reader.tells_by_stamp(clocks)
        sweep = Sweep(self._config, self._reader, self._parser, lambda said: self._note("visits there", said))
        made = Pass(self._config, self._reader, self._parser, memory, self._clock, sweep, by_stamp=by_stamp)
        made.given_at_once = self._given_at_once
        return made

    def _pass(self, begun: Cursor, clocks: Clocks) -> Generator[Page, None, Cursor]:
        """The pass's pages, none when nothing changed; returns the cursor behind it."""
        cursor, idle = begun, begun.is_fresh
        for page, cursor in self._a_pass(self._memory, clocks).pieces(begun):
            if idle and cursor.stage is Stage.DONE and not self._is_worth_a_page(cursor, begun):
                break
            idle = False
            self._memory.cursor = page.cursor
            yield page
        return cursor

    def _is_worth_a_page(self, done: Cursor, begun: Cursor) -> bool:
        """Nothing changed, but the marks have to move now and then, or the overlap would grow for ever."""
        assert begun.read is not None, "a first reading is never fresh"  # noqa: S101 - says what holds
        if done.swept != begun.swept:
            return True
        return abs(done.noted.at - begun.read.at) > timedelta(seconds=self._config.overlap_seconds / 2)

    def _first_marks(self, clocks: Clocks) -> Marks:
        """Noted before anything is read, so that what changes during the first reading is found after it."""
        highest = self._reader.highest
        newest = clocks.complete or clocks.last
        return Marks(at=clocks.now, stamp=newest, patient=highest("patients"), service=highest("services"))

    def _horizon(self, now: datetime) -> datetime:
        """From when on visits are read at first: now, by the clock of the branch where it is earliest."""
        if self._config.visits_since is not None:
            return datetime.combine(self._config.visits_since, time())
        zones = [self._config.zone, *(self._config.zone_of(branch) for branch in self._config.branch_time_zones)]
        offsets = [now.replace(tzinfo=zone).utcoffset() or timedelta() for zone in zones]
        return now - (offsets[0] - min(offsets))

    def _renew_dictionaries(self) -> None:
        if self._clock.now() - self._catalogue_read_at > DICTIONARIES_LAST:
            self._catalogue.forget()
            self._catalogue_read_at = self._clock.now()

    def _is_another_copy(self, cursor: Cursor) -> bool:
        """Looks for the anchor, once per connection: restoring a database ends them all."""
        if self._anchored == self._database.connected_times or cursor.anchor is None:
            return False
        now = [anchor_of(row) for row in self._reader.with_ids("visits", [cursor.anchor.id])]
        is_another = self._lacks_newest(cursor) if not now else is_older(now[0], cursor.anchor)
        self._anchored = self._database.connected_times
        return is_another

    def _lacks_newest(self, cursor: Cursor) -> bool:
        """The anchor alone may have been deleted by a person; an older copy lacks most of what came with it."""
        newest = sorted(read(cursor.known or ()))[-NEIGHBOURS:]
        there = list(self._reader.with_ids("visits", newest, "ID", "it.ID"))
        return 2 * len(there) < len(newest) or not newest

    def _note(self, what: str, said: Text) -> None:
        self._exchanges.note(
            Exchange(
                system=self._config.connection, what=what, started_at=self._clock.now(), milliseconds=0, error=said
            )
        )


def numbers(ids: Sequence[str]) -> list[int]:
    """Without what cannot be an id of IDENT's."""
    return [int(id_) for id_ in ids if id_.isascii() and id_.isdigit() and len(id_) < 10]


def is_older(now: Anchor, known: Anchor) -> bool:
    return now.added != known.added or now.stamp < known.stamp


def went_back(cursor: Cursor, clocks: Clocks) -> bool:
    """A rowversion only grows, unless the database is restored from a backup."""
    known = max(cursor.noted.stamp, cursor.read.stamp if cursor.read else 0)
    return 0 < clocks.last < known


def later_marks(cursor: Cursor, clocks: Clocks) -> Marks:
    assert cursor.read is not None, "the pass before this one is done"  # noqa: S101 - says what holds
    return replace(cursor.read, at=clocks.now, stamp=clocks.complete or clocks.last)
