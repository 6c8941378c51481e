"""A sandbox in a thread of this process, for tests, benches and the demo."""

import threading
from types import TracebackType
from typing import Any, Self

from priem.sandbox.server import HOST, Server, serve

from . import overview
from .app import Archimed
from .settings import Settings

START_SECONDS = 30


class ArchimedSandbox:
    """`with ArchimedSandbox(Settings(branches=2)) as sandbox:` answers at `sandbox.url` within the block."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.archimed = Archimed(settings or Settings())
        self.port = 0
        self._server: Server | None = None
        self._answers = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sandbox-archimed", daemon=True)

    @property
    def url(self) -> str:
        """The gateway: methods are below `/api/v4/`, `/api/v5/` and `/docdoc/v2/`."""
        scheme = "https" if self.archimed.settings.tls else "http"
        return f"{scheme}://{HOST}:{self.port}"

    @property
    def about(self) -> dict[str, Any]:
        """What the command line prints."""
        return announcement(self.archimed, self.url)

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """API id and secret of every branch."""
        return [(branch.api_id, branch.secret) for branch in self.archimed.branches.values()]

    def act(self, act: str, **sent: object) -> dict[str, Any]:
        """What the clinic's people do (desk.py); ValueError or KeyError when they cannot."""
        return self._ask("POST act", {"act": act, **sent})

    def fault(self, kind: str, **sent: object) -> None:
        """Order a failure (faults.py)."""
        self._ask("POST faults", {"kind": kind, **sent})

    def change(self, **sent: object) -> None:
        """A branch's manners and shapes (settings.py)."""
        self._ask("POST branch", sent)

    def state(self, *only: str) -> dict[str, Any]:
        """Everything as it is stored, or those sections."""
        return self._ask("GET state", {}, {"only": ",".join(only)})

    def _ask(self, wanted: str, sent: dict[str, object], query: dict[str, str] | None = None) -> dict[str, Any]:
        found = self.archimed.control.ask(wanted, sent, query or {})
        if not isinstance(found, dict):
            raise TypeError(f"{wanted} answers {found!r}")
        return found

    def start(self) -> None:
        """Answers from now on."""
        self._thread.start()
        if not self._answers.wait(START_SECONDS):
            raise TimeoutError("the sandbox did not start")
        if self.archimed.settings.live > 0:
            self.archimed.live.start(self.archimed.settings.live)

    def stop(self) -> None:
        """At once, whatever is in flight."""
        self.archimed.live.stop()
        if self._server is not None:
            self._server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        def ready(server: Server, port: int, _certificate: object) -> None:
            self._server, self.port = server, port
            self._answers.set()

        serve(self.archimed, self.archimed.settings, ready)


def announcement(archimed: Archimed, url: str) -> dict[str, Any]:
    """All that a client needs."""
    branches = [overview.branch(branch) for branch in archimed.branches.values()]
    return {
        "sandbox": "archimed",
        "url": url,
        "v4": f"{url}/api/v4/",
        "v5": f"{url}/api/v5/",
        "docdoc": f"{url}/docdoc/v2/",
        "control": f"{url}/_sandbox",
        "branches": [
            {name: branch[name] for name in ("api_id", "secret", "access_token", "name", "time_zone", "statuses")}
            for branch in branches
        ],
    }
