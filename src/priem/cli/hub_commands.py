"""`priem serve`: the hub's pages."""

import http.client
import os
import signal
import socket
import threading
import time
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import typer

from priem import bootstrap
from priem.cli.terminal import print_json, say
from priem.errors import AskOperator
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
    chosen = free_port(host, port)
    url = f"http://{reachable(host)}:{chosen}"
    threading.Thread(target=say_when_it_answers, args=(url, json), daemon=True).start()
    if until_stdin_closes:
        threading.Thread(target=end_with_parent, daemon=True).start()
    bootstrap.serve(host, chosen)


def free_port(host: str, wanted: int) -> int:
    """The wanted port if it can be had, any free one for 0."""
    try:
        with socket.create_server((host, wanted)) as found:
            return int(found.getsockname()[1])
    except (OSError, OverflowError) as error:
        raise AskOperator(
            text("The address {host}:{port} cannot be used.", host=host, port=wanted),
            text("Another program has it, or it is not this machine's: name another with --port or --host."),
        ) from error


def reachable(host: str) -> str:
    """For who is on this machine: all of its addresses are none that could be asked."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"


def say_when_it_answers(url: str, json: bool) -> None:  # noqa: FBT001 - a thread's arguments go by place
    # Not through httpx2: it sets up TLS, and a worker that is forked meanwhile would wait for OpenSSL's locks for ever.
    while not answers(url):
        time.sleep(0.1)
    if json:
        print_json({"url": url})
    else:
        say(text("The hub is at {url}. Ctrl-C ends it.", url=url), "green")


def answers(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        # By a name that the hub knows, whatever address it was given: else its log would begin with a refusal.
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def end_with_parent() -> None:
    # Not through sys.stdin: its lock would be held for ever in the hub's worker processes, which close theirs.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
