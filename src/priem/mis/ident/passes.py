"""One pass over the database: stage after stage, page after page, from where a cursor stands to its end."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, pairwise
from sys import maxsize
from typing import TypeVar

from priem.mis.ident.config import Config
from priem.mis.ident.cursor import Anchor, Cursor, Marks, Stage
from priem.mis.ident.details import Parser
from priem.mis.ident.reading import (
    IDS_AT_ONCE,
    ORDERS,
    PATIENTS,
    PAYMENTS,
    PLAN_LINES,
    PLAN_WORK,
    PLANS,
    SERVICES,
    VISITS,
    Reader,
    Window,
    stamp,
)
from priem.mis.ident.rows import Row, id_of, moment, whole
from priem.mis.ident.sweep import Sweep
from priem.model import Page, Patient, Rejected, Visit
from priem.ports import Clock

WINDOWS = {
    Stage.PATIENTS: PATIENTS,
    Stage.VISITS: VISITS,
    Stage.ORDERS: ORDERS,
    Stage.SERVICES: SERVICES,
    Stage.PAYMENTS: PAYMENTS,
    Stage.PLANS: PLANS,
    Stage.PLAN_LINES: PLAN_LINES,
    Stage.PLAN_WORK: PLAN_WORK,
}
LATE_ONES = {Stage.LATE_PATIENTS: Stage.PATIENTS, Stage.LATE_ORDERS: Stage.ORDERS, Stage.LATE_SERVICES: Stage.SERVICES}
LATE = timedelta(days=1)
"""How late a transaction may be committed: what it changed has the time at which it was changed, which the overlap has
left behind long ago. Looked for as often as for what vanished."""
MOST_LATE = 20_000
"""More than so many changes in a day are an upgrade of IDENT, which touches every row: nobody's late work."""
ABOUT_PLANS = (PLANS, PLAN_LINES, PLAN_WORK)
GIVEN_AT_ONCE = 500
"""Records of a first reading, as many as amoCRM takes in two requests: news wait behind two or three such pages."""
QUICK = timedelta(milliseconds=20)
BETWEEN_PLANS = timedelta(minutes=1)
"""Nobody waits for a plan of treatment: three questions a minute, not three a second."""
Found = TypeVar("Found", Patient | Rejected, Visit | Rejected)
Piece = tuple[Page, Cursor]
"""A page, and the cursor that stands behind it."""


@dataclass
class Memory:
    """What this process already gave out beyond its cursor. It holds only for the very cursor it was made with:
    given any other, the engine stopped half-way, and everything after that cursor has to come again."""

    cursor: str | None = None
    seen: dict[Stage, dict[int, int]] = field(default_factory=dict)
    """Ids of the rows inside the overlap → a hash of their times of change: an upgrade touches every row at once."""
    stamp: int = 0
    """Visits are read up to this rowversion."""
    is_amid: bool = False
    """Rows were read that are not given out yet: what is read before them would be newer, and overwritten."""
    rests_until: dict[Stage, datetime] = field(default_factory=dict)
    """Tables that took long to look through are left alone until then."""


class Pass:
    def __init__(
        self,
        config: Config,
        reader: Reader,
        parser: Parser,
        memory: Memory,
        clock: Clock,
        sweep: Sweep,
        *,
        by_stamp: bool,
    ) -> None:
        self._config = config
        self._sweep = sweep
        self._clock = clock
        self._reader = reader
        self._parser = parser
        self._memory = memory
        self._by_stamp = by_stamp
        """Whether the server tells up to which rowversion nothing can appear any more."""
        self.given_at_once = GIVEN_AT_ONCE

    def pieces(self, cursor: Cursor) -> Iterator[Piece]:
        """All pages of the pass, and behind the last one the cursor of the whole pass done."""
        behind = cursor
        for stage in cursor.stages:
            for piece in self._stage(behind.entering(stage)):
                yield piece
                _, behind = piece
        if behind.read is not None and self._sweep.is_due(behind):
            behind = self._sweep.over(behind)
        yield self.page(behind.done(), ()), behind.done()

    def _stage(self, cursor: Cursor) -> Iterator[Piece]:
        match cursor.stage:
            case Stage.ALL_PATIENTS | Stage.ALL_VISITS as stage:
                return self._all_patients(cursor) if stage is Stage.ALL_PATIENTS else self._all_visits(cursor)
            case Stage.VISITS if self._by_stamp:
                return self._stamped(cursor)
            case Stage.VANISHED | Stage.ASIDE:
                return self._swept(cursor)
            case stage if stage in LATE_ONES:
                return self._late(cursor, LATE_ONES[stage])
            case stage if self._rests(stage) or not self._reader.asks_for(WINDOWS[stage].statement):
                return iter(())
            case stage:
                return self._changed(cursor, WINDOWS[stage])

    def _rests(self, stage: Stage) -> bool:
        until = self._memory.rests_until.get(stage)
        return until is not None and self._clock.now() < until

    def _rest(self, stage: Stage, began: datetime) -> None:
        """Looking through a big table is the one thing about us that a clinic's server could notice."""
        now = self._clock.now()
        if now - began > QUICK:
            self._leave_alone(stage, (now - began) * (100 / self._config.polling_share - 1))

    def _leave_alone(self, stage: Stage, pause: timedelta) -> None:
        """What changes meanwhile is found by the overlap."""
        longest = timedelta(seconds=self._config.overlap_seconds / 4)
        self._memory.rests_until[stage] = self._clock.now() + min(pause, longest)

    def _swept(self, cursor: Cursor) -> Iterator[Piece]:
        if self._sweep.is_due(cursor):
            look = self._sweep.vanished if cursor.stage is Stage.VANISHED else self._sweep.changed_aside
            for after, found in look(cursor):
                yield self.page(after, found), after

    def page(self, cursor: Cursor, found: Sequence[Patient | Visit | Rejected]) -> Page:
        return Page(
            patients=tuple([one for one in found if isinstance(one, Patient)]),
            visits=tuple([one for one in found if isinstance(one, Visit)]),
            rejected=tuple([one for one in found if isinstance(one, Rejected)]),
            cursor=str(cursor),
            visits_since=cursor.horizon.replace(tzinfo=self._config.zone),
        )

    def _all_patients(self, cursor: Cursor) -> Iterator[Piece]:
        for some in self._all(cursor, "patients", None):
            for rows, patients in self._parts(some, self._parser.patients(some)):
                cursor = replace(cursor, after=id_of(rows[-1]))
                yield self.page(cursor, patients), cursor

    def _all_visits(self, cursor: Cursor) -> Iterator[Piece]:
        pages = self._all(cursor, "visits", self._reader.first(cursor.horizon))
        if (first := next(pages, None)) is None:
            return
        # No index may lead to moves: a look through the whole table is for one question, not for one of each page.
        # Later ones come as changes.
        moves = dict(self._reader.moves_of(id_of(first[0])))
        for some in chain([first], pages):
            found = without_old(some, self._parser.visits(some, moves), self._reader.first(cursor.horizon))
            for rows, visits in self._parts(some, found):
                cursor = self._sweep.noting(anchored(replace(cursor, after=id_of(rows[-1])), rows), visits)
                yield self.page(cursor, visits), cursor

    def _parts(self, rows: Sequence[Row], found: Sequence[Found]) -> Iterator[tuple[Sequence[Row], Sequence[Found]]]:
        parts = list(parts_of(rows, found, self.given_at_once))
        self._memory.is_amid = True
        yield from parts[:-1]
        self._memory.is_amid = False
        yield parts[-1]

    def _all(self, cursor: Cursor, name: str, horizon: datetime | None) -> Iterator[Sequence[Row]]:
        """A whole table by id, from where the cursor stands."""
        after, most = cursor.after, min(self._config.page_size, IDS_AT_ONCE)
        while rows := self._reader.page(name, after=after, horizon=horizon, most=most):
            yield rows
            after = id_of(rows[-1]) or after
            if len(rows) < most:
                break

    def _stamped(self, cursor: Cursor) -> Iterator[Piece]:
        assert cursor.read is not None, "only a later pass looks for changes"  # noqa: S101 - says what holds
        after, until = max(cursor.read.stamp, cursor.after, self._memory.stamp), cursor.noted.stamp
        # Without an index on RowVersion this reads the whole table, so it is not asked when nothing can have changed.
        while after < until and (rows := self._reader.stamped(after=after, until=until)):
            after = stamp(rows[-1]["RowVersion"])
            visits = self._parser.visits(rows)
            cursor = self._sweep.noting(anchored(replace(cursor, after=after), rows), visits)
            yield self.page(cursor, visits), cursor
            if len(rows) < min(self._config.page_size, IDS_AT_ONCE):
                break
        self._memory.stamp = max(until, self._memory.stamp)

    def _changed(self, cursor: Cursor, window: Window) -> Iterator[Piece]:
        assert cursor.read is not None, "only a later pass looks for changes"  # noqa: S101 - says what holds
        seen = self._memory.seen.setdefault(cursor.stage, {})
        inside: dict[int, int] = {}
        brought = False
        # A clock that went back (summer time ends, somebody corrects it) makes changes older than the last reading.
        since = self._reader.since(min(cursor.read.at, cursor.noted.at))
        newest, began = newest_id(cursor.read, window), self._clock.now()
        while rows := self._reader.windowed(window, since=since, newest=newest, after=cursor.after):
            versions = {whole(row["ID"]) or 0: hash(tuple(row.values())) for row in rows}
            fresh = [row for row in rows if seen.get(whole(row["ID"]) or 0) != versions[whole(row["ID"]) or 0]]
            brought = brought or bool(fresh)
            for some in pieces_of(fresh):
                ids = ids_in(some, "ID")
                seen |= {id_: versions[id_] for id_ in ids}
                cursor = with_newest(replace(cursor, after=max(ids)), window)
                cursor = anchored(cursor, some) if window is VISITS else cursor
                found = self._entities(window, some)
                cursor = self._sweep.noting(cursor, found)
                yield self.page(cursor, found), cursor
            inside |= versions
            cursor = replace(cursor, after=whole(rows[-1]["ID"]) or cursor.after)
            if len(rows) < self._config.page_size:
                break
        self._memory.seen[cursor.stage] = inside
        if window in ABOUT_PLANS:
            self._leave_alone(cursor.stage, BETWEEN_PLANS)
        elif not brought:
            self._rest(cursor.stage, began)

    def _late(self, cursor: Cursor, stage: Stage) -> Iterator[Piece]:
        """What changed within a day and was not seen when it was looked for: each only once, as long as we live."""
        window = WINDOWS[stage]
        if not self._sweep.is_due(cursor) or not self._reader.asks_for(window.statement):
            return
        here, inside = cursor.stage, dict[int, int]()
        seen = self._memory.seen.get(here, {}) | self._memory.seen.get(stage, {})
        since = cursor.noted.at - LATE
        while rows := self._reader.windowed(window, since=since, newest=None, after=cursor.after):
            inside |= {id_of(row): hash(tuple(row.values())) for row in rows}
            fresh = [row for row in rows if seen.get(id_of(row)) != inside[id_of(row)]]
            for some in pieces_of(fresh):
                found = self._entities(window, some)
                cursor = self._sweep.noting(replace(cursor, after=id_of(some[-1])), found)
                yield self.page(cursor, found), cursor
            cursor = replace(cursor, after=id_of(rows[-1]))
            if len(rows) < self._config.page_size or len(inside) >= MOST_LATE:
                break
        self._memory.seen[here] = inside

    def _entities(self, window: Window, rows: Sequence[Row]) -> Sequence[Patient | Visit | Rejected]:
        """The patients or visits that changed: an order's or a service's change is its visit's."""
        if window is PATIENTS:
            return self._patients(ids_in(rows, "ID"))
        if window in ABOUT_PLANS:
            return self._patients(ids_in(rows, "Patient"))
        if window is PAYMENTS:
            return self._billed(ids_in(rows, "Patient"))
        ids = ids_in(rows, "ID" if window is VISITS else "Visit")
        return self._parser.visits(list(self._reader.with_ids("visits", ids)))

    def _patients(self, ids: Collection[int]) -> Sequence[Patient | Rejected]:
        return self._parser.patients(list(self._reader.with_ids("patients", ids)))

    def _billed(self, patients: Collection[int]) -> Sequence[Visit | Rejected]:
        """The visits of these patients that have bills: a payment may settle any of them, and does not say which."""
        rows = self._reader.with_ids("visits", patients, "Patient", "it.ID")
        bills = self._reader.with_ids("orders", ids_in(list(rows), "ID"), "Visit", "it.Visit")
        visits = sorted(ids_in(list(bills), "Visit"))
        found: list[Visit | Rejected] = []
        for start in range(0, len(visits), IDS_AT_ONCE):
            found += self._parser.visits(list(self._reader.with_ids("visits", visits[start : start + IDS_AT_ONCE])))
        return found


def without_old(
    rows: Sequence[Row], found: Sequence[Visit | Rejected], horizon: datetime
) -> Sequence[Visit | Rejected]:
    """Very old rows have no planned time (docs/reference/ident.md §2.3). Of those without one only such are read a
    first time as the calendar has at the horizon or later; who has no time at all comes when somebody touches it."""
    vague = {id_of(row) for row in rows if moment(row["PlanStart"]) is None}
    if not vague:
        return found
    return [
        one
        for one in found
        if (int(one.key.id) if isinstance(one, Visit) else whole_of(one.id)) not in vague
        or (isinstance(one, Visit) and one.starts_at.replace(tzinfo=None) >= horizon)
    ]


def whole_of(id_: str) -> int:
    return int(id_) if id_.isdecimal() else 0


def newest_id(read: Marks, window: Window) -> int | None:
    """The highest id that was there when the table was last read; None where times of change tell everything."""
    if window is PATIENTS:
        return read.patient
    return read.service if window is SERVICES else None


def with_newest(cursor: Cursor, window: Window) -> Cursor:
    if window is PATIENTS:
        return replace(cursor, noted=replace(cursor.noted, patient=max(cursor.noted.patient, cursor.after)))
    if window is SERVICES:
        return replace(cursor, noted=replace(cursor.noted, service=max(cursor.noted.service, cursor.after)))
    return cursor


def anchored(cursor: Cursor, visits: Sequence[Row]) -> Cursor:
    newest = anchor_of(max(visits, key=id_of))
    return cursor if cursor.anchor and cursor.anchor.id > newest.id else replace(cursor, anchor=newest)


def anchor_of(visit: Row) -> Anchor:
    return Anchor(id_of(visit), moment(visit["Added"]), stamp(visit["RowVersion"]))


def ids_in(rows: Sequence[Row], column: str) -> set[int]:
    return {id_ for row in rows if (id_ := whole(row[column])) is not None}


def parts_of(
    rows: Sequence[Row], found: Sequence[Found], at_once: int
) -> Iterator[tuple[Sequence[Row], Sequence[Found]]]:
    """Small pages of what was asked for together, by id, and what was found in each: news wait behind pages."""
    count = max(1, round(len(rows) / at_once))
    for start, end in pairwise(len(rows) * at // count for at in range(count + 1)):
        after = id_of(rows[start - 1]) if start else 0
        until = id_of(rows[end - 1]) if end < len(rows) else maxsize
        yield rows[start:end], [one for one in found if after < number_of(one) <= until]


def number_of(found: Patient | Visit | Rejected) -> int:
    """1 of what has none: nothing that was found is lost."""
    return whole_of(found.id if isinstance(found, Rejected) else found.key.id) or 1


def pieces_of(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), IDS_AT_ONCE):
        yield rows[start : start + IDS_AT_ONCE]
