from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.systems import Process, Systems

Start = Callable[..., Systems]
expect.set_options(timeout=60_000)  # two cores, and everybody's tests


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts both outside systems with as many patients and visits as a test wants."""
    with ExitStack() as running:

        def begin(patients: int = 60, visits: int = 20, *, seed: int = 3, amocrm: tuple[str, ...] = ()) -> Systems:
            ident = Process(
                [
                    "ident",
                    "--port",
                    "0",
                    "--control-port",
                    "0",
                    "--patients",
                    str(patients),
                    "--visits",
                    str(visits),
                    "--seed",
                    str(seed),
                    "--history",
                    "3",
                ]
            )
            running.callback(ident.end)
            crm = Process(["amocrm", "--port", "0", "--seed", str(seed), *amocrm])
            running.callback(crm.end)
            return Systems(tmp_path, ident, crm)

        yield begin
