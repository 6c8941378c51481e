"""`priem agent`: a command of its own, so that the process beside the database loads neither the hub nor a terminal's
decorations."""

import argparse
import getpass
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from priem.agent import enrolment
from priem.agent.doctor import examine
from priem.agent.enrolment import Limits
from priem.agent.folder import Folder, usual_place
from priem.agent.line import Address
from priem.agent.running import Agent
from priem.agent.service import install
from priem.agent.status import status_lines
from priem.errors import AskOperator, PriemError, TryLater
from priem.findings import Finding, Severity
from priem.texts import Text, reader_language, text

MARKS = {Severity.FINE: "✓", Severity.WARNING: "!", Severity.BROKEN: "✗"}
PASSWORD = "PRIEM_AGENT_PASSWORD"  # noqa: S105 - the name of the variable
PROXY = "PRIEM_AGENT_PROXY"
LOG, LOG_BYTES, LOG_FILES = "agent.log", 1_000_000, 3
MOST = text("Most MB of pages that wait for the hub")
LEAST = text("Least MB that stay free on the disk")
PARTS = {
    "enrol": text("Let this agent into the hub with a one-time code"),
    "database": text("Say where IDENT's database is"),
    "run": text("Read and send, until it is stopped"),
    "status": text("How the agent does"),
    "doctor": text("Check the hub, the database and the disk"),
    "install": text("Make a service that starts with the computer"),
}


def main(arguments: Sequence[str]) -> int:
    """Ends with 0, with 1 when a person has to do something, with 75 (try later) when time will mend it."""
    chosen = parser().parse_args(arguments)
    try:
        return int(COMMANDS[chosen.part](chosen))
    except PriemError as error:
        show_problem(error)
        return 75 if isinstance(error, TryLater) else 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        where = error.filename or usual_place()
        show_problem(AskOperator(text("The folder {path} cannot be used.", path=where), text("Name one with --home.")))
        return 1


def parser() -> argparse.ArgumentParser:
    """Help is in the reader's language, as everything here."""
    language = reader_language()
    whole = argparse.ArgumentParser(prog="priem agent", description=said(text("The agent beside IDENT's database")))
    parts = whole.add_subparsers(dest="part", required=True)
    made = {name: parts.add_parser(name, help=what.read(language)) for name, what in PARTS.items()}
    for part in made.values():
        part.add_argument("--home", type=Path, help=said(text("Folder of the agent")))
    made["enrol"].add_argument("code", help=said(text("The code that the hub shows")))
    made["enrol"].add_argument("--hub", required=True, help=said(text("Address of the hub, https://…")))
    made["enrol"].add_argument("--proxy", default="", help=said(text("Address of the clinic's proxy, without a login")))
    made["enrol"].add_argument(
        "--proxy-file",
        type=Path,
        help=said(text("File with its address and login; or it stands in {name}", name=PROXY)),
    )
    made["enrol"].add_argument(
        "--certificates", default="", help=said(text("PEM file with your network's certificate"))
    )
    made["enrol"].add_argument("--most-megabytes", type=int, default=enrolment.MOST_MEGABYTES, help=said(MOST))
    made["enrol"].add_argument(
        "--least-free-megabytes", type=int, default=enrolment.LEAST_FREE_MEGABYTES, help=said(LEAST)
    )
    for part in (made["enrol"], made["database"]):
        add_database(part, is_needed=part is made["database"])
    made["status"].add_argument("--json", action="store_true")
    made["install"].add_argument("--write", action="store_true", help=said(text("Write it and switch it on")))
    return whole


def add_database(part: argparse.ArgumentParser, *, is_needed: bool) -> None:
    part.add_argument("--server", required=is_needed, help=said(text(r"Computer with the database: name\PZSQLSERVER")))
    part.add_argument("--port", type=int)
    part.add_argument("--database", dest="base")
    part.add_argument("--login")
    part.add_argument("--encryption")
    part.add_argument("--certificate")
    part.add_argument("--driver")
    part.add_argument(
        "--password-file", type=Path, help=said(text("Else it is asked for, or stands in {name}", name=PASSWORD))
    )


def enrol(chosen: argparse.Namespace) -> int:
    folder = folder_of(chosen)
    proxy, certificates = proxy_of(chosen), str(Path(chosen.certificates).absolute()) if chosen.certificates else ""
    address = Address(url=chosen.hub, proxy=proxy, certificates=certificates)
    limits = Limits(most_megabytes=chosen.most_megabytes, least_free_megabytes=chosen.least_free_megabytes)
    if chosen.server:
        database(chosen)
    access = enrolment.enrol(folder, address, chosen.code)
    folder.keep_json(enrolment.LIMITS, {name: getattr(limits, name) for name in Limits.__dataclass_fields__})
    say(
        text(
            "The agent is enrolled: clinic «{clinic}», connection {connection}.",
            clinic=access.clinic,
            connection=access.connection,
        )
    )
    if not folder.kept(enrolment.DATABASE):
        say(text("Now say where the database is: priem agent database --server ADDRESS --login NAME."))
    else:
        say(text("Check it with priem agent doctor, then make a service: priem agent install --write."))
    return 0


def database(chosen: argparse.Namespace) -> int:
    folder = folder_of(chosen)
    named = {
        "server": chosen.server,
        "port": chosen.port,
        "database": chosen.base,
        "login": chosen.login,
        "encryption": chosen.encryption,
        "certificate": str(Path(chosen.certificate).absolute()) if chosen.certificate else None,
        "driver": chosen.driver,
        "password": password_of(chosen),
    }
    enrolment.keep_database(folder, {name: value for name, value in named.items() if value is not None})
    say(text("The way to the database is kept, encrypted, on this computer only."))
    return 0


def proxy_of(chosen: argparse.Namespace) -> str:
    """Raises AskOperator for a login among the arguments: those are seen by everybody on the computer."""
    if chosen.proxy_file:
        return written_in(chosen.proxy_file).strip()
    if "@" in chosen.proxy:
        raise AskOperator(
            text("A proxy's login does not belong on the command line: everybody on this computer sees it there."),
            text(
                "Write the whole address into a file and name it with --proxy-file, or put it into {name}.", name=PROXY
            ),
        )
    return str(chosen.proxy or os.environ.get(PROXY, ""))


def password_of(chosen: argparse.Namespace) -> str:
    """Never an argument: those are seen by everybody on the computer."""
    if chosen.password_file:
        return written_in(chosen.password_file)
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    try:
        return getpass.getpass(said(text("Password of the database's login: ")))
    except EOFError as error:  # a script, or a terminal without a person
        raise AskOperator(
            text("Nobody is there to type the password of the database's login."),
            text("Name a file with it in --password-file, or put it into {name}.", name=PASSWORD),
        ) from error


def written_in(file: Path) -> str:
    """One line, as an editor leaves it: Windows' own one puts a mark before it."""
    try:
        return file.read_text(encoding="utf-8-sig").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AskOperator(
            text("The file or folder {path} cannot be used.", path=file),
            text("Name one that is there and that Priem may read and write."),
        ) from error


def run(chosen: argparse.Namespace) -> int:
    folder = folder_of(chosen)
    with folder.alone():
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[log_in(folder)]
        )
        agent = Agent(folder, enrolment.access_in(folder), enrolment.limits_in(folder))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.end())
        logging.getLogger("priem.agent").info("began, process %s", os.getpid())
        agent.run()
    return 0


def log_in(folder: Folder) -> logging.Handler:
    """Where nobody would see it, as a task of Windows has no console, it goes into the agent's folder."""
    if sys.stderr is not None:
        return logging.StreamHandler(sys.stderr)
    from logging.handlers import RotatingFileHandler  # noqa: PLC0415 - it brings a network along; elsewhere for nothing

    return RotatingFileHandler(folder.path / LOG, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")


def status(chosen: argparse.Namespace) -> int:
    folder = folder_of(chosen)
    access = enrolment.access_in(folder)
    lines, is_well = status_lines(folder, access)
    if chosen.json:
        sys.stdout.write(json.dumps(folder.shown("status.json"), ensure_ascii=False) + "\n")
    else:
        for line in lines:
            say(line)
    return 0 if is_well else 1


def doctor(chosen: argparse.Namespace) -> int:
    broken = False
    for finding in examine(folder_of(chosen)):
        show_finding(finding)
        broken = broken or finding.severity is Severity.BROKEN
    return 1 if broken else 0


def make_service(chosen: argparse.Namespace) -> int:
    folder = folder_of(chosen)
    enrolment.access_in(folder)
    for line in install(folder, write=chosen.write):
        sys.stdout.write(f"{said(line) if isinstance(line, Text) else line}\n")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "enrol": enrol,
    "database": database,
    "run": run,
    "status": status,
    "doctor": doctor,
    "install": make_service,
}


def folder_of(chosen: argparse.Namespace) -> Folder:
    return Folder(chosen.home or usual_place())


def said(sentence: Text) -> str:
    return sentence.read(reader_language())


def say(sentence: Text) -> None:
    sys.stdout.write(said(sentence) + "\n")


def show_finding(finding: Finding) -> None:
    sys.stdout.write(f"{MARKS[finding.severity]} {said(finding.what)}\n")
    if finding.advice:
        sys.stdout.write(f"  → {said(finding.advice)}\n")


def show_problem(error: PriemError) -> None:
    sys.stderr.write(f"✗ {said(error.what)}\n")
    if error.advice:
        sys.stderr.write(f"  → {said(error.advice)}\n")
