"""The page in amoCRM's own settings: how the connection is, and the way into the hub."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from priem.booking import Ability
from priem.engine.booking_rights import Actor
from priem.errors import AskOperator
from priem.hub.booking.receptions import Office
from priem.hub.models import Clinic, Connection
from priem.hub.roles.from_amocrm import Arrival, person_of, ticket
from priem.hub.sentences import readable
from priem.hub.widget.places import places_for
from priem.hub.widget.sessions import Session
from priem.texts import text


def state(office: Office, actor: Actor, session: Session, _request: HttpRequest) -> dict[str, Any]:
    rows = Connection.objects.of(office.clinic.id).order_by("key")
    return {
        "clinic": office.clinic.name,
        "live": office.clinic.live,
        "is_admin": session.is_admin,
        "connections": [
            {
                "name": row.key,
                "system": row.kind,
                "read_at": row.last_read_at.isoformat() if row.last_read_at else "",
                "trouble": readable(row.last_error),
                "books": books(office, row.key),
            }
            for row in rows
        ],
        "places": [place.branch.name for place in places_for(actor, office)],
    }


def books(office: Office, connection: str) -> str:
    """`yes`, `applies` where the clinic's staff book what is asked for, or `no`."""
    desk = office.desks.get(connection)
    if desk and Ability.BOOK in desk.abilities:
        return "yes"
    return "applies" if desk and Ability.APPLY in desk.abilities else "no"


def sign_in(office: Office, actor: Actor, session: Session, request: HttpRequest) -> dict[str, str]:
    """An address that is good once, for a minute. Raises AskOperator for who is no administrator of the account."""
    if not session.is_admin or actor.user is None:
        raise AskOperator(
            text("Only administrators of the amoCRM account come in this way."),
            text("Ask the clinic's administrator for an account in Priem."),
        )
    clinic = Clinic.objects.get(pk=office.clinic.id)
    written = ticket(Arrival(clinic, person_of(clinic, actor.user)))
    return {"url": request.build_absolute_uri(reverse("amocrm_enter_by_ticket", args=[written]))}
