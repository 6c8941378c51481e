"""What the command line asks for around copies of the database, with the hub woken up."""

from pathlib import Path

from priem.hub import backup
from priem.hub.backup import Restored
from priem.hub.history import keeping
from priem.hub.start import setup
from priem.hub.store import utc_now


def back_up(to: Path) -> int:
    setup()
    return backup.backup(to)


def restore(from_: Path) -> Restored:
    setup()
    restored = backup.restore(from_)
    setup()  # an older copy is brought up to date
    return restored


def tidy() -> int:
    """Forgets what is older than the history is kept; gives how many rows went."""
    setup()
    return keeping.tidy(utc_now(), seconds=3600)
