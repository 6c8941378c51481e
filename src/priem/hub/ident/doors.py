"""Who is let in, and how it is said when something is wrong: always as plain text, never with a 2xx, never by a
redirect. docs/reference/ident.md §1.3"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from priem.errors import BadRecord, PriemError
from priem.hub.exchanges import DjangoExchanges
from priem.hub.ident.services import Key, find_service, is_key, note_heard
from priem.hub.ident.tickets import OtherContent
from priem.hub.models import IdentService
from priem.mis.ident.exchange.body import MOST_BYTES, PIECE, TooLarge, unpacked
from priem.mis.ident.exchange.refusals import BadRequest, TicketRefused
from priem.ports import Exchange
from priem.texts import Text, text

LONGEST_SHOWN = 256 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    content_type: str
    status: int = 200
    items: int = 0
    """Rows given or taken, for the journal."""


class Refusal(Exception):
    """An answer of 4XX, and all that is to be said in it."""

    def __init__(self, status: int, *said: Text, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.said = said
        self.headers = headers or {}


Room = Callable[[HttpRequest, IdentService], Answer]


@dataclass(frozen=True, slots=True)
class Door:
    """One method of the service."""

    name: str
    """As IDENT writes it; any letter case opens."""
    verb: str
    key: Key
    room: Room
    is_quiet: bool = False
    """Asked so often that the journal takes only what brings something."""


DOORS: dict[str, Door] = {}


def door(name: str, verb: str, key: Key = "key", *, is_quiet: bool = False) -> Callable[[Room], Room]:
    def hang(room: Room) -> Room:
        DOORS[name.lower()] = Door(name, verb, key, room, is_quiet)
        return room

    return hang


@csrf_exempt
def enter(request: HttpRequest, slug: str, connection: str, name: str) -> HttpResponse:
    """Every request to a service comes through here."""
    try:
        return entered(request, slug, connection, name)
    except Refusal as refusal:
        return plain(refusal.status, *refusal.said, headers=refusal.headers)
    except PriemError as error:
        log.warning("the service for IDENT cannot answer", what=str(error))
        return plain(HTTPStatus.SERVICE_UNAVAILABLE, error.what)
    except Exception as error:  # whatever it is, IDENT must get plain text and no 2xx
        log.exception("a request to the service for IDENT failed", error=type(error).__name__)
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR, text("Priem failed here; its log says more."))


@csrf_exempt
def lost(_request: HttpRequest) -> HttpResponse:
    return plain(HTTPStatus.NOT_FOUND, text("There is nothing at this address: a part of it is wrong or missing."))


def entered(request: HttpRequest, slug: str, connection: str, name: str) -> HttpResponse:
    door = DOORS.get(name.lower())
    if door is None:
        raise Refusal(HTTPStatus.NOT_FOUND, text("There is no method {method} here.", method=name[:50]))
    service = let_in(request, find_service(slug, connection), door)
    note_heard(service)
    if request.method != door.verb:
        said = text("{method} is asked for by {verb}.", method=door.name, verb=door.verb)
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, said, headers={"Allow": door.verb})
    with Noted(service, door, request.GET.dict()) as noted:
        noted.answer = answered(request, service, door)
    response = HttpResponse(noted.answer.body, content_type=noted.answer.content_type, status=noted.answer.status)
    response["Cache-Control"] = "no-store"
    return response


def let_in(request: HttpRequest, service: IdentService | None, door: Door) -> IdentService:
    """An unknown address and a wrong key are said in the same words: nobody learns which clinics there are."""
    given = key_of(request, door)
    if not given:
        headers = {"WWW-Authenticate": "IDENT-Integration-Key" if door.key == "key" else "Bearer"}
        raise Refusal(HTTPStatus.UNAUTHORIZED, text("The key is missing."), headers=headers)
    if not is_key(service, door.key, given) or service is None:
        raise Refusal(HTTPStatus.FORBIDDEN, text("The key does not fit this address."))
    return service


def key_of(request: HttpRequest, door: Door) -> str:
    if door.key == "key":
        return request.headers.get("IDENT-Integration-Key", "").strip()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def answered(request: HttpRequest, service: IdentService, door: Door) -> Answer:
    try:
        return door.room(request, service)
    except TooLarge as error:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.what) from error
    except OtherContent as error:
        raise Refusal(HTTPStatus.CONFLICT, error.what) from error
    except TicketRefused as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, *error.problems) from error
    except BadRecord as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, error.what) from error


@dataclass(slots=True)
class Noted:
    """One request for the journal: how long it took, how it ended, and what was answered, for the journal to mask."""

    service: IdentService
    door: Door
    asked: Mapping[str, object]
    answer: Answer = field(default_factory=lambda: Answer(b"", "text/plain"))
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if self.door.is_quiet and error is None and not self.answer.items:
            return
        refusal = error if isinstance(error, Refusal) else None
        DjangoExchanges(self.service.clinic_id).note(
            Exchange(
                system=self.service.connection,
                what=f"{self.door.verb} {self.door.name}",
                started_at=self.began,
                milliseconds=round((time.monotonic() - self.clock) * 1000),
                status=refusal.status if refusal else self.answer.status if error is None else 500,
                items=self.answer.items,
                error=refusal.said[0] if refusal else None,
                incoming=True,
                about=named_in(answered_rows(self.answer)),
                request=self.asked,
                answer=answered_rows(self.answer),
            )
        )


def answered_rows(answer: Answer) -> object:
    """What was said in JSON; nothing of XML and of what is long."""
    if not answer.content_type.startswith("application/json") or len(answer.body) > LONGEST_SHOWN:
        return None
    return json.loads(answer.body or b"null")


def named_in(rows: object) -> tuple[tuple[str, str], ...]:
    """Ids of the applications and calls that went out, or came in."""
    listed = rows if isinstance(rows, list) else [rows]
    return tuple(("ticket", str(row["Id"])) for row in listed if isinstance(row, dict) and row.get("Id"))


def plain(status: int, *said: Text, headers: Mapping[str, str] | None = None) -> HttpResponse:
    words = "\n".join(sentence.read(language()) for sentence in said)
    response = HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def language() -> str:
    """Russian, unless the request asks for English: IDENT shows the text to the clinic's people."""
    return "en" if (translation.get_language() or "").startswith("en") else "ru"


def body_of(request: HttpRequest) -> Iterator[bytes]:
    """Unpacked, piece by piece: Django's own `body` would take a large one for an attack."""
    declared = request.headers.get("Content-Length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MOST_BYTES:
        raise TooLarge(text("The body is larger than {most} MB.", most=MOST_BYTES >> 20))
    return unpacked(pieces_of(request), request.headers.get("Content-Encoding", ""))


def pieces_of(request: HttpRequest) -> Iterator[bytes]:
    # Without a length Django takes a body for empty; the server knows where a chunked one ends.
    is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    stream = request.META["wsgi.input"] if is_chunked else request
    try:
        while piece := stream.read(PIECE):
            yield piece
    except OSError as error:
        raise BadRequest(text("The body broke off half-way.")) from error
