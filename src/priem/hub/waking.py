"""Something has come for a clinic: whoever keeps it in step begins a pass now, and not when the next one is due.

To be called by whoever stores what a pass shall find: an agent's page, a click. On PostgreSQL other processes and
machines hear it, too. It is a hint: one that is lost costs the time until the next pass.
"""

import threading
from collections.abc import Iterable
from functools import partial

from django.db import connection, transaction

CHANNEL = "priem_wake"
"""PostgreSQL's. What is said in it: a clinic's id, with HOOKED behind it when only amoCRM has told something."""
HOOKED = " hook"

bells: dict[int, threading.Event] = {}


def wake(clinic_id: int) -> None:
    """Rings once the transaction under way is committed; never when it is rolled back."""
    transaction.on_commit(partial(ring, clinic_id))
    tell([str(clinic_id)])


def tell_of_hooks(clinics: Iterable[int]) -> None:
    """amoCRM has told something: this process's own bells are the inbox's."""
    tell([f"{clinic_id}{HOOKED}" for clinic_id in clinics])


def tell(said: list[str]) -> None:
    if said and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, said) FROM unnest(%s::text[]) AS said", [CHANNEL, said])


def bell(clinic_id: int) -> threading.Event:
    """Set whenever this clinic is woken in this process; whoever begins a pass clears it first."""
    return bells.setdefault(clinic_id, threading.Event())


def ring(clinic_id: int) -> None:
    bell(clinic_id).set()
