"""The commands, put together."""

from importlib.metadata import version
from typing import Annotated

import typer

from priem.cli import (
    agent_command,
    answer_commands,
    backup_commands,
    demo_command,
    discover_command,
    explain_command,
    hub_commands,
    ident_command,
    look_commands,
    reconcile_command,
    sandbox_command,
    setup_commands,
    store_commands,
    sync_command,
    visit_commands,
    widget_command,
    worker_command,
)
from priem.cli.terminal import out

app = typer.Typer(
    name="priem",
    help="Priem держит медицинскую систему клиники и её amoCRM в согласии. (Keeps a clinic and its amoCRM in step.)",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def say_version(wanted: bool) -> None:  # noqa: FBT001 - typer gives an option's value by place
    if wanted:
        out.print(f"priem {version('priem')}", highlight=False)
        raise typer.Exit


@app.callback()
def priem(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Сказать версию. (Say the version.)")
    ] = False,
) -> None:
    pass


for module in (
    setup_commands,
    look_commands,
    discover_command,
    sync_command,
    explain_command,
    answer_commands,
    reconcile_command,
    hub_commands,
    agent_command,
    backup_commands,
    store_commands,
    ident_command,
    visit_commands,
    sandbox_command,
    widget_command,
    worker_command,
    demo_command,
):
    module.register(app)
