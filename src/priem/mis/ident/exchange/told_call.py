"""A call as a telephony tells of it: when it begins, when it is answered, when it is over."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from priem.mis.ident.exchange.call import Call
from priem.mis.ident.exchange.refusals import TicketRefused
from priem.mis.ident.exchange.ticket import FIELDS as FIELDS_OF_TICKETS
from priem.mis.ident.exchange.ticket import a_moment, a_text, an_id, shown
from priem.texts import Text, text

MOMENTS: Mapping[str, str] = {"DateAndTime": "started_at", "AnsweredAt": "answered_at", "EndedAt": "ended_at"}
TEXTS: Mapping[str, str] = {
    "PhoneFrom": "phone_from",
    "PhoneTo": "phone_to",
    "LineDescription": "line",
    "RecordUrl": "record_url",
}
LONGEST_CALL_ID = 255
TRACKING = tuple(sorted(name for name in FIELDS_OF_TICKETS if name.startswith("Utm") or name == "HttpReferer"))
FIELDS = frozenset(("Id", "Direction", *MOMENTS, *TEXTS, *TRACKING))


def to_call(fields: Mapping[str, object], zone: tzinfo) -> tuple[str, Call]:
    """The telephony's own id and the call. Raises TicketRefused that names all that is wrong."""
    problems: list[Text] = [
        text("There is no field {field}.", field=shown(name)) for name in fields if name not in FIELDS
    ]
    id_ = an_id(fields.get("Id"), problems)
    if len(id_) > LONGEST_CALL_ID:
        problems.append(text("{field} is longer than {most} characters.", field="Id", most=LONGEST_CALL_ID))
    read: dict[str, Any] = {name: a_text(field, fields.get(field), problems) for field, name in TEXTS.items()}
    read |= {name: a_moment(field, fields.get(field), zone, problems) for field, name in MOMENTS.items()}
    if fields.get("Direction") not in ("in", "out"):
        problems.append(text("Direction is neither in nor out."))
    problems += wrong_moments(read)
    tracking = {name: a_text(name, fields.get(name), problems) for name in TRACKING if fields.get(name)}
    if problems:
        raise TicketRefused(problems)
    return id_, Call(direction=fields["Direction"], tracking=tracking, **read)  # type: ignore[arg-type]  # one of the two


def wrong_moments(read: Mapping[str, Any]) -> list[Text]:
    started: datetime | None = read["started_at"]
    if started is None:
        return [text("DateAndTime is missing.")]
    later = [moment for moment in (started, read["answered_at"], read["ended_at"]) if moment]
    return [] if later == sorted(later) else [text("A call is answered after it began, and ends after that.")]
