"""Requests are received whole before one of the hub's threads takes them, and answers leave without one.

Granian knows no limit for a body's time, nor reads it ahead: whoever sends slowly, an agent on a bad line or somebody
who means harm, would keep a thread for as long as he likes, and four of them the hub. So its own event loop receives,
within limits of size and time, and the threads get what is there already.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

import structlog
from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope  # type: ignore[attr-defined]  # not named as exported

T = TypeVar("T")
Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Any]
"""Gives pieces of bytes: as PEP 3333 has it, of which Django's types know a part."""
Headers = list[tuple[str, str]]

THREADS = 4
"""Pages wait for the database most of their time."""
MOST_BYTES = 100 * 1024 * 1024
"""Of one body: more than any address takes."""
MOST_OF_ALL = 1024 * 1024 * 1024
"""Of all bodies that are on their way together."""
IN_MEMORY = 64 * 1024
"""Bytes of a body or an answer; a larger one waits in a file that has no name."""
PIECE = 64 * 1024
GRACE = 30.0
"""Seconds for whatever comes."""
SLOWEST = 2000
"""Bytes a second beyond that: a parcel of an agent comes through a line of 16 kbit/s."""
SILENCE = 20.0
"""Seconds from one piece to the next."""
BASE: Mapping[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Priem",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
CLOSE = [("connection", "close")]

log = structlog.get_logger(__name__)


class Turned(Exception):
    """A request that is not taken."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers
    size: int
    body: IO[bytes]


class Receiving:
    """A WSGI application as Granian's RSGI runs it."""

    def __init__(self, application: Wsgi, threads: int = THREADS) -> None:
        self._application = application
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._on_the_way = 0

    def __rsgi_init__(self, _loop: asyncio.AbstractEventLoop) -> None:
        # Only in the process that serves: threads do not survive a fork.
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="page")

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        with SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                size = await self._received(scope, protocol, body)
            except Turned as turned:
                # Only where to: tokens and names may stand in the rest of an address.
                log.warning("a request is not taken", status=int(turned.status), at=scope.path.split("/")[1][:20])
                protocol.response_empty(turned.status, CLOSE)
                return
            except (ProtocolClosed, OSError, RuntimeError):
                return  # it broke off: nobody waits for an answer
            body.seek(0)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._pool, self._answered, scope, size, body)
        with answer.body:
            await leave(protocol, answer)

    async def _received(self, scope: Scope, protocol: HTTPProtocol, body: IO[bytes]) -> int:
        """How many bytes. Raises Turned, and what Granian raises where the line breaks."""
        declared = declared_size(scope)
        if declared == 0:
            return 0
        if (declared or 0) > MOST_BYTES:
            raise Turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        began, size, pieces = time.monotonic(), 0, aiter(protocol)
        try:
            while size != declared:
                left = min(SILENCE, began + GRACE + size / SLOWEST - time.monotonic())
                piece = await within(left, next_of(pieces))
                if piece is None:
                    break
                body.write(piece)
                size += len(piece)
                self._on_the_way += len(piece)
                if size > MOST_BYTES:
                    raise Turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if self._on_the_way > MOST_OF_ALL:
                    raise Turned(HTTPStatus.SERVICE_UNAVAILABLE)
        finally:
            self._on_the_way -= size
        if declared is not None and size < declared:
            raise Turned(HTTPStatus.BAD_REQUEST)
        return size

    def _answered(self, scope: Scope, size: int, body: IO[bytes]) -> Answer:
        """In a thread of the pool."""
        told: list[tuple[str, Headers]] = []
        written = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by whoever has sent it
        try:
            length = sum(map(written.write, self._run(environ(scope, size, body), told)))
        except Exception:
            log.exception("a request broke off")
            written.close()
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, [], 0, SpooledTemporaryFile(IN_MEMORY))
        written.seek(0)
        status, headers = told[-1]
        return Answer(int(status.split(" ", 1)[0]), headers, length, written)

    def _run(self, given: Environ, told: list[tuple[str, Headers]]) -> Iterable[bytes]:
        def start(status: str, headers: Headers, _error: object = None) -> None:
            told.append(
                (status, [(name, value.strip()) for name, value in headers])
            )  # Django's cookies begin with a blank

        pieces = self._application(given, start)
        try:
            yield from pieces
        finally:
            if close := getattr(pieces, "close", None):
                close()  # Django's request ends here, in the thread that has its connection to the database


def declared_size(scope: Scope) -> int | None:
    """None where the body says itself when it ends. Raises Turned."""
    if "chunked" in str(scope.headers.get("transfer-encoding") or "").lower():
        return None
    told = str(scope.headers.get("content-length") or "0").strip()
    if not (told.isascii() and told.isdigit()) or len(told) > 20:
        raise Turned(HTTPStatus.BAD_REQUEST)
    return int(told)


async def next_of(pieces: Any) -> bytes | None:  # noqa: ANN401 - Granian's own iterator
    try:
        return bytes(await anext(pieces))
    except StopAsyncIteration:
        return None


async def within(seconds: float, waited: Awaitable[T]) -> T:
    """Raises Turned when it takes longer. Not by `asyncio.timeout`: Granian's own tasks cannot be cancelled."""
    task = asyncio.ensure_future(waited)
    done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds))
    if not done:
        task.cancel()
        raise Turned(HTTPStatus.REQUEST_TIMEOUT)
    return task.result()


def environ(scope: Scope, size: int, body: IO[bytes]) -> Environ:
    client, server = scope.client.rpartition(":")[0], scope.server.rpartition(":")
    given: Environ = {
        **BASE,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": server[2],
        "REMOTE_ADDR": client.strip("[]"),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "CONTENT_LENGTH": str(size),
    }
    for name, value in scope.headers.items():
        # With an underscore it would pass for another header, such as those that a proxy sets.
        if "_" not in name and name.lower() != "content-length":
            key = "CONTENT_TYPE" if name.lower() == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
            given[key] = f"{given[key]},{value}" if key in given else value
    if scope.authority and "HTTP_HOST" not in given:
        given["HTTP_HOST"] = scope.authority
    return given


async def leave(protocol: HTTPProtocol, answer: Answer) -> None:
    if answer.size <= PIECE:
        protocol.response_bytes(answer.status, answer.headers, answer.body.read())
        return
    line = protocol.response_stream(answer.status, answer.headers)
    try:
        while piece := answer.body.read(PIECE):
            await line.send_bytes(piece)
    except (ProtocolClosed, OSError, RuntimeError):
        return  # whoever asked is gone
