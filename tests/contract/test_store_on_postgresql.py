"""The store's contract and what is near the store once more, on a PostgreSQL of the tests' own."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from priem.hub.locks import Purpose
from tests.hub.conftest import HubProcess
from tests.postgres import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
NEAR_THE_STORE = (
    "tests/contract/test_store.py",
    "tests/contract/test_store_desk.py",
    "tests/contract/test_store_of_junk.py",
    "tests/contract/test_store_of_bookings.py",
    "tests/contract/test_store_of_losses.py",
    "tests/hub/amocrm/test_inbox.py",
    "tests/hub/history",
    "tests/hub/watch",
    "tests/hub/test_exchanges.py",
    "tests/hub/test_journal.py",
    "tests/hub/test_tokens.py",
)
"""The rest is run on it by `make test-postgres`."""


@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="they run on PostgreSQL anyway")
def test_the_same_promises_hold_on_postgresql(postgresql: Cluster) -> None:
    name = f"store_{os.getpid()}"
    postgresql.create_named(f"test_{name}", postgresql.template())
    environment = {**os.environ, "DATABASE_URL": postgresql.url(name)}
    # Processes of their own are left out: what they do on PostgreSQL, the tests below and the whole suite show.
    command = [
        sys.executable,
        "-m",
        "pytest",
        *NEAR_THE_STORE,
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
        "--reuse-db",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 100


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


LOSE = """
from django.db import DatabaseError, connection
store = DjangoStore(CLINIC)
STEP = Step(action=Action.CREATE, key=PatientKey("ident", "10"), draft=ContactDraft(ref="10"), why=Why("nobody"))

def tried(what):
    try:
        what()
    except (DatabaseError, PriemError) as error:
        return type(error).__name__
    return "done"

with store.exclusively():
    store.intend([STEP])
    say([connection.connection.info.backend_pid, CLINIC])
    sys.stdin.readline()
    first = tried(lambda: store.intend([STEP]))
    connection.close()  # as whoever meets a database that is away does: the next question opens another session
    say([first, tried(lambda: store.intend([STEP])), tried(lambda: store.advance("ident", "7"))])
say([len(store.open_steps()), store.cursor("ident")])
"""


def test_a_worker_that_lost_its_pass_begins_nothing_more(postgresql: Cluster, tmp_path: Path) -> None:
    database = postgresql.migrated()
    slow = HubProcess(tmp_path, LOSE, database)
    session, clinic = slow.says()
    with psycopg.connect(database, autocommit=True) as other:
        mine = (Purpose.PASS << 56 | clinic,)
        assert other.execute("SELECT pg_try_advisory_lock(%s)", mine).fetchone() == (False,)
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (session,))
        assert other.execute("SELECT pg_try_advisory_lock(%s)", mine).fetchone() == (True,)

        assert slow.process.stdin
        slow.process.stdin.write("\n")
        slow.process.stdin.flush()

        assert slow.says() == ["OperationalError", "TryLater", "TryLater"]
        assert slow.says() == [1, None]
    slow.end()


def said_by_another(home: Path, database: str) -> object:
    worker = HubProcess(home, TAKE, database)
    said: object = worker.says()
    worker.end()
    return said
