"""What PostgreSQL's own figures say: before connections run out, before a table is more holes than rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from priem.hub.models import Shift
from priem.hub.watch.sessions import pool_findings, room_findings
from priem.model import Finding, Severity
from priem.texts import text

CLOCKS_DIFFER = 5.0
"""Seconds. Two workers' clocks decide together who is alive and which request may go."""
CONNECTIONS_FULL = 0.8
HOLES = """
SELECT relname, n_dead_tup FROM pg_stat_user_tables
WHERE n_dead_tup > 100000 AND n_dead_tup > 0.3 * n_live_tup ORDER BY n_dead_tup DESC LIMIT 3
"""
CONNECTIONS = "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
OLDEST = """
SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'
"""
LONGEST_TRANSACTION = 600
WORKER_IS_DEAD = timedelta(seconds=30)


def postgresql_findings() -> Iterator[Finding]:
    """Nothing on SQLite."""
    if connection.vendor != "postgresql":
        return
    yield from clocks()
    used, most = row(CONNECTIONS)
    if used > CONNECTIONS_FULL * most:
        yield Finding(
            Severity.WARNING,
            text("PostgreSQL has {used} of {most} connections in use.", used=used, most=most),
            text("Raise max_connections, or run fewer workers: each needs up to 40."),
        )
    workers = Shift.objects.filter(beat_at__gt=datetime.now(UTC) - WORKER_IS_DEAD).values("worker").distinct().count()
    yield from room_findings(most, workers)
    yield from sessions()
    (seconds,) = row(OLDEST)
    if seconds > LONGEST_TRANSACTION:
        yield Finding(
            Severity.WARNING,
            text("A transaction has been open for {minutes} minutes.", minutes=int(seconds // 60)),
            text("It holds back the tidying of all tables. Set idle_in_transaction_session_timeout in PostgreSQL."),
        )
    for table, dead in rows(HOLES):
        yield Finding(
            Severity.WARNING,
            text("The table {table} has {count} dead rows: autovacuum does not keep up.", table=table, count=dead),
            text("Lower autovacuum_vacuum_scale_factor to 0.02, see docs/how-to/scale.md."),
        )


def sessions() -> Iterator[Finding]:
    import psycopg  # noqa: PLC0415 - it is there on PostgreSQL only

    from priem.hub.shifts.listening import connected  # noqa: PLC0415 - likewise

    try:
        yield from pool_findings(connected)
    except psycopg.Error:
        yield Finding(
            Severity.BROKEN,
            text("PostgreSQL gives no further connection."),
            text("Raise max_connections, or run fewer workers: each needs up to 40."),
        )


def clocks() -> Iterator[Finding]:
    (theirs,) = row("SELECT clock_timestamp()")
    differ = abs((datetime.now(UTC) - theirs).total_seconds())
    if differ > CLOCKS_DIFFER:
        yield Finding(
            Severity.BROKEN,
            text("The clocks of this machine and of PostgreSQL's differ by {seconds} seconds.", seconds=round(differ)),
            text("Keep both right with NTP: workers see by the time who is alive."),
        )


def row(question: str) -> tuple[Any, ...]:
    return rows(question)[0]


def rows(question: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())
