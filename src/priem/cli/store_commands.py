"""`priem migrate-store`: the hub moves from SQLite to PostgreSQL."""

from typing import Annotated

import typer

from priem.cli.terminal import bars, print_json, say
from priem.hub.moving.move import move
from priem.texts import text


def register(app: typer.Typer) -> None:
    app.command(
        "migrate-store",
        help="Перенести узел с SQLite на PostgreSQL: всё или ничего. (Move the hub to PostgreSQL: all or nothing.)",
    )(migrate_store)


def migrate_store(
    to: Annotated[
        str,
        typer.Argument(
            metavar="TO", help="postgres://…, env:ИМЯ или file:/путь. (The new database's address, or where it stands.)"
        ),
    ],
    *,
    json: Annotated[bool, typer.Option("--json", help="Итог одной строкой JSON. (The result as JSON.)")] = False,
) -> None:
    with bars(hidden=json) as shown:
        task = shown.add_task("", total=None, rate="")

        def advance(table: str, rows: int) -> None:
            shown.update(task, advance=rows, description=table)

        moved = move(to, advance)
    if json:
        facts = {"tables": moved.tables, "rows": moved.rows, "cleaned": moved.cleaned, "key_fits": moved.key_fits}
        print_json({**facts, "seconds": round(moved.seconds, 1), "kept_as": str(moved.kept_as)})
        return
    say(text("Moved to {where}: {rows} rows of {tables} tables; counts and sums agree.",
             where=moved.where, rows=moved.rows, tables=moved.tables), "green")  # fmt: skip
    if moved.cleaned:
        say(text("Values without the characters that PostgreSQL cannot hold: {count}.", count=moved.cleaned), "yellow")
    if not moved.key_fits:
        say(text("This hub's key does not open the stored secrets, now as before."), "yellow")
    say(text("Now set DATABASE_URL for every process of this hub, keep its secret.key, start it, and run "
             "priem doctor --hub."))  # fmt: skip
    say(text("The SQLite database is kept as {path}. Delete it when all is well: it holds patients' data.",
             path=moved.kept_as))  # fmt: skip
