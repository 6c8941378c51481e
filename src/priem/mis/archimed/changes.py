"""What changed since a cursor, found by looking at lists again and again within the rate that a branch may be asked at.

Nobody tells how much is missed between two passes: a fresh process therefore gives out every talon of the span once
more (deciding on them costs nothing), and every card that changed since the cursor or does not say when it changed.
Talons that are gone by then are known from the cursor.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from priem.mis.archimed.api import Listing
from priem.mis.archimed.config import Config
from priem.mis.archimed.cursor import Cursor, Stage
from priem.mis.archimed.lists import Cards, Span, Talons, day_of
from priem.mis.archimed.looks import Mark, Shelf
from priem.mis.archimed.loose import Row, an_id, moment
from priem.mis.archimed.pace import Pace
from priem.mis.archimed.parsing import Parser, page_of
from priem.mis.archimed.rows import CARD_FIELDS, TALON_FIELDS
from priem.mis.archimed.watched import written
from priem.model import Page, Patient, Rejected, Visit
from priem.ports import Clock
from priem.texts import Text, text

CARDS_SLOWER = 2
"""Pages of cards are looked at that much less often than those of talons."""
FRESH_TALONS = 2
"""Pages of new talons, where the API does not narrow them by days."""
OVERLAP = timedelta(days=1)
"""How late a card's time of change may be: it is the clinic's wall clock, of whatever zone and accuracy."""
MARKED_EVERY = timedelta(minutes=10)
"""How often the cursor moves though nothing changed."""
AT_ONCE = 500
"""Records in a page for the engine."""
MOST_GONE, FEW = 20, 5
"""More do not vanish at once: rather the API lost something. Nor, from a few on, do more than half of those that are
known: rather this is another branch."""
TOO_MANY = text(
    "{count} of {known} visits vanished from ArchiMed+ at once: none of them is taken for deleted. "
    "If they were deleted indeed, close their leads by hand: priem reconcile lists them."
)
SAID_EVERY = timedelta(minutes=10)
"""As long as it lasts."""
Found = Patient | Visit | Rejected


class Changes:
    """For one thread at a time."""

    def __init__(self, config: Config, clock: Clock, pace: Pace, cards: Cards, talons: Talons, parser: Parser) -> None:
        self._config = config
        self._clock = clock
        self._pace = pace
        self._cards = cards
        self._talons = talons
        self._parser = parser
        self._shelf: dict[Stage, Shelf] = {}
        self._kept = self._told = ""
        """Cursors: the last that is known to be kept, the last that was given out."""
        self._doubted_at: datetime | None = None
        """When it was last said that too many talons had vanished."""
        self._lost: frozenset[str] = frozenset()
        """Talons of which it was said so. A place that keeps them would have it said for ever, whatever people do."""
        self._known_until: datetime | None = None
        """Cards up to then were given out by others; None: all by this process."""

    # A first reading

    def begin(self, cursor: Cursor) -> None:
        """Forgets what earlier passes saw."""
        self._shelf = {Stage.PATIENTS: Shelf(CARD_FIELDS), Stage.VISITS: Shelf(TALON_FIELDS, may_vanish=True)}
        self._shelf[Stage.VISITS].expect(cursor.watched)
        is_from_the_beginning = cursor.stage is Stage.PATIENTS and not cursor.page
        self._known_until = None if is_from_the_beginning else cursor.at
        self._kept = self._told = str(cursor)

    def seen(self, stage: Stage, number: int, listing: Listing, span: Span) -> Sequence[Row]:
        """Those of its rows that are to be given out."""
        counts = span.holds if stage is Stage.VISITS else is_any
        return self._noted(stage, number, listing, counts)

    def done(self, cursor: Cursor) -> Cursor:
        """The cursor behind a first reading. Everything that it saw is on its way; what shifted between its pages will
        be found as new."""
        done = cursor.done(self._watched())
        self._kept = self._told = str(done)
        for shelf in self._shelf.values():
            shelf.keep()
            shelf.looked.clear()
        return done

    # Later passes

    def expected(self, since: str) -> int:
        return len(self._shelf[Stage.VISITS].known) if since == self._told and self._shelf else 0

    def since(self, cursor: Cursor) -> Iterator[Page]:
        self._go_on(cursor)
        found: list[Found] = []
        for some in self._looks():
            found += some
            while len(found) >= AT_ONCE:
                cursor = self._moved(cursor)
                yield page_of(found[:AT_ONCE], str(cursor), cursor.since)
                found = found[AT_ONCE:]
        if found or self._is_worth_a_page(cursor):
            cursor = self._moved(cursor)
            yield page_of(found, str(cursor), cursor.since)

    def _go_on(self, cursor: Cursor) -> None:
        """What was given out counts as done once the cursor behind it is kept, and comes again when it is not."""
        written = str(cursor)
        if self._shelf and written == self._told:
            for shelf in self._shelf.values():
                shelf.keep()
        elif self._shelf and written == self._kept:
            for shelf in self._shelf.values():
                shelf.undo()
        else:
            self.begin(cursor)
        self._kept = self._told = written

    def _moved(self, cursor: Cursor) -> Cursor:
        moved = cursor.later(self._shelf[Stage.PATIENTS].whole_since or cursor.at, self._watched())
        self._told = str(moved)
        return moved

    def _watched(self) -> str:
        span = self.span()
        rows = self._shelf[Stage.VISITS].watched()
        return written(row for row in rows if span.holds(row) and an_id(row.get("id")) not in self._lost)

    def _is_worth_a_page(self, cursor: Cursor) -> bool:
        whole = self._shelf[Stage.PATIENTS].whole_since
        return whole is not None and whole - cursor.at > MARKED_EVERY

    def _looks(self) -> Iterator[Sequence[Found]]:
        """Every page that is due, the most due first, each once, as far as the pace allows. Cards before talons only
        where both are due alike: a visit's patient is fetched with it."""
        done: dict[Stage, set[int]] = {Stage.PATIENTS: set(), Stage.VISITS: set()}
        while self._pace.may() and (turn := self._next(done)):
            stage, number = turn
            done[stage].add(number)
            yield self._look(stage, number)
        yield self._vanished()

    def _next(self, done: dict[Stage, set[int]]) -> tuple[Stage, int] | None:
        now, config = self._clock.now(), self._config
        usual = config.poll_seconds if config.is_working(now) else max(config.poll_seconds, config.night_seconds)
        turns = []
        for stage, shelf in self._shelf.items():
            if turn := shelf.next_page(now, partial(self._period, stage, usual), done[stage]):
                turns.append((turn[0], -stage, turn[1]))
        how_due, stage_number, number = max(turns, default=(0.0, 0, 0))
        return (Stage(-stage_number), number) if how_due >= 1 else None

    def _period(self, stage: Stage, usual: float, page: int) -> float:
        """Seconds between two looks at a page. What is new comes to one end; of the others one at a time."""
        shelf = self._shelf[stage]
        if stage is Stage.VISITS:
            return usual if self._talons.narrows or shelf.is_fresh(page, FRESH_TALONS) else usual * shelf.pages
        return usual * CARDS_SLOWER * (1 if shelf.is_fresh(page) else shelf.pages)

    def _look(self, stage: Stage, number: int) -> Sequence[Found]:
        if stage is Stage.VISITS:
            span = self.span()
            listing = self._talons.page(number, span)
            return self._parser.visits(self._noted(stage, number, listing, span.holds))
        rows = self._noted(stage, number, self._cards.page(number), self._is_new_card)
        if self._shelf[stage].whole_since:
            self._known_until = None
        return self._parser.patients(rows)

    def _noted(self, stage: Stage, number: int, listing: Listing, counts: Callable[[Row], bool]) -> Sequence[Row]:
        now, shelf = self._clock.now(), self._shelf[stage]
        shelf.note(number, listing, now)
        return list(shelf.news(listing.rows, now, counts))

    def _is_new_card(self, row: Row) -> bool:
        if self._known_until is None:
            return True
        stamp = moment(row.get("changedate")) or moment(row.get("creationdate"))
        return stamp is None or stamp.replace(tzinfo=self._config.zone) >= self._known_until - OVERLAP

    def span(self) -> Span:
        """The days that are watched."""
        today = self._clock.now().astimezone(self._config.zone).date()
        days = timedelta(days=1)
        return Span(today - self._config.days_back * days, today + self._config.days_ahead * days)

    def _vanished(self) -> Sequence[Found]:
        """Talons that were there and are on no page any more: each is asked for, as far as the pace allows."""
        shelf, span = self._shelf[Stage.VISITS], self.span()
        missing = shelf.missing(lambda row: day_of(row) is not None and span.holds(row))
        self._lost = frozenset(missing if are_too_many(len(missing), len(shelf.known)) else ())
        if not missing:
            shelf.prune()
            return ()
        if self._lost:
            return self._doubted(missing, len(shelf.known))
        found: list[Found] = []
        for id_ in missing:
            if not self._pace.may():
                break
            row = self._talons.one(id_)
            if row is None:
                found += self._deleted(shelf.forget(id_))
            elif list(shelf.news([row], self._clock.now(), is_any)):
                found += self._parser.visits([row])
        return found

    def _doubted(self, missing: Sequence[str], known: int) -> Sequence[Found]:
        now = self._clock.now()
        if self._doubted_at is not None and now - self._doubted_at < SAID_EVERY:
            return ()
        self._doubted_at = now
        reason = Text(TOO_MANY.template, {"count": str(len(missing)), "known": str(known)})
        return [Rejected(kind="visit", id=min(missing), reason=reason)]

    def _deleted(self, mark: Mark) -> Sequence[Found]:
        return self._parser.visits([{**(mark.row or {}), "deleted": True}])


def are_too_many(missing: int, known: int) -> bool:
    return missing > MOST_GONE or (missing >= FEW and 2 * missing > known)


def is_any(_: Row) -> bool:
    return True
