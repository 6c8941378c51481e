"""The project's own files as the rules look at them."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "priem"
TESTS = ROOT / "tests"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    path: Path

    @property
    def place(self) -> str:
        """`src/priem/model.py`"""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_made_by_django(self) -> bool:
        return "migrations" in self.path.parts

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Every function, as `src/priem/errors.py::PriemError.__init__`."""
        yield from functions(self.tree, f"{self.place}::")

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call with the place where it stands, as `src/priem/phones.py::numbers_in`."""
        yield from calls(self.tree, f"{self.place}::")

    def imported(self) -> set[str]:
        """The dotted names of all modules that it imports, wherever the import stands."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
        return names


def functions(parent: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, Function | ast.ClassDef):
            if isinstance(node, Function):
                yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def calls(parent: ast.AST, prefix: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.Call):
            yield prefix.rstrip(".:"), node
        inner = f"{prefix}{node.name}." if isinstance(node, Function | ast.ClassDef) else prefix
        yield from calls(node, inner)


@cache
def modules(folder: Path) -> tuple[Module, ...]:
    return tuple(Module(path) for path in sorted(folder.rglob("*.py")))


@cache
def project_files() -> tuple[Path, ...]:
    """What is tracked, and what would be at the next `git add`."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


@cache
def exceptions() -> dict[str, dict[str, str]]:
    """By rule, what is exempt from it and why: tests/rules/exceptions.toml."""
    written: dict[str, dict[str, str]] = tomllib.loads((TESTS / "rules" / "exceptions.toml").read_text("utf-8"))
    return written


def not_exempt(rule: str, found: dict[str, str]) -> list[str]:
    """Findings (place → what is wrong) without the exempt ones, and exemptions that nothing needs any more."""
    exempt = exceptions().get(rule, {})
    stale = [f"{place}: needs no exception from {rule} any more" for place in exempt if place not in found]
    return [f"{place}: {what}" for place, what in sorted(found.items()) if place not in exempt] + stale
