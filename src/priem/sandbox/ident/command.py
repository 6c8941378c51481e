"""`priem sandbox ident`: start, say where, stay until told to go."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime

from priem.sandbox.ident.alterations import SCHEMAS
from priem.sandbox.ident.browser import Browser
from priem.sandbox.ident.control import ControlPort
from priem.sandbox.ident.permissions import READER, STAFF
from priem.sandbox.ident.sandbox import IdentSandbox, Settings
from priem.sandbox.ident.seed import Wishes
from priem.sandbox.ident.tls import TLS_MODES


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="priem sandbox ident",
        description="Песочница IDENT: сервер TDS с вымышленной клиникой / a sandbox of IDENT",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="TDS; 0 is a free one")
    add("--control-port", type=int, default=0, help="HTTP /_sandbox/…; 0 is a free one")
    add("--browser-port", type=int, help="UDP: answer as SQL Browser does on 1434")
    add("--patients", type=int, default=2000)
    add("--visits", type=int, default=500, help="coming visits")
    add("--history", type=int, default=30, metavar="DAYS", help="days of past visits")
    add("--seed", type=int, default=1)
    add("--live", type=float, default=0.0, metavar="RATE", help="changes per second")
    add("--tls", choices=TLS_MODES, default="on")
    add("--time-zone", default="Europe/Moscow")
    add("--now", type=datetime.fromisoformat, help="the clinic's time at the start, e.g. 2026-03-02T10:00")
    add("--compatibility", type=int, choices=(2012, 2019), default=2012)
    add("--schema", choices=SCHEMAS, default="ident", help="other names, other tables; nobody lives there")
    add("--reader-password", default="Chitatel-2026", help=f"of {READER}")
    add("--clinic-password", default="Registratura-2026", help=f"of {STAFF}")
    add("--until-stdin-closes", action="store_true", help="end with the process that holds our stdin")
    return parser


def run(argv: Sequence[str]) -> int:
    """Serves until SIGINT or SIGTERM; prints one JSON line once it answers. 0, or 2 for a port that is taken."""
    known = parser()
    given = known.parse_args(argv)
    if given.live and given.schema != "ident":
        known.error("--live: only in --schema ident")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if given.until_stdin_closes:
        threading.Thread(target=_wait_for_end_of_stdin, args=(stop,), daemon=True).start()
    try:
        return _serve(given, stop)
    except OSError as error:
        print(f"Порт занят или недоступен / the port cannot be used: {error}", file=sys.stderr)  # noqa: T201  # a command speaks
        return 2


def _serve(given: argparse.Namespace, stop: threading.Event) -> int:
    sandbox = IdentSandbox(_settings(given))
    try:
        control = ControlPort(sandbox, given.host, given.control_port)
        browser = (
            Browser(given.host, given.browser_port, sandbox.server.port) if given.browser_port is not None else None
        )
        sandbox.start()
        control.start()
        announcement = sandbox.announcement(control.url) | ({"browser_port": browser.port} if browser else {})
        print(json.dumps(announcement, ensure_ascii=False), flush=True)  # noqa: T201  # the line that callers wait for
        stop.wait()
        if browser:
            browser.stop()
        control.stop()
    finally:
        sandbox.stop()
    return 0


def _settings(given: argparse.Namespace) -> Settings:
    return Settings(
        host=given.host,
        port=given.port,
        control_port=given.control_port,
        wishes=Wishes(given.patients, given.visits, given.history, given.seed),
        live=given.live,
        tls=given.tls,
        time_zone=given.time_zone,
        now=given.now,
        compatibility=given.compatibility,
        schema=given.schema,
        passwords={READER: given.reader_password, STAFF: given.clinic_password},
    )


def _wait_for_end_of_stdin(stop: threading.Event) -> None:
    while os.read(0, 1024):  # sys.stdin would be locked when the interpreter wants to end
        pass
    stop.set()
