"""Every command is documented, and no page names one that does not exist."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.core
import typer.main
from typer.testing import CliRunner

from priem.cli.app import app
from tests.rules.pages import FENCE, SPAN, pages, without_code
from tests.rules.source import ROOT

PAGES = pages()
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
COMMAND = re.compile(r"(?:^|/)priem ([a-z]+(?:-[a-z]+)*)\b")


def commands() -> dict[str, bool]:
    """Every command, and whether it is shown."""
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return {name: not command.hidden for name, command in group.commands.items()}


def commands_named(page: Path) -> set[str]:
    text = page.read_text("utf-8")
    pieces = [line for _, code in FENCE.findall(text) for line in code.splitlines()]
    pieces += SPAN.findall(without_code(text))
    return {name for piece in pieces for name in COMMAND.findall(piece.strip())}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_that_are_named_exist(page: Path) -> None:
    assert commands_named(page) - commands().keys() == set()


def test_every_command_is_documented() -> None:
    documented = {name for page in PAGES for name in commands_named(page)}
    assert {name for name, shown in commands().items() if shown} - documented == set()


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_says_what_it_does_in_both_languages(name: str) -> None:
    said = helps()[name]

    assert re.search("[А-Яа-яЁё]{3}", said)
    assert re.search(r"\([^()]*[A-Za-z]{3}[^()]*\)$", said), f"{said!r} has no English in brackets at its end"


def test_the_version_is_the_packages_own() -> None:
    said = CliRunner().invoke(app, ["--version"])

    assert said.output.split() == ["priem", tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]]


def helps() -> dict[str, str]:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return {name: (command.help or "").strip() for name, command in group.commands.items()}
