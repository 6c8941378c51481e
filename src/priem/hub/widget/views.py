"""The addresses: one door for amoCRM's token, frames, and the questions that frames ask with a session."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from pydantic import BaseModel, ValidationError

from priem.booking import Refused
from priem.engine.booking_rights import Actor, of_user
from priem.errors import AskOperator, BadRecord, PriemError, TryLater
from priem.hub.amocrm.address import clinic_of
from priem.hub.booking.receptions import RECEPTIONS, Office
from priem.hub.clinics import clinic_data
from priem.hub.models import Clinic
from priem.hub.roles.from_amocrm import vouched
from priem.hub.sentences import readable
from priem.hub.widget import applying, deeds, journal, nearest, orders, panel, window
from priem.hub.widget.origins import framed, known_origin, origin_of, preflight, with_origin
from priem.hub.widget.places import Shown
from priem.hub.widget.sessions import Session, SessionIsOver, read, written
from priem.hub.widget.settings_page import sign_in, state
from priem.hub.widget.words import words
from priem.texts import LANGUAGES, Text, text

log = structlog.get_logger(__name__)
FRAMES = ("panel", "window", "settings")
LONGEST = 64 * 1024
"""Bytes of a question."""

B = TypeVar("B", bound=BaseModel)
Question = Callable[[Office, Actor, Session, HttpRequest], Any]


class EnterIn(BaseModel):
    lead: int = 0
    pipeline: int = 0
    """Of the list that is looked at, where it is a list."""


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def enter(request: HttpRequest) -> HttpResponse:
    """amoCRM's token for a session. Only the pages of that account may read the answer."""
    if request.method == "OPTIONS":
        return preflight(request)
    origin = request.headers.get("Origin", "")
    try:
        clinic, user = vouched(request.headers.get("X-Auth-Token", "")[:4000])
        if not user.user or (origin and origin != origin_of(clinic)):
            raise AskOperator(text("The widget's token is of another account of amoCRM."))
        asked = body_as(EnterIn, request)
    except PriemError as error:
        answer = problem(error.what, error.advice, HTTPStatus.FORBIDDEN)
        return with_origin(answer, origin) if known_origin(origin) else answer
    session = Session(
        clinic=clinic.pk, user=user.user, is_admin=user.is_admin, lead=asked.lead, pipeline=asked.pipeline
    )
    frames = {name: request.build_absolute_uri(reverse("widget_frame", args=[clinic.account, name])) for name in FRAMES}
    said: dict[str, Any] = {"session": written(session), "frames": frames}
    if asked.pipeline and not asked.lead:
        said["journal"] = lists_journal(clinic, user.user, asked.pipeline)
    return with_origin(JsonResponse(said), origin_of(clinic))


def lists_journal(clinic: Clinic, user: int, pipeline: int) -> bool:
    """Whether the list of this pipeline has the journal's button. Not while nobody can tell."""
    try:
        with RECEPTIONS.of(clinic_data(clinic)) as office:
            return panel.shows_journal(office, pipeline) and panel.has_journal(office, of_user(user))
    except PriemError as error:
        log.warning("whether a list has the journal is not known", clinic=clinic.slug, why=str(error.what))
        return False


@csrf_exempt
@require_POST
def pipeline_hook(request: HttpRequest, token: str) -> HttpResponse:
    """Kept before it is answered: amoCRM posts once and waits for nobody. What becomes of it: see `orders`."""
    clinic_id = clinic_of(token)
    if clinic_id is None:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    try:
        is_kept = orders.put(clinic_id, request.body[:LONGEST])
    except BadRecord as error:
        log.warning("what came is no order of a stage", clinic=clinic_id, why=str(error.what))
        return HttpResponse(status=HTTPStatus.OK)
    return HttpResponse(status=HTTPStatus.OK if is_kept else HTTPStatus.SERVICE_UNAVAILABLE)


@require_GET
def frame(request: HttpRequest, account: int, name: str) -> HttpResponse:
    """A page without a word about anybody: what it shows, it asks for with its session."""
    clinic = get_object_or_404(Clinic, account=account)
    language = request.GET.get("lang", "")
    with translation.override(language if language in LANGUAGES else "ru"):
        api = reverse("widget_panel").removesuffix("panel")
        around = {"words": words(), "origin": origin_of(clinic), "name": name, "api": api}
        return framed(render(request, "widget/frame.html", around), clinic)


def asks(question: Question) -> Callable[[HttpRequest], HttpResponse]:
    """A question of a frame: who asks stands in the header, no cookie is looked at."""

    @csrf_exempt
    @wraps(question)
    def view(request: HttpRequest) -> HttpResponse:
        language = request.headers.get("Accept-Language", "")[:2]
        with translation.override(language if language in LANGUAGES else "ru"):
            try:
                return answered(question, request)
            except SessionIsOver as error:
                return problem(error.what, error.advice, HTTPStatus.UNAUTHORIZED)
            except (TryLater, AskOperator) as error:
                return problem(error.what, error.advice, HTTPStatus.SERVICE_UNAVAILABLE)
            except PriemError as error:
                kind = error.kind.value if isinstance(error, Refused) else ""
                return problem(error.what, error.advice, HTTPStatus.UNPROCESSABLE_ENTITY, kind)

    return view


def answered(question: Question, request: HttpRequest) -> HttpResponse:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    session = read(given if scheme == "Bearer" else "")
    clinic = Clinic.objects.filter(pk=session.clinic).first()
    if clinic is None:
        raise SessionIsOver(text("The widget's session is over."))
    with RECEPTIONS.of(clinic_data(clinic)) as office:
        answer = JsonResponse(question(office, of_user(session.user), session, request), safe=False)
    answer["Cache-Control"] = "no-store"
    return answer


def problem(what: Text, advice: Text | None, status: HTTPStatus, kind: str = "") -> JsonResponse:
    return JsonResponse({"said": readable(what), "advice": readable(advice), "kind": kind}, status=status)


def body_as(model: type[B], request: HttpRequest) -> B:
    """Raises AskOperator for what our own frame would never send."""
    try:
        return model.model_validate_json(request.body[:LONGEST] or b"{}")
    except ValidationError as error:
        log.warning("a widget's question cannot be read", fields=[str(each["loc"]) for each in error.errors()])
        raise unreadable() from error


def unreadable() -> AskOperator:
    return AskOperator(text("Priem does not understand this question."), text("Reload the page in amoCRM."))


def day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError as error:
        raise unreadable() from error


def listed(request: HttpRequest, name: str) -> tuple[str, ...]:
    return tuple(filter(None, request.GET.get(name, "").split(",")))


def shown(request: HttpRequest) -> Shown:
    return Shown(
        place=given(request, "place"),
        first=day(request, "first"),
        last=day(request, "last"),
        doctors=listed(request, "doctors"),
        services=listed(request, "services"),
    )


def given(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").strip()[:200]


def deed(model: type[B], does: Callable[[Office, Actor, int, B], Any]) -> Question:
    def asked(office: Office, actor: Actor, session: Session, request: HttpRequest) -> Any:  # noqa: ANN401 - JSON
        if request.method != "POST":
            raise unreadable()
        return does(office, actor, session.lead, body_as(model, request))

    return asked


QUESTIONS: dict[str, Question] = {
    "panel": lambda office, actor, session, _request: panel.panel(office, actor, session.lead),
    "nearest": lambda office, actor, _session, _request: nearest.nearest(office, actor),
    "others": lambda office, _actor, session, _request: panel.others(office, session.lead),
    "window": lambda office, actor, session, request: window.window(office, actor, session, given(request, "visit")),
    "directory": lambda office, actor, _session, request: window.directory(office, actor, given(request, "place")),
    "schedule": lambda office, actor, _session, request: window.schedule(office, actor, shown(request)),
    "people": lambda office, actor, _session, request: window.people(
        office, actor, given(request, "place"), given(request, "phone"), given(request, "name"), given(request, "known")
    ),
    "journal": lambda office, actor, session, request: journal.journal(office, actor, session, shown(request)),
    "settings": state,
    "sign-in": sign_in,
    "apply": deed(deeds.Asked, applying.applies),
    "book": deed(deeds.BookIn, deeds.books),
    "move": deed(deeds.MoveIn, deeds.moves),
    "cancel": deed(deeds.CancelIn, deeds.cancels),
    "status": deed(deeds.StatusIn, deeds.gives_status),
    "edit": deed(deeds.EditIn, deeds.edits),
}
