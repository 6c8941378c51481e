"""`priem agent`: here for the list of commands. It is started before any of the others is loaded (priem.cli.main)."""

import typer

from priem.agent.command import main


def register(app: typer.Typer) -> None:
    app.command(
        name="agent",
        help="Агент рядом с базой IDENT: enrol, database, run, status, doctor, install. (The agent beside IDENT.)",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
        add_help_option=False,
    )(agent)


def agent(context: typer.Context) -> None:
    raise typer.Exit(main(context.args))
