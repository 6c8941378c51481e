"""The control port: HTTP for tests and the demo, beside the protocol that is played."""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from priem.sandbox.ident import upgrade
from priem.sandbox.ident.errors import SqlError
from priem.sandbox.ident.faults import Fault
from priem.sandbox.ident.sandbox import IdentSandbox
from priem.sandbox.ident.state import rows_of, state_of

MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    sandbox: IdentSandbox
    query: Mapping[str, str]
    body: Any


Handle = Callable[[Asked], object]


def application(sandbox: IdentSandbox) -> Starlette:
    def route(path: str, method: str, handle: Handle) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            body = await request.json() if await request.body() else {}
            try:
                answer = await run_in_threadpool(handle, Asked(sandbox, request.query_params, body))
            except (ValueError, TypeError, KeyError, SqlError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            return JSONResponse(answer)

        return Route(path, endpoint, methods=[method])

    return Starlette(routes=[route(f"/_sandbox/{path}", method, handle) for path, method, handle in HANDLES])


def _state(asked: Asked) -> object:
    return state_of(asked.sandbox)


def _rows(asked: Asked) -> object:
    limit = min(int(asked.query.get("limit", MOST_ROWS)), MOST_ROWS)
    after = asked.query.get("after")
    return rows_of(asked.sandbox.database, asked.query["table"], None if after is None else int(after), limit)


def _statements(asked: Asked) -> object:
    return asked.sandbox.journal.after(int(asked.query.get("after", 0)))


def _changes(asked: Asked) -> object:
    return asked.sandbox.live.changes_after(int(asked.query.get("after", 0)))


def _faults(asked: Asked) -> object:
    return asked.sandbox.faults.listed()


def _add_faults(asked: Asked) -> object:
    asked.sandbox.faults.add(
        [Fault.parse(given) for given in (asked.body if isinstance(asked.body, list) else [asked.body])]
    )
    return asked.sandbox.faults.listed()


def _clear_faults(asked: Asked) -> object:
    asked.sandbox.faults.clear()
    return asked.sandbox.faults.listed()


def _backup(asked: Asked) -> object:
    asked.sandbox.database.backup()
    return _rowversion(asked)


def _restore(asked: Asked) -> object:
    asked.sandbox.restore()
    return _rowversion(asked)


def _upgrade(asked: Asked) -> object:
    upgrade.rewrite_rowversions(asked.sandbox.database, asked.sandbox.journal)
    return _rowversion(asked)


def _rowversion(asked: Asked) -> object:
    return {"rowversion": asked.sandbox.database.last_rowversion().hex()}


def _clock(asked: Asked) -> object:
    """{"set": "2026-03-02T10:00:00"} in the clinic's time, or {"advance": seconds}."""
    clock = asked.sandbox.database.clock
    if "set" in asked.body:
        clock.set(datetime.fromisoformat(asked.body["set"]))
    if "advance" in asked.body:
        clock.advance(float(asked.body["advance"]))
    return {"now": clock.now().isoformat()}


def _live(asked: Asked) -> object:
    """{"changes": n, "rate": per second}; without changes it goes on for ever, with rate 0 it stops."""
    rate = float(asked.body.get("rate", 10))
    changes = asked.body.get("changes")
    if rate <= 0:
        asked.sandbox.live.stop()
    else:
        asked.sandbox.live.start(rate=rate, changes=None if changes is None else int(changes))
    return asked.sandbox.live.summary()


HANDLES: list[tuple[str, str, Handle]] = [
    ("state", "GET", _state),
    ("rows", "GET", _rows),
    ("statements", "GET", _statements),
    ("changes", "GET", _changes),
    ("faults", "GET", _faults),
    ("faults", "POST", _add_faults),
    ("faults", "DELETE", _clear_faults),
    ("backup", "POST", _backup),
    ("restore", "POST", _restore),
    ("upgrade", "POST", _upgrade),
    ("clock", "POST", _clock),
    ("live", "POST", _live),
]


class ControlPort:
    def __init__(self, sandbox: IdentSandbox, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port))
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            application(sandbox), log_level="critical", access_log=False, timeout_graceful_shutdown=1, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.005)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(3)
        self._socket.close()
