"""The store's contract and the hub's own tests once more, on a PostgreSQL of the tests' own."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.conftest import HubProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
HOW_TO_INSTALL = "PostgreSQL's programs are needed: sudo apt-get install postgresql"


def programs() -> Path:
    """The folder of initdb and pg_ctl: Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("pg_ctl")
    if not found and not on_path:
        pytest.fail(HOW_TO_INSTALL)
    return (found[-1] if found else Path(str(on_path))).parent


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    known = {person.pw_name for person in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The DATABASE_URL of a server that lives as long as the tests, reachable through a socket only."""
    # Not pytest's folder: an unprivileged user may not enter it.
    with tempfile.TemporaryDirectory(prefix="priem-pg-") as name:
        folder, user = Path(name), unprivileged()
        if user:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs() / program), "-D", str(folder / "data"), *arguments]
            done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        run("initdb", "--username=priem", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C")
        # fsync off: these data are worth nothing tomorrow.
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "start", "--wait", "-l", str(folder / "log"), "-o", options)
        yield f"postgres://priem@/postgres?host={folder}"
        run("pg_ctl", "stop", "-m", "immediate")


PAGES = ("test_pages.py", "roles", "setup", "widget")
"""What they show does not depend on the database."""


@pytest.mark.parametrize("tests", ["tests/contract", "tests/hub"])
def test_the_same_promises_hold_on_postgresql(postgresql: str, tests: str) -> None:
    environment = {**os.environ, "DATABASE_URL": postgresql}
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


def test_the_lock_of_a_killed_worker_is_free(postgresql: str, tmp_path: Path) -> None:
    holder = HubProcess(tmp_path, TAKE, postgresql)
    assert holder.says() == "taken"
    assert said_by_another(tmp_path, postgresql) == "TryLater"
    holder.end()
    deadline = time.monotonic() + 30  # the server notices the broken connection by itself
    while (said := said_by_another(tmp_path, postgresql)) != "taken":
        assert time.monotonic() < deadline, said


def said_by_another(home: Path, database: str) -> object:
    worker = HubProcess(home, TAKE, database)
    said: object = worker.says()
    worker.end()
    return said
