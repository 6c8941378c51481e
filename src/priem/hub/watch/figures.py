"""What waits in a clinic: for Priem itself, or for a person."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Sum

from priem.amocrm.pace import STEADY
from priem.hub.models import (
    ExchangeRecord,
    Question,
    RecalledRecord,
    ReceivedHook,
    RejectedRow,
    StepRecord,
    UnmappedStatus,
)
from priem.model import State

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
    failed = steps.filter(state__in=(State.REFUSED.value, State.POSTPONED.value)).order_by()
    return failed.filter(~Exists(later))[:MOST].count()


def requests_of_a_minute(clinic_id: int, now: datetime) -> int:
    rows = ExchangeRecord.objects.of(clinic_id).filter(system="amocrm", incoming=False)
    counted: int | None = rows.filter(started_at__gte=now - timedelta(minutes=1)).aggregate(n=Sum("times"))["n"]
    return counted or 0
