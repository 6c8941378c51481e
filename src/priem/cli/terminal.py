"""How Priem speaks at a terminal: Russian with English beneath for what went wrong, bars for what takes time."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from priem.errors import PriemError
from priem.model import Finding, Severity
from priem.texts import Text, reader_language

out = Console(highlight=False)
problems = Console(stderr=True, highlight=False)

MARKS: Mapping[Severity, str] = {
    Severity.FINE: "[green]✓[/]",
    Severity.WARNING: "[yellow]![/]",
    Severity.BROKEN: "[red]✗[/]",
}


def say(sentence: Text, style: str = "") -> None:
    out.print(sentence.read(reader_language()), style=style, markup=False)


def show_problem(error: PriemError) -> None:
    """Both languages: whoever is called to help may read either."""
    for language, style in ((reader_language(), "bold red"), (other_language(), "dim")):
        problems.print(f"✗ {error.what.read(language)}", style=style, markup=False)
        if error.advice:
            problems.print(f"  → {error.advice.read(language)}", style=style, markup=False)


def show_finding(finding: Finding) -> None:
    out.print(f"{MARKS[finding.severity]} ", end="")
    out.print(finding.what.read(reader_language()), markup=False)
    if finding.severity is not Severity.FINE:
        out.print(f"    {finding.what.read(other_language())}", style="dim", markup=False)
    if finding.advice:
        out.print(f"  → {finding.advice.read(reader_language())}", markup=False)
        out.print(f"    {finding.advice.read(other_language())}", style="dim", markup=False)


def other_language() -> str:
    return "en" if reader_language() == "ru" else "ru"


def both_languages(sentence: Text) -> dict[str, str]:
    return {"ru": sentence.read("ru"), "en": sentence.read("en")}


def as_json(error: PriemError) -> dict[str, Any]:
    advice = {"advice": both_languages(error.advice)} if error.advice else {}
    return {"error": type(error).__name__, "what": both_languages(error.what), **advice}


def print_json(document: Mapping[str, Any]) -> None:
    """One line, so that a script can take the last one."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def bars(*, hidden: bool = False) -> Progress:
    """Progress bars with rate and remaining time; none when a script is reading."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=out,
        disable=hidden or not out.is_terminal,
    )
