"""The ASGI application: every request meets faults, the token and the branch's own manners before a route."""

import asyncio
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

from priem.sandbox.server import Receive, Scope, Send

from . import docdoc, tokens
from .clock import Clock
from .control import Control
from .faults import AFTER, GATEWAY, Fault, Faults
from .journal import Journal
from .live import LivingClinic
from .routes import build_router
from .routes.call import Call
from .seed import branches
from .seed.places import schedule
from .settings import Settings
from .state.booking import Refusal
from .state.branch import Branch
from .wire import TEXT, Answer, Refused, Request, encode, page

REFUSALS = {"refused": 403, "missing": 404, "invalid": 400}
TITLES = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Time-out"}


class Cut(Exception):
    """End the connection without an answer."""


class Archimed:
    """The gateway and the branches behind it; call it as an ASGI application."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(settings.now, frozen=settings.frozen, skew=settings.skew)
        self.branches = branches(settings, self.clock)
        self.lock = threading.RLock()
        """Held by whoever changes or reads the branches: a request, an act, a change of the clinic's life."""
        self.faults = Faults(random.Random(settings.seed))
        self.journal = Journal()
        self.live = LivingClinic(list(self.branches.values()), self.lock, settings.seed)
        self.control = Control(self)
        self._router = build_router()
        self._aside = ThreadPoolExecutor(1, "sandbox-archimed-work")

    def close(self) -> None:
        """It serves no more, and nothing happens in the clinic."""
        self.live.stop()
        self._aside.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = await _read(scope, receive)
        if self.control.is_meant(request):
            await self._send(send, await self._aside_of_the_loop(self.control.handle, request))
            return
        branch = self._branch_named(request)
        form = _names_sent(request)
        entry, in_second = self.journal.arrive(branch, request.method, request.path, request.raw_query, form)
        fault = self.faults.take(request.method, request.path, branch)
        entry.fault = fault.kind if fault else None
        try:
            answer = await self._answer(request, fault, in_second)
        except Cut:
            self.journal.leave(entry, None)
            await _cut(scope)
            return
        self.journal.leave(entry, answer.status)
        await self._send(send, answer)

    async def _send(self, send: Send, answer: Answer) -> None:
        headers = [
            (b"server", b"nginx"),
            (b"date", formatdate(self.clock.gateway(), usegmt=True).encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"content-type", answer.content_type.encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _branch_named(self, request: Request) -> str:
        """The API id that a request claims; empty for none of ours."""
        if request.path.startswith(docdoc.PREFIX):
            found = docdoc.branch_of(request, self.branches)
            return found.api_id if found else ""
        claimed = tokens.issuer(request.headers.get("authorization", ""))
        return claimed if claimed in self.branches else ""

    async def _answer(self, request: Request, fault: Fault | None, in_second: int) -> Answer:
        if fault is not None and fault.kind not in AFTER:
            spoiled = await self._spoil(fault)
            if spoiled is not None:
                return spoiled
        if 0 < self.settings.rate_limit < in_second:
            return _refused(None, 429, "Слишком много запросов")
        answer = await self._serve(request)
        if fault is None or fault.kind not in AFTER:
            return answer
        if fault.kind in GATEWAY:
            return page(GATEWAY[fault.kind], TITLES[GATEWAY[fault.kind]])
        raise Cut

    async def _spoil(self, fault: Fault) -> Answer | None:
        """Carry out a fault that comes before the work; None lets the request go on."""
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return None
        if fault.kind == "cut_before":
            raise Cut
        if fault.kind == "html_200":
            return page(200, "Сервис временно недоступен")
        texts = {"401": tokens.UNAUTHORIZED, "403": "Доступ запрещен", "429": "Слишком много запросов"}
        if fault.kind in texts:
            return _refused(None, int(fault.kind), texts[fault.kind])
        return page(GATEWAY[fault.kind], TITLES[GATEWAY[fault.kind]])

    async def _serve(self, request: Request) -> Answer:
        before = self.settings.latency_ms / 2000
        if before:
            await asyncio.sleep(before)
        answer = await self._aside_of_the_loop(self._work, request)
        after = before + self.settings.latency_per_record_ms * answer.records / 1000
        if after:
            await asyncio.sleep(after)
        return answer

    async def _aside_of_the_loop(self, work: Callable[[Request], Answer], request: Request) -> Answer:
        """One after another. While a large page is made, others still arrive, and are counted when they do."""
        return await asyncio.get_running_loop().run_in_executor(self._aside, work, request)

    def _work(self, request: Request) -> Answer:
        """The state changes here and only here, under the lock: a request is atomic."""
        with self.lock:
            self.prolong()
            return self._worked(request)

    def prolong(self) -> None:
        """The clinic makes its schedule as days go by."""
        for branch in self.branches.values():
            schedule(branch)

    def _worked(self, request: Request) -> Answer:
        branch: Branch | None = None
        try:
            if request.path.startswith(docdoc.PREFIX):
                branch = docdoc.branch_of(request, self.branches)
                return docdoc.handle(request, branch)
            caller = tokens.caller(request.headers.get("authorization", ""), self.branches, self.clock.gateway())
            branch = caller.branch
            version, _, path = request.path.removeprefix("/api/").partition("/")
            if not request.path.startswith("/api/") or version not in branch.manners.versions:
                return page(404, "Not Found")
            return self._router.handle(Call(request, caller, branch.shapes[version]), path)
        except Refused as refused:
            return _refused(branch, refused.status, refused.text)
        except Refusal as refusal:
            return _refused(branch, _status_of(branch, refusal), refusal.text)


def _status_of(branch: Branch | None, refusal: Refusal) -> int:
    if refusal.kind == "taken" and branch is not None:
        return int(branch.manners.collision)
    return REFUSALS[refusal.kind]


def _refused(branch: Branch | None, status: int, text: str) -> Answer:
    """The real bodies are not known (docs/reference/archimed.md §1.9): a JSON object, or the bare text."""
    if branch is not None and branch.manners.errors == "text" and status != 200:
        return Answer(status, text.encode(), TEXT)
    return Answer(status, encode({"status": "Error", "code": status, "message": text}))


def _names_sent(request: Request) -> list[str]:
    try:
        return sorted(request.form())
    except Refused:
        return []


async def _read(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    base = f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}"
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body, base)


async def _cut(scope: Scope) -> None:
    """Reset the connection; the server hands the way to do it in the scope."""
    scope["extensions"]["sandbox.cut"]["abort"]()
    await asyncio.sleep(0.01)
