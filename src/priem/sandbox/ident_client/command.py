"""`priem sandbox ident-client`: ask and post until told to stop, or once."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

import pymssql

from priem.sandbox.ident_client.client import INTERVALS, Form, IdentClient, Said
from priem.sandbox.ident_client.database import Access, IdentDatabase


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="priem sandbox ident-client",
        description="Программа IDENT в клинике: забирает заявки и звонки, выгружает расписание / IDENT's program",
    )
    add = parser.add_argument
    add("--url", required=True, help="the service's address, as it is entered in IDENT")
    add("--key", required=True, help="the key, as it is entered in IDENT")
    add("--host", default="127.0.0.1", help="of the sandbox's IDENT")
    add("--port", type=int, required=True, help="TDS, of the sandbox's IDENT")
    add("--clinic-password", default="Registratura-2026", help="of the login clinic")
    add("--time-zone", default="Europe/Moscow")
    add("--serialization", choices=("json", "xml"), default="json")
    add("--limit", type=int, default=500, help="rows in one answer; 0 asks for all")
    add("--speed", type=float, default=1.0, help="60: every two minutes become every two seconds")
    add("--once", action="store_true", help="each method once, then the end: 0 when all went well")
    add("--until-stdin-closes", action="store_true", help="end with the process that holds our stdin")
    return parser


def run(argv: Sequence[str]) -> int:
    """A JSON line for each exchange. 0; 1 when one of `--once` failed; 2 when there is no sandbox to work with."""
    given = parser().parse_args(argv)
    try:
        client = IdentClient(form(given), IdentDatabase(access(given)))
    except pymssql.Error as error:
        print(f"Песочница IDENT не отвечает / the sandbox does not answer: {error}", file=sys.stderr)  # noqa: T201  # a command speaks
        return 2
    try:
        if given.once:
            said = [tell(client.call(method)) for method in INTERVALS]
            return 0 if all(each.status == 200 for each in said) else 1
        go_on(client, given.speed, stopped(until_stdin_closes=given.until_stdin_closes))
    finally:
        client.close()
    return 0


def form(given: argparse.Namespace) -> Form:
    return Form(url=given.url.rstrip("/"), key=given.key, serialization=given.serialization, limit=given.limit)


def access(given: argparse.Namespace) -> Access:
    return Access(host=given.host, port=given.port, password=given.clinic_password, zone=ZoneInfo(given.time_zone))


def go_on(client: IdentClient, speed: float, stop: threading.Event) -> None:
    """Each method at its interval; what was missed meanwhile is not made up for."""
    due = dict.fromkeys(INTERVALS, time.monotonic())
    while not stop.is_set():
        method = min(due, key=lambda name: due[name])
        if stop.wait(max(0.0, due[method] - time.monotonic())):
            return
        tell(client.call(method))
        due[method] = time.monotonic() + INTERVALS[method] / speed


def tell(said: Said) -> Said:
    print(json.dumps(asdict(said), ensure_ascii=False), flush=True)  # noqa: T201  # the lines that callers wait for
    return said


def stopped(*, until_stdin_closes: bool) -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if until_stdin_closes:
        threading.Thread(target=wait_for_end_of_stdin, args=(stop,), daemon=True).start()
    return stop


def wait_for_end_of_stdin(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    stop.set()
