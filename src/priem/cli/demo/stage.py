"""Starts the outside systems and the hub as processes of their own, and ends all of them, whatever happens."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priem.errors import AskOperator
from priem.texts import text

PATIENCE = 10.0
"""Seconds that a process gets to end by itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    ident: Mapping[str, Any]
    amocrm: Mapping[str, Any]
    """What the sandboxes said of themselves: addresses, logins, tokens."""
    home: Path


@contextlib.contextmanager
def process(arguments: Sequence[str], log: Path, home: Path) -> Iterator[Mapping[str, Any]]:
    """Runs `python -m …` until the block ends; gives the JSON line that it prints once it answers."""
    with log.open("ab") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PRIEM_HOME": str(home)},
            start_new_session=True,  # Ctrl-C comes to us, and we end it when its last work is done
        )
    try:
        yield first_line(child, arguments[0], log)
    finally:
        end(child)


def first_line(child: "subprocess.Popen[bytes]", name: str, log: Path) -> Mapping[str, Any]:
    line = child.stdout.readline() if child.stdout else b""
    if not line:
        raise AskOperator(text("{name} did not start.", name=name), text("The reason is in {path}.", path=log))
    said: Mapping[str, Any] = json.loads(line)
    return said


def end(child: "subprocess.Popen[bytes]") -> None:
    if child.stdin:
        child.stdin.close()
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout:
        child.stdout.close()


@contextlib.contextmanager
def both_systems(home: Path, ident: Sequence[str], amocrm: Sequence[str]) -> Iterator[Stage]:
    log = home / "demo.log"
    until = "--until-stdin-closes"
    with (
        process(["priem.sandbox.ident", "--port", "0", "--control-port", "0", until, *ident], log, home) as clinic,
        process(["priem.sandbox.amocrm", "--port", "0", until, *amocrm], log, home) as crm,
    ):
        yield Stage(clinic, crm, home)


@contextlib.contextmanager
def hub(home: Path, port: int) -> Iterator[str]:
    """The hub's address."""
    arguments = ["priem.cli", "serve", "--port", str(port), "--json", "--until-stdin-closes"]
    with process(arguments, home / "hub.log", home) as said:
        yield str(said["url"])
