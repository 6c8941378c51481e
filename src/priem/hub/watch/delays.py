"""How long changes take from the clinic into amoCRM.

A change counts from the beginning of the last reading that could not have it yet: it may have been made right after
that. So what is shown is never less than what people waited, and holds an outage, whatever the clinic's clocks say.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Sum

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
ADD = """
    INSERT INTO {table} (clinic_id, since, bound, changes) VALUES (%s, %s, %s, %s)
    ON CONFLICT (clinic_id, since, bound) DO UPDATE SET changes = {table}.changes + EXCLUDED.changes
"""
Tally = Counter[tuple[datetime, int]]
"""Changes by slot and bound."""


def slot_of(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % SLOT.total_seconds())


def bound_of(delay: timedelta) -> int:
    milliseconds = max(0, round(delay.total_seconds() * 1000))
    return BOUNDS[min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)]


def add(clinic_id: int, tally: Tally) -> None:
    table = connection.ops.quote_name(Delay._meta.db_table)  # noqa: SLF001  # Django documents _meta
    rows = [
        (clinic_id, connection.ops.adapt_datetimefield_value(since), bound, changes)
        for (since, bound), changes in tally.items()
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(ADD.format(table=table), rows)


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


def between(clinic_id: int, since: datetime, until: datetime | None = None) -> Delays:
    rows = Delay.objects.of(clinic_id).filter(since__gte=since)
    rows = rows.filter(since__lt=until) if until else rows
    return summary(dict(rows.values_list("bound").annotate(Sum("changes")).order_by()))


def of_clinics(clinic_ids: Iterable[int], since: datetime) -> dict[int, Delays]:
    """Of those in which something changed."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for piece in pieces(clinic_ids):
        rows = Delay.objects.of_any(piece).filter(since__gte=since).values_list("clinic_id", "bound", "changes")
        for clinic_id, bound, changes in rows:
            counts[clinic_id][bound] += changes
    return {clinic_id: summary(found) for clinic_id, found in counts.items()}


def by_hour(clinic_id: int, since: datetime, hours: int) -> list[Delays]:
    """That many hours, the oldest first."""
    found: list[Counter[int]] = [Counter() for _ in range(hours)]
    rows: Iterable[tuple[datetime, int, int]] = (
        Delay.objects.of(clinic_id).filter(since__gte=since).values_list("since", "bound", "changes")
    )
    for at, bound, changes in rows:
        hour = int((at - since) / timedelta(hours=1))
        if 0 <= hour < hours:
            found[hour][bound] += changes
    return [summary(counts) for counts in found]


def forget(clinic_id: int, now: datetime) -> None:
    Delay.objects.of(clinic_id).filter(since__lt=now - KEPT).delete()
