"""The page in amoCRM's own settings: how the connection is, and the way into the hub."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

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
                "books": row.key in office.desks,
            }
            for row in rows
        ],
        "places": [place.branch.name for place in places_for(actor, office)],
    }


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
