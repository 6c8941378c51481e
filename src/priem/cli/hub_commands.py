"""`priem serve`: the hub's pages."""

import os
import signal
import socket
import threading
import time
from typing import Annotated

import httpx2
import typer

from priem import bootstrap
from priem.cli.terminal import print_json, say
from priem.texts import text


def register(app: typer.Typer) -> None:
    app.command(help="Открыть узел в браузере. (Serve the hub's pages.)")(serve)


def serve(
    *,
    host: Annotated[str, typer.Option(help="Адрес. (Address.)")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Порт, 0 — любой свободный. (Port, 0: a free one.)")] = 8000,
    json: Annotated[
        bool, typer.Option("--json", help="Сказать адрес строкой JSON. (Say the address as JSON.)")
    ] = False,
    until_stdin_closes: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    chosen = port or free_port(host)
    url = f"http://{host}:{chosen}"
    threading.Thread(target=say_when_it_answers, args=(url, json), daemon=True).start()
    if until_stdin_closes:
        threading.Thread(target=end_with_parent, daemon=True).start()
    bootstrap.serve(host, chosen)


def free_port(host: str) -> int:
    with socket.create_server((host, 0)) as found:
        return int(found.getsockname()[1])


def say_when_it_answers(url: str, json: bool) -> None:  # noqa: FBT001 - a thread's arguments go by place
    while True:
        try:
            httpx2.get(f"{url}/healthz", timeout=5)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            break
    if json:
        print_json({"url": url})
    else:
        say(text("The hub is at {url}. Ctrl-C ends it.", url=url), "green")


def end_with_parent() -> None:
    # Not through sys.stdin: its lock would be held for ever in the hub's worker processes, which close theirs.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
