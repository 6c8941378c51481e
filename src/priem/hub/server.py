"""Serves the hub until it is told to stop."""

import os
import signal
import socket
import sys

from django.db import connections
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from priem.hub.locks import serving
from priem.hub.start import setup

MOST_LINES = 4096
"""Connections at once: an agent keeps its own open from one report to the next, and there may be a thousand."""
HEADERS_WITHIN = 10_000
"""Milliseconds."""
PATIENCE = 5
"""Seconds that requests under way get when the hub stops."""


class HubServer:
    """The hub's pages, in a forked worker process. `run` belongs into a process's main thread.

    Threads that run meanwhile must not sit in `sys.stdin`: the worker closes its own, and would wait for their lock.
    """

    def __init__(self, host: str, port: int) -> None:
        """Brings the database up to date. Port 0 is a free one."""
        setup()
        self.port = port or free_port(host)
        self.url = f"http://{host}:{self.port}"
        self._server = Server(
            "priem.hub.worker:application",
            address=host,
            port=self.port,
            interface=Interfaces.RSGI,
            loop=Loops.asyncio,
            backlog=1024,
            backpressure=MOST_LINES,
            http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN),
            workers_kill_timeout=PATIENCE,
            respawn_failed_workers=True,
            websockets=False,
            log_level=LogLevels.warning,
            log_access=False,  # it would carry what people search for
        )

    def run(self) -> None:
        """Blocks until SIGTERM, SIGINT or `stop`."""
        connections.close_all()  # a forked worker must not inherit them
        os.environ["PRIEM_SERVER_PID"] = str(os.getpid())  # see worker
        if sys.platform != "win32":
            os.register_at_fork(before=hold_back, after_in_parent=let_through, after_in_child=end_when_told)
        with serving():
            self._server.serve()

    def stop(self) -> None:
        """May be called from another thread."""
        self._server.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # what its own signals call


def hold_back() -> None:
    """What a worker is told while it is being forked waits until it heeds it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def end_when_told() -> None:
    """A worker inherits what SIGTERM means to the server, and takes seconds to the handler of its own: until then it
    would take the signal for granted, and serve on for ever."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    let_through()


def serve(host: str, port: int) -> None:
    """Blocks until SIGTERM or SIGINT."""
    HubServer(host, port).run()


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
