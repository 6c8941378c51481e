"""`priem widget pack`: what is uploaded to amoCRM."""

from pathlib import Path
from typing import Annotated

import typer

from priem import bootstrap
from priem.cli.terminal import say
from priem.errors import AskOperator
from priem.hub import clinics
from priem.hub.amocrm.address import path_token
from priem.texts import text
from priem.widget.packing import files, packed
from priem.widget.rules import problems

widget = typer.Typer(help="Виджет для amoCRM. (The widget for amoCRM.)", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(widget, name="widget")


@widget.callback()
def about() -> None:
    """Typer would take the only command for the whole group."""


@widget.command(help="Собрать widget.zip. (Make widget.zip.)")
def pack(
    *,
    hub: Annotated[str, typer.Option(help="Адрес узла снаружи: https://… (The hub's address from outside.)")],
    to: Annotated[Path, typer.Option(help="Куда записать. (Where to write it.)")] = Path("widget.zip"),
    clinic: Annotated[
        str, typer.Option(help="Клиника: с действиями digital pipeline. (With actions of the digital pipeline.)")
    ] = "",
    version: Annotated[
        str, typer.Option(help="Больше прежней, иначе браузеры оставят старую. (Higher than before.)")
    ] = "",
) -> None:
    pipeline = pipeline_path(clinic) if clinic else ""
    archive = packed(hub, pipeline=pipeline, version=version)
    if wrong := problems(files(hub, pipeline, version)):
        raise AskOperator(text("amoCRM would not take this widget: {list}.", list=wrong))
    to.write_bytes(archive)
    say(text("{path} is made: upload it to the integration in amoCRM.", path=to), "green")


def pipeline_path(slug: str) -> str:
    """Where the digital pipeline's hooks of this clinic come: a secret path, since nothing else proves the sender."""
    return f"/widget/pipeline/{path_token(clinics.load_clinic(bootstrap.only_clinic(slug)).id)}"
