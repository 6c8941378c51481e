"""The lead goes to IDENT as an application: IDENT takes no bookings from outside. docs/reference/ident.md §1"""

from typing import Any

from priem.engine.booking_rights import Actor
from priem.hub.booking.receptions import Office
from priem.hub.ident.button import hand_over_by
from priem.hub.sentences import readable
from priem.hub.widget.deeds import Asked


def applies(office: Office, actor: Actor, lead: int, asked: Asked) -> dict[str, Any]:
    """Raises Refused with what is wrong with the lead. Asked for twice, it goes once."""
    pressed = hand_over_by(office.handing(), lead, actor)
    return {"ref": asked.ref, "done": True, "open": False, "said": readable(pressed.state)}
