"""`priem ident service|tickets`: the clinic's own service, as it is entered into IDENT, and what went through it."""

import dataclasses
import os
from typing import Annotated, Literal

import typer

from priem import bootstrap
from priem.cli import access_letter_command, profile_command
from priem.cli.terminal import other_language, out, print_json, say
from priem.errors import AskOperator
from priem.hub import clinics
from priem.hub.clinics import ClinicData, ConnectionData
from priem.hub.ident import tickets as kept
from priem.hub.ident.following import applications_in
from priem.hub.ident.services import ServiceData, change_key, open_service
from priem.hub.models import IdentTicket
from priem.texts import reader_language, text

CLINIC = Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")]
CONNECTION = Annotated[str, typer.Option(help="Подключение, если их несколько. (Which connection, if several.)")]
JSON = Annotated[bool, typer.Option("--json", help="Одной строкой JSON. (As one line of JSON.)")]
LIMIT_ON_REQUEST = 500
LONGEST_PERIOD = 30
TIMEOUT = 45
"""IDENT's own defaults: docs/reference/ident.md §1.2."""


def register(app: typer.Typer) -> None:
    ident = typer.Typer(help="Собственный сервис клиники для IDENT. (The clinic's own service for IDENT.)")
    ident.command(help="Адрес и ключи: что ввести в IDENT. (What to enter in IDENT.)")(service)
    ident.command(help="Заявки для IDENT и что с ними стало. (Applications and what became of them.)")(tickets)
    access_letter_command.add_to(ident)
    profile_command.add_to(ident)
    app.add_typer(ident, name="ident")


def service(
    clinic: CLINIC = "",
    connection: CONNECTION = "",
    *,
    address: Annotated[str, typer.Option(help="Адрес узла снаружи. (The hub's address from outside.)")] = "",
    time_zone: Annotated[str, typer.Option(help="Europe/Moscow, …")] = "",
    new_key: Annotated[bool, typer.Option(help="Новый ключ для IDENT. (A new key for IDENT.)")] = False,
    new_applications_key: Annotated[bool, typer.Option(help="Новый ключ сайтов. (A new key of sites.)")] = False,
    json: JSON = False,
) -> None:
    found = clinics.load_clinic(bootstrap.only_clinic(clinic))
    row = only_connection(found, connection)
    made = open_service(found.id, row.key, time_zone or str(row.config.get("time_zone", "")))
    wanted: tuple[tuple[bool, Literal["key", "applications_key"]], ...] = (
        (new_key, "key"),
        (new_applications_key, "applications_key"),
    )
    for is_wanted, which in wanted:
        made = change_key(found.id, row.key, which) if is_wanted else made
    outside = address or os.environ.get("PRIEM_PUBLIC_URL", "")
    url = (outside or "https://…").rstrip("/") + made.path
    if json:
        print_json({"url": url, "key": made.key, "applications_key": made.applications_key})
        return
    show_form(url, made)
    if not outside:
        say(text("Priem does not know its own address: set PRIEM_PUBLIC_URL, or say it with --address."), "yellow")


def show_form(url: str, made: ServiceData) -> None:
    """In the words of IDENT's own form, which there is in Russian only."""
    say(text("In IDENT: Настройки → Интеграции → Внешние сервисы → Настройка интеграций → Собственный сервис клиники."))
    form = {
        "Тип подключения": "HTTP",
        "URL": url,
        "Ключ доступа": made.key,
        "Тип сериализации": "JSON",
        "Максимальный период отчета в днях": str(LONGEST_PERIOD),
        "Лимит на запрос": str(LIMIT_ON_REQUEST),
        "Таймаут": str(TIMEOUT),
    }
    for name, value in form.items():
        out.print(f"  {name}: ", end="", markup=False)
        out.print(value, style="bold", markup=False, soft_wrap=True)
    say(text("Sites and aggregators leave applications at {url} with this key:", url=f"{url}/applications"))
    out.print(f"  Authorization: Bearer {made.applications_key}", style="bold", markup=False, soft_wrap=True)


def tickets(
    clinic: CLINIC = "",
    connection: CONNECTION = "",
    *,
    last: Annotated[int, typer.Option(help="Сколько последних. (How many of the last.)", min=1)] = 20,
    json: JSON = False,
) -> None:
    found = clinics.load_clinic(bootstrap.only_clinic(clinic))
    row = only_connection(found, connection)
    zone = kept.zone_of_service(found.id, row.key)
    news = ask_ident(found, row)
    rows = list(IdentTicket.objects.of(found.id).filter(connection=row.key).order_by("-at", "-ticket")[:last])
    if json:
        listed = [{"id": each.ticket, "state": kept.state_of(each, zone).read(other_language())} for each in rows]
        print_json({"tickets": listed, "news": news})
        return
    for each in rows:
        out.print(f"{kept.clock(each.at, zone)}  {each.ticket}  ", end="", markup=False)
        out.print(kept.state_of(each, zone).read(reader_language()), markup=False)


def ask_ident(clinic: ClinicData, connection: ConnectionData) -> list[str]:
    """Ids of the tickets of whose fate IDENT's database had news."""
    waiting = kept.awaited(clinic.id, connection.key)
    if not waiting:
        return []
    with bootstrap.sources_of(dataclasses.replace(clinic, connections=(connection,))) as (source,):
        found = applications_in(source, waiting)
    return list(kept.confirm(clinic.id, connection.key, found, kept.zone_of_service(clinic.id, connection.key)))


def only_connection(clinic: ClinicData, key: str) -> ConnectionData:
    """The named one, or the clinic's only one with IDENT. Raises AskOperator when that is not plain."""
    ours = [row for row in clinic.connections if row.kind == "ident" and key in ("", row.key)]
    if len(ours) == 1:
        return ours[0]
    known = ", ".join(row.key for row in clinic.connections if row.kind == "ident") or "—"
    raise AskOperator(
        text("Which connection with IDENT is meant is not plain."),
        text("Say which: --connection NAME. There are: {known}.", known=known),
    )
