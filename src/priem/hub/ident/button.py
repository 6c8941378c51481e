"""The button in the lead's card: the lead goes to IDENT as an application, now."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from priem import configuration
from priem.booking import RefusalKind, Refused
from priem.engine.bindings import bind
from priem.engine.booking_rights import Actor, may_in, of_user
from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.amocrm.access import connected
from priem.hub.clinics import ClinicData, clinic_data
from priem.hub.ident import tickets
from priem.hub.ident.handing import Handing, connection_of
from priem.hub.roles.coming_in import HEADER, TOKEN, shared
from priem.hub.roles.from_amocrm import vouched
from priem.hub.sentences import readable
from priem.texts import Text, text


@dataclass(frozen=True, slots=True)
class Pressed:
    id: str
    state: Text
    """What became of the application so far."""
    is_new: bool


def hand_over(clinic: ClinicData, lead: int, actor: Actor) -> Pressed:
    """Pressing again says what became of it. Raises Refused, AskOperator, TryLater: whoever pressed reads them."""
    with connected(clinic, lane="interactive") as crm:
        account = crm.account()
        bound = bind(configuration.settings_from_json(clinic.settings), account)
        return hand_over_by(Handing(clinic=clinic, crm=crm, account=account, bound=bound), lead, actor)


def hand_over_by(handing: Handing, lead: int, actor: Actor) -> Pressed:
    """For those who have amoCRM open."""
    clinic = handing.clinic
    connection = connection_of(clinic, handing.bound.settings.tickets.connection)
    if not may_in(actor, connection, handing.bound):
        raise Refused(RefusalKind.NOT_ALLOWED, text("You may not book in this clinic."))
    handed = handing.hand_over(lead)
    row = tickets.of_lead(clinic.id, lead)[connection]
    return Pressed(handed.id, tickets.state_of(row, tickets.zone_of_service(clinic.id, connection)), handed.is_new)


@csrf_exempt
@never_cache
@require_http_methods(["POST", "OPTIONS"])
def button(request: HttpRequest, lead: int) -> HttpResponse:
    """With amoCRM's token in X-Auth-Token. 201: it waits for IDENT; 200: it did before; else `error` and `advice`."""
    if request.method == "OPTIONS":
        return shared(request, HttpResponse(status=204))
    token = request.headers.get(HEADER, "")
    try:
        clinic, user = vouched(token if TOKEN.fullmatch(token) else "")
    except AskOperator as error:
        return shared(request, told(error, 403))
    try:
        pressed = hand_over(clinic_data(clinic), lead, of_user(user.user))
    except PriemError as error:
        return shared(request, told(error, status_of(error)))
    said = {"id": pressed.id, "state": readable(pressed.state), "new": pressed.is_new}
    return shared(request, JsonResponse(said, status=201 if pressed.is_new else 200))


def status_of(error: PriemError) -> int:
    if isinstance(error, Refused):
        return 403 if error.kind is RefusalKind.NOT_ALLOWED else 422
    return 503 if isinstance(error, TryLater) else 409


def told(error: PriemError, status: int) -> JsonResponse:
    return JsonResponse({"error": readable(error.what), "advice": readable(error.advice)}, status=status)
