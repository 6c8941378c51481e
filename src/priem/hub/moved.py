"""The mark that a hub leaves in its folder when it moves to PostgreSQL. Imports nothing of the hub's tables."""

from pathlib import Path

from django.db import connection

from priem.errors import AskOperator
from priem.hub.environment import home
from priem.texts import text


def mark() -> Path:
    return home() / "moved-to-postgresql"


def require_not_moved() -> None:
    """Else a hub whose DATABASE_URL got lost would begin anew with nothing, and link every patient once more."""
    if connection.vendor == "sqlite" and mark().exists():
        where, _, kept_as = mark().read_text().strip().partition("\n")
        raise AskOperator(
            text("This hub's data have moved to PostgreSQL: {where}.", where=where),
            text(
                "Set DATABASE_URL. Who really wants SQLite back renames {kept_as} to db.sqlite3 and removes {mark}.",
                kept_as=kept_as,
                mark=mark(),
            ),
        )
