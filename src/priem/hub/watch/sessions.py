"""PostgreSQL's sessions: whether there are enough of them, and whether something in between hands them around."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from priem.model import Finding, Severity
from priem.texts import text

if TYPE_CHECKING:
    import psycopg

OF_A_WORKER, OF_A_HUB, BESIDE = 40, 10, 20
"""Sessions: see docs/how-to/scale.md."""
TRIES = 5
"""Somebody else may take the session that was given back just before."""
MINE = "SELECT pg_backend_pid()"


def room_findings(most: int, workers: int) -> Iterator[Finding]:
    needed = BESIDE + OF_A_HUB + OF_A_WORKER * workers
    if needed > most:
        yield Finding(
            Severity.WARNING,
            text(
                "PostgreSQL allows {most} connections; a hub and {workers} workers may need {needed}.",
                most=most,
                workers=workers,
                needed=needed,
            ),
            text("Set max_connections to {needed} and restart PostgreSQL, or run fewer workers.", needed=needed),
        )


def pool_findings(connect: Callable[[], "psycopg.Connection[Any]"]) -> Iterator[Finding]:
    """A lock of a clinic, who listens for wake-ups and what was prepared belong to a session. A pool that gives it to
    others between two transactions loses all three, and nobody notices. Raises psycopg.Error."""
    with connect() as first, connect() as second:
        if any(is_shared(first, second) for _ in range(TRIES)):
            yield Finding(
                Severity.BROKEN,
                text("A pool before PostgreSQL gives one session to several: locks and wake-ups are lost."),
                text("Set pool_mode = session in PgBouncer, or name PostgreSQL itself in DATABASE_URL."),
            )
        elif first.info.backend_pid != own(first):
            yield Finding(Severity.FINE, text("A pool stands before PostgreSQL and hands out whole sessions."))


def is_shared(first: "psycopg.Connection[Any]", second: "psycopg.Connection[Any]") -> bool:
    """Whether another's transaction runs in the session that this connection had just now, and has not given up."""
    mine = own(first)
    with second.transaction():
        return own(second) == mine


def own(session: "psycopg.Connection[Any]") -> int:
    row = session.execute(MINE).fetchone()
    return int(row[0]) if row else 0
