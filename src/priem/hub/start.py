"""Wakes the hub up in a process of its own or of the command line. Import nothing else of the hub before `setup`."""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from priem.hub.environment import home
from priem.hub.locks import Purpose, locked
from priem.hub.moved import require_not_moved
from priem.texts import text

ARENAS = 2
LARGE = 256 * 1024
"""Bytes. What is larger goes back to the system at once."""
TURN = 0.0002
"""Seconds for which a thread may compute while another one waits for the interpreter: Python's own are 5 ms."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""mallopt(3), as malloc.h numbers them."""
LONGEST_MIGRATION = 600
"""Seconds to wait for another process that is bringing the database up to date."""


def setup() -> None:
    """Django, and the database as this version wants it. Cheap when there is nothing to do; safe to repeat."""
    keep_memory_together()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "priem.hub.settings")
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()
    if connection.vendor == "sqlite":
        give_turns_quickly()
    require_not_moved()
    keep_to_its_owner(Path(connection.settings_dict["NAME"]))
    if is_behind():
        otherwise = text("Another process is bringing the database up to date.")
        with locked(Purpose.MIGRATION, 0, otherwise, wait=LONGEST_MIGRATION):
            call_command("migrate", interactive=False, verbosity=0)


def keep_to_its_owner(database: Path) -> None:
    """Patients' names stand in it, and its folder may be open to others. SQLite's journals take over its mode."""
    if connection.vendor == "sqlite" and database.parent == home() and not database.exists():
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))


def keep_memory_together() -> None:
    """glibc gives threads arenas of their own, up to eight for each core, and keeps what was large once. Dozens of
    threads read bodies of half a megabyte in a first sync: its memory would grow for as long as it runs."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library has no such switches
            mallopt = ctypes.CDLL(None).mallopt
            for name, value in ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, LARGE)):
                mallopt(name, value)


def give_turns_quickly() -> None:
    """Where one process does everything, a request to amoCRM is due while pages are parsed and decided. Sending it
    takes the interpreter a dozen times, and each time it would wait for 5 ms: slots of amoCRM's seven a second went
    unused."""
    sys.setswitchinterval(TURN)


def is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
