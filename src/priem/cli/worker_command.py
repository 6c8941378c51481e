"""`priem worker`: keeps clinics in step, beside any number of others on any number of machines."""

import typer

from priem.hub.shifts.starting import work


def register(app: typer.Typer) -> None:
    app.command(help="Вести клиники вместе с другими машинами. (Keep clinics in step, with other machines.)")(worker)


def worker() -> None:
    work()
