"""Starts the outside systems and the hub as processes of their own, and ends all of them, whatever happens."""

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from priem.errors import AskOperator
from priem.texts import text
from priem.widget.packing import packed

PATIENCE = 10.0
"""Seconds that a process gets to end by itself."""
FASTER = 8.0
"""IDENT's program asks for applications every two minutes; whoever watches the demo waits a quarter of one."""


@dataclass(frozen=True, slots=True)
class Stage:
    ident: Mapping[str, Any]
    amocrm: Mapping[str, Any]
    """What the sandboxes said of themselves: addresses, logins, tokens."""
    home: Path
    archimed: Mapping[str, Any] = field(default_factory=dict)
    """Empty without it, as `ident` is."""


@contextlib.contextmanager
def process(arguments: Sequence[str], log: Path, home: Path) -> Iterator[Mapping[str, Any]]:
    """Runs `python -m …` until the block ends; gives the JSON line that it prints once it answers."""
    with started(arguments, log, home, said=subprocess.PIPE) as child:
        yield first_line(child, arguments[0], log)


@contextlib.contextmanager
def started(
    arguments: Sequence[str], log: Path, home: Path, said: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """`said`: where its output goes; into the log without one."""
    with log.open("ab") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=said or errors,
            stderr=errors,
            env={**os.environ, "PRIEM_HOME": str(home)},
            start_new_session=True,  # Ctrl-C comes to us, and we end it when its last work is done
        )
    try:
        yield child
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
def outside_systems(
    home: Path, amocrm: Sequence[str], ident: Sequence[str] | None = None, archimed: Sequence[str] | None = None
) -> Iterator[Stage]:
    """Those whose options are given."""
    with contextlib.ExitStack() as running:

        def start(module: str, options: Sequence[str] | None, *more: str) -> Mapping[str, Any]:
            if options is None:
                return {}
            arguments = [module, "--port", "0", *more, "--until-stdin-closes", *options]
            return running.enter_context(process(arguments, home / "demo.log", home))

        yield Stage(
            ident=start("priem.sandbox.ident", ident, "--control-port", "0"),
            amocrm=start("priem.sandbox.amocrm", amocrm),
            archimed=start("priem.sandbox.archimed", archimed),
            home=home,
        )


@contextlib.contextmanager
def hub(home: Path, port: int) -> Iterator[str]:
    """The hub's address."""
    arguments = ["priem.cli", "serve", "--port", str(port), "--json", "--until-stdin-closes"]
    with process(arguments, home / "hub.log", home) as said:
        yield str(said["url"])


@contextlib.contextmanager
def ident_program(systems: Stage, address: str, key: str) -> Iterator[None]:
    """IDENT's own program in the clinic: it posts the timetable and fetches applications from `address`."""
    arguments = ["priem.sandbox.ident_client", "--url", address, "--key", key, "--until-stdin-closes"]
    arguments += ["--host", str(systems.ident["host"]), "--port", str(systems.ident["port"])]
    arguments += ["--time-zone", str(systems.ident["time_zone"]), "--speed", str(FASTER)]
    with started(arguments, systems.home / "ident-program.log", systems.home):
        yield


def install_widget(systems: Stage, hub: str, pipeline: str) -> None:
    """As the account's administrator does: its pages show it from now on. `pipeline`: see `packed`."""
    archive = base64.b64encode(packed(hub, pipeline=pipeline)).decode()
    httpx2.post(f"{systems.amocrm['control']}/widget", json={"zip": archive}, timeout=30).raise_for_status()
