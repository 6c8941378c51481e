"""`priem sandbox ident|archimed|amocrm|ident-client …`: the outside systems as real programs, for demos and tests."""

from importlib import import_module
from typing import Annotated

import typer

SANDBOXES = {
    "ident": "priem.sandbox.ident.command",
    "archimed": "priem.sandbox.archimed.command",
    "amocrm": "priem.sandbox.amocrm.command",
    "ident-client": "priem.sandbox.ident_client.command",
}

HELP = ("--help", "-h")
"""Each sandbox has its own, so that typer must not take it."""


def register(app: typer.Typer) -> None:
    app.command(
        name="sandbox",
        help="Запустить внешнюю систему для проб: ident, archimed, amocrm, ident-client. (Start one to try things on.)",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    )(sandbox)


def sandbox(
    context: typer.Context, system: Annotated[str, typer.Argument(help="ident | archimed | amocrm | ident-client")]
) -> None:
    if system in HELP:
        typer.echo(context.get_help())
        return
    if system not in SANDBOXES:
        raise typer.BadParameter(f"{system}: {' | '.join(SANDBOXES)}")
    raise typer.Exit(import_module(SANDBOXES[system]).run(context.args))
