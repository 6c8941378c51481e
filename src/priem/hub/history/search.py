"""Pages of the history by filters. However many rows there are, a page reads about as many as it shows.

Every filter is turned into exact values of (system, sort, failed), which are few: each is one range of the index
`exchange_by_facet` that is in the order of the page already, and the ranges are merged. docs/adr/ tells why.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import islice, product
from typing import Self

from django.db.models import Q
from django.utils import timezone

from priem.hub.models import Connection, ExchangeRecord, ExchangeSubject
from priem.hub.models.exchanges import INCOMING, Sort
from priem.hub.models.owned import OwnedRows

SIZE = 50
MOST_NUMBERS = 50
LONGEST_QUESTION = 4000
Place = tuple[datetime, int]
"""Of a row: rows are in the order of their time, then of their id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    since: date | None = None
    until: date | None = None
    """The last day."""
    system: str = ""
    direction: str = ""
    """`in` or `out`."""
    sort: str = ""
    result: str = ""
    """`fine` or `failed`."""
    numbers: tuple[str, ...] = ()
    """Whole ids, of whatever side: requests about any of them."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """What is nonsense counts for nothing."""
        return cls(
            since=day(query.get("since", "")),
            until=day(query.get("until", "")),
            system=query.get("system", "")[:64],
            direction=chosen(query.get("direction", ""), ("in", "out")),
            sort=chosen(query.get("sort", ""), Sort.values),
            result=chosen(query.get("result", ""), ("fine", "failed")),
            numbers=ids_in(query.get("q", "")),
        )

    @property
    def is_plain(self) -> bool:
        return not (self.system or self.direction or self.sort or self.result)


def ids_in(written: str) -> tuple[str, ...]:
    """As people type and paste them: `4821`, `ident:4821`, the address of a card in amoCRM, several of these."""
    words = (word.partition("?")[0].rstrip("/") for word in re.split(r"[\s,;]+", written[:LONGEST_QUESTION]))
    ids = (word.rpartition("/")[2].rpartition(":")[2][:100] for word in words)
    return tuple(dict.fromkeys(id_ for id_ in ids if id_))[:MOST_NUMBERS]


def day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def chosen(written: str, among: list[str] | tuple[str, ...]) -> str:
    return written if written in among else ""


def place_of(written: str) -> Place | None:
    """`before` of a page's address."""
    moment, _, id_ = written.partition("_")
    try:
        place = datetime.fromtimestamp(int(moment) / 1_000_000, tz=timezone.get_default_timezone()), int(id_)
    except (ValueError, OverflowError, OSError):
        return None
    return place if place[1] < 2**63 else None


def written_place(place: Place) -> str:
    return f"{round(place[0].timestamp() * 1_000_000)}_{place[1]}"


def page(clinic_id: int, filters: Filters, before: Place | None, size: int = SIZE) -> list[ExchangeRecord]:
    """The latest first."""
    ids = [id_ for _, id_ in islice(places(clinic_id, filters, before, size), size)]
    found = {row.pk: row for row in ExchangeRecord.objects.of(clinic_id).filter(pk__in=ids)}
    return [found[id_] for id_ in ids if id_ in found]


def places(clinic_id: int, filters: Filters, before: Place | None, size: int) -> Iterator[Place]:
    rows = in_time(ExchangeRecord.objects.of(clinic_id), filters, before)
    if filters.numbers:
        named = ExchangeSubject.objects.of(clinic_id).filter(number__in=filters.numbers).values("exchange")
        return first(facets_as_one(rows.filter(pk__in=named), filters), size)
    if filters.is_plain:
        return first(rows, size)
    ranges = [
        # `failed=True` would become a bare `failed`, which no index answers.
        list(first(rows.filter(system=system, sort=sort, failed__in=(failed,)), size))
        for system, sort, failed in facets(clinic_id, filters)
    ]
    return merge(*ranges, reverse=True)


def first(rows: OwnedRows[ExchangeRecord], size: int) -> Iterator[Place]:
    return iter(rows.order_by("-started_at", "-pk").values_list("started_at", "pk")[:size])


def in_time(rows: OwnedRows[ExchangeRecord], filters: Filters, before: Place | None) -> OwnedRows[ExchangeRecord]:
    if filters.since:
        rows = rows.filter(started_at__gte=midnight(filters.since))
    if filters.until and filters.until < date.max:
        rows = rows.filter(started_at__lt=midnight(filters.until + timedelta(1)))
    if before:
        moment, id_ = before
        rows = rows.filter(started_at__lte=moment).exclude(Q(started_at=moment) & Q(pk__gte=id_))
    return rows


def midnight(of: date) -> datetime:
    return timezone.make_aware(datetime.combine(of, time.min))


def facets(clinic_id: int, filters: Filters) -> Iterator[tuple[str, str, bool]]:
    systems = [filters.system] if filters.system else [name for name, _ in systems_of(clinic_id)]
    failed = [filters.result == "failed"] if filters.result else [False, True]
    return product(systems, sorts(filters), failed)


def sorts(filters: Filters) -> list[str]:
    wanted = [filters.sort] if filters.sort else Sort.values
    if not filters.direction:
        return wanted
    return [sort for sort in wanted if (sort in INCOMING) == (filters.direction == "in")]


def facets_as_one(rows: OwnedRows[ExchangeRecord], filters: Filters) -> OwnedRows[ExchangeRecord]:
    """Where few rows are left anyway."""
    if filters.system:
        rows = rows.filter(system=filters.system)
    if filters.result:
        rows = rows.filter(failed=filters.result == "failed")
    return rows.filter(sort__in=sorts(filters)) if filters.sort or filters.direction else rows


def systems_of(clinic_id: int) -> list[tuple[str, str]]:
    """Names and what they are called."""
    keys = Connection.objects.of(clinic_id).order_by("key").values_list("key", flat=True)
    return [("amocrm", "amoCRM"), *((key, key) for key in keys)]
