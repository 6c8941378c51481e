"""Everything of the command `priem` but the agent."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator

import django
import stamina.instrumentation

from priem.cli.terminal import as_json, print_json, show_problem
from priem.commanding import begin_command
from priem.errors import AskOperator, PriemError, TryLater
from priem.texts import text


def main() -> None:
    """Ends with 0, with 1 when a person has to do something, with 75 (try later) when time will mend it."""
    stamina.instrumentation.set_on_retry_hooks([])  # a person at a terminal is told when trying is over
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended, too
    try:
        with demo_home() if sys.argv[1:2] == ["demo"] else contextlib.nullcontext():
            run()
    except PriemError as error:
        if "--json" in sys.argv:
            print_json(as_json(error))
        show_problem(error)
        sys.exit(75 if isinstance(error, TryLater) else 1)
    except (PermissionError, FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if error.filename is None:
            raise
        show_problem(
            AskOperator(
                text("The file or folder {path} cannot be used.", path=error.filename),
                text("Name one that is there and that Priem may read and write."),
            )
        )
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


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
