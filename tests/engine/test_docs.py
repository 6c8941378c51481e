"""What the reference says is so."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from priem import configuration
from priem.engine.names import LEAD_NAME_PARTS
from priem.engine.settings import Settings
from priem.engine.values import STATUS_NAMES, SUPPORTED_KINDS, VALUES
from priem.model import VisitStatus

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text("utf-8")


def examples(text: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("word", VALUES)
def test_every_value_is_described_as_it_is(word: str) -> None:
    (row,) = re.findall(rf"^\| `{re.escape(word)}` \|(.*)\|$", page("fields"), re.MULTILINE)

    assert [cell.strip() for cell in row.split("|")][1:] == [VALUES[word].title, VALUES[word].field_kind]


def test_no_value_is_described_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `((?:patient|visit)\.\w+)`", page("fields"), re.MULTILINE)) == VALUES.keys()


def test_every_kind_of_field_and_every_status_name_is_described() -> None:
    missing = [
        word for word in (*SUPPORTED_KINDS, *STATUS_NAMES.values()) if word not in " ".join(page("fields").split())
    ]

    assert missing == []


def test_the_example_of_a_set_up_is_one_and_comes_back_as_it_was() -> None:
    (example,) = examples(page("settings"))

    file = configuration.parse(tomllib.loads(example))

    assert configuration.parse(tomllib.loads(configuration.write(file))) == file


def settings_in(shape: type[Any]) -> Iterator[str]:
    """The names of all settings, however deep."""
    for field in fields(shape):
        yield field.name
        kind = get_type_hints(shape)[field.name]
        for inner in (kind, *get_args(kind)):
            if isinstance(inner, type) and is_dataclass(inner):
                yield from settings_in(inner)


@pytest.mark.parametrize("name", sorted(set(settings_in(Settings))))
def test_every_setting_is_described_and_shown(name: str) -> None:
    shown = {*re.findall(r"(\w+) =", examples(page("settings"))[0]), *re.findall(r"[\[.](\w+)", page("settings"))}

    assert name in shown or f"`{name}`" in page("settings")


@pytest.mark.parametrize("word", [*(status.value for status in VisitStatus), *LEAD_NAME_PARTS])
def test_every_word_that_a_setting_takes_is_described(word: str) -> None:
    assert f"`{word}`" in page("settings")
