"""What the tests of the adapter share: a sandbox process, a server that answers from a script, tokens in memory."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx2

from priem.amocrm.config import Config
from priem.amocrm.crm import AmoCrm
from priem.amocrm.pace import Lane
from priem.amocrm.problems import AUTHORISE_AGAIN
from priem.errors import AskOperator
from priem.ports import Exchange, Tokens
from priem.texts import Text
from tests.warm import Python

READY_WITHIN = 30


def before_others(process: int = 0) -> None:
    """Nobody else's work on this machine decides when a request is sent or counted, where the machine allows that.

    At 6.7 a second eight requests are 1.045 s apart: a sandbox that waits for a processor for longer than 45 ms counts
    eight in a second, however well they were sent.
    """
    with suppress(PermissionError):
        os.sched_setscheduler(process, os.SCHED_RR, os.sched_param(1))


def as_others(process: int) -> None:
    with suppress(PermissionError):
        os.sched_setscheduler(process, os.SCHED_OTHER, os.sched_param(0))


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        raise AssertionError(f"nothing here waits {seconds} s by this clock")


@dataclass
class Journal:
    exchanges: list[Exchange] = field(default_factory=list)

    def note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


class MemoryTokens:
    """A TokenStore; `saved` tells every pair that was ever stored."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.saved: list[Tokens] = []
        self.forgotten: Text | None = None
        self._lock = threading.Lock()

    def load(self) -> Tokens:
        if self.forgotten:
            raise AskOperator(self.forgotten, AUTHORISE_AGAIN)
        return self.tokens

    @contextmanager
    def renewing(self) -> Iterator[None]:
        with self._lock:
            yield

    def save(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.forgotten = None
        self.saved.append(tokens)

    def forget(self, reason: Text) -> None:
        self.forgotten = reason


class SandboxProcess:
    """`python -m priem.sandbox.amocrm`, and what its control port does."""

    def __init__(self, *options: str) -> None:
        command = ["-m", "priem.sandbox.amocrm", "--port", "0", "--until-stdin-closes", *options]
        self._process = Python(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            self._end()
            raise RuntimeError("the sandbox did not start")
        self.about: dict[str, Any] = json.loads(ready)
        self._http = httpx2.Client(trust_env=False, timeout=60)

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        self._http.close()
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(READY_WITHIN)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def act(self, act: str, **details: object) -> dict[str, Any]:
        return self._control("act", {"act": act, **details})

    def fault(self, kind: str, **details: object) -> None:
        self._control("faults", {"kind": kind, **details})

    def clear_faults(self) -> None:
        self._http.delete(f"{self.about['control']}/faults").raise_for_status()

    def state(self, *only: str) -> dict[str, Any]:
        params = {"only": ",".join(only)} if only else {}
        found: dict[str, Any] = (
            self._http.get(self.about["control"] + "/state", params=params).raise_for_status().json()
        )
        return found

    def requests(self) -> list[dict[str, Any]]:
        """The latest ones, in their order."""
        answer = self._http.get(self.about["control"] + "/requests").raise_for_status()
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found

    def _control(self, path: str, sent: dict[str, object]) -> dict[str, Any]:
        answer = self._http.post(f"{self.about['control']}/{path}", json=sent)
        assert answer.status_code < 300, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def config(self, **changes: Any) -> Config:
        names = ("client_id", "client_secret", "redirect_uri")
        return Config(base_url=self.about["url"], sandbox=True, **{name: self.about[name] for name in names} | changes)

    def long_lived(self) -> MemoryTokens:
        return MemoryTokens(Tokens(access=self.about["long_lived_token"]))


class ScriptedServer:
    """Answers every request with what `respond` says: status, headers, body; None cuts the connection."""

    def __init__(self, respond: "Respond") -> None:
        self.seen: list[Seen] = []
        script, seen = respond, self.seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Seen(self.command, self.path, self.rfile.read(length), dict(self.headers))
                seen.append(request)
                response = script(request)
                if response is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, headers, body = response
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  the names that http.server calls

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def config(self, requests_per_second: int = 1000) -> Config:
        return Config(
            base_url=self.url,
            sandbox=True,
            client_id="client",
            client_secret="secret",
            redirect_uri="https://priem.example.org/callback",
            requests_per_second=requests_per_second,
        )


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Response = tuple[int, dict[str, str], bytes]
Respond = Callable[[Seen], Response | None]

NGINX = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def page(status: int, title: str) -> Response:
    return status, {"Content-Type": "text/html"}, NGINX.format(title).encode()


def hal(body: object, status: int = 200) -> Response:
    return status, {"Content-Type": "application/hal+json", "X-Request-Id": "r-1"}, json.dumps(body).encode()


def problem(status: int, detail: str, **more: object) -> Response:
    body = {"title": "Problem", "type": f"https://httpstatus.es/{status}", "status": status, "detail": detail, **more}
    return status, {"Content-Type": "application/problem+json", "X-Request-Id": "r-2"}, json.dumps(body).encode()


@contextmanager
def connected(
    config: Config,
    tokens: MemoryTokens | None = None,
    journal: Journal | None = None,
    lane: Lane = "bulk",
    on_moved: Callable[[str], None] = lambda _base_url: None,
) -> Iterator[AmoCrm]:
    store = tokens or MemoryTokens(Tokens(access="token"))
    crm = AmoCrm(config, store, SystemClock(), journal or Journal(), lane=lane, on_moved=on_moved)
    try:
        yield crm
    finally:
        crm.close()
