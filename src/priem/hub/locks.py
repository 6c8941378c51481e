"""Locks that a killed process cannot leave behind: of files beside SQLite, PostgreSQL's own otherwise."""

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import partial

from django.db import DatabaseError, connection

from priem.errors import TryLater
from priem.hub.environment import home
from priem.texts import Text

BETWEEN_TRIES = 0.05
Release = Callable[[], None]
Session = object
"""One connection to PostgreSQL, as the driver has it."""


class Purpose(IntEnum):
    """What a clinic is locked for. The figures are a part of PostgreSQL's lock ids: they never change."""

    PASS = 1
    TOKENS = 2
    MIGRATION = 3
    WATCH = 4
    KEEP = 5


class Held:
    """A lock that was taken. On PostgreSQL it is the session's: when that is gone, others may have it already. A file's
    lock lasts as long as its process."""

    def __init__(self) -> None:
        self._session: Session | None = connection.connection if connection.vendor == "postgresql" else None

    def require(self, otherwise: Text) -> None:
        """Before, and in the transaction of, what only the holder may write: that goes through the very session that
        holds the lock, so either it is still held or nothing is written. Raises TryLater, saying `otherwise`."""
        if self._session is not None and connection.connection is not self._session:
            raise TryLater(otherwise)


@contextmanager
def locked(purpose: Purpose, clinic_id: int, otherwise: Text, wait: float = 0) -> Iterator[Held]:
    """Raises TryLater, saying `otherwise`, when somebody still has the lock after `wait` seconds."""
    take = take_in_postgresql if connection.vendor == "postgresql" else take_file
    deadline = time.monotonic() + wait
    while not (release := take(purpose, clinic_id)):
        if time.monotonic() >= deadline:
            raise TryLater(otherwise)
        time.sleep(BETWEEN_TRIES)
    try:
        yield Held()
    finally:
        release()


def take_file(purpose: Purpose, clinic_id: int) -> Release | None:
    """The kernel gives the lock back with the last descriptor, however the process ends."""
    folder = home() / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / f"{purpose.name.lower()}-{clinic_id}").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file.close


@contextmanager
def serving(*, alone: bool = False) -> Iterator[bool]:
    """For as long as a hub serves pages; several may. `alone`: whether none does, and none begins meanwhile."""
    folder = home() / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "serving").open("w") as file:  # workers inherit it: it is free once the last of them has ended
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        except BlockingIOError:
            yield False
        else:
            yield True


taken_here: set[int] = set()
one_by_one = threading.Lock()


def take_in_postgresql(purpose: Purpose, clinic_id: int) -> Release | None:
    """A session's lock, on the connection that the work itself uses: when it breaks, so does the work.

    PostgreSQL gives a session what it has already, hence the memory of what this process took.
    """
    id_ = purpose << 56 | clinic_id
    with one_by_one:
        if id_ in taken_here:
            return None
        taken_here.add(id_)
    # Outside: other clinics' locks do not wait for this answer.
    is_mine = False
    try:
        is_mine = asked("SELECT pg_try_advisory_lock(%s)", id_)
    finally:
        if not is_mine:
            taken_here.discard(id_)
    return partial(give_back, id_) if is_mine else None


def give_back(id_: int) -> None:
    try:
        asked("SELECT pg_advisory_unlock(%s)", id_)
    except DatabaseError:
        connection.close()  # and with it goes the lock
    finally:
        taken_here.discard(id_)


def asked(question: str, id_: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [id_])
        return bool(cursor.fetchone()[0])
