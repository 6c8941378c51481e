"""Secrets by reference, so that a settings file can be kept in git: `env:NAME` and `file:/path` instead of a value."""

import os
from collections.abc import Mapping
from pathlib import Path

from priem.errors import AskOperator
from priem.texts import text


def resolved(secrets: Mapping[str, str]) -> dict[str, str]:
    """With what the references stand for. Raises AskOperator for one that leads nowhere."""
    return {name: resolve(written) for name, written in secrets.items()}


def resolve(written: str) -> str:
    kind, colon, where = written.partition(":")
    if colon and kind == "env":
        return variable(where)
    if colon and kind == "file":
        return content(Path(where))
    return written


def variable(name: str) -> str:
    if name not in os.environ:
        raise AskOperator(
            text("The environment variable {name} is not set.", name=name), text("Set it, or write the value itself.")
        )
    return os.environ[name]


def content(path: Path) -> str:
    try:
        return path.read_text().rstrip("\r\n")
    except OSError as error:
        raise AskOperator(
            text("The file {path} with a secret cannot be read.", path=path),
            text("Make it readable to the user that Priem runs as, or write the value itself."),
        ) from error
