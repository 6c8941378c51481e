"""ArchiMed+ as a source: what a branch holds, and what changed there since a cursor."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from priem.errors import AskOperator
from priem.mis.archimed.api import Api
from priem.mis.archimed.changes import Changes
from priem.mis.archimed.check import findings
from priem.mis.archimed.config import Config
from priem.mis.archimed.cursor import Cursor, Stage
from priem.mis.archimed.dictionaries import Dictionaries
from priem.mis.archimed.failures import Unreachable
from priem.mis.archimed.lists import Cards, Ever, List, Span, Spanned, Talons, all_pages
from priem.mis.archimed.loose import Row, an_id
from priem.mis.archimed.news import News
from priem.mis.archimed.pace import Pace
from priem.mis.archimed.parsing import Parser, page_of
from priem.mis.archimed.showing import directory, samples
from priem.model import Finding, Page, Patient, Rejected, Visit
from priem.ports import Clock, Counts, ExchangeLog
from priem.showing import Directory

FEW = 10
"""So many single records are asked for one by one; for more, whole pages are read."""
Found = Patient | Visit | Rejected


class Archimed:
    """Reads one branch. A `Source`, for one thread at a time."""

    def __init__(self, config: Config, exchanges: ExchangeLog, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api = Api(config, exchanges, clock)
        self._pace = Pace(config.requests_per_second, clock)
        self._cards = Cards(config, self._api, self._pace)
        self._talons = Talons(config, self._api, self._pace)
        self._dictionaries = Dictionaries(config, self._api, clock, self._pace.spend)
        self._parser = Parser(config, self._dictionaries)
        self._changes = Changes(config, clock, self._pace, self._cards, self._talons, self._parser)

    @property
    def connection(self) -> str:
        return self._config.connection

    def close(self) -> None:
        self._api.close()

    def check(self) -> Sequence[Finding]:
        self._dictionaries.forget()
        return tuple(findings(self._config, self._api, self._dictionaries, self._cards, self._talons, self._clock))

    def count(self, since: str | None) -> Counts:
        cursor = None if since is None else Cursor.parse(since)
        if cursor and cursor.stage is Stage.DONE:
            return Counts(patients=0, visits=self._changes.expected(since or ""))
        done = cursor.page * cursor.limit if cursor else 0
        in_patients = cursor is None or cursor.stage is Stage.PATIENTS
        visits = self._talons.count(self._first_span(cursor.since if cursor else self._horizon()))
        return Counts(
            patients=max(0, self._cards.count() - done) if in_patients else 0,
            visits=visits if in_patients else max(0, visits - done),
        )

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        return tuple(self._parser.patients(self._single([self._cards], self._cards.one, ids)))

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        cursor = Cursor.parse(since)
        lists: list[List] = [Spanned(self._talons, self._first_span(cursor.since)), Ever(self._talons)]
        talons = self._single(lists, self._talons.one, visits)
        found = [*self.patients(patients), *self._parser.visits(talons)]
        return page_of(found, since, cursor.since)

    def directory(self) -> Directory:
        return directory(self._config, self._dictionaries)

    def samples(self, count: int) -> Page:
        return samples(self._talons, self._cards, self._parser, self._first_span(self._horizon()), count)

    def changes(self, since: str | None) -> Iterator[Page]:
        try:
            yield from self._all_changes(since)
        except Unreachable as error:
            if since is None and not self._api.has_answered:
                # Nobody has ever answered there: it is the address that is wrong, and waiting does not mend it.
                raise AskOperator(error.what, error.advice, beside=error.beside) from error
            raise

    def _all_changes(self, since: str | None) -> Iterator[Page]:
        cursor = Cursor.parse(since) if since else Cursor(since=self._horizon(), at=self._clock.now())
        if cursor.stage is Stage.DONE:
            yield from self._changes.since(cursor)
        else:
            yield from self._first_reading(cursor)

    def _first_reading(self, cursor: Cursor) -> Iterator[Page]:
        """Cards, then talons."""
        self._changes.begin(cursor)
        news = News(self._talons, self._changes.span(), self._pace, self._clock)
        left: list[Found] = []
        if cursor.stage is Stage.PATIENTS:
            cursor, left = yield from self._read(cursor, self._cards, left, news)
            cursor = cursor.after(Stage.VISITS, 0, 0)
        talons = Spanned(self._talons, self._first_span(cursor.since))
        cursor, left = yield from self._read(cursor, talons, left, news)
        done = self._changes.done(cursor)
        yield page_of(left, str(done), cursor.since)

    def _read(
        self, cursor: Cursor, shelf: List, left: list[Found], news: News
    ) -> Generator[Page, None, tuple[Cursor, list[Found]]]:
        """One stage. Going on half-way begins one page earlier, since rows move up when one before them goes; what that
        page brings goes with the next."""
        span = self._first_span(cursor.since)
        pages = all_pages(shelf, max(1, cursor.page), cursor.limit)
        while True:
            self._pace.wait()
            if (came := next(pages, None)) is None:
                return cursor, left
            number, listing = came
            rows = self._changes.seen(cursor.stage, number, listing, span)
            left += self._parser.patients(rows) if cursor.stage is Stage.PATIENTS else self._parser.visits(rows)
            if number > cursor.page:
                cursor = cursor.after(cursor.stage, number, listing.limit)
                yield page_of(left, str(cursor), cursor.since)
                left = []
                if told := self._parser.visits(news.since_last()):
                    yield replace(page_of(told, str(cursor), cursor.since), is_news=True)

    def _single(self, lists: Sequence[List], one: Callable[[str], Row | None], ids: Sequence[str]) -> list[Row]:
        """Those records as they are now. Many are looked for page by page first, where that takes fewer questions."""
        wanted = dict.fromkeys(id_ for id_ in ids if an_id(id_) == id_)
        found: dict[str, Row] = {}
        for each in lists:
            if len(wanted) - len(found) > FEW:
                found |= self._on_pages(each, wanted.keys() - found.keys())
        is_many = len(wanted) > FEW
        for id_ in wanted.keys() - found.keys():
            if is_many:
                self._pace.wait()
            if row := one(id_):
                found[id_] = row
        return [found[id_] for id_ in wanted if id_ in found]

    def _on_pages(self, each: List, wanted: set[str]) -> Mapping[str, Row]:
        found: dict[str, Row] = {}
        for number, listing in all_pages(each, 1, self._config.page_size):
            found |= {id_: row for row in listing.rows if (id_ := an_id(row.get("id"))) in wanted}
            is_long = listing.pages is not None and listing.pages - number > len(wanted) - len(found)
            if is_long or len(found) == len(wanted):
                break
            self._pace.wait()
        return found

    def _horizon(self) -> datetime:
        """From when on visits get leads."""
        if self._config.visits_since is not None:
            return datetime.combine(self._config.visits_since, time(), self._config.zone)
        return self._clock.now().astimezone(self._config.zone)

    def _first_span(self, horizon: datetime) -> Span:
        today = self._clock.now().astimezone(self._config.zone).date()
        earliest: date = horizon.date() - timedelta(days=self._config.look_back_days)
        back = today - timedelta(days=self._config.days_back)
        return Span(min(earliest, back), today + timedelta(days=self._config.days_ahead))
