"""The addresses of the booking API. Every answer is JSON, every refusal says why in the reader's language.

200: done, or what was asked for. 202: it is not known yet. 400: it cannot be read; `places` says where. 404: nobody
made such a request. 409: no, and why. 503: something is away, try again; nothing was done.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from priem.booking import Refused
from priem.engine.booking_rights import Actor, of_user
from priem.engine.reception import Answer
from priem.errors import AskOperator, PriemError
from priem.hub.booking import asked, told
from priem.hub.booking.asked import Unreadable
from priem.hub.booking.receptions import RECEPTIONS
from priem.hub.booking.window import Window
from priem.hub.clinics import clinic_data
from priem.hub.models import AmoCrmPerson, Clinic
from priem.hub.roles.guards import of_clinic
from priem.hub.roles.rights import Right
from priem.hub.sentences import readable
from priem.texts import text

Asked = TypeVar("Asked")
Room = Callable[..., JsonResponse]
LISTS = frozenset({"doctor", "service"})


def through_a_window(view: Room) -> Callable[..., HttpResponseBase]:
    """Opens the clinic's reception for who is logged in, and says in JSON what is wrong: `view(window, request, …)`."""

    @wraps(view)
    def opened(request: HttpRequest, clinic: Clinic, **rest: Any) -> JsonResponse:  # noqa: ANN401  # of the address
        try:
            with RECEPTIONS.of(clinic_data(clinic)) as office:
                return view(Window(office.reception, actor_of(request, clinic)), request, **rest)
        except Unreadable as unreadable:
            said = text("This request cannot be read: {list}.", list=", ".join(unreadable.places))
            return JsonResponse({"reason": readable(said), "places": list(unreadable.places)}, status=400)
        except Refused as no:
            return JsonResponse(told.reason(no.kind, no.what, no.advice), status=409)
        except PriemError as error:
            return JsonResponse(
                {"reason": readable(error.what), "advice": readable(error.advice)},
                status=409 if isinstance(error, AskOperator) else 503,
            )

    return of_clinic(Right.BOOK)(opened)


def actor_of(request: HttpRequest, clinic: Clinic) -> Actor:
    """A user of amoCRM has that user's rights; others who are let in are of the house."""
    person = AmoCrmPerson.objects.of(clinic.pk).filter(person_id=request.user.pk).first()
    return of_user(person.amocrm_user) if person else Actor(name=f"hub:{request.user.get_username()}"[:100])


def answered(answer: Answer) -> JsonResponse:
    return JsonResponse(told.answer(answer), status=told.status_of(answer))


def body(kind: type[Asked], request: HttpRequest) -> Asked:
    return asked.read_json(kind, request.body)


def query(request: HttpRequest) -> Mapping[str, Any]:
    return {name: request.GET.getlist(name) if name in LISTS else request.GET[name] for name in request.GET}


@require_GET
@through_a_window
def dictionaries(window: Window, _request: HttpRequest) -> JsonResponse:
    return JsonResponse(window.dictionaries())


@require_GET
@through_a_window
def schedule(window: Window, request: HttpRequest) -> JsonResponse:
    return JsonResponse(window.schedule(asked.read(asked.AskedForSchedule, query(request))))


@require_GET
@through_a_window
def patients(window: Window, request: HttpRequest) -> JsonResponse:
    return JsonResponse(window.patients(request.GET.get("connection", ""), request.GET.get("phone", "")))


@require_GET
@through_a_window
def lead(window: Window, _request: HttpRequest, lead: int) -> JsonResponse:
    return JsonResponse(window.lead(lead))


@require_GET
@through_a_window
def outcome(window: Window, _request: HttpRequest, ref: str) -> JsonResponse:
    answer = window.answer(ref)
    if answer is None:
        return JsonResponse({"reason": readable(text("There is no such request."))}, status=404)
    return answered(answer)


@require_POST
@through_a_window
def book(window: Window, request: HttpRequest) -> JsonResponse:
    return answered(window.book(body(asked.AskedToBook, request)))


@require_POST
@through_a_window
def reschedule(window: Window, request: HttpRequest) -> JsonResponse:
    return answered(window.reschedule(body(asked.AskedToMove, request)))


@require_POST
@through_a_window
def cancel(window: Window, request: HttpRequest) -> JsonResponse:
    return answered(window.cancel(body(asked.AskedToCancel, request)))


@require_POST
@through_a_window
def status(window: Window, request: HttpRequest) -> JsonResponse:
    return answered(window.change_status(body(asked.AskedForStatus, request)))


@require_POST
@through_a_window
def update(window: Window, request: HttpRequest) -> JsonResponse:
    return answered(window.update(body(asked.AskedToUpdate, request)))
