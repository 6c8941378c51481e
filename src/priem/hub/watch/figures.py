"""What waits in a clinic: for Priem itself, or for a person."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery

from priem.amocrm.pace import STEADY
from priem.hub.models import (
    Clinic,
    ExchangeRecord,
    Question,
    RecalledRecord,
    ReceivedHook,
    RejectedRow,
    StepRecord,
    UnmappedStatus,
)
from priem.hub.models.exchanges import Sort
from priem.hub.models.owned import OwnedRows
from priem.hub.pieces import pieces
from priem.model import State

SENT = (Sort.CONTACTS, Sort.LEADS, Sort.TASKS, Sort.CALLS, Sort.EVENTS, Sort.ACCOUNT, Sort.ACCESS, Sort.OTHER)
"""What Priem asks amoCRM about. What amoCRM tells by itself is no answer."""
MOST = 1_000
"""What is more is not counted to its end."""
BUDGET_PER_MINUTE = round(60 * 7 / STEADY)
"""Requests that amoCRM lets one integration make. docs/reference/amocrm.md §2"""


def waiting(clinic_id: int) -> Mapping[str, int]:
    """`queue`, and what is a person's: `questions`, `statuses`, `rejected`, `refused`."""
    return {
        "queue": queue(clinic_id),
        "questions": Question.objects.of(clinic_id).count(),
        "statuses": UnmappedStatus.objects.of(clinic_id).count(),
        "rejected": RejectedRow.objects.of(clinic_id).count(),
        "refused": refused(clinic_id),
    }


def waiting_of(clinic_ids: Sequence[int]) -> Mapping[int, Mapping[str, int]]:
    """The same of many clinics: a question for each figure, not for each clinic."""
    steps = per_clinic(StepRecord.objects.of_all().filter(finished_at__isnull=True))
    recalled = per_clinic(RecalledRecord.objects.of_all().filter(waits_for=""))
    hooks = per_clinic(ReceivedHook.objects.of_all())
    questions = per_clinic(Question.objects.of_all())
    statuses = per_clinic(UnmappedStatus.objects.of_all())
    rejected = per_clinic(RejectedRow.objects.of_all())
    failed = refused_of(clinic_ids)
    return {
        id_: {
            "queue": steps[id_] + recalled[id_] + hooks[id_],
            "questions": questions[id_],
            "statuses": statuses[id_],
            "rejected": rejected[id_],
            "refused": failed[id_],
        }
        for id_ in clinic_ids
    }


def per_clinic(rows: OwnedRows[Any]) -> Counter[int]:
    return Counter(dict(rows.order_by().values_list("clinic_id").annotate(Count("pk"))))


def queue(clinic_id: int) -> int:
    """Steps under way, records to be read anew, messages of amoCRM that nobody has looked at."""
    open_ = StepRecord.objects.of(clinic_id).filter(finished_at__isnull=True)[:MOST].count()
    recalled = RecalledRecord.objects.of(clinic_id).filter(waits_for="")[:MOST].count()
    return open_ + recalled + ReceivedHook.objects.of(clinic_id)[:MOST].count()


def refused(clinic_id: int) -> int:
    """Records whose last step amoCRM refused or put off."""
    steps = StepRecord.objects.of(clinic_id)
    later = steps.filter(
        connection=OuterRef("connection"), record=OuterRef("record"), entity=OuterRef("entity"), pk__gt=OuterRef("pk")
    )
    # One state at a time and in the order of their index: else SQLite would read the whole journal.
    return sum(
        steps.filter(state=state.value).filter(~Exists(later)).order_by("-intended_at")[:MOST].count()
        for state in (State.REFUSED, State.POSTPONED)
    )


def refused_of(clinic_ids: Sequence[int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for piece in pieces(clinic_ids):
        steps = StepRecord.objects.of_any(piece)
        for state in (State.REFUSED, State.POSTPONED):
            found += per_clinic(
                steps.filter(state=state.value).filter(~Exists(later_ones(StepRecord.objects.of_all())))
            )
    return found


def later_ones(steps: OwnedRows[StepRecord]) -> OwnedRows[StepRecord]:
    """Of the same record of the same clinic."""
    return steps.filter(
        clinic=OuterRef("clinic"),
        connection=OuterRef("connection"),
        record=OuterRef("record"),
        entity=OuterRef("entity"),
        pk__gt=OuterRef("pk"),
    )


def requests_of_a_minute(clinic_id: int, now: datetime) -> int:
    """To amoCRM, from Priem."""
    return sum(
        times for system, incoming, _, times in last_minute(clinic_id, now) if system == "amocrm" and not incoming
    )


def last_minute(clinic_id: int, now: datetime) -> list[tuple[str, bool, bool, int]]:
    """System, incoming, failed and how many times. In the order of the index, for the reason above."""
    rows = ExchangeRecord.objects.of(clinic_id).filter(started_at__gte=now - timedelta(minutes=1))
    found = rows.order_by("-started_at").values_list("system", "incoming", "failed", "times")
    return list(found[: 10 * MOST])


def last_minute_of(clinic_ids: Iterable[int], now: datetime) -> Iterator[tuple[int, str, bool, bool, int]]:
    """Clinic, system, incoming, failed and how many times."""
    for piece in pieces(clinic_ids):
        rows = ExchangeRecord.objects.of_any(piece).filter(started_at__gte=now - timedelta(minutes=1))
        yield from rows.values_list("clinic_id", "system", "incoming", "failed", "times")


def last_answers(clinic_ids: Iterable[int]) -> dict[int, datetime]:
    """When amoCRM last did as Priem asked. Each sort by itself: that is one step into the index, however long ago."""
    # `failed=False` would become a bare `NOT failed`, which no index answers.
    ours = ExchangeRecord.objects.of_all().filter(clinic=OuterRef("pk"), system="amocrm", failed__in=(False,))
    latest = {
        f"last_{sort}": Subquery(ours.filter(sort=sort).order_by("-started_at").values("started_at")[:1])
        for sort in SENT
    }
    found: dict[int, datetime] = {}
    for piece in pieces(clinic_ids):
        for id_, *moments in Clinic.objects.filter(pk__in=piece).annotate(**latest).values_list("pk", *latest):
            if answered := [at for at in moments if at]:
                found[id_] = max(answered)
    return found
