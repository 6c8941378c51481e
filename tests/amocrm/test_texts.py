"""Everything the adapter says to people exists in Russian, with the same places in it."""

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po

import priem.amocrm

SOURCES = Path(priem.amocrm.__file__).parent
CATALOG = SOURCES.parent / "locale" / "ru" / "amocrm.po"


def templates() -> set[str]:
    calls = (node for path in SOURCES.glob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {
        str(ast.literal_eval(call.args[0]))
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "text"
    }


def test_every_text_has_its_russian_and_nothing_else_is_kept() -> None:
    with CATALOG.open("rb") as file:
        russian = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    assert set(russian) == templates()
    for english, translated in russian.items():
        assert re.search("[а-яё]", translated), english
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", translated))
