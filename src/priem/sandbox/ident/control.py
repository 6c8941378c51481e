"""The control port: HTTP for tests and the demo, beside the protocol that is played."""

import socket
import threading
from collections.abc import Callable
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
Handle = Callable[[IdentSandbox, Any, Any], Any]


def application(sandbox: IdentSandbox) -> Starlette:
    def route(path: str, method: str, handle: Handle) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            body = await request.json() if await request.body() else {}
            try:
                answer = await run_in_threadpool(handle, sandbox, request.query_params, body)
            except (ValueError, TypeError, KeyError, SqlError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            return JSONResponse(answer)

        return Route(path, endpoint, methods=[method])

    return Starlette(routes=[route(f"/_sandbox/{path}", method, handle) for path, method, handle in HANDLES])


def _state(sandbox: IdentSandbox, _query: Any, _body: Any) -> Any:
    return state_of(sandbox)


def _rows(sandbox: IdentSandbox, query: Any, _body: Any) -> Any:
    limit = min(int(query.get("limit", MOST_ROWS)), MOST_ROWS)
    after = query.get("after")
    return rows_of(sandbox.database, query["table"], None if after is None else int(after), limit)


def _statements(sandbox: IdentSandbox, query: Any, _body: Any) -> Any:
    return sandbox.journal.after(int(query.get("after", 0)))


def _changes(sandbox: IdentSandbox, query: Any, _body: Any) -> Any:
    return sandbox.live.changes_after(int(query.get("after", 0)))


def _faults(sandbox: IdentSandbox, _query: Any, _body: Any) -> Any:
    return sandbox.faults.listed()


def _add_faults(sandbox: IdentSandbox, _query: Any, body: Any) -> Any:
    sandbox.faults.add([Fault.parse(given) for given in (body if isinstance(body, list) else [body])])
    return sandbox.faults.listed()


def _clear_faults(sandbox: IdentSandbox, _query: Any, _body: Any) -> Any:
    sandbox.faults.clear()
    return []


def _backup(sandbox: IdentSandbox, _query: Any, _body: Any) -> Any:
    sandbox.database.backup()
    return {"rowversion": sandbox.database.last_rowversion().hex()}


def _restore(sandbox: IdentSandbox, _query: Any, _body: Any) -> Any:
    sandbox.restore()
    return {"rowversion": sandbox.database.last_rowversion().hex()}


def _upgrade(sandbox: IdentSandbox, _query: Any, _body: Any) -> Any:
    upgrade.rewrite_rowversions(sandbox.database, sandbox.journal)
    return {"rowversion": sandbox.database.last_rowversion().hex()}


def _clock(sandbox: IdentSandbox, _query: Any, body: Any) -> Any:
    """{"set": "2026-03-02T10:00:00"} in the clinic's time, or {"advance": seconds}."""
    clock = sandbox.database.clock
    if "set" in body:
        clock.set(datetime.fromisoformat(body["set"]))
    if "advance" in body:
        clock.advance(float(body["advance"]))
    return {"now": clock.now().isoformat()}


def _live(sandbox: IdentSandbox, _query: Any, body: Any) -> Any:
    """{"changes": n, "rate": per second}; without changes it goes on for ever, with rate 0 it stops."""
    rate = float(body.get("rate", 10))
    changes = body.get("changes")
    if rate <= 0:
        sandbox.live.stop()
    else:
        sandbox.live.start(rate=rate, changes=None if changes is None else int(changes))
    return sandbox.live.summary()


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
