"""A copy of the hub's database, made while everything runs, and the way back. For SQLite; PostgreSQL has its own tools.

The key that secrets are encrypted with is not in the copy: who finds a copy finds no password and no token.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

from priem.errors import AskOperator, TryLater
from priem.hub.keys import cipher
from priem.hub.locks import Purpose, locked, serving
from priem.hub.models import Authorisation, Clinic
from priem.texts import Text, text

PAGES = 4096
"""Copied at once: writers have their turn in between."""
OURS = "hub_clinic"
NOT_OURS = text("This file is not a copy of Priem's database.")
IN_USE = (
    text("Somebody is working with the database."),
    text("Stop priem sync --follow, and priem serve, too; then restore."),
)


@dataclass(frozen=True, slots=True)
class Restored:
    clinics: int
    kept_as: Path
    """Where the database is that was there before."""
    key_fits: bool
    """Whether this hub's key opens the secrets in it."""


def backup(to: Path) -> int:
    """Gives the bytes. What is there under that name is replaced only by a copy that is whole.

    Raises AskOperator when the database is no file, or the copy cannot be written there.
    """
    require_sqlite()
    if to.is_dir():
        raise AskOperator(text("{path} is a folder.", path=to), text("Name the copy's file in it."))
    draft = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with contextlib.closing(sqlite3.connect(database())) as source, contextlib.closing(private(draft)) as copy:
            source.backup(copy, pages=PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")
            require_whole(copy)
        draft.replace(to)
    except (OSError, sqlite3.Error) as error:
        raise AskOperator(
            text("The copy cannot be written: {path}.", path=to), text("Is there space, and may Priem write there?")
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return to.stat().st_size


def restore(from_: Path) -> Restored:
    """Puts the copy in the place of the database; the one before is kept beside it.

    Raises AskOperator for what is no copy, or one of a later version, and while somebody works with the database.
    """
    require_sqlite()
    with contextlib.closing(opened(from_)) as copy:
        require_whole(copy)
        require_known(copy)
        with nobody_else():
            kept_as = set_aside()
            with contextlib.closing(private(database())) as target:
                copy.backup(target, pages=PAGES)
    connections.close_all()
    return Restored(Clinic.objects.count(), kept_as, key_fits())


def database() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def require_sqlite() -> None:
    if connection.vendor != "sqlite":
        raise AskOperator(
            text("The hub's database is PostgreSQL."), text("Copy it with pg_dump, see docs/how-to/back-up.md.")
        )


def private(path: Path) -> sqlite3.Connection:
    """A new file for nobody's eyes but ours."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return sqlite3.connect(path)


def opened(path: Path) -> sqlite3.Connection:
    try:
        found = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        tables = {row[0] for row in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise AskOperator(NOT_OURS, text("Look at the path: {path}.", path=path)) from error
    if OURS not in tables:
        found.close()
        raise AskOperator(NOT_OURS, text("Look at the path: {path}.", path=path))
    return found


def require_whole(copy: sqlite3.Connection) -> None:
    if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise AskOperator(text("The copy is damaged."), text("Take another one."))


def require_known(copy: sqlite3.Connection) -> None:
    """An older copy is brought up to date when the hub starts; a later one nobody can read."""
    there = {tuple(row) for row in copy.execute("SELECT app, name FROM django_migrations")}
    known = MigrationLoader(None).disk_migrations or {}
    if unknown := sorted(name for app, name in there - known.keys() if app == "hub"):
        raise AskOperator(
            text("The copy was made by a later version of Priem ({names}).", names=", ".join(unknown)),
            text("Install that version, then restore."),
        )


@contextlib.contextmanager
def nobody_else() -> Iterator[None]:
    """No pass runs, and no other process has the database open for writing."""
    with contextlib.ExitStack() as held:
        try:
            for clinic_id in Clinic.objects.values_list("pk", flat=True):
                held.enter_context(locked(Purpose.PASS, clinic_id, IN_USE[0]))
            held.enter_context(locked(Purpose.WATCH, 0, IN_USE[0], wait=5))
        except TryLater as error:
            raise AskOperator(*IN_USE) from error
        if not held.enter_context(serving(alone=True)):
            raise AskOperator(*IN_USE)  # its pages would go on writing into the file that is set aside
        connections.close_all()
        yield


def set_aside() -> Path:
    """The database with what its log still holds, under a name with the moment."""
    now, path = datetime.now(UTC), database()
    kept_as = path.with_name(f"{path.name}.before-{now:%Y%m%d-%H%M%S-%f}")
    with contextlib.closing(sqlite3.connect(path)) as before:
        before.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.replace(kept_as)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return kept_as


def key_fits() -> bool:
    """Tries it on a secret that is there."""
    with connection.cursor() as cursor:
        tokens = Authorisation._meta.db_table, "access"  # noqa: SLF001  # Django documents _meta
        cursor.execute(f"SELECT {tokens[1]} FROM {tokens[0]} WHERE {tokens[1]} <> '' LIMIT 1")  # noqa: S608  # our own names
        row = cursor.fetchone()
    try:
        return row is None or bool(cipher().decrypt(row[0]))
    except AskOperator:
        return False


def said_of_key(restored: Restored) -> Text:
    if restored.key_fits:
        return text("This hub's key opens the copy's secrets.")
    return text(
        "This hub's key does not open the copy's secrets: put back the secret.key of the hub that made the copy, "
        "or give access and passwords anew."
    )
