"""Starts a Python program as a process of its own without paying for its imports each time.

One process per test run has imported what Priem's commands and sandboxes need and forks for each of them: the child
gets the arguments, the environment and the pipes that a shell would have given it, and then runs the program from its
first line. What depends on the environment (Django's settings, the hub's models) is imported by the child itself.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
PRIEM = ("-m", "priem.cli")
BEFOREHAND = (
    *("asyncio", "cryptography.fernet", "httpx2", "phonenumbers", "pydantic", "pytds", "pytds.tls", "sqlparse"),
    *("rich.markdown", "rich.progress", "rich.table", "rich.traceback", "stamina", "structlog.dev", "typer.rich_utils"),
    *("django.contrib.admin", "django.core.management", "django.db.migrations.executor", "django.forms"),
    *("django.db.backends.sqlite3.base", "django.template.loader", "django.test.signals", "granian.server"),
    *("sqlglot.dialects.tsql", "sqlglot.dialects.sqlite", "starlette.applications", "uvicorn"),
    *("priem.cli", "priem.configuration", "priem.engine", "priem.engine.sync", "priem.mis", "priem.amocrm.crm"),
    *("priem.passes", "priem.sandbox.ident.command", "priem.sandbox.amocrm.command", "priem.sandbox.archimed.command"),
)
HERE = Path(__file__).parent.parent


class Python(subprocess.Popen[Any]):
    """`python -m module …` or `python -c code …`, as subprocess.Popen would start it."""

    def __init__(self, arguments: Sequence[str], **how: Any) -> None:
        super().__init__(arguments, **how)

    def _execute_child(self, args: Sequence[str], *given: Any) -> None:  # where Popen itself forks and executes
        folder, environment, pipes = given[4], given[5], given[9:15]
        theirs = [pipe if pipe != -1 else own for own, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
        self.pid = forked(args, folder or Path.cwd(), environment or dict(os.environ), theirs)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # as Popen does after its own fork


def priem(*arguments: str, **how: Any) -> Python:
    return Python([*PRIEM, *arguments], **how)


def ran(
    arguments: Sequence[str], *, timeout: float = 120, check: bool = False, **how: Any
) -> "subprocess.CompletedProcess[str]":
    """What it had said, once it ended. Raises TimeoutExpired, and CalledProcessError where `check` wants it."""
    pipe = subprocess.PIPE
    with Python(arguments, stdout=pipe, stderr=pipe, text=True, **how) as child:
        try:
            said, complained = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            raise
    done = subprocess.CompletedProcess(child.args, child.returncode, said, complained)
    if check:
        done.check_returncode()
    return done


def new_home(home: Path) -> Path:
    """A folder in which a hub's database is up to date already, as every command but the first one finds it."""
    if not os.environ.get("DATABASE_URL") and not (home / migrated().name).exists():
        shutil.copy(migrated(), home)
    return home


@cache
def migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="priem-migrated-"))
    atexit.register(shutil.rmtree, folder)
    environment = {**os.environ, "PRIEM_HOME": str(folder)}
    code = "from priem.hub.start import setup; setup()"
    ran(["-c", code], env=environment, check=True)
    return folder / "db.sqlite3"


def forked(arguments: Sequence[str], folder: Path, environment: dict[str, str], pipes: list[int]) -> int:
    asked = json.dumps({"arguments": arguments, "environment": environment, "folder": str(folder)}).encode()
    line = nursery()
    line.sendall(len(asked).to_bytes(4, "big"))
    line.sendall(asked)
    socket.send_fds(line, [b"p"], pipes)
    return int.from_bytes(line.recv(4), "big")


@cache
def nursery() -> socket.socket:
    """The process that forks. Its orphans become ours, so that they can be waited for as any child."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PRIEM_", "DJANGO_"))}
    command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
    child = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=HERE, env=environment)
    theirs.close()
    atexit.register(end, child, ours)
    return ours


def end(child: "subprocess.Popen[bytes]", line: socket.socket) -> None:
    line.close()
    child.wait(60)


def fork_on_demand(line: socket.socket) -> dict[str, Any] | None:
    """Comes back with what to run in each forked process, and with None where it forked, once nobody asks any more."""
    while size := line.recv(4, socket.MSG_WAITALL):
        asked: dict[str, Any] = json.loads(line.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
        _, pipes, _, _ = socket.recv_fds(line, 1, 3)
        between = os.fork()
        if not between:
            child = os.fork()
            if child:
                line.sendall(child.to_bytes(4, "big"))
                os._exit(0)
            line.close()
            take(pipes)
            return asked
        os.waitpid(between, 0)
        for pipe in pipes:
            os.close(pipe)
    return None


def take(pipes: Sequence[int]) -> None:
    for own, pipe in enumerate(pipes):
        os.dup2(pipe, own)
        os.close(pipe)


def run(asked: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kind, what, *arguments = asked["arguments"]
    sys.argv[1:] = arguments
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102  # a test's own code


if __name__ == "__main__":
    for name in BEFOREHAND:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    gc.freeze()  # what is here stays: counting it over would copy every page of it in each child
    if asked := fork_on_demand(socket.socket(fileno=int(sys.argv[1]))):
        run(asked)
