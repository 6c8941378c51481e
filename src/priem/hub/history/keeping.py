"""How long the history is kept. What went well goes first; a failure that nobody has made up for stays for ever.

PRIEM_KEEP_FINE_DAYS     requests that went well (90)
PRIEM_KEEP_FAILED_DAYS   requests that failed and were made up for (365)
PRIEM_KEEP_STEPS_DAYS    decisions that were carried out, orders of stages that are over (365)
PRIEM_KEEP_BODIES_DAYS   what requests carried (14)
PRIEM_KEEP_ROWS          of the history of requests, in the whole hub (10000000)
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, QuerySet, Subquery

from priem.hub import environment
from priem.hub.agents import asking, feeds
from priem.hub.models import Clinic, ExchangeBody, ExchangeRecord, ExchangeSubject, StageOrder, StepRecord
from priem.hub.watch import delays, seen
from priem.model import State

AT_ONCE = 500
"""Rows of one transaction: whoever writes meanwhile waits for no longer."""
LONGEST = 2.0
"""Seconds of one tidying; the next one goes on."""
LONGEST_BESIDE_OTHERS = 60.0
"""On PostgreSQL, where nobody waits for it, and where a thousand clinics leave millions of rows a day."""
NOT_MADE_UP_FOR = (State.INTENDED.value, State.UNKNOWN.value, State.REFUSED.value, State.POSTPONED.value)
Piece = Callable[[int], list[int]]
"""The next ids after this one that are looked at."""


def tidy(now: datetime, seconds: float | None = None) -> int:
    """Deletes what is too old or too much; gives how many rows went. Stops when its time is over."""
    if seconds is None:
        seconds = LONGEST_BESIDE_OTHERS if connection.vendor == "postgresql" else LONGEST
    until, newest = time.monotonic() + seconds, newest_exchange()
    too_many = newest - environment.number("PRIEM_KEEP_ROWS", 10_000_000)
    fine = max(too_many, last_before(now - period("PRIEM_KEEP_FINE_DAYS", 90)))
    failed = max(too_many, last_before(now - period("PRIEM_KEEP_FAILED_DAYS", 365)))
    bodies = last_before(now - period("PRIEM_KEEP_BODIES_DAYS", 14))
    gone = asking.forget_expired(now) + feeds.forget_strays()
    gone += sum(forget_bodies(piece) for piece in pieces(of_bodies(bodies), until))
    for clinic_id in Clinic.objects.values_list("pk", flat=True):
        waiting = open_requests(clinic_id)
        old = pieces(of_exchanges(clinic_id, fine, failed=False), until)
        gone += sum(forget(without(waiting, piece)) for piece in old)
        old = pieces(of_exchanges(clinic_id, failed, failed=True), until)
        gone += sum(forget(made_up_for(piece)) for piece in old)
        gone += tidy_steps(clinic_id, now - period("PRIEM_KEEP_STEPS_DAYS", 365), until)
        delays.forget(clinic_id, now)
        seen.forget(clinic_id, now)
        orders = StageOrder.objects.of(clinic_id).filter(due_at__isnull=True)
        orders.filter(came_at__lt=now - period("PRIEM_KEEP_STEPS_DAYS", 365)).delete()
    return gone


def period(name: str, default: int) -> timedelta:
    return timedelta(days=environment.number(name, default))


def newest_exchange() -> int:
    found: int | None = ExchangeRecord.objects.of_all().aggregate(newest=Max("pk"))["newest"]
    return found or 0


def last_before(moment: datetime) -> int:
    """The id of the last exchange before that moment: ids grow with time, so halving finds it without an index."""
    rows = ExchangeRecord.objects.of_all().order_by("pk")
    low, high = rows.aggregate(oldest=Min("pk"))["oldest"] or 1, newest_exchange() + 1
    low -= 1
    while high - low > 1:
        middle = (low + high) // 2
        found = rows.filter(pk__gte=middle, pk__lt=high).values_list("pk", "started_at").first()
        if found is None or found[1] >= moment:
            high = middle
        else:
            low = found[0]
    return low


def pieces(following: Piece, until: float) -> Iterator[list[int]]:
    """What is kept is passed over, so the next piece begins behind the one before."""
    after = 0
    while time.monotonic() < until and (piece := following(after)):
        yield piece
        after = piece[-1]


def of_exchanges(clinic_id: int, last: int, *, failed: bool) -> Piece:
    rows = ExchangeRecord.objects.of(clinic_id).filter(failed__in=(failed,), pk__lte=last)
    return lambda after: ids(rows.filter(pk__gt=after))


def of_bodies(last: int) -> Piece:
    rows = ExchangeBody.objects.of_all().filter(pk__lte=last)
    return lambda after: ids(rows.filter(pk__gt=after))


def ids(rows: "QuerySet[ExchangeRecord] | QuerySet[ExchangeBody] | QuerySet[StepRecord]") -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def forget(piece: list[int]) -> int:
    ExchangeRecord.objects.of_all().filter(pk__in=piece).delete()
    return len(piece)


def forget_bodies(piece: list[int]) -> int:
    kept = still_open(piece)
    ExchangeBody.objects.of_all().filter(pk__in=[id_ for id_ in piece if id_ not in kept]).delete()
    return len(piece) - len(kept)


def made_up_for(piece: list[int]) -> list[int]:
    kept = still_open(piece)
    return [id_ for id_ in piece if id_ not in kept]


def still_open(exchanges: list[int]) -> set[int]:
    """Failures whose records nobody has written since: the last step of one of them is not done."""
    steps = StepRecord.objects.of_all().filter(
        clinic=OuterRef("clinic"), connection=OuterRef("connection"), record=OuterRef("number")
    )
    entity = {"patient": "contact", "visit": "lead"}
    found: set[int] = set()
    for kind, of in entity.items():
        last = Subquery(steps.filter(entity=of).order_by("-id").values("state")[:1])
        rows = ExchangeSubject.objects.of_all().filter(exchange__in=exchanges, exchange__failed=True, kind=kind)
        found |= set(rows.annotate(last=last).filter(last__in=NOT_MADE_UP_FOR).values_list("exchange", flat=True))
    return found


def open_requests(clinic_id: int) -> frozenset[str]:
    """amoCRM's ids of requests in which a record was refused or forgotten that nobody has written since: amoCRM takes a
    batch and leaves one of it out."""
    later = StepRecord.objects.of(clinic_id).filter(
        connection=OuterRef("connection"), record=OuterRef("record"), entity=OuterRef("entity"), pk__gt=OuterRef("pk")
    )
    rows = StepRecord.objects.of(clinic_id).filter(state__in=NOT_MADE_UP_FOR).exclude(request_id="")
    return frozenset(rows.filter(~Exists(later)).values_list("request_id", flat=True))


def without(waiting: frozenset[str], piece: list[int]) -> list[int]:
    if not waiting:
        return piece
    named = ExchangeRecord.objects.of_all().filter(pk__in=piece).exclude(request_id="")
    kept = {id_ for id_, request in named.values_list("pk", "request_id") if request in waiting}
    return [id_ for id_ in piece if id_ not in kept]


def tidy_steps(clinic_id: int, before: datetime, until: float) -> int:
    """Done ones, and failures that a later step has made up for."""
    rows = StepRecord.objects.of(clinic_id).filter(intended_at__lt=before)
    later = StepRecord.objects.of(clinic_id).filter(
        connection=OuterRef("connection"), record=OuterRef("record"), entity=OuterRef("entity"), pk__gt=OuterRef("pk")
    )
    failed = rows.filter(state__in=(State.REFUSED.value, State.POSTPONED.value)).filter(Exists(later))
    done = rows.filter(state=State.DONE.value, finished_at__isnull=False)
    # Failures first: what has made up for them has to be there.
    return sum(delete_oldest(found, until) for found in (failed, done))


def delete_oldest(rows: "QuerySet[StepRecord]", until: float) -> int:
    gone = 0
    while time.monotonic() < until:
        piece = list(rows.order_by("intended_at").values_list("pk", flat=True)[:AT_ONCE])
        gone += StepRecord.objects.of_all().filter(pk__in=piece).delete()[0]
        if len(piece) < AT_ONCE:
            break
    return gone
