"""A hub, an agent and a clinic with IDENT, put together. Agent and hub talk HTTP as in earnest, only that no network is
between them: so a test says who does what when, and may break the line in any place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from priem.agent import enrolment
from priem.agent.enrolment import Access, Limits
from priem.agent.folder import Folder
from priem.agent.line import Address, Line
from priem.agent.running import Agent
from priem.errors import TryLater
from priem.hub.agents import feeds
from priem.hub.agents.choosing import AGENT, LOOK_EVERY, THROUGH
from priem.hub.agents.enrolling import make_code
from priem.hub.agents.source import AgentFed
from priem.hub.models import Clinic, Connection
from priem.hub.wsgi import application
from priem.model import Page
from priem.ports import Counts, Source
from priem.relay.parcels import load_in
from tests.mis.ident.clinic import IdentClinic, Sandbox

KEY = "pz"
HUB = Address(url="https://testserver")
WAY = ("server", "port", "password")


class Wire(httpx2.BaseTransport):
    """The hub at the other end. `breaks` may cut a request on its way there, or its answer on the way back, or say
    what a proxy does with it."""

    def __init__(self) -> None:
        self._hub = httpx2.WSGITransport(app=application)
        self.breaks: Callable[[httpx2.Request], str] = lambda _request: ""
        self.requests: list[tuple[str, str, int]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        how = self.breaks(request)
        if how == "before":
            raise httpx2.ConnectError("nobody answers")
        if how == "half":
            half = request.read()[: len(request.content) // 2]
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            self._answered(httpx2.Request(request.method, request.url, headers=headers, content=half))
            raise httpx2.WriteError("the line broke")
        if how == "large":
            return httpx2.Response(413, content=b"<html>413 Request Entity Too Large</html>")
        if how == "damaged":
            request = httpx2.Request(request.method, request.url, headers=request.headers, content=request.read()[::-1])
        answer = self._answered(request)
        if how == "after":
            raise httpx2.ReadTimeout("half a line")
        self.requests.append((request.method, request.url.path, answer.status_code))
        return answer

    def _answered(self, request: httpx2.Request) -> httpx2.Response:
        with in_this_transaction():
            answer = self._hub.handle_request(request)
            answer.read()
        return answer


@contextmanager
def in_this_transaction() -> Iterator[None]:
    """As Django's own test client does: the end of a request is not the end of the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


class Beside:
    """What stands in the clinic: an agent's folder and the agent that runs on it."""

    def __init__(
        self, folder: Path, clinic: Clinic, sandbox: Sandbox, wire: Wire | None = None, **options: Any
    ) -> None:
        self.clinic, self.sandbox, self.wire = clinic, sandbox, wire or Wire()
        self.folder = Folder(folder)
        self.limits = Limits(most_megabytes=50, least_free_megabytes=1)
        self.free: Callable[[], int] | None = None
        self.database(**options)
        self.enrol(make_code(clinic.pk, KEY))
        self.agent = self.started()

    def database(self, **options: Any) -> None:
        facts = self.sandbox.config(**options)
        enrolment.keep_database(self.folder, {name: getattr(facts, name) for name in WAY})

    def access(self) -> Access:
        return enrolment.access_in(self.folder)

    def line(self, token: str = "") -> Line:
        return Line(HUB, token, transport=self.wire)

    def enrol(self, code: str) -> None:
        enrolment.enrol(self.folder, HUB, code, self.line())

    def started(self) -> Agent:
        """As after the computer was switched on."""
        if hasattr(self, "agent"):
            self.agent.reader.close()
        access = self.access()
        line = self.line(access.token)
        self.agent = Agent(self.folder, access, self.limits, free=self.free, line=line)
        return self.agent

    def settle(self) -> None:
        """Everything that is to be done now: told, read, sent, answered."""
        self.agent.report()
        while self.agent.answer_one():
            pass
        self.agent.read_once()
        self.send_all()

    def send_all(self) -> None:
        while self.agent.send_one():
            pass

    def source(self) -> AgentFed:
        return AgentFed(self.clinic.pk, KEY, Meanwhile(self))


class Meanwhile:
    """A clock in whose waits the agent does its work. Gives up where a real one would wait for ever."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def wait(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=max(seconds, 1))
        try:
            self._beside.settle()
        except TryLater:
            self._ahead += timedelta(seconds=60)


class Settled:
    """The source, whose agent has looked at the database right before each reading."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._source = beside.source()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def changes(self, since: str | None) -> Iterator[Page]:
        feeds.place_for(self._beside.clinic.pk, KEY, since)
        self._beside.settle()
        return self._source.changes(since)

    def count(self, since: str | None) -> Counts:
        return self._source.count(since)


class FedClinic:
    """A clinic with IDENT whose hub stands elsewhere (tests.contract.source_contract.Clinic)."""

    def __init__(self, ident: IdentClinic, beside: Beside) -> None:
        self._ident, self._beside = ident, beside

    def open(self) -> Source:
        return Settled(self._beside)

    def place(self, cursor: str) -> tuple[Any, ...]:
        place = feeds.Place.parse(cursor)
        assert place
        return (place.stream, place.sequence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ident, name)


def connect(clinic: Clinic, sandbox: Sandbox, **options: Any) -> None:
    """The clinic's connection, read through an agent."""
    facts = sandbox.config(**options)
    config = {THROUGH: AGENT, LOOK_EVERY: 0.2, "time_zone": facts.time_zone, "page_size": facts.page_size}
    config |= {"polling_share": 100, **options}
    Connection.objects.update_or_create(clinic=clinic, key=KEY, defaults={"kind": "ident", "config": config})


def changed(beside: Beside, **options: Any) -> None:
    """Somebody changes settings in the hub."""
    row = Connection.objects.of(beside.clinic.pk).get(key=KEY)
    row.config = {**row.config, **options}
    row.save()


def read_all(beside: Beside) -> list[Page]:
    return list(beside.source().changes(None))


def first_reading(beside: Beside) -> list[Page]:
    """Its pages; what a later reading brings once more, since it had just changed, is not among them."""
    kept = feeds.parcels(beside.clinic.pk, KEY).filter(is_first=True).order_by("sequence")
    return [load_in(bytes(parcel.body)).page for parcel in kept]


def stored(beside: Beside) -> list[int]:
    """The numbers of the parcels that the hub keeps."""
    return sorted(feeds.parcels(beside.clinic.pk, KEY).values_list("sequence", flat=True))


def settle_at_last(beside: Beside, times: int = 300) -> None:
    """As the agent does: again and again, until a whole round went well and nothing waits."""
    for _ in range(times):
        try:
            beside.settle()
        except TryLater:
            continue
        if not beside.agent.spool.waiting() and not beside.agent.spool.tail.is_first:
            return
    raise AssertionError("the agent did not come to rest")
