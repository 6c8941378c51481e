"""`priem sandbox archimed`: starts the sandbox and prints one JSON line once it answers."""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from priem.sandbox.server import HOST, Server, serve

from .app import Archimed
from .sandbox import announcement
from .settings import Manners, Settings, changed_manners, changed_shape, shapes


def run(argv: list[str]) -> int:
    """Serve until a signal comes (or stdin closes, when asked so); the exit code, 2 for a port that is taken."""
    settings = read_settings(argv)
    archimed = Archimed(settings)

    def ready(_server: Server, port: int, certificate: Path | None) -> None:
        scheme = "https" if settings.tls else "http"
        about = announcement(archimed, f"{scheme}://{HOST}:{port}")
        about["ca_file"] = str(certificate) if certificate else None
        sys.stdout.write(json.dumps(about, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if settings.live > 0:
            archimed.live.start(settings.live)

    try:
        serve(archimed, settings, ready)
    except OSError as error:
        sys.stderr.write(f"Порт занят или недоступен / the port cannot be used: {error}\n")
        return 2
    return 0


def read_settings(argv: list[str]) -> Settings:
    """The command line as settings."""
    known = _parser()
    given = vars(known.parse_args(argv))
    versions, missing = given.pop("versions").split(","), dict(map(_missing, given.pop("missing")))
    try:
        chosen = dict(map(_chosen, given.pop("set")))
        manners = changed_manners(Manners(), {"versions": versions, "missing": missing} | _own(chosen, ""))
        known_shapes = {name: changed_shape(shape, _own(chosen, f"{name}.")) for name, shape in shapes().items()}
    except ValueError as error:
        known.error(f"--set: {error}")
    given["time_zones"] = tuple(given["time_zones"].split(","))
    return Settings(manners=manners, shapes=known_shapes, **given)


def _missing(text: str) -> tuple[str, int]:
    """`categories`, or `DELETE talons=405`."""
    method, _, status = text.partition("=")
    return method, int(status or 404)


def _chosen(text: str) -> tuple[str, object]:
    """`errors=text`, `v5.max_limit=100`: JSON where it is JSON, else a text. The codes of `collision` are texts."""
    name, _, value = text.partition("=")
    return name, value if name == "collision" or not _is_json(value) else json.loads(value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _own(chosen: dict[str, object], prefix: str) -> dict[str, object]:
    """Those of a version, or those of none."""
    if not prefix:
        return {name: value for name, value in chosen.items() if "." not in name}
    return {name.removeprefix(prefix): value for name, value in chosen.items() if name.startswith(prefix)}


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="priem sandbox archimed",
        description="Песочница АрхиМед+: HTTP API с вымышленными филиалами / a sandbox of ArchiMed+",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--branches", type=int, default=defaults.branches, help="each with an API id of its own")
    add("--patients", type=int, default=defaults.patients, help="of each branch")
    add("--visits", type=int, default=defaults.visits, help="coming ones")
    add("--history", type=int, default=defaults.history, metavar="DAYS", help="days of past visits")
    add("--doctors", type=int, default=defaults.doctors, help="at least")
    add("--seed", type=int, default=defaults.seed)
    add("--live", type=float, default=0.0, metavar="RATE", help="changes per second")
    add("--versions", default="v4,v5", help="of the API; others are 404")
    add("--missing", action="append", default=[], metavar="METHOD[=405]", help='e.g. categories, "DELETE talons=405"')
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="e.g. collision=409, v5.ids_as_text=false")
    add(
        "--time-zones",
        default=",".join(defaults.time_zones),
        help="of the branches in turn, e.g. Europe/Moscow,Asia/Omsk",
    )
    add("--now", type=datetime.fromisoformat, help="the clock's start, UTC, e.g. 2026-03-02T07:00")
    add("--frozen", action="store_true", help="the clock moves only when told to")
    add("--skew", type=float, default=0.0, metavar="SECONDS", help="by which the gateway's clock is ahead")
    add("--latency-ms", type=float, default=0.0, help="how long each answer takes")
    add("--latency-per-record-ms", type=float, default=0.0, help="and how much longer for each record in it")
    add("--rate-limit", type=int, default=0, help="requests a second of a branch, 0 is no limit; then 429")
    add("--tls", action="store_true", help="HTTPS with a certificate of its own")
    add("--until-stdin-closes", action="store_true", help="end when the parent process ends")
    return parser
