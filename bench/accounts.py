"""Many accounts of amoCRM in one process, each at a port of its own: `python -m bench.accounts 1000 --latency-ms 100`.

Prints one line of JSON: what each account says of itself. `GET /_bench/arrived?after=N` tells which prices of leads
were written since, and when amoCRM's answer left: a bench gives each change a price of its own.
"""

import argparse
import json
import os
import socket
import sys
import threading
import time
from typing import Any

import uvicorn

from priem.sandbox.amocrm.app import Sandbox
from priem.sandbox.amocrm.command import build, introduction
from priem.sandbox.amocrm.settings import Settings
from priem.sandbox.server import HOST, CuttableProtocol, Receive, Scope, Send

ARRIVED = "/_bench/arrived"


class Accounts:
    """One application for all of them; the port that a request came to says whose it is."""

    def __init__(self) -> None:
        self.sandboxes: dict[int, Sandbox] = {}
        self.arrived: list[tuple[int, float]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == ARRIVED:
            await self._tell(scope, send)
            return
        heard = Heard(receive)
        await self.sandboxes[scope["server"][1]](scope, heard, send)
        if scope["method"] in ("POST", "PATCH") and scope["path"].startswith("/api/v4/leads"):
            now = time.time()
            self.arrived += [(price, now) for price in prices_in(heard.body)]

    async def _tell(self, scope: Scope, send: Send) -> None:
        after = int(scope["query_string"].decode().partition("=")[2] or 0)
        body = json.dumps(self.arrived[after:]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


class Heard:
    """A request's body, kept while it is read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.body = b""

    async def __call__(self) -> Any:
        message = await self._receive()
        self.body += message.get("body", b"")
        return message


def prices_in(body: bytes) -> list[int]:
    try:
        rows = json.loads(body)
    except ValueError:
        return []
    rows = rows if isinstance(rows, list) else [rows]
    return [int(row["price"]) for row in rows if isinstance(row, dict) and row.get("price")]


def listen() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 0))
    return listener


def end_with_parent(server: uvicorn.Server) -> None:
    while os.read(0, 4096):
        pass
    server.should_exit = server.force_exit = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("accounts", type=int)
    parser.add_argument("--latency-ms", type=float, default=100)
    given = parser.parse_args()
    accounts, listeners, said = Accounts(), [], []
    for number in range(given.accounts):
        sandbox = build(Settings(seed=number, latency_ms=given.latency_ms, subdomain=f"clinic{number}"))
        listener = listen()
        port = listener.getsockname()[1]
        accounts.sandboxes[port] = sandbox
        listeners.append(listener)
        said.append(introduction(sandbox, port))
    config = uvicorn.Config(
        accounts,
        http=CuttableProtocol,
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_level="error",
        timeout_keep_alive=75,
        backlog=64,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=end_with_parent, args=(server,), daemon=True).start()
    sys.stdout.write(json.dumps({"accounts": said}) + "\n")
    sys.stdout.flush()
    server.run(sockets=listeners)


if __name__ == "__main__":
    main()
