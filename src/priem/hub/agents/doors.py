"""The agents' own addresses. Every answer is JSON that says «priem» and the protocol's number; a refusal says why.

200: done, with what the agent is to do. 401: no agent of this hub. 409: the reading stands elsewhere. 400, 413: it
cannot be read. 429, 503: later.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import Any

import structlog
from django.db import OperationalError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.agents import asking, feeds
from priem.hub.agents.choosing import goes_through_agent
from priem.hub.agents.enrolling import TRIES, enrol
from priem.hub.agents.feeds import Elsewhere
from priem.hub.agents.given import given_to
from priem.hub.agents.standing import Standing, standing_of
from priem.hub.models import Agent, AgentFeed
from priem.hub.quick import change
from priem.hub.roles.throttling import address
from priem.relay import PROTOCOL
from priem.relay.parcels import MOST_BYTES, checksum, parted
from priem.relay.shapes import Unreadable
from priem.relay.texts import trouble_as_json
from priem.relay.words import Halt, Orders, position_as_json
from priem.texts import text

SOON, SELDOM = 2.0, 30.0
AT_ONCE = 0.5
"""Seconds between two reports: while somebody waits, of one agent, and of one among many."""
REPORTS_A_SECOND = 20
"""What all agents of a hub may ask of it together."""
COUNTED_FOR = 10.0
"""Seconds until agents are counted anew."""
HEARD_JUST_NOW = timedelta(seconds=15)
"""Within them a report that says nothing new is not written down: an agent counts as silent much later."""
WANTED_LATELY = 60.0
MOST_OF_A_REPORT = 64 * 1024
MOST_OF_AN_ANSWER = 32 * 1024 * 1024

log = structlog.get_logger(__name__)
Room = Callable[..., JsonResponse]


class TooLarge(Unreadable):
    """More than anybody sends."""


def said(told: Mapping[str, Any], status: int = 200) -> JsonResponse:
    answer = JsonResponse({"priem": PROTOCOL, **told}, status=status, json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "no-store"
    return answer


def door(verb: str) -> Callable[[Room], Room]:
    """Refusals as the agent understands them."""

    def hang(room: Room) -> Room:
        @csrf_exempt
        @require_http_methods([verb])
        @wraps(room)
        def enter(request: HttpRequest, **rest: Any) -> JsonResponse:  # noqa: ANN401 - of the address
            try:
                return room(request, **rest)
            except Elsewhere:
                return said({"error": "elsewhere"}, HTTPStatus.CONFLICT)
            except TooLarge:
                return said({"error": "too large"}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            except Unreadable as error:
                log.warning("an agent sends what cannot be read", why=str(error))
                return said({"error": "unreadable"}, HTTPStatus.BAD_REQUEST)
            except PriemError as error:
                later = isinstance(error, TryLater)
                status = HTTPStatus.SERVICE_UNAVAILABLE if later else HTTPStatus.FORBIDDEN
                return said({"error": "refused", "trouble": trouble_as_json(error)}, status)
            except OperationalError as error:
                log.warning("the hub's database is busy", error=type(error).__name__)
                return said({"error": "busy"}, HTTPStatus.SERVICE_UNAVAILABLE)

        return enter

    return hang


def for_agents(room: Room) -> Room:
    """Only with a token that is in force; the clinic and the connection are the token's."""

    @wraps(room)
    def guarded(request: HttpRequest, **rest: Any) -> JsonResponse:  # noqa: ANN401 - of the address
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        standing = standing_of(token.strip()) if scheme.lower() == "bearer" else None
        if standing is None:
            answer = said({"error": "unknown"}, HTTPStatus.UNAUTHORIZED)
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        require_asked(standing)
        return room(request, standing, **rest)

    return guarded


def require_asked(agent: Standing) -> None:
    """Raises AskOperator when the hub has no use for what this agent reads: patients' data do not come for nothing."""
    if agent.kind is None:
        raise AskOperator(text("The connection of this agent was removed in the hub."))
    if not is_for_agents(agent.config):
        raise AskOperator(
            text("The hub reads this database itself now, without the agent."),
            text("Take the agent away, or choose «Through an agent in the clinic» in the hub."),
        )


@lru_cache(maxsize=4096)
def is_for_agents(config: str) -> bool:
    return goes_through_agent(json.loads(config))


@door("POST")
def enrol_with_code(request: HttpRequest) -> JsonResponse:
    TRIES.require_few(address(request))
    told = json_in(request)
    code, host, program = (str(told.get(name) or "") for name in ("code", "host", "program"))
    try:
        enrolled = enrol(code, host, program)
    except AskOperator:
        TRIES.was_wrong(address(request))
        raise
    agent = enrolled.agent
    log.info("an agent is enrolled", agent=agent.pk, clinic=agent.clinic_id)
    known = {"agent": agent.pk, "token": enrolled.token, "connection": agent.connection, "clinic": agent.clinic.name}
    return said(known, HTTPStatus.CREATED)


@door("POST")
@for_agents
def report(request: HttpRequest, agent: Standing) -> JsonResponse:
    told = json_in(request)
    note_report(agent.agent, told)
    return orders(agent, str(told.get("version") or ""))


@door("GET")
@for_agents
def position(_request: HttpRequest, agent: Standing) -> JsonResponse:
    return said(position_as_json(feeds.position(feed_of(agent))))


@door("POST")
@for_agents
def parcel(request: HttpRequest, agent: Standing, stream: int, sequence: int) -> JsonResponse:
    content = body_of(request, MOST_BYTES)
    if request.headers.get("Priem-Checksum", "") != checksum(content):
        raise Unreadable("a parcel that was damaged on its way")
    head, body = parted(content)
    if (head.stream, head.sequence) != (stream, sequence):
        raise Unreadable("a parcel under another number")
    feed = feeds.receive(agent.clinic_id, agent.connection, head, body, checksum(content))
    return orders(agent, None, feed)


@door("POST")
@for_agents
def answer(request: HttpRequest, agent: Standing, question: int) -> JsonResponse:
    asking.answered(agent.clinic_id, agent.connection, question, body_of(request, MOST_OF_AN_ANSWER))
    return orders(agent, None)


def feed_of(agent: Standing) -> AgentFeed:
    return agent.feed or feeds.feed_of(agent.clinic_id, agent.connection)


def orders(agent: Standing, version: str | None, feed: AgentFeed | None = None) -> JsonResponse:
    """What the agent is to do. The settings only when it says that it has others; None: it says nothing of them."""
    feed, given = feed or feed_of(agent), given_to(agent)
    questions = asking.open_questions(agent.clinic_id, agent.connection) if agent.is_asked else ()
    if given is None:
        raise AskOperator(text("The connection of this agent was removed in the hub."))
    wanted = Orders(
        stream=feed.stream,
        sequence=feed.sequence,
        mark=feed.mark,
        version=given.version,
        given=given if version is not None and version != given.version else None,
        questions=questions,
        look=feed.look,
        again=AT_ONCE if questions or is_wanted(feed) else pace(),
    )
    return said(wanted.as_json())


def is_wanted(feed: AgentFeed) -> bool:
    """Somebody waits for the first pages of a reading."""
    if not feed.asked_at or not feeds.may_be_awaited(feed):
        return False
    return (datetime.now(UTC) - feed.asked_at).total_seconds() < WANTED_LATELY


def pace() -> float:
    return min(max(agents_at(int(time.monotonic() / COUNTED_FOR)) / REPORTS_A_SECOND, SOON), SELDOM)


@lru_cache(maxsize=1)
def agents_at(_span: int) -> int:
    """How many are let in, as of some seconds ago."""
    return Agent.objects.of_all().filter(revoked_at=None).count()


def note_report(agent: Agent, told: Mapping[str, Any]) -> None:
    kept: dict[str, Any] = {name: figure_in(told.get(name)) for name in ("waiting", "waiting_bytes", "lag")}
    kept |= {name: told.get(name) for name in ("version", "trouble")}
    kept["halt"] = told.get("halt") if told.get("halt") in list(Halt) else Halt.NONE
    kept["stream"], kept["sequence"] = told.get("stream"), told.get("sequence")
    kept["read_at"] = moment_in(told.get("read_at"))
    host, program = str(told.get("host") or "")[:100], str(told.get("program") or "")[:32]
    now = datetime.now(UTC)
    is_known = (agent.host, agent.program, agent.report) == (host, program, kept)
    if not (is_known and timedelta(0) <= now - agent.heard_at < HEARD_JUST_NOW):
        said_now = {"heard_at": now, "host": host, "program": program, "report": kept}
        change(Agent, agent.clinic_id, said_now, id=agent.pk)


def moment_in(told: object) -> str | None:
    """Pages read it."""
    try:
        return datetime.fromisoformat(str(told)).isoformat() if told else None
    except ValueError:
        return None


def figure_in(told: object) -> float:
    """Likewise."""
    return told if isinstance(told, int | float) and math.isfinite(told) else 0


def json_in(request: HttpRequest) -> dict[str, Any]:
    try:
        told = json.loads(body_of(request, MOST_OF_A_REPORT))
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable("no JSON") from error
    if not isinstance(told, dict):
        raise Unreadable("no table")
    return told


def body_of(request: HttpRequest, most: int) -> bytes:
    """Raises Unreadable for a body that broke off, and for one that is too large."""
    try:
        content: bytes = request.read(most + 1)
    except OSError as error:
        raise Unreadable("a body that broke off") from error
    if len(content) > most:
        raise TooLarge("a body that is too large")
    return content
