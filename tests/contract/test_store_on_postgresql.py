"""The store's contract and the hub's own tests once more, on a PostgreSQL of the tests' own."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hub.conftest import HubProcess
from tests.postgres import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
PAGES = ("test_pages.py", "roles", "setup", "widget")
"""What they show does not depend on the database."""


@pytest.mark.parametrize("tests", ["tests/contract", "tests/hub"])
def test_the_same_promises_hold_on_postgresql(postgresql: Cluster, tests: str) -> None:
    environment = {**os.environ, "DATABASE_URL": postgresql.url()}
    # Processes of their own choose their database by PRIEM_HOME: those tests are of SQLite's files.
    command = [sys.executable, "-m", "pytest", tests, "-m", "not slow", "-p", "no:cacheprovider", "--create-db"]
    command += [f"--ignore=tests/hub/{pages}" for pages in PAGES]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 50


TAKE = """
try:
    with DjangoStore(CLINIC).exclusively():
        say("taken")
        wait_for_ever()
except PriemError as error:
    say(type(error).__name__)
"""


def test_the_lock_of_a_killed_worker_is_free(postgresql: Cluster, tmp_path: Path) -> None:
    database = postgresql.migrated()
    holder = HubProcess(tmp_path, TAKE, database)
    assert holder.says() == "taken"
    assert said_by_another(tmp_path, database) == "TryLater"
    holder.end()
    deadline = time.monotonic() + 30  # the server notices the broken connection by itself
    while (said := said_by_another(tmp_path, database)) != "taken":
        assert time.monotonic() < deadline, said


def said_by_another(home: Path, database: str) -> object:
    worker = HubProcess(home, TAKE, database)
    said: object = worker.says()
    worker.end()
    return said
