import contextlib
import sqlite3
import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from priem.hub.environment import BUSY_SECONDS
from priem.hub.exchanges import DjangoExchanges, Notebook
from priem.hub.models import Clinic, ExchangeRecord
from priem.ports import Exchange
from priem.texts import text


def exchange(what: str = "GET /api/v4/account") -> Exchange:
    return Exchange(
        system="amocrm",
        what=what,
        started_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
        milliseconds=312,
        status=429,
        items=250,
        request_id="r-1",
        error=text("amoCRM asks to wait."),
    )


def test_an_exchange_is_kept_as_it_was_noted(clinic: Clinic) -> None:
    exchanges = DjangoExchanges(clinic.pk)
    exchanges.note(exchange())
    exchanges.flush()
    kept = ExchangeRecord.objects.of(clinic.pk).get()
    assert (kept.system, kept.what, kept.milliseconds, kept.status) == ("amocrm", "GET /api/v4/account", 312, 429)
    assert (kept.items, kept.request_id, kept.error) == (250, "r-1", text("amoCRM asks to wait."))


def test_a_long_name_of_a_request_does_not_lose_the_others(clinic: Clinic) -> None:
    exchanges = DjangoExchanges(clinic.pk)
    exchanges.note(exchange("GET /" + "x" * 500))
    exchanges.note(exchange())
    exchanges.flush()
    assert ExchangeRecord.objects.of(clinic.pk).count() == 2


@pytest.mark.django_db(transaction=True)
def test_notes_of_many_threads_are_all_written_when_the_notebook_closes(clinic: Clinic) -> None:
    notebook = Notebook()

    def note_many() -> None:
        for _ in range(300):
            notebook.note(clinic.pk, exchange())

    threads = [threading.Thread(target=note_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notebook.close()
    assert ExchangeRecord.objects.of(clinic.pk).count() == 1200
    notebook.note(clinic.pk, exchange())
    notebook.close()
    assert ExchangeRecord.objects.of(clinic.pk).count() == 1201


@pytest.mark.skipif(connection.vendor != "sqlite", reason="On PostgreSQL one writer does not wait for another.")
@pytest.mark.slow  # SQLite waits for two seconds
@pytest.mark.django_db(transaction=True)
def test_a_notebook_closes_within_moments_while_somebody_else_writes(clinic: Clinic) -> None:
    notebook = Notebook()
    file = connection.settings_dict["NAME"]
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        notebook.note(clinic.pk, exchange())
        began = time.monotonic()
        notebook.close()
        seconds = time.monotonic() - began
        other.execute("ROLLBACK")
    notebook.flush()

    assert seconds < 5
    assert ExchangeRecord.objects.of(clinic.pk).count() == 1
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (BUSY_SECONDS * 1000,)
