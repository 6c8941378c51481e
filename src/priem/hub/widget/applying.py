"""The lead goes to IDENT as an application: IDENT takes no bookings from outside. docs/reference/ident.md §1"""

from typing import Any

from priem.booking import RefusalKind, Refused
from priem.engine.booking_rights import Actor
from priem.hub.booking.receptions import Office
from priem.hub.ident.button import hand_over_by
from priem.hub.sentences import readable
from priem.hub.widget.deeds import Asked
from priem.hub.widget.panel import is_hidden, lead_now
from priem.texts import text


def applies(office: Office, actor: Actor, lead: int, asked: Asked) -> dict[str, Any]:
    """Raises Refused with what is wrong with the lead, or its stage. Asked for twice, it goes once."""
    found = lead_now(office, lead)
    if found and is_hidden(office, found):
        raise Refused(RefusalKind.NOT_ALLOWED, text("Nothing is booked from leads in this stage."))
    pressed = hand_over_by(office.handing(), lead, actor)
    return {"ref": asked.ref, "done": True, "open": False, "said": readable(pressed.state)}
