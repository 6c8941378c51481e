"""Everything of the command `priem` but the agent."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator

import django
import stamina.instrumentation
from django.db import DatabaseError, InterfaceError

from priem.cli.terminal import as_json, print_json, problems, show_problem
from priem.commanding import begin_command
from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.logs import kinds_and_places
from priem.texts import text

# Of sysexits.h: a shell and systemd know them.
TRY_LATER, OWN_FAULT = 75, 70


def main() -> None:
    """Ends with 0, 1 when a person has to do something, 75 when time will mend it, 70 on a fault of Priem itself."""
    stamina.instrumentation.set_on_retry_hooks([])  # a person at a terminal is told when trying is over
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended, too
    try:
        with demo_home() if sys.argv[1:2] == ["demo"] else contextlib.nullcontext():
            run()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the end of the program: whatever comes is told in words
        sys.exit(tell(error))


def tell(error: Exception) -> int:
    """Says it in words; the code to end with."""
    error = in_words(error)
    if isinstance(error, PriemError):
        if "--json" in sys.argv:
            print_json(as_json(error))
        show_problem(error)
        return TRY_LATER if isinstance(error, TryLater) else 1
    unusable = PermissionError | FileNotFoundError | NotADirectoryError | IsADirectoryError
    if isinstance(error, unusable) and error.filename is not None:
        show_problem(
            AskOperator(
                text("The file or folder {path} cannot be used.", path=error.filename),
                text("Name one that is there and that Priem may read and write."),
            )
        )
        return 1
    tell_of_a_fault(error)
    return OWN_FAULT


def in_words(error: Exception) -> Exception:
    """What ails the hub's database is no fault of Priem's: it is away, too old, or lets nobody write."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return error
    from priem.hub.store_problems import problem_of  # noqa: PLC0415 - settings can be read only now

    return problem_of(error) or error


def tell_of_a_fault(error: Exception) -> None:
    """What its makers need, in which nobody's name or phone can stand, and then the sentence that is read."""
    problems.print(kinds_and_places((type(error), error, error.__traceback__)), markup=False, highlight=False)
    show_problem(
        PriemError(
            text("Priem broke off on a fault of its own."),
            text("Give the lines above to whoever looks after Priem. They name nobody."),
        )
    )


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "priem.hub.settings")
    django.setup()
    begin_command()
    from priem.cli.app import app  # noqa: PLC0415 - the hub's models can be imported only now

    app()


@contextlib.contextmanager
def demo_home() -> Iterator[None]:
    """A folder of its own, set before the hub looks for one: a demo never touches a clinic that is set up here."""
    with tempfile.TemporaryDirectory(prefix="priem-demo-") as folder:
        os.environ["PRIEM_HOME"] = folder
        for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
            os.environ.pop(name, None)
        yield
