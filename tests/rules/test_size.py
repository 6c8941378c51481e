"""The tail is budgeted, not the mean: one long function costs more than a hundred short ones."""

import ast

import pytest

from tests.rules.source import SRC, TESTS, Function, Module, functions, modules, not_exempt

LONGEST_FUNCTION = 40
"""Lines that are not blank, without the docstring."""
LONGEST_MODULE = 400


def length(function: Function, lines: list[str]) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    own = lines[function.lineno - 1 : function.body[0].lineno - 1]
    return sum(1 for line in own + lines[body[0].lineno - 1 : function.end_lineno] if line.strip())


def written_by_hand() -> list[Module]:
    return [module for folder in (SRC, TESTS) for module in modules(folder) if not module.is_made_by_django]


def test_no_function_is_longer_than_forty_lines() -> None:
    found = {
        name: f"{lines} lines"
        for module in written_by_hand()
        for name, function in module.functions()
        if (lines := length(function, module.text.splitlines())) > LONGEST_FUNCTION
    }
    assert not_exempt("function_length", found) == []


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    found = {
        module.place: f"{lines} lines"
        for module in written_by_hand()
        if (lines := len(module.text.splitlines())) > LONGEST_MODULE
    }
    assert not_exempt("module_length", found) == []


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        pytest.param("def a():\n    return 1\n", 2, id="its head and its body count"),
        pytest.param('def a():\n    """Says.\n\n    More.\n    """\n    return 1\n', 2, id="its docstring does not"),
        pytest.param("def a():\n    b = 1\n\n    return b\n", 3, id="blank lines do not"),
        pytest.param('def a():\n    """Says."""\n', 0, id="a docstring alone is nothing"),
        pytest.param("class A:\n    async def a(self):\n        pass\n", 2, id="methods and coroutines count"),
    ],
)
def test_how_lines_are_counted(written: str, lines: int) -> None:
    [(_, function)] = functions(ast.parse(written), "")

    assert length(function, written.splitlines()) == lines
