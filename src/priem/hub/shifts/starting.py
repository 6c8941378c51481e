"""The door of `priem worker`: whatever is behind it needs PostgreSQL, and Procrastinate is loaded nowhere else."""

from django.db import connection

from priem.errors import AskOperator
from priem.hub.start import setup
from priem.texts import text


def work() -> None:
    """Blocks until SIGTERM or SIGINT. Raises AskOperator on SQLite, where the hub's own process does it all."""
    setup()
    if connection.vendor != "postgresql":
        raise AskOperator(
            text("Workers share a PostgreSQL database, and this hub keeps its data in a file."),
            text("Name the database in DATABASE_URL, or let priem serve keep the clinics in step by itself."),
        )
    from priem.hub.shifts import worker  # noqa: PLC0415 - models are there only now, and jobs on PostgreSQL only

    worker.work()
