"""Wakes the hub up in a process of its own or of the command line. Import nothing else of the hub before `setup`."""

import os

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from priem.hub.environment import home
from priem.hub.locks import Purpose, locked
from priem.hub.moved import require_not_moved
from priem.texts import text

LONGEST_MIGRATION = 600
"""Seconds to wait for another process that is bringing the database up to date."""


def setup() -> None:
    """Django, and the database as this version wants it. Cheap when there is nothing to do; safe to repeat."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "priem.hub.settings")
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()
    require_not_moved()
    if is_behind():
        otherwise = text("Another process is bringing the database up to date.")
        with locked(Purpose.MIGRATION, 0, otherwise, wait=LONGEST_MIGRATION):
            call_command("migrate", interactive=False, verbosity=0)


def is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
