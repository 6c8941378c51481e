"""What leaves no trace where it happened: visits whose rows are gone, lines taken off a bill, a doctor moved in the
calendar alone. Found by comparing what was given out with what is there, now and then: docs/reference/ident.md §2.5.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from zlib import crc32

from priem.asked import called
from priem.mis.ident.asking import ASKED
from priem.mis.ident.config import Config
from priem.mis.ident.cursor import Cursor
from priem.mis.ident.details import Parser
from priem.mis.ident.known import KnownVisit, is_suspicious, read, written
from priem.mis.ident.reading import IDS_AT_ONCE, Reader
from priem.mis.ident.rows import whole
from priem.model import Patient, Rejected, Visit
from priem.texts import Text, text

TOO_MANY = text(
    "{count} of {known} visits vanished from IDENT's database at once: none of them is taken for deleted. "
    "If they were deleted indeed, set {setting} to 100 for a while."
)
RECENT = timedelta(days=30)
"""How long after its day a visit may still be deleted, billed or corrected without being overlooked."""
Found = tuple[Cursor, Sequence[Patient | Visit | Rejected]]


class Sweep:
    def __init__(self, config: Config, reader: Reader, parser: Parser, warn: Callable[[Text], None]) -> None:
        self._config = config
        self._reader = reader
        self._parser = parser
        self._warn = warn
        self._inside: frozenset[int] | None = None
        """Ids of the visits that are there and recent, once they were looked for."""

    def is_due(self, cursor: Cursor) -> bool:
        every, now = timedelta(minutes=self._config.sweep_minutes), cursor.noted.at
        if not every:
            return False
        return cursor.swept is None or cursor.swept.date() != now.date() or abs(now - cursor.swept) >= every

    def noting(self, cursor: Cursor, given: Sequence[Patient | Visit | Rejected]) -> Cursor:
        """The cursor that remembers these visits, too."""
        since, aside = cursor.noted.at - RECENT, self._parser.told_aside
        visits = (one for one in given if isinstance(one, Visit) and one.key.id.isdecimal())
        recent = (visit for visit in visits if visit.starts_at.replace(tzinfo=None, second=0, microsecond=0) >= since)
        return cursor.knowing([known_of(visit, is_aside=int(visit.key.id) in aside) for visit in recent])

    def vanished(self, cursor: Cursor) -> Iterator[Found]:
        """Visits that were given out and are gone. All ids are read before anybody counts as gone."""
        inside = frozenset(self._reader.ids_of_visits(cursor.noted.at - RECENT))
        if cursor.known is None:
            self._inside = inside
            return
        known = read(cursor.known)
        gone = self._gone(known, inside)
        self._inside = inside
        if is_suspicious(gone, known, self._config.vanishing_share):
            self._inside = inside | set(gone)
            yield replace(cursor, after=gone[0]), [self._too_many(gone, known)]
            return
        left = dict(known)
        for some in batches(gone):
            vanished = [left.pop(id_) for id_ in some]
            cursor = replace(cursor, after=some[-1], known=(written(left.values()),))
            yield cursor, self._parser.deleted(vanished)

    def changed_aside(self, cursor: Cursor) -> Iterator[Found]:
        """Visits whose bills, payments or calendar cells say something else than they did."""
        known = read(cursor.known or ())
        ids = sorted(id_ for id_, visit in known.items() if visit.aside and id_ > cursor.after)
        for some in batches(ids):
            visits = self._parser.visits(list(self._reader.with_ids("visits", some)))
            changed = [one for one in visits if isinstance(one, Visit) and is_news(one, known)]
            cursor = replace(cursor, after=some[-1])
            if changed:
                cursor = self.noting(cursor, changed)
                yield cursor, changed

    def over(self, cursor: Cursor) -> Cursor:
        """Behind a whole sweep: when it was, and only such visits remembered as may still vanish."""
        kept = read(cursor.known or ())
        if self._inside is not None:
            since = cursor.noted.at - RECENT
            kept = {id_: visit for id_, visit in kept.items() if id_ in self._inside or visit.starts >= since}
        return replace(cursor, swept=cursor.noted.at, known=(written(kept.values()),))

    def _too_many(self, gone: Sequence[int], known: Mapping[int, KnownVisit]) -> Rejected:
        setting = called(ASKED, "vanishing_share")
        reason = Text(TOO_MANY.template, {"setting": setting, "count": str(len(gone)), "known": str(len(known))})
        self._warn(reason)
        return Rejected(kind="visit", id=str(gone[0]), reason=reason)

    def _gone(self, known: Mapping[int, KnownVisit], inside: frozenset[int]) -> list[int]:
        """A visit that is no longer recent is there all the same: whoever seems gone is looked for by id."""
        missing = known.keys() - inside
        there = {whole(row["ID"]) for row in self._reader.with_ids("visits", missing, "ID", "it.ID")}
        return sorted(missing - there)


def known_of(visit: Visit, *, is_aside: bool) -> KnownVisit:
    return KnownVisit(
        id=int(visit.key.id),
        patient=int(visit.patient.id),
        branch=int(visit.branch or 0),
        starts=visit.starts_at.replace(tzinfo=None, second=0, microsecond=0),
        aside=check_sum(visit) if is_aside else 0,
    )


def is_news(visit: Visit, known: Mapping[int, KnownVisit]) -> bool:
    return known[int(visit.key.id)].aside != check_sum(visit)


def check_sum(visit: Visit) -> int:
    """Sixteen bits, never 0: one change in 65,535 is overlooked, until the next one."""
    told = (visit.doctor, visit.room, visit.branch, visit.total, visit.services, str(visit.status))
    return (
        crc32(repr((*told, visit.starts_at.isoformat(), visit.ends_at and visit.ends_at.isoformat())).encode()) % 65535
        + 1
    )


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]
