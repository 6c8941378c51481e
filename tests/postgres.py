"""A PostgreSQL of the tests' own: one for a whole run, whatever number of workers it has, gone when the run is over.

`python -m tests.postgres COMMAND …` runs a command with DATABASE_URL set to it: so every test runs on PostgreSQL.
"""

import fcntl
import hashlib
import itertools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

FOLDER = "PRIEM_TEST_CLUSTER"
"""The variable in which a run tells its processes where its cluster is, or will be."""
HOW_TO_INSTALL = "PostgreSQL's programs are needed: sudo apt-get install postgresql"
# fsync off: these data are worth nothing tomorrow. Sockets only: nobody else gets in.
OPTIONS = (
    "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"
    " -c autovacuum_naptime=10s -c timezone=UTC"
)
TEMPLATE = "as_this_version_wants_it"
numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Cluster:
    folder: Path
    """Short, since a socket's whole path has 107 bytes; and outside of pytest's, which other users may not enter."""

    @property
    def is_running(self) -> bool:
        return (self.folder / "running").exists()

    @property
    def pid(self) -> int:
        """Of the process that begins all of its sessions."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Safe to repeat, from any process of the run."""
        with self.alone():
            if self.is_running:
                return
            user = unprivileged()
            if user:
                shutil.chown(self.folder, user)
            self.run("initdb", "--username=priem", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C")
            self.run("pg_ctl", "start", "--wait", "-l", str(self.folder / "log"), "-o", f"-k {self.folder} {OPTIONS}")
            (self.folder / "running").touch()

    def stop(self) -> None:
        if self.is_running:
            self.run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://priem@/{database}?host={self.folder}"

    def empty(self) -> str:
        """The DATABASE_URL of a new database without tables."""
        return self.create(None)

    def migrated(self) -> str:
        """The DATABASE_URL of a new database with all of the hub's tables: a copy, quicker than its migrations."""
        return self.create(self.template())

    def template(self) -> str:
        with self.alone():
            if not self.asked("SELECT FROM pg_database WHERE datname = %s", TEMPLATE):
                self.make_template()
        return TEMPLATE

    def create(self, template: str | None) -> str:
        name = f"hub_{os.getpid()}_{next(numbers)}"
        self.create_named(name, template or "template1")
        return self.url(name)

    def create_named(self, name: str, template: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            wanted = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(wanted.format(sql.Identifier(name), sql.Identifier(template)))

    def make_template(self) -> None:
        url = self.create(None)
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "PRIEM_HOME": home, "DATABASE_URL": url}
            code = "from priem.hub.start import setup; setup()"
            subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        name = url.partition("?")[0].rpartition("/")[2]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))

    def asked(self, question: str, *parameters: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            return connection.execute(question.encode(), parameters).fetchall()

    def run(self, program: str, *arguments: str) -> None:
        command = [str(programs() / program), "-D", str(self.folder / "data"), *arguments]
        # Into a file: a server that was started would keep a pipe open for ever.
        with (self.folder / "said").open("w+") as said:
            done = subprocess.run(
                command,
                user=unprivileged(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
            )
            said.seek(0)
            assert done.returncode == 0, said.read()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def database_of(home: Path) -> str:
    """The DATABASE_URL of processes with this PRIEM_HOME: none, which means a file in that folder; but a database of
    their own where the tests themselves run on PostgreSQL."""
    if not os.environ.get("DATABASE_URL"):
        return ""
    cluster = Cluster(Path(os.environ[FOLDER]))
    name = "home_" + hashlib.sha256(str(home).encode()).hexdigest()[:16]
    if not cluster.asked("SELECT FROM pg_database WHERE datname = %s", name):
        cluster.create_named(name, cluster.template())
    return cluster.url(name)


def hub_environment(home: Path) -> dict[str, str]:
    """For processes of the hub in this folder."""
    return {**os.environ, "PRIEM_HOME": str(home), "DATABASE_URL": database_of(home)}


def programs() -> Path:
    """The folder of initdb and pg_ctl: Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("pg_ctl")
    if not found and not on_path:
        raise RuntimeError(HOW_TO_INSTALL)
    return (found[-1] if found else Path(str(on_path))).parent


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    known = {person.pw_name for person in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def main(command: list[str]) -> int:
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="priem-pg-")))
    try:
        cluster.start()
        environment = {**os.environ, FOLDER: str(cluster.folder), "DATABASE_URL": cluster.url()}
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
