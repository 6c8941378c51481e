"""The SQLite database that is left: nobody else has it open while it is read, and afterwards it is out of the way."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connections

from priem.errors import AskOperator, TryLater
from priem.hub.locks import Purpose, locked
from priem.hub.models import Clinic
from priem.hub.moved import mark
from priem.texts import text

PATIENCE = 5.0
"""Seconds for who is just looking something up."""
IN_USE = (
    text("Somebody is working with the database."),
    text("Stop every priem sync, priem serve and priem worker of this hub, then try again."),
)


def database() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


@contextlib.contextmanager
def to_ourselves() -> Iterator[sqlite3.Connection]:
    """The database, for reading; nobody reads or writes it meanwhile. Raises AskOperator when somebody has it open."""
    with contextlib.ExitStack() as held:
        try:
            for clinic_id in Clinic.objects.values_list("pk", flat=True):
                held.enter_context(locked(Purpose.PASS, clinic_id, IN_USE[0]))
            held.enter_context(locked(Purpose.WATCH, 0, IN_USE[0], wait=PATIENCE))
        except TryLater as error:
            raise AskOperator(*IN_USE) from error
        connections.close_all()
        source = held.enter_context(contextlib.closing(sqlite3.connect(database(), PATIENCE, isolation_level=None)))
        take(source)
        yield source
        source.execute("ROLLBACK")


def take(source: sqlite3.Connection) -> None:
    """Only who is alone with a database may take it out of the mode in which many share it."""
    try:
        source.execute("PRAGMA journal_mode=DELETE")
        source.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise AskOperator(*IN_USE) from error


def set_aside(where: str) -> Path:
    """Under a name with the moment; the hub refuses to begin anew on SQLite from now on. For within `to_ourselves`."""
    path = database()
    kept_as = path.with_name(f"{path.name}.moved-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    mark().write_text(f"{where}\n{kept_as.name}\n")
    path.replace(kept_as)
    return kept_as
