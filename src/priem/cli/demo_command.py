"""`priem demo`: an invented clinic, whole, on this machine."""

from typing import Annotated

import typer

from priem.cli.demo.show import Demo
from priem.cli.terminal import print_json
from priem.hub.environment import home


def register(app: typer.Typer) -> None:
    app.command(help="Показать всё на выдуманной клинике. (Show everything on an invented clinic.)")(demo)


def demo(  # noqa: PLR0913 - a command's options are its arguments
    *,
    patients: Annotated[int, typer.Option(min=0, help="Пациентов в клинике. (Patients.)")] = 2000,
    visits: Annotated[int, typer.Option(min=0, help="Будущих записей. (Visits to come.)")] = 500,
    changes: Annotated[int, typer.Option(min=0, help="С --once: сколько изменений дождаться. (Changes to see.)")] = 50,
    rate: Annotated[float, typer.Option(min=0, help="Изменений в секунду. (Changes a second.)")] = 0.0,
    seed: Annotated[int, typer.Option(help="Какая клиника. (Which clinic.)")] = 7,
    latency_ms: Annotated[int, typer.Option(min=0, help="Задержка amoCRM, мс. (Latency of amoCRM.)")] = 50,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Порт узла. (Port of the hub.)")] = 0,
    with_archimed: Annotated[
        bool, typer.Option("--with-archimed", help="Ещё три филиала с АрхиМед+. (Three branches with ArchiMed+, too.)")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Показать и закончить. (Show and end.)")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Итог последней строкой. (The result as the last line.)")
    ] = False,
) -> None:
    shown = Demo(
        home=home(),
        patients=patients,
        visits=visits,
        seed=seed,
        latency_ms=latency_ms,
        port=port,
        with_archimed=with_archimed,
        quiet=json,
    )
    result = shown.once(changes, rate or 20.0) if once else shown.live(rate or 0.5)
    if json:
        print_json(result)
    raise typer.Exit(0 if result["clean"] else 1)
