"""Whose command it is that runs: the audit log names him. In a server it is nobody's."""

import getpass
from contextvars import ContextVar

OPERATOR: ContextVar[str] = ContextVar("OPERATOR", default="")
"""The operating system's user, for the length of a command. Threads that a command starts are Priem's own."""


def begin_command() -> None:
    try:
        OPERATOR.set(getpass.getuser())
    except (KeyError, OSError):  # a user without a name, as containers have them
        OPERATOR.set("?")
