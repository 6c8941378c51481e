"""A sandbox in a thread of this process, for tests and benches."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priem.sandbox.server import Server, serve

from .app import Sandbox
from .command import build, hosts_of, introduction
from .settings import Settings

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Running:
    """`about` is what the command line prints: url, control, client_id and so on."""

    sandbox: Sandbox
    about: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.about["url"])


@contextlib.contextmanager
def running(settings: Settings | None = None) -> Iterator[Running]:
    """A sandbox that answers for as long as the block lasts."""
    sandbox = build(settings or Settings())
    answers = threading.Event()
    started: list[tuple[Server, int]] = []

    def ready(server: Server, port: int, certificate: Path | None) -> None:
        sandbox.certificate = certificate
        started.append((server, port))
        answers.set()

    thread = threading.Thread(
        target=serve,
        args=(sandbox, sandbox.settings, ready, hosts_of(sandbox.settings.subdomain)),
        name="sandbox-amocrm",
        daemon=True,
    )
    thread.start()
    if not answers.wait(START_SECONDS):
        raise TimeoutError("the sandbox did not start")
    server, port = started[0]
    try:
        yield Running(sandbox, introduction(sandbox, port))
    finally:
        server.stop()
        thread.join()
