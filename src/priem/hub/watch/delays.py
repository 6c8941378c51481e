"""How long changes take from the clinic into amoCRM.

A change counts from the beginning of the last reading that could not have it yet: it may have been made right after
that. So what is shown is never less than what people waited, and holds an outage, whatever the clinic's clocks say.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import CharField, Sum
from django.db.models.functions import Cast

from priem.hub import environment
from priem.hub.bulk import many
from priem.hub.models import Delay
from priem.hub.pieces import pieces

BOUNDS = (
    *(250, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000),
    *(90_000, 120_000, 180_000, 300_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000),
    *(86_400_000, 604_800_000, 2_000_000_000),
)
"""Milliseconds. A delay is shown as the bound that it does not exceed."""
SLOT = timedelta(minutes=5)
KEPT = timedelta(days=30)
LATELY = timedelta(minutes=10)
HOURS = 24
HOUR = timedelta(hours=1)
ADD = """
    INSERT INTO {table} (clinic_id, connection, branch, since, bound, changes) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (clinic_id, since, connection, branch, bound)
    DO UPDATE SET changes = {table}.changes + EXCLUDED.changes
"""
Place = tuple[str, str]
"""Connection and branch; "" for what is no branch's."""
Tally = Counter[tuple[Place, datetime, int]]
"""Changes by place, slot and bound."""
Moment = TypeVar("Moment", datetime, str)
Slots = dict[Moment, Counter[int]]
"""Changes by slot, and in each by bound."""


def slot_of(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % SLOT.total_seconds())


def bound_of(delay: timedelta) -> int:
    milliseconds = max(0, round(delay.total_seconds() * 1000))
    return BOUNDS[min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)]


def add(clinic_id: int, tally: Tally) -> None:
    table = connection.ops.quote_name(Delay._meta.db_table)  # noqa: SLF001  # Django documents _meta
    rows = [
        (clinic_id, *place, connection.ops.adapt_datetimefield_value(since), bound, changes)
        for (place, since, bound), changes in tally.items()
    ]
    with transaction.atomic() if len(rows) > 1 else nullcontext():
        many(ADD.format(table=table), rows)


@dataclass(frozen=True, slots=True)
class Delays:
    """Of one clinic over some time. Milliseconds; None when nothing changed."""

    changes: int
    median: int | None
    p99: int | None


def summary(counts: Mapping[int, int]) -> Delays:
    """Of changes by bound."""
    total = sum(counts.values())
    return (
        Delays(total, quantile(counts, total / 2), quantile(counts, total * 0.99)) if total else Delays(0, None, None)
    )


def quantile(counts: Mapping[int, int], rank: float) -> int:
    reached = 0
    for bound in sorted(counts):
        reached += counts[bound]
        if reached >= rank:
            return bound
    return max(counts)


def longest() -> int:
    """Milliseconds, above them changes are late. Raises ValueError that names the variable."""
    return 1000 * environment.number("PRIEM_LATE_SECONDS", 60)


def lately(now: datetime) -> datetime:
    """Since when what is told of as now counts."""
    return slot_of(now - LATELY)


def of_places(clinic_ids: Iterable[int], since: datetime) -> dict[tuple[int, Place | None], Delays]:
    """Of the clinics, and of their branches, in which something changed; None: of the clinic as a whole."""
    counts: dict[tuple[int, Place | None], Counter[int]] = defaultdict(Counter)
    columns = ("clinic_id", "connection", "branch", "bound")
    for piece in pieces(clinic_ids):
        rows = Delay.objects.of_any(piece).filter(since__gte=since).order_by().values_list(*columns)
        for clinic_id, of, branch, bound, changes in rows.annotate(Sum("changes")):
            counts[clinic_id, None][bound] += changes
            if branch:
                counts[clinic_id, (of, branch)][bound] += changes
    return {place: summary(found) for place, found in counts.items()}


@dataclass(frozen=True, slots=True)
class Course:
    """How a clinic, or a branch of it, did over a day."""

    now: Delays
    day: Delays
    hours: Sequence[Delays]
    """24 of the clock, the latest one last."""
    began: datetime
    """The first of them."""
    late_since: datetime | None
    """When half of its changes began to take too long, if they still do."""


def quiet(began: datetime) -> Course:
    """Of a branch in which nothing changed."""
    nothing = summary({})
    return Course(nothing, nothing, [nothing] * HOURS, began, None)


def courses(clinic_id: int, now: datetime) -> dict[Place | None, Course]:
    """Of the clinic (None) and of its branches in which something changed."""
    began = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    found: dict[Place | None, Slots[str]] = defaultdict(lambda: defaultdict(Counter))
    whole = found[None]
    # Moments as text: a day of a large clinic is thousands of rows, and a few hundred moments.
    rows = Delay.objects.of(clinic_id).filter(since__gte=began).order_by().annotate(at=Cast("since", CharField()))
    for of, branch, at, bound, changes in rows.values_list("connection", "branch", "at", "bound", "changes"):
        whole[at][bound] += changes
        if branch:
            found[of, branch][at][bound] += changes
    moments = {at: read_moment(at) for at in whole}
    return {
        place: course({moments[at]: counts for at, counts in slots.items()}, began, now)
        for place, slots in found.items()
    }


def read_moment(written: str) -> datetime:
    """As both databases write it; SQLite leaves out that it is UTC."""
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def course(slots: Slots[datetime], began: datetime, now: datetime) -> Course:
    hours: list[Counter[int]] = [Counter() for _ in range(HOURS)]
    latest: Counter[int] = Counter()
    for since, counts in slots.items():
        hours[min((since - began) // HOUR, HOURS - 1)].update(counts)
        if since >= lately(now):
            latest.update(counts)
    found = summary(latest)
    is_late = found.median is not None and found.median > longest()
    return Course(
        now=found,
        day=summary(sum(hours, Counter())),
        hours=[summary(counts) for counts in hours],
        began=began,
        late_since=(late_since(slots) or lately(now)) if is_late else None,
    )


def late_since(slots: Slots[datetime]) -> datetime | None:
    """The beginning of the latest run of slots in which half of the changes took too long."""
    most, found = longest(), None
    for since in sorted(slots, reverse=True):
        median = summary(slots[since]).median
        if median is None or median <= most:
            break
        found = since
    return found


def forget(clinic_id: int, now: datetime) -> None:
    Delay.objects.of(clinic_id).filter(since__lt=now - KEPT).delete()
