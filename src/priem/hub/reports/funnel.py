"""Request → booked → came → paid, for the leads that were made in a period. docs/reference/ident.md §4.4

A lead's own statistics say where it came from, before and after somebody books; what the clinic's system knows of its
patient counts where they say nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from priem.hub.models import MirroredLead, PatientSource, VisitFact, VisitLink

QUESTION = """
    SELECT COALESCE(NULLIF(l.source, ''), s.source, ''), COALESCE(f.branch, ''), COUNT(*), COUNT(v.id),
           SUM(CASE WHEN f.came THEN 1 ELSE 0 END), SUM(CASE WHEN f.paid THEN 1 ELSE 0 END),
           SUM(CASE WHEN f.paid THEN f.total ELSE 0 END)
    FROM {leads} l
    LEFT JOIN {links} v ON v.clinic_id = l.clinic_id AND v.lead = l.crm_id AND v.moved_to IS NULL
    LEFT JOIN {facts} f ON f.clinic_id = v.clinic_id AND f.connection = v.connection AND f.visit = v.visit
    LEFT JOIN {sources} s ON s.clinic_id = f.clinic_id AND s.connection = f.connection AND s.patient = f.patient
    WHERE l.clinic_id = %s AND l.created_at >= %s AND l.created_at < %s
    GROUP BY 1, 2
"""
TABLES = {"leads": MirroredLead, "links": VisitLink, "facts": VisitFact, "sources": PatientSource}


@dataclass(frozen=True, slots=True)
class Counts:
    requests: int = 0
    booked: int = 0
    came: int = 0
    paid: int = 0
    sum: Decimal = Decimal(0)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.requests + other.requests,
            self.booked + other.booked,
            self.came + other.came,
            self.paid + other.paid,
            self.sum + other.sum,
        )


@dataclass(frozen=True, slots=True)
class Group:
    source: str
    """Empty where nobody has said so."""
    branch: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Period:
    since: date
    until: date
    """The last day."""

    @property
    def seconds(self) -> tuple[int, int]:
        """Unix, in the hub's time zone."""
        return seconds_of(self.since), seconds_of(self.until + timedelta(1))


def seconds_of(day: date) -> int:
    return int(timezone.make_aware(datetime.combine(day, time.min)).timestamp())


def groups(clinic_id: int, period: Period) -> list[Group]:
    names = {name: connection.ops.quote_name(table._meta.db_table) for name, table in TABLES.items()}  # noqa: SLF001  # Django documents _meta
    with connection.cursor() as cursor:
        cursor.execute(QUESTION.format(**names), [clinic_id, *period.seconds])
        return [group(row) for row in cursor.fetchall()]


def group(row: tuple[Any, ...]) -> Group:
    source, branch, requests, booked, came, paid, total = row
    return Group(
        source, branch, Counts(requests, booked, came, paid, Decimal(str(total or 0)).quantize(Decimal("0.01")))
    )


def total(found: Iterable[Group]) -> Counts:
    return sum((one.counts for one in found), Counts())


def by(found: Iterable[Group], of: Callable[[Group], str]) -> list[tuple[str, Counts]]:
    """The most requests first."""
    sums: defaultdict[str, Counts] = defaultdict(Counts)
    for one in found:
        sums[of(one)] += one.counts
    return sorted(sums.items(), key=lambda pair: (-pair[1].requests, pair[0]))
