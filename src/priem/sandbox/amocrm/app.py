"""The ASGI application. A request meets block, faults, rate and token before a route, as at the real gateway."""

import asyncio
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from priem.sandbox.server import Receive, Scope, Send

from . import problems
from .control import Control
from .faults import AFTER, Fault, Faults
from .host.page import Widget
from .host.triggers import Triggers
from .limits import Limits, RequestLog
from .problems import nginx
from .routes import build_old_router, build_router
from .routes.oauth import oauth
from .routes.router import Api
from .settings import Settings
from .state.crm import Crm
from .webhooks import Courier
from .wire import Answer, Refused, Request, html

PREFIX = "/api/v4/"
OLD_PREFIX = "/api/v2/"
WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
READS_END_AFTER = 30 * 86_400
GATEWAY = {"500": 500, "502": 502, "504_before": 504, "504_after": 504}
TITLES = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Time-out"}


LARGE_BODY = 10_000
LARGE_PAGE = re.compile(r"limit=\d{3}")
"""These take tens of milliseconds each, which may decide whether a request came within a second."""


class Cut(Exception):
    """End the connection without an answer."""


class Sandbox:
    """The whole of it; call it as an ASGI application."""

    def __init__(self, crm: Crm, settings: Settings, faults: Faults) -> None:
        self.crm = crm
        self.settings = settings
        self.api = Api(crm)
        self.faults = faults
        self.limits = Limits(settings.rate_limit, settings.account_rate_limit, settings.block_after)
        self.log = RequestLog()
        self.control = Control(self)
        self.courier = Courier(crm, settings, faults)
        self.certificate: Path | None = None
        self.widget = Widget()
        self.triggers = Triggers(crm, self.courier.run, self.widget.hook_address)
        crm.listeners.append(self.triggers.hear)
        self._router, self._old_router = build_router(), build_old_router()
        self._turn = asyncio.Lock()
        self._aside = ThreadPoolExecutor(1, "sandbox-amocrm-large")
        self.api.stale_search_seconds = self._stale_search

    def close(self) -> None:
        """It serves no more."""
        self._aside.shutdown()

    def _stale_search(self, request: Request) -> float | None:
        fault = self.faults.take_kind("stale_search", request.method, request.path)
        return fault.seconds if fault else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = await _read(scope, receive)
        own = await self._own(request)
        if own is not None:
            await _send(send, request, own)
            return
        entry = self.log.arrive(request.method, request.path, request.id, api=request.path.startswith("/api/"))
        try:
            answer = await self._answer(request)
        except Cut:
            self.log.leave(entry, None)
            await _cut(scope)
            return
        self.log.leave(entry, answer.status)
        await _send(send, request, answer)

    async def _own(self, request: Request) -> Answer | None:
        """What is the sandbox's, not amoCRM's; it sees no request half done."""
        self.courier.at_home()
        if not self._turn.locked():
            return self.control.handle(request)
        if not self.control.is_meant(request):
            return None
        async with self._turn:
            return self.control.handle(request)

    async def _answer(self, request: Request) -> Answer:
        if self.limits.is_blocked:
            return problems.blocked()
        fault = self.faults.take(request.method, request.path)
        if fault is not None and fault.kind not in AFTER:
            spoiled = await self._spoil(fault)
            if spoiled is not None:
                return spoiled
        answer = await self._serve(request)
        if fault is not None and fault.kind in AFTER:
            if fault.kind == "504_after":
                return nginx(504, TITLES[504])
            raise Cut
        return answer

    async def _spoil(self, fault: Fault) -> Answer | None:
        """Carry out a fault that comes before the work; None lets the request go on."""
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return None
        if fault.kind == "cut_before":
            raise Cut
        simple: dict[str, Callable[[], Answer]] = {
            "429": problems.too_many_requests,
            "block_403": problems.blocked,
            "ip_403": problems.foreign_address,
            "402": problems.payment_required,
            "html_200": lambda: html(200, "<!DOCTYPE html><html><body>amoCRM</body></html>"),
        }
        if fault.kind in simple:
            return simple[fault.kind]()
        status = GATEWAY[fault.kind]
        return nginx(status, TITLES[status])

    async def _serve(self, request: Request) -> Answer:
        refused = self._gate(request)
        if refused is not None:
            return refused
        before = self.settings.latency_ms / 2000
        if before:
            await asyncio.sleep(before)
        answer = await self._worked(request)
        after = before + self.settings.latency_per_record_ms * answer.records / 1000
        if after:
            await asyncio.sleep(after)
        return answer

    def _gate(self, request: Request) -> Answer | None:
        """Rate, then token, then whose rights, then whether the account is paid."""
        if not request.path.startswith("/api/"):
            return None
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        holder = self.crm.tokens.holder(token, self.crm.now())
        if not self.limits.admit(holder.client_id if holder else ""):
            return problems.too_many_requests()
        moved = self.crm.account.host
        if holder is None or (moved is not None and urlsplit(request.base).netloc != moved):
            return problems.unauthorized()
        request.client_id, request.user_id = holder.client_id, holder.user_id
        return self._become(request) or self._unpaid(request)

    def _become(self, request: Request) -> Answer | None:
        """`X-Context-User-ID`: an administrator's token works with somebody else's rights."""
        wanted = request.headers.get("x-context-user-id")
        if wanted is None:
            return None
        user = self.crm.users.rows.get(int(wanted)) if wanted.isdecimal() else None
        if user is None or user.is_free or not user.is_active or not self.crm.user(request.user_id).is_admin:
            return problems.unauthorized()
        request.user_id = user.id
        return None

    def _unpaid(self, request: Request) -> Answer | None:
        ended = self.crm.account.subscription_ended_at
        if ended is None:
            return None
        if request.method in WRITES or self.crm.now() - ended > READS_END_AFTER:
            return problems.payment_required()
        return None

    async def _worked(self, request: Request) -> Answer:
        """One after another. While a large one is made, others still arrive, and are counted when they do."""
        if not (self._turn.locked() or len(request.body) > LARGE_BODY or LARGE_PAGE.search(request.raw_query)):
            return self._work(request)
        async with self._turn:
            return await asyncio.get_running_loop().run_in_executor(self._aside, self._work, request)

    def _work(self, request: Request) -> Answer:
        """The state changes here and only here, one request at a time: each is atomic."""
        try:
            if request.path.startswith(PREFIX):
                answer = self._router.handle(self.api, request, request.path[len(PREFIX) :].rstrip("/"))
            elif request.path.startswith(OLD_PREFIX):
                answer = self._old_router.handle(self.api, request, request.path[len(OLD_PREFIX) :].rstrip("/"))
            else:
                answer = oauth(self.api, request)
        except Refused as refusal:
            return refusal.answer
        return answer or problems.not_found(request.method, request.base + request.path)


async def _read(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = b""
    while scope["method"] != "GET":
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    base = f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}"
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], query, headers, body, base, secrets.token_hex(16))


async def _send(send: Send, request: Request, answer: Answer) -> None:
    headers = [(b"server", b"nginx"), (b"x-request-id", request.id.encode())]
    body = answer.body or b""
    if answer.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    if answer.body is not None:
        headers.append((b"content-type", answer.content_type.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(scope: Scope) -> None:
    """Reset the connection; the server hands the way to do it in the scope."""
    scope["extensions"]["sandbox.cut"]["abort"]()
    await asyncio.sleep(0.01)
