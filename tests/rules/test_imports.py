"""Who may import whom. The contracts themselves stand in pyproject.toml, [tool.importlinter]."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.source import ROOT, SRC, Module, modules

THROUGH_PORTS = frozenset(
    {
        "nightly",
        "booking",
        "booking_memory",
        "done",
        "expected",
        "finding_out",
        "rebooking",
        "reception",
        "triggers",
        "reconcile",
        "apply",
        "by_hand",
        "errands",
        "inbox",
        "line",
        "memory",
        "mirror",
        "orphans",
        "rehearsal",
        "sync",
        "told",
        "vanished",
        "waiting",
    }
)
"""The stages of the engine that see the world, and only through ports. All others decide, and are pure."""
PURE = (
    "model.py",
    "booking.py",
    "intents.py",
    "errors.py",
    "phones.py",
    "findings.py",
    "tasks.py",
    "handed.py",
    "plans.py",
    "statuses.py",
    *sorted(f"engine/{path.name}" for path in (SRC / "engine").glob("*.py") if path.stem not in THROUGH_PORTS),
)
HARMLESS = {
    *("collections", "dataclasses", "datetime", "decimal", "enum", "functools", "hashlib", "itertools", "re", "string"),
    *("typing", "phonenumbers"),
}
"""None of them reads a clock, a file, the network or the environment by being called with data."""
READS_THE_WORLD = frozenset({"now", "today", "utcnow", "getenv", "open", "input", "print", "read_text", "breakpoint"})


def test_every_layer_imports_only_what_stands_below_it() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    # Not the cache of a run before: it would hide what has changed meanwhile.
    ran = subprocess.run([lint, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("place", PURE)
def test_pure_modules_cannot_reach_the_world(place: str) -> None:
    reached = {name for name in Module(SRC / place).imported() if is_foreign(name)}

    assert {name.split(".")[0] for name in reached} <= HARMLESS


@pytest.mark.parametrize("place", PURE)
def test_pure_modules_import_pure_ones_only(place: str) -> None:
    pure = {f"priem.{name.removesuffix('.py').replace('/', '.')}" for name in PURE} | {"priem.texts"}
    own = {name for name in Module(SRC / place).imported() if not is_foreign(name)}

    assert own <= pure


@pytest.mark.parametrize("place", PURE)
def test_pure_modules_ask_neither_clock_nor_file(place: str) -> None:
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(Module(SRC / place).tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert called & READS_THE_WORLD == set()


def test_the_engine_is_built_on_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"priem"}
    foreign = {
        f"{module.place}: {name}"
        for module in modules(SRC / "engine")
        for name in module.imported()
        if name.split(".")[0] not in allowed
    }
    assert foreign == set()


def test_phones_are_read_in_one_place() -> None:
    readers = {
        module.place
        for module in modules(SRC)
        if "sandbox" not in module.path.relative_to(SRC).parts and "phonenumbers" in module.imported()
    }
    assert readers == {"src/priem/phones.py"}


def test_nothing_but_the_command_line_starts_a_sandbox() -> None:
    importers = {
        module.place
        for module in modules(SRC)
        if any(name.startswith("priem.sandbox") for name in module.imported())
        and "sandbox" not in module.path.relative_to(SRC).parts[0]
        and module.path.relative_to(SRC).parts[0] != "cli"
    }
    assert importers == set()


def is_foreign(name: str) -> bool:
    return not name.startswith("priem")
