"""One request as the history keeps it: masked before it waits, and idle questions counted together."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from priem.hub.bulk import put
from priem.hub.environment import flag
from priem.hub.history.masking import masked
from priem.hub.history.sorts import sort_of
from priem.hub.models import ExchangeBody, ExchangeRecord, ExchangeSubject
from priem.ports import Exchange

IDLE_FOR = 60.0
"""Seconds for which questions that brought nothing make one row: a clinic is asked four of them every second."""
LONGEST_WHOLE = 64 * 1024


@dataclass(slots=True)
class Note:
    """An exchange, masked by whoever made it, before it waits: unmasked ones would fill the memory."""

    clinic: int
    exchange: Exchange
    request: str = ""
    answer: str = ""
    whole: str = ""
    times: int = 1


class Idle:
    """Questions of one kind that brought nothing, in a row: counted, and written once a minute."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._running: dict[tuple[int, str, str], tuple[float, Note]] = {}

    def take(self, note: Note) -> Note | None:
        """The note that is to be written now, if any."""
        key, now = (note.clinic, note.exchange.system, note.exchange.what), time.monotonic()
        with self._guard:
            began, counted = self._running.get(key, (now - IDLE_FOR, note))
            if counted is note or now - began >= IDLE_FOR:
                self._running[key] = (now, replace(note, times=0))
                return note if counted is note else replace(note, times=counted.times + 1)
            counted.times += 1
            return None


def is_idle(exchange: Exchange) -> bool:
    """A question to a clinic's system that nothing came of: many times a minute, for ever."""
    asked = exchange.system != "amocrm" and not exchange.incoming
    return asked and exchange.error is None and (exchange.items == 0 or exchange.what == "clocks")


def made(clinic_id: int, exchange: Exchange, *, with_bodies: bool) -> Note:
    bare = replace(exchange, request=None, answer=None)
    if not with_bodies:
        return Note(clinic_id, bare)
    kept = flag("PRIEM_KEEP_UNMASKED")
    carried = {"request": exchange.request, "answer": exchange.answer}
    whole = (
        json.dumps(carried, ensure_ascii=False, default=str)[:LONGEST_WHOLE] if kept and any(carried.values()) else ""
    )
    return Note(clinic_id, bare, masked(exchange.request), masked(exchange.answer), whole)


def write(notes: Sequence[Note]) -> None:
    # Ready before the transaction begins: on SQLite a pass waits for its end, and a batch names 500 subjects.
    rows, about = [row(note) for note in notes], [subjects(note.exchange) for note in notes]
    with transaction.atomic():
        ids = [made.pk for made in ExchangeRecord.objects.bulk_create(rows)]
        named = (
            (note.clinic, *subject, id_)
            for note, id_, several in zip(notes, ids, about, strict=True)
            for subject in several
        )
        put(ExchangeSubject, ("clinic", "kind", "connection", "number", "exchange"), named)
        ExchangeBody.objects.bulk_create(body(note, id_) for note, id_ in zip(notes, ids, strict=True) if carries(note))


def carries(note: Note) -> bool:
    return bool(note.request or note.answer)


def body(note: Note, exchange: int) -> ExchangeBody:
    return ExchangeBody(
        clinic_id=note.clinic, exchange_id=exchange, request=note.request, answer=note.answer, whole=note.whole
    )


def subjects(exchange: Exchange) -> list[tuple[str, str, str]]:
    """Kind, connection and id, each once."""
    found = []
    for kind, written in dict.fromkeys(exchange.about):
        connection_key, colon, id_ = written.partition(":")
        found.append((kind[:8], connection_key[:64] if colon else "", (id_ if colon else written)[:100]))
    return found


def row(note: Note) -> ExchangeRecord:
    exchange = note.exchange
    return ExchangeRecord(
        clinic_id=note.clinic,
        system=exchange.system[:64],
        what=exchange.what[:200],
        sort=sort_of(exchange.system, exchange.what, incoming=exchange.incoming),
        incoming=exchange.incoming,
        failed=exchange.error is not None or (exchange.status or 0) >= 400,
        started_at=exchange.started_at,
        milliseconds=exchange.milliseconds,
        status=exchange.status,
        items=exchange.items,
        times=note.times,
        request_id=exchange.request_id[:100],
        error=exchange.error,
    )
