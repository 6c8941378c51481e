"""Which tables hold anything of a clinic. Most of them are empty most of the time, and a pass wants to know that of a
dozen of them for every change: it asks once, and asks anew when it has written into one of them itself.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import connection

from priem.hub.models import (
    ArmedStage,
    IdentTicket,
    LeadMove,
    Merge,
    Question,
    RecalledRecord,
    ReceivedHook,
    RejectedRow,
    Saying,
    StepRecord,
    UnmappedStatus,
)
from priem.hub.models.owned import ClinicOwned, on_growth

HOLDS = 1.0
"""Seconds. What pages write meanwhile a pass may find so much later; nothing is here that may not be late: requests to
book, which decide whose lead is whose, are asked for each time."""
SELDOM: tuple[type[ClinicOwned], ...] = (
    ArmedStage,
    IdentTicket,
    LeadMove,
    Merge,
    Question,
    RecalledRecord,
    ReceivedHook,
    RejectedRow,
    Saying,
    StepRecord,
    UnmappedStatus,
)
ONLY: dict[type[ClinicOwned], str] = {StepRecord: " AND finished_at IS NULL"}
"""Of steps, those that are open."""


class Remembered(threading.local):
    """By a thread that keeps a clinic to itself."""

    clinic: int | None = None
    until: float = 0.0
    found: dict[type[ClinicOwned], bool] | None = None


here = Remembered()


@contextmanager
def remembering(clinic_id: int) -> Iterator[None]:
    here.clinic, here.found = clinic_id, None
    try:
        yield
    finally:
        here.clinic, here.found = None, None


def is_within_pass(clinic_id: int) -> bool:
    """Whether this thread keeps the clinic to itself."""
    return here.clinic == clinic_id


def grew(table: type[ClinicOwned]) -> None:
    if here.found is not None and table in SELDOM:
        here.found[table] = True


on_growth.append(grew)


def has_any(table: type[ClinicOwned], clinic_id: int) -> bool:
    """Whether anything of the clinic is in this table, one of SELDOM."""
    if here.clinic != clinic_id:
        return asked((table,), clinic_id)[table]
    if here.found is None or time.monotonic() > here.until:
        here.until = time.monotonic() + HOLDS
        here.found = asked(SELDOM, clinic_id)
    return here.found[table]


def asked(tables: tuple[type[ClinicOwned], ...], clinic_id: int) -> dict[type[ClinicOwned], bool]:
    with connection.cursor() as cursor:
        cursor.execute(question(tables), [clinic_id] * len(tables))
        return dict(zip(tables, map(bool, cursor.fetchone()), strict=True))


@cache
def question(tables: tuple[type[ClinicOwned], ...]) -> str:
    name = connection.ops.quote_name
    asked = (
        f"EXISTS (SELECT 1 FROM {name(table._meta.db_table)} WHERE clinic_id = %s{ONLY.get(table, '')})"  # noqa: S608, SLF001  # our own names; Django documents _meta
        for table in tables
    )
    return f"SELECT {', '.join(asked)}"
