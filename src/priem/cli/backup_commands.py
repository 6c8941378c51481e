"""`priem backup` and `priem restore`: the hub's database as a file."""

from pathlib import Path
from typing import Annotated

import typer

from priem.cli.terminal import print_json, say
from priem.hub import copies
from priem.hub.backup import said_of_key
from priem.texts import text

Json = Annotated[bool, typer.Option("--json", help="Итог одной строкой JSON. (The result as JSON.)")]


def register(app: typer.Typer) -> None:
    app.command(help="Сделать копию базы на ходу; ключа шифрования в ней нет. (Copy the database; without its key.)")(
        backup
    )
    app.command(help="Вернуть базу из копии; прежняя сохраняется рядом. (Put a copy back; the one before is kept.)")(
        restore
    )
    app.command(help="Удалить из истории то, что старше сроков хранения. (Forget what is older than it is kept.)")(tidy)


def backup(to: Annotated[Path, typer.Argument(help="Файл копии. (The copy's file.)")], *, json: Json = False) -> None:
    size = copies.back_up(to)
    if json:
        print_json({"path": str(to), "bytes": size})
        return
    say(text("The copy is at {path}, {size} MB.", path=to, size=round(size / 1_000_000, 1)), "green")
    say(text("The key is not in it. Keep secret.key, or PRIEM_SECRET_KEY, in another place: without it, passwords and "
             "access have to be given anew."))  # fmt: skip


def restore(
    from_: Annotated[Path, typer.Argument(metavar="FROM", help="Файл копии. (The copy's file.)")], *, json: Json = False
) -> None:
    restored = copies.restore(from_)
    if json:
        kept_as = str(restored.kept_as)
        print_json({"clinics": restored.clinics, "kept_as": kept_as, "key_fits": restored.key_fits})
        return
    say(text("The database is put back, clinics: {count}.", count=restored.clinics), "green")
    say(text("What was there before is kept as {path}.", path=restored.kept_as))
    say(said_of_key(restored), "" if restored.key_fits else "yellow")


def tidy(*, json: Json = False) -> None:
    gone = copies.tidy()
    if json:
        print_json({"gone": gone})
    else:
        say(text("Rows of the history that are gone: {count}.", count=gone))
