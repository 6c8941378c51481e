"""The project's pages of prose."""

import re
from pathlib import Path

from tests.rules.source import project_files

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


def pages() -> tuple[Path, ...]:
    return tuple(path for path in project_files() if path.suffix == ".md")


def without_code(text: str) -> str:
    return FENCE.sub("", text)
