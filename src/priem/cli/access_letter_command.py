"""`priem ident access-letter`: the application for read-only access to IDENT's database, filled in, ready to print."""

from pathlib import Path
from typing import Annotated

import typer

from priem import bootstrap
from priem.cli.terminal import print_json, say
from priem.errors import PriemError
from priem.hub import clinics
from priem.hub.clock import SystemClock
from priem.mis.ident.access_letter import SUPPORT, Sender, as_html, as_text, checked
from priem.texts import text

HELP = "Заявление на доступ к базе IDENT, готовое к печати. (The application for read-only access, ready to print.)"


def add_to(ident: typer.Typer) -> None:
    ident.command("access-letter", help=HELP)(access_letter)


def access_letter(  # noqa: PLR0913 - a form with as many lines as the paper has
    organisation: Annotated[str, typer.Option(help="Юридическое название. (The legal name.)", prompt="Организация")],
    director: Annotated[str, typer.Option(help="ФИО директора. (The director's name.)", prompt="ФИО директора")],
    email: Annotated[str, typer.Option(help="Общая почта клиники. (Its common mailbox.)", prompt="Почта клиники")],
    *,
    position: Annotated[str, typer.Option(help="Должность. (The position.)")] = "Генеральный директор",
    clinic: Annotated[str, typer.Option(help="Название клиники. (What the clinic is called.)")] = "",
    address: Annotated[str, typer.Option(help="Адрес клиники. (Its address.)")] = "",
    inn: Annotated[str, typer.Option(help="ИНН.")] = "",
    ogrn: Annotated[str, typer.Option(help="ОГРН.")] = "",
    phone: Annotated[str, typer.Option(help="Телефон. (The phone.)")] = "",
    contact: Annotated[str, typer.Option(help="С кем говорить о технике. (A technical contact.)")] = "",
    to: Annotated[Path, typer.Option(help="Файл HTML; рядом будет .txt. (HTML; a .txt beside it.)")] = Path(
        "заявление-ident.html"
    ),
    json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    sender = checked(
        Sender(
            organisation=organisation,
            director=director,
            email=email,
            position=position,
            clinic=clinic or clinic_name(),
            address=address,
            inn=inn,
            ogrn=ogrn,
            phone=phone,
            contact=contact,
            year=SystemClock().now().year,
        )
    )
    write(sender, to, as_json=json)


def write(sender: Sender, to: Path, *, as_json: bool) -> None:
    plain = to.with_suffix(".txt")
    to.write_text(as_html(sender), encoding="utf-8")
    plain.write_text(as_text(sender), encoding="utf-8")
    if as_json:
        print_json({"html": str(to), "text": str(plain)})
        return
    say(text("Written: {html} and {plain}.", html=to, plain=plain), "green")
    say(
        text(
            "Print it, let the director sign and stamp it, mail a scan to {address} from the clinic's common mailbox.",
            address=SUPPORT,
        )
    )


def clinic_name() -> str:
    """As the only clinic here is called; nothing when there is none yet, or several."""
    try:
        return clinics.load_clinic(bootstrap.only_clinic("")).name
    except PriemError:
        return ""
