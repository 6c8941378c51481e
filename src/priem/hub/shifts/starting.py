"""The door of `priem worker`: whatever is behind it needs PostgreSQL, and Procrastinate is loaded nowhere else."""

from django.db import connection

from priem.errors import AskOperator
from priem.hub.start import setup
from priem.texts import text


def work() -> None:
    """Blocks until SIGTERM or SIGINT. Raises AskOperator on SQLite, where the hub's own process does it all, and with
    another key than the hub's: it would take clinics from those who can open them."""
    setup()
    if connection.vendor != "postgresql":
        raise AskOperator(
            text("Workers share a PostgreSQL database, and this hub keeps its data in a file."),
            text("Name the database in DATABASE_URL, or let priem serve keep the clinics in step by itself."),
        )
    from priem.hub.backup import key_fits  # noqa: PLC0415 - models are there only now

    if not key_fits():
        raise AskOperator(
            text("The stored secrets were encrypted with another key."),
            text("Put back the secret.key that belongs to this database, or name it in PRIEM_SECRET_KEY_FILE."),
        )
    from priem.hub.shifts import worker  # noqa: PLC0415 - models are there only now, and jobs on PostgreSQL only

    worker.work()
