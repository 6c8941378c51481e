"""`priem configure FILE` and `priem export`: a clinic's whole set-up as one file."""

from pathlib import Path
from typing import Annotated

import typer

from priem import bootstrap, configuration
from priem.cli.terminal import print_json, say
from priem.texts import text


def register(app: typer.Typer) -> None:
    app.command(help="Настроить клинику по файлу TOML; повторять можно. (Set a clinic up from a TOML file.)")(configure)
    app.command(help="Записать настройки клиники в файл TOML. (Write a clinic's set-up as TOML.)")(export)
    app.command(help="Завести администратора узла. (Make an administrator of the hub.)")(administrator)


def configure(
    file: Annotated[Path, typer.Argument(help="clinic.toml")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Итог одной строкой JSON. (The result as JSON.)")] = False,
) -> None:
    read = configuration.read(file)
    made = bootstrap.configure(read)
    if json:
        print_json({"clinic": read.clinic.slug, "fields_made": list(made)})
        return
    say(text("Clinic «{slug}» is set up.", slug=read.clinic.slug), "green")
    if made:
        say(text("Fields made in amoCRM: {list}.", list=", ".join(made)))
    if invited := bootstrap.invited(read.clinic.slug):
        said = text("No password yet: {list}. The page of people has a link for each of them.", list=", ".join(invited))
        say(said)
    say(text("Next: priem doctor, then priem plan, then priem sync."))


def export(
    clinic: Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")] = "",
    to: Annotated[Path | None, typer.Option(help="Файл; без него — на экран. (The file; else the screen.)")] = None,
) -> None:
    written = configuration.write(bootstrap.clinic_file(bootstrap.only_clinic(clinic)))
    if to:
        to.write_text(written, encoding="utf-8")
        say(text("Written to {path}. Secrets are not in it.", path=to))
    else:
        typer.echo(written, nl=False)


def administrator(
    name: str,
    password: Annotated[str, typer.Option(prompt="Пароль (password)", hide_input=True, confirmation_prompt=True)],
) -> None:
    bootstrap.make_administrator(name, password)
    say(text("Administrator «{name}» may log in.", name=name), "green")
