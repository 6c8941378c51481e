"""The command `priem`. Each command is a page: what it needs, what it does, what it says."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator

import django

from priem.cli.terminal import as_json, print_json, show_problem
from priem.errors import PriemError, TryLater


def main() -> None:
    """Ends with 0, with 1 when a person has to do something, with 75 (try later) when time will mend it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended, too
    try:
        with demo_home() if sys.argv[1:2] == ["demo"] else contextlib.nullcontext():
            run()
    except PriemError as error:
        if "--json" in sys.argv:
            print_json(as_json(error))
        show_problem(error)
        sys.exit(75 if isinstance(error, TryLater) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "priem.hub.settings")
    django.setup()
    from priem.cli.app import app  # noqa: PLC0415 - the hub's models can be imported only now

    app()


@contextlib.contextmanager
def demo_home() -> Iterator[None]:
    """A folder of its own, set before the hub looks for one: a demo never touches a clinic that is set up here."""
    with tempfile.TemporaryDirectory(prefix="priem-demo-") as folder:
        os.environ["PRIEM_HOME"] = folder
        yield
