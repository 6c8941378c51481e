"""Questions to ArchiMed+ and their answers: a token of our own, one line in the journal each, every failure sorted."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm

from priem.errors import PriemError
from priem.mis.archimed import failures
from priem.mis.archimed.config import Config
from priem.mis.archimed.loose import Row, figure, texts_in
from priem.ports import Clock, Exchange, ExchangeLog

logging.getLogger("httpx2").setLevel(
    logging.WARNING
)  # it would log whole addresses, phones that are looked for included

LIFE = timedelta(minutes=50)
"""Of a token: under the hour that the vendor recommends (docs/reference/archimed.md §1.1), for clocks that differ."""
RENEWED = timedelta(minutes=30)
KEEP_ALIVE = 3.0
"""Seconds. A connection that the gateway may be closing just now must not carry a booking."""
CONNECT = 5.0
LONGEST_WRITE = 25.0
"""Seconds for each half of a write, whatever the settings say: a booking that nobody hears of is given up after a
minute, and must not be on its way any more then."""
OK = ("ok", "success", "true", "1")

T = TypeVar("T")
Params = Sequence[tuple[str, str | int]]


class AnyLength(HMACAlgorithm):
    """The secret is the vendor's: whether it is as long as it should be is not ours to say at every request."""

    def check_key_length(self, key: bytes) -> None:  # noqa: ARG002 - as the library calls it
        return None


@dataclass(frozen=True, slots=True)
class Listing:
    rows: Sequence[Row]
    total: int | None
    """None when the server does not say."""
    limit: int
    """Rows in a page, as the server cut it."""

    @property
    def pages(self) -> int | None:
        return None if self.total is None else max(1, -(-self.total // self.limit))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    """None when it was no JSON."""
    is_page: bool


class Signer:
    """Tokens that are signed here, each used for half an hour."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._jws = PyJWS()
        self._jws.unregister_algorithm("HS256")
        self._jws.register_algorithm("HS256", AnyLength(HMACAlgorithm.SHA256))
        self._token = ""
        self._signed_at: datetime | None = None
        self._lock = Lock()

    def token(self) -> str:
        now = self._clock.now()
        with self._lock:
            if self._signed_at is None or not timedelta() <= now - self._signed_at < RENEWED:
                self._token, self._signed_at = self._sign(now), now
            return self._token

    def _sign(self, now: datetime) -> str:
        user = self._config.user_id
        claims = {
            "iss": self._config.api_id,
            "exp": int((now + LIFE).timestamp()),
            **({"user_id": int(user) if user.isdecimal() else user} if user else {}),
        }
        return self._jws.encode(json.dumps(claims).encode(), self._config.api_secret, "HS256")


class Api:
    """Safe for many threads."""

    def __init__(self, config: Config, exchanges: ExchangeLog, clock: Clock) -> None:
        self._config = config
        self._exchanges = exchanges
        self._clock = clock
        self._signer = Signer(config, clock)
        self._client = httpx2.Client(
            timeout=patience(config),
            limits=httpx2.Limits(keepalive_expiry=KEEP_ALIVE),
            headers={"User-Agent": "Priem", "Accept": "application/json"},
            follow_redirects=False,
            trust_env=not is_here(config.base_url),
        )
        self.has_answered = False
        """Data came from that address at least once."""
        self.ahead: timedelta | None = None
        """By how much the gateway's clock is ahead of ours, to the second; None until it has told."""

    def close(self) -> None:
        self._client.close()

    def listing(self, method: str, params: Params = (), *, envelope: str = "data") -> Listing:
        """One page of a list. Raises NoMethod when the installation has none."""
        asked = int(dict(params).get("limit", 0))
        return self._read(method, params, lambda answer: listing_in(answer, method, envelope, asked))

    def one(self, method: str, id_: str, params: Params = ()) -> Row | None:
        """None when there is no such record."""
        return self._read(f"{method}/{id_}", params, lambda answer: record_in(answer, id_))

    def write(self, verb: str, path: str, form: Mapping[str, str]) -> Row:
        """Sent once. Raises Refused, OutcomeUnknown, TryLater when nothing was sent, AskOperator."""
        with self._noted(f"{verb} {path}") as note:
            answer = self._send(verb, path, form=form)
            note.status = answer.status
            return done(answer, path)

    def _read(self, path: str, params: Params, parse: Callable[[Answer], T]) -> T:
        try:
            return self._read_once(path, params, parse)
        except failures.Cut:
            return self._read_once(path, params, parse)  # an idle connection dies without a word

    def _read_once(self, path: str, params: Params, parse: Callable[[Answer], T]) -> T:
        with self._noted(f"GET {path}") as note:
            answer = self._send("GET", path, params=params)
            note.status = answer.status
            sort_out(answer, path)
            found = parse(answer)
            note.items = count_rows(answer.body) if answer.status < 400 else 0
            self.has_answered = True
            return found

    def _send(self, verb: str, path: str, params: Params = (), form: Mapping[str, str] | None = None) -> Answer:
        url = f"{self._config.base_url}/api/{self._config.version}/{path}"
        request = self._client.build_request(
            verb,
            url,
            params=[(name, str(value)) for name, value in params],
            data=dict(form) if form is not None else None,
            headers={"Authorization": f"Bearer {self._signer.token()}"},
            timeout=patience(self._config, writes=verb != "GET"),
        )
        sending = Sending(self._config.base_url, writes=verb != "GET")
        request.extensions = {**request.extensions, "trace": sending.trace}
        with sending.sorting():
            response = self._client.send(request)
        self._look_at_clock(response)
        if response.status_code == 429:
            raise failures.busy(figure(response.headers.get("Retry-After")) or 30)
        return read_answer(response)

    def _look_at_clock(self, response: httpx2.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        self.ahead = (told if told.tzinfo else told.replace(tzinfo=UTC)) - self._clock.now()

    @contextmanager
    def _noted(self, what: str) -> Iterator["Noted"]:
        note, began, at = Noted(), time.monotonic(), self._clock.now()
        error: PriemError | None = None
        try:
            yield note
        except PriemError as raised:
            error = raised
            raise
        finally:
            self._exchanges.note(
                Exchange(
                    system=self._config.connection,
                    what=what,
                    started_at=at,
                    milliseconds=round((time.monotonic() - began) * 1000),
                    status=note.status,
                    items=note.items,
                    error=error.what if error else None,
                )
            )


@dataclass(slots=True)
class Noted:
    status: int | None = None
    items: int = 0


class Sending:
    """Watches one request leave, to know afterwards whether anything may have arrived."""

    def __init__(self, url: str, *, writes: bool) -> None:
        self._url = url
        self._writes = writes
        self._began = False

    def trace(self, event: str, _info: object) -> None:
        if event.endswith("send_request_headers.started"):
            self._began = True

    @contextmanager
    def sorting(self) -> Iterator[None]:
        try:
            yield
        except httpx2.RequestError as error:
            if self._writes and self._began:
                raise failures.outcome_unknown() from error
            if not self._began:
                raise failures.unreachable(self._url) from error
            is_slow = isinstance(error, httpx2.TimeoutException)
            raise (failures.slow if is_slow else failures.cut)(self._url) from error


def patience(config: Config, *, writes: bool = False) -> httpx2.Timeout:
    return httpx2.Timeout(min(config.timeout, LONGEST_WRITE) if writes else config.timeout, connect=CONNECT)


def is_here(url: str) -> bool:
    """This very machine is not reached through a proxy."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def read_answer(response: httpx2.Response) -> Answer:
    """The content type is no guide: the gateway's pages come as anything."""
    try:
        return Answer(response.status_code, json.loads(response.content), is_page=False)
    except ValueError:
        return Answer(response.status_code, None, is_page=bool(response.content.strip()))


def sort_out(answer: Answer, path: str) -> None:
    """Raises for what is no answer to a question. 404 is one."""
    status = answer.status
    if status in (401, 403):
        raise failures.not_let_in(status)
    if status >= 500:
        raise failures.page_instead(status) if answer.is_page else failures.out_of_order(status)
    if status == 404:
        return
    if answer.body is None:
        raise failures.page_instead(status)
    if status >= 400:
        raise failures.not_taken(path, status)
    if says_no(answer.body):
        raise failures.not_understood(path)


def listing_in(answer: Answer, method: str, envelope: str, asked: int) -> Listing:
    """`asked` is the limit that was; the server's own word counts."""
    if answer.status == 404:
        raise failures.no_method(method)
    rows = rows_in(answer.body, envelope)
    if rows is None:
        raise failures.not_understood(method)
    own = answer.body if isinstance(answer.body, dict) else {}
    return Listing(rows, figure(own.get("total")), figure(own.get("limit")) or asked or max(1, len(rows)))


def record_in(answer: Answer, id_: str) -> Row | None:
    if answer.status == 404:
        return None
    rows = rows_in(answer.body, "data")
    if rows is None and isinstance(answer.body, dict):
        rows = [answer.body]
    return next((row for row in rows or () if str(row.get("id")) == id_), None)


def done(answer: Answer, path: str) -> Row:
    """What was written, as far as the answer says; raises for everything but a plain yes."""
    status = answer.status
    if status >= 500 or (answer.body is None and status < 400):
        raise failures.outcome_unknown()
    if status == 401 or (status == 403 and not texts_in(answer.body)):
        raise failures.not_let_in(status)
    if status == 405 or (status == 404 and "/" not in path):
        raise failures.no_method(path)
    if status == 404:
        raise failures.no_visit()
    if status >= 400 or says_no(answer.body):
        raise failures.refused(" ".join(texts_in(answer.body)))
    return written_row(answer.body)


def says_no(body: object) -> bool:
    """A refusal that comes with a status of success: {"status": "Error", …} (docs/reference/archimed.md §1.4)."""
    if not isinstance(body, dict) or "status" not in body or "status_id" in body:
        return False
    return str(body["status"]).strip().casefold() not in OK


def written_row(body: object) -> Row:
    rows = rows_in(body, "data")
    if rows:
        return rows[0]
    return body if isinstance(body, dict) else {}


def count_rows(body: object) -> int:
    """Of the longest list, or one record."""
    if isinstance(body, dict):
        return max((len(value) for value in body.values() if isinstance(value, list)), default=1)
    return len(body) if isinstance(body, list) else 0


def rows_in(body: object, envelope: str) -> list[Row] | None:
    """The rows of a list, under `data` or a name of its own, or bare; None when there is no list."""
    if isinstance(body, dict):
        found = next((body[name] for name in (envelope, "data") if name in body), None)
        if isinstance(found, dict):
            found = [found]
        body = [] if found is None and ("data" in body or envelope in body) else found
    if not isinstance(body, list):
        return None
    return [row for row in body if isinstance(row, dict)]
