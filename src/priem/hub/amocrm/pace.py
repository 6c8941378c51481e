"""The limiter's memory on PostgreSQL: one budget of an account's requests for all processes on all machines.

A row of the account is locked while somebody decides whether a request may go. All times are PostgreSQL's: a request is
dated when it hears that the last byte has left, which is a little late, so the limit is kept all the better.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection, connections

from priem.amocrm.limits import PaceMemories, read_pace, write_pace
from priem.amocrm.pace import Pace
from priem.hub.environment import home

MOST_CONNECTIONS = 4
"""Of one process, for all of its accounts; each is needed for a millisecond."""
PATIENCE = 20.0
KNOWN = "INSERT INTO hub_accountpace (account, written) VALUES (%s, '') ON CONFLICT DO NOTHING"
# The clock is asked of what was locked: it tells the time after the waiting.
LOCK = """
WITH locked AS MATERIALIZED (SELECT written FROM hub_accountpace WHERE account = %s FOR UPDATE)
SELECT written, extract(epoch FROM clock_timestamp())::float8 FROM locked
"""
KEEP = "UPDATE hub_accountpace SET written = %s WHERE account = %s"


def pace_memories() -> PaceMemories | Path:
    """A folder of this machine where the hub's database is a file."""
    if connection.vendor == "postgresql":
        return RowsOfPace()
    folder = home() / "limits"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class RowsOfPace:
    def of(self, account: str) -> "RowOfPace":
        return RowOfPace(account)


class RowOfPace:
    """One account's."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._is_known = False
        self._now = 0.0

    @contextmanager
    def held(self) -> Iterator[Pace]:
        import psycopg  # noqa: PLC0415 - it is there on PostgreSQL only

        try:
            with pool(os.getpid(), connections["default"].settings_dict["NAME"]).connection() as session:
                if not self._is_known:
                    session.execute(KNOWN, [self._account])
                    self._is_known = True
                written, self._now = session.execute(LOCK, [self._account]).fetchone() or self._forgotten()
                pace = read_pace(written)
                yield pace
                after = write_pace(pace)
                if after != written:
                    session.execute(KEEP, [after, self._account])
        except psycopg.Error as error:
            raise OperationalError("the pace of an account") from error

    def _forgotten(self) -> tuple[str, float]:
        """PostgreSQL has crashed and begun anew."""
        self._is_known = False
        raise OperationalError("the pace of an account is gone")

    def now(self) -> float:
        return self._now


@cache
def pool(process: int, database: str) -> Any:  # noqa: ANN401 - psycopg_pool is there on PostgreSQL only
    """Not Django's connections, of which every thread has its own: requests are sent by threads of a clinic's account.
    A forked process makes a pool of its own, hence the arguments."""
    from psycopg_pool import ConnectionPool  # noqa: PLC0415 - likewise

    del process, database
    parameters = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    made = ConnectionPool(
        kwargs=parameters, min_size=1, max_size=MOST_CONNECTIONS, num_workers=1, timeout=PATIENCE, open=True
    )
    atexit.register(made.close)
    return made
