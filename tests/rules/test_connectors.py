"""A connector is one folder and one line; everything else follows from its name, and is there."""

from importlib import import_module
from pathlib import Path

import pytest

from priem import mis
from tests.rules.source import ROOT, SRC, TESTS, modules

CONNECTORS = sorted(path.name for path in (SRC / "mis").iterdir() if path.is_dir() and not path.name.startswith("_"))


def test_every_folder_is_registered_and_nothing_else() -> None:
    assert sorted(mis.CONNECTORS) == CONNECTORS


@pytest.mark.parametrize("name", CONNECTORS)
def test_what_is_registered_is_there_with_its_settings(name: str) -> None:
    path, _, source = mis.CONNECTORS[name].partition(":")
    module = import_module(path)

    assert path == f"priem.mis.{name}"
    assert isinstance(getattr(module, source), type)
    assert callable(module.Config.from_mapping)


@pytest.mark.parametrize("name", CONNECTORS)
def test_the_facts_that_a_connector_rests_on_are_written_down(name: str) -> None:
    facts = f"docs/reference/{name}.md"
    assert (ROOT / facts).is_file()
    assert any(facts in module.text for module in modules(SRC / "mis" / name))


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_keeps_the_contract(name: str) -> None:
    suites = [module.place for module in modules(TESTS / "contract") if f"priem.mis.{name}" in module.text]
    assert suites, f"tests/contract has no suite that runs priem.mis.{name}"


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_has_its_own_tests(name: str) -> None:
    assert list(Path(TESTS / "mis" / name).glob("test_*.py"))
