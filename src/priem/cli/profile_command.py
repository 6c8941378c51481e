"""`priem ident profile`: a copy of the built-in profile, for an integrator to change."""

from pathlib import Path
from typing import Annotated

import typer

from priem.cli.terminal import say
from priem.errors import AskOperator
from priem.mis.ident.config import Config
from priem.mis.ident.profile import FOLDER
from priem.texts import text

HELP = "Копия встроенного профиля базы, которую можно изменить. (A copy of the built-in profile, to be changed.)"


def add_to(ident: typer.Typer) -> None:
    ident.command("profile", help=HELP)(profile)


def profile(to: Annotated[Path, typer.Option(help="Файл копии. (The copy's file.)")] = Path("own.sql")) -> None:
    if to.exists():
        raise AskOperator(
            text("{path} is there already, and is not written over.", path=to),
            text("Give another name in --to."),
        )
    built_in = (FOLDER / f"{Config.profile}.sql").read_text(encoding="utf-8")
    try:
        to.write_text(built_in, encoding="utf-8")
    except OSError as error:
        raise AskOperator(
            text("The copy cannot be written: {path}.", path=to), text("Is there space, and may Priem write there?")
        ) from error
    say(
        text(
            "Written: {path}. Change it, set profile to its path, then run priem doctor: it tries every statement.",
            path=to,
        ),
        "green",
    )
