"""One request and its answer: one pool of connections, one limiter, one journal line for each."""

import json
import logging
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import httpx2

from priem.amocrm.carried import Carried
from priem.amocrm.config import Config
from priem.amocrm.limits import Limiter, Slot
from priem.amocrm.pace import Lane
from priem.amocrm.problems import Answer, Lost, NotSent, Shape, problem_in
from priem.amocrm.stopping import AccountStopped
from priem.errors import BadRecord, PriemError, TryLater
from priem.ports import Clock, Exchange, ExchangeLog
from priem.texts import Text, text

Params = Sequence[tuple[str, str | int]]
"""`[("filter[updated_at][from]", 1700000000)]`; PHP reads brackets, escaped or not."""

Payload = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""One record or a batch, as JSON."""

# It would log whole addresses, values of queries included; the journal has every request without them.
logging.getLogger("httpx2").setLevel(logging.WARNING)

TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
KEEP_ALIVE = 3.0
"""Seconds. A connection that the server may be closing just now must not carry a write: its fate would be unknown."""
TIMES_AFTER_429 = 3
CONNECTIONS_FOR_OTHERS = 8
ANSWER_LOST = text("The connection to amoCRM broke before its answer came.")
AWAY = text("amoCRM cannot be reached.")


class Http:
    """Sends, and says what came back. Knows nothing of tokens."""

    def __init__(self, config: Config, limiter: Limiter, clock: Clock, log: ExchangeLog) -> None:
        self.base_url = config.base_url
        """Changes when amoCRM says that the account has moved."""
        self._limiter = limiter
        self._clock = clock
        self._log = log
        connections = config.in_flight + CONNECTIONS_FOR_OTHERS
        self._client = httpx2.Client(
            timeout=TIMEOUT,
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEEP_ALIVE
            ),
            headers={"User-Agent": "Priem", "Accept": "application/json"},
            follow_redirects=False,
            trust_env=not config.sandbox,
            verify=known_authorities(),
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        payload: Payload = None,
        headers: Mapping[str, str] | None = None,
        lane: Lane = "bulk",
        about: Sequence[str] = (),
    ) -> Answer:
        """Repeats only what was answered 429, that is, was certainly not done.

        `about`: references of the drafts, which name the clinic's records.

        Raises NotSent, and Lost when the connection broke after something was sent.
        """
        request = self._request(method, path, params, payload, headers or {})
        carried = Carried(path, payload, tuple(about))
        for _ in range(TIMES_AFTER_429):
            answer = self._exchange(request, carried, lane)
            if answer.status != 429:
                break
        return answer

    def _request(
        self, method: str, path: str, params: Params, payload: Payload, headers: Mapping[str, str]
    ) -> httpx2.Request:
        url = path if path.startswith("http") else self.base_url + path
        content = None
        if payload is not None:
            content = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            headers = {**headers, "Content-Type": "application/json"}
        query = httpx2.QueryParams([(name, str(value)) for name, value in params]) if params else None
        return self._client.build_request(method, url, params=query, content=content, headers=dict(headers))

    def _exchange(self, request: httpx2.Request, carried: Carried, lane: Lane) -> Answer:
        path = carried.path
        with self._limiter.slot(lane) as slot:
            sending = Sending(slot, is_read=request.method == "GET")
            request.extensions = {**request.extensions, "trace": sending.trace}
            started, at = time.monotonic(), self._clock.now()
            with self._noting_failures(request.method, carried, at, started), sending.telling_what_reached():
                response = self._client.send(request)
            answer = read_answer(request.method, path, response, time.monotonic() - started)
            self._learn_from(answer, slot)
        self._note(answer, at, carried)
        return answer

    def _learn_from(self, answer: Answer, slot: Slot) -> None:
        problem, is_api = problem_in(answer), answer.path.startswith("/api/")
        if answer.status == 429:
            self._limiter.refused(slot)
        elif isinstance(problem, AccountStopped):
            self._limiter.stopped(problem, slot)
        else:
            served = problem is None or (is_api and isinstance(problem, BadRecord))
            self._limiter.welcomed(slot, served=served, wrote=is_api and not answer.is_read)

    def stopped(self, error: AccountStopped) -> None:
        """For who keeps the tokens: amoCRM takes none of ours."""
        self._limiter.stopped(error)

    def try_now(self) -> None:
        self._limiter.try_now()

    @contextmanager
    def _noting_failures(self, method: str, carried: Carried, at: datetime, started: float) -> Iterator[None]:
        try:
            yield
        except PriemError as error:
            milliseconds = round((time.monotonic() - started) * 1000)
            self._log.note(
                Exchange(
                    system="amocrm",
                    what=f"{method} {carried.path}",
                    started_at=at,
                    milliseconds=milliseconds,
                    error=error.what,
                    about=carried.about(None),
                    request=carried.shown,
                )
            )
            raise

    def _note(self, answer: Answer, at: datetime, carried: Carried) -> None:
        problem = problem_in(answer)
        self._log.note(
            Exchange(
                system="amocrm",
                what=f"{answer.method} {answer.path}",
                started_at=at,
                milliseconds=round(answer.seconds * 1000),
                status=answer.status,
                items=count_rows(answer) if answer.is_read else carried.items,
                request_id=answer.request_id,
                error=problem.what if problem else None,
                about=carried.about(answer),
                request=carried.shown,
                answer=answer.body if carried.is_api else None,
            )
        )

    def close(self) -> None:
        self._client.close()


class Sending:
    """Watches one request leave: dates its slot, and knows afterwards whether anything may have arrived."""

    def __init__(self, slot: Slot, *, is_read: bool) -> None:
        self._slot = slot
        self._is_read = is_read
        self._began = False

    def trace(self, event: str, _info: object) -> None:
        if event.endswith("send_request_headers.started"):
            self._began = True
        elif event.endswith("send_request_body.complete"):
            self._slot.mark_sent()

    @contextmanager
    def telling_what_reached(self) -> Iterator[None]:
        try:
            yield
        except httpx2.RequestError as error:
            if not self._began:
                raise NotSent(AWAY, reason(error)) from error
            self._slot.mark_sent()
            if self._is_read:
                raise TryLater(ANSWER_LOST) from error
            raise Lost(ANSWER_LOST, too_slow=isinstance(error, httpx2.ReadTimeout)) from error


def reason(error: httpx2.RequestError) -> Text:
    if isinstance(error, httpx2.TimeoutException):
        return text("The connection was not made in time. Is the network slow, or does a firewall drop packets?")
    return text("The connection was refused or the address was not found. Is this server's network up?")


def read_answer(method: str, path: str, response: httpx2.Response, seconds: float) -> Answer:
    shape, body = read_body(response.content)
    return Answer(
        method=method,
        path=path,
        status=response.status_code,
        shape=shape,
        body=body,
        request_id=response.headers.get("X-Request-Id", "")[:64],
        seconds=seconds,
    )


def read_body(content: bytes) -> tuple[Shape, Any]:
    """The content type is no guide: refusals come as pages and pages come with 200. docs/reference/amocrm.md §7.18"""
    if not content.strip():
        return "empty", None
    try:
        return "json", json.loads(content)
    except ValueError:
        return "page", None


def count_rows(answer: Answer) -> int:
    embedded = answer.body.get("_embedded") if isinstance(answer.body, dict) else None
    lists = [len(value) for value in embedded.values() if isinstance(value, list)] if isinstance(embedded, dict) else []
    return max(lists, default=0)


@cache
def known_authorities() -> ssl.SSLContext:
    """One for all accounts: reading them takes 20 ms and most of a megabyte."""
    return httpx2.create_ssl_context()
