"""`priem discover`: find IDENT's server, compare its database with the profile, propose a profile for another one."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from priem.cli.terminal import both_languages, out, print_json, say, show_finding
from priem.errors import PriemError, TryLater
from priem.hub.agents.choosing import Silence
from priem.hub.clock import SystemClock
from priem.mis.ident.config import Config
from priem.mis.ident.discovery.network import Found, servers
from priem.mis.ident.discovery.proposal import Proposal, compare, propose, try_out
from priem.mis.ident.driver import Database
from priem.model import Finding, Severity
from priem.texts import reader_language, text

HELP = "Найти сервер IDENT, сравнить базу с профилем, предложить профиль. (Find IDENT's server, propose a profile.)"


def register(app: typer.Typer) -> None:
    app.command(help=HELP)(discover)


def discover(  # noqa: PLR0913 - each is an option of the command
    where: Annotated[
        str, typer.Argument(help=r"Сегмент (192.168.1.0/24), компьютер или ПК\ЭКЗЕМПЛЯР. (A segment, or one host.)")
    ],
    *,
    port: Annotated[int, typer.Option(help="Порт, если он известен. (The port, if known.)")] = 0,
    login: Annotated[str, typer.Option(help="Логин, с которым пробовать. (The login to try.)")] = "",
    password: Annotated[str, typer.Option(envvar="IDENT_PASSWORD", help="Пароль, лучше через IDENT_PASSWORD.")] = "",
    database: Annotated[str, typer.Option(help="База. (The database.)")] = "PZ",
    encryption: Annotated[
        str, typer.Option(help="Шифрование: auto, off, required; old — старый сервер. (old: an old server.)")
    ] = "auto",
    to: Annotated[
        Path | None, typer.Option(help="Записать предложенный профиль. (Write the proposed profile.)")
    ] = None,
    json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    host, instance, known = address(where, port)
    found, unasked = ([Found(host, known)], 0) if known else servers(host)
    report: dict[str, object] = {"servers": [f"{one.host},{one.port} {one.instance}".strip() for one in found]}
    if not json and not known:
        show_servers(found, unasked)
    found = [one for one in found if one.instance.upper() == instance.upper()] or found
    if login and found:
        secret = password or ask_password()
        configs = [entered(one, login, secret, database, encryption) for one in found]
        report |= looked_into(configs, to, quiet=json)
    if json:
        print_json(report)


def ask_password() -> str:
    return str(typer.prompt("Пароль (password)", hide_input=True))


def show_servers(found: list[Found], unasked: int) -> None:
    for one in found:
        say(text("SQL Server: {host}, port {port}, instance {instance}.", host=one.host, port=one.port,
                 instance=one.instance or "-"), "green")  # fmt: skip
    if not found:
        say(
            text("No SQL Server answered there. Is the computer on, does its firewall let UDP 1434 and TCP in?"),
            "yellow",
        )
    if unasked:
        say(text("{count} addresses were not asked: the time was over.", count=unasked), "yellow")


def address(where: str, port: int) -> tuple[str, str, int | None]:
    """Host, instance and port. Raises AskOperator for a port that is none."""
    nobody = {"login": "-", "password": "-", "time_zone": "UTC"}
    given = {"port": port} if port else {}
    return Config.from_mapping("discover", {"server": where, **given, **nobody}).address


def entered(server: Found, login: str, password: str, database: str, encryption: str) -> Config:
    """Raises AskOperator for an encryption that there is not."""
    said = {"login": login, "password": password, "database": database, "encryption": encryption, "time_zone": "UTC"}
    return Config.from_mapping("discover", {"server": server.host, "port": server.port, **said})


def looked_into(configs: Iterable[Config], to: Path | None, *, quiet: bool) -> dict[str, object]:
    """The first server that lets the login into the database. Where none does, what each says."""
    problems: list[PriemError] = []
    for config in configs:
        try:
            findings = compare(config, Silence(), SystemClock())
        except PriemError as error:
            problems.append(error)
            continue
        known = Database(config, Silence(), SystemClock()).databases() or []
        return told(config, known, findings, to, quiet=quiet)
    # A server that answers and refuses says more than one that is silent.
    worst, *others = sorted(problems, key=lambda error: isinstance(error, TryLater))
    for other in others if not quiet else ():
        show_finding(Finding(Severity.BROKEN, other.what, other.advice))
    raise worst


def told(
    config: Config, known: list[str], findings: list[Finding], to: Path | None, *, quiet: bool
) -> dict[str, object]:
    report: dict[str, object] = {"server": f"{config.server},{config.port}", "databases": known,
                                 "findings": [both_languages(finding.what) for finding in findings]}  # fmt: skip
    if not quiet:
        say(text("Databases that this login can see: {known}.", known=", ".join(known) or "-"))
        for finding in findings:
            show_finding(finding)
    fits = not any(finding.severity is Severity.BROKEN for finding in findings)
    if to or not fits:
        report |= proposed(config, to, quiet=quiet)
    return report


def proposed(config: Config, to: Path | None, *, quiet: bool) -> dict[str, object]:
    database = Database(config, Silence(), SystemClock())
    try:
        proposal = propose(database)
    finally:
        database.close()
    if not quiet:
        show_proposal(proposal)
    report: dict[str, object] = {
        "sure": len(proposal.sure), "doubtful": len(proposal.doubtful), "missing": len(proposal.missing),
        "lacking": list(proposal.lacking),
    }  # fmt: skip
    if to and proposal.written:
        to.write_text(proposal.written, encoding="utf-8")
        tried = try_out(config, str(to), Silence(), SystemClock())
        report["tried"] = [both_languages(finding.what) for finding in tried]
        if not quiet:
            for finding in tried:
                show_finding(finding)
            say(
                text("Written to {path}. A person has to look it through; then set profile to its path.", path=to),
                "green",
            )
    return report


def show_proposal(proposal: Proposal) -> None:
    """What a person has to decide comes last, where it is seen."""
    for guess in sorted(proposal.guesses, key=lambda guess: (not guess.is_sure, guess.wanted.table, -guess.confidence)):
        mark = "[green]✓[/]" if guess.is_sure else "[yellow]?[/]"
        out.print(f"{mark} {guess.confidence:.2f} ", end="")
        out.print(f"{guess.wanted.table}.{guess.wanted.column} = {guess.table}.{guess.column}", markup=False)
        out.print(
            "       " + " ".join(piece.read(reader_language()) for piece in guess.evidence), style="dim", markup=False
        )
    for wanted in proposal.missing:
        out.print(f"[{'red' if wanted.is_needed else 'yellow'}]✗[/] {wanted.table}.{wanted.column}")
    say(
        text(
            "Sure: {sure}, for a person to decide: {doubtful}, not found: {missing}.",
            sure=len(proposal.sure),
            doubtful=len(proposal.doubtful),
            missing=len(proposal.missing),
        )
    )
    if proposal.lacking:
        say(
            text("No profile can be written: nothing was found for {names}.", names=", ".join(proposal.lacking)),
            "yellow",
        )
