"""Questions to a database that only the agent can ask. The agent fetches them; nothing is ever sent into the clinic."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from priem.errors import TryLater
from priem.hub.models import AgentQuestion
from priem.hub.models.owned import OwnedRows
from priem.ports import Clock
from priem.relay import shapes
from priem.relay.parcels import MOST_UNPACKED, message_in
from priem.relay.shapes import Unreadable
from priem.relay.texts import trouble_from_json
from priem.relay.words import Asked, Kind
from priem.texts import text

BETWEEN_LOOKS = 0.1
LIVES = timedelta(minutes=5)
"""Whoever did not wait long enough finds the answer when he asks the same again so soon."""
AT_ONCE = 20


def questions(clinic_id: int, connection: str) -> OwnedRows[AgentQuestion]:
    return AgentQuestion.objects.of(clinic_id).filter(connection=connection)


def ask(
    clinic_id: int,
    connection: str,
    kind: Kind,
    about: Mapping[str, Any],
    answer: Any,  # noqa: ANN401 - the answer's type
    *,
    clock: Clock,
    seconds: float,
) -> Any:  # noqa: ANN401 - a value of that type
    """Raises what the agent met, and TryLater when it has not answered in that time; the same question later gets the
    answer that came meanwhile."""
    row = put(clinic_id, connection, kind, about)
    until = clock.now() + timedelta(seconds=seconds)
    while (told := taken(row, answer)) is None:
        if clock.now() >= until:
            raise TryLater(text("The agent in the clinic has not answered yet."), after=5)
        clock.wait(BETWEEN_LOOKS)
    return told[0]


class Told(NamedTuple):
    about: Mapping[str, Any]
    """As it was asked then, perhaps otherwise than now."""
    answer: Any


def told_in_passing(
    clinic_id: int,
    connection: str,
    kind: Kind,
    about: Mapping[str, Any],
    answer: Any,  # noqa: ANN401 - as above
    *,
    again: bool = True,
) -> Told | None:
    """What has been answered of what was asked when this was called before; None where nothing has. Then the question
    is put. `again`: even where it was just answered, so that the next call has something newer. Raises what the agent
    met."""
    told = None
    for row in questions(clinic_id, connection).filter(kind=kind, answered_at__isnull=False).order_by("pk"):
        if found := taken(row, answer):
            told = Told(dict(row.about), found[0])
    if again or not told:
        put(clinic_id, connection, kind, about)
    return told


def put(clinic_id: int, connection: str, kind: Kind, about: Mapping[str, Any]) -> AgentQuestion:
    now = datetime.now(UTC)
    mine = questions(clinic_id, connection)
    mine.filter(until__lt=now).delete()
    same = next((row for row in mine.filter(kind=kind).order_by("pk") if row.about == dict(about)), None)
    return same or AgentQuestion.objects.create(
        clinic_id=clinic_id, connection=connection, kind=kind, about=dict(about), asked_at=now, until=now + LIVES
    )


def taken(row: AgentQuestion, answer: Any) -> tuple[Any] | None:  # noqa: ANN401 - as above
    """The answer, once; None while there is none. Raises what the agent met."""
    mine = AgentQuestion.objects.of(row.clinic_id).filter(pk=row.pk)
    now = mine.filter(answered_at__isnull=False).first()
    if now is None:
        return None
    mine.delete()
    try:
        told = message_in(bytes(now.answer or b""), MOST_UNPACKED)
        if told.get("trouble"):
            raise trouble_from_json(told["trouble"])
        return (shapes.read(answer, told["answer"]),)
    except (Unreadable, KeyError, zlib.error) as error:
        raise TryLater(text("The agent says something that cannot be understood.")) from error


def forget_expired(now: datetime) -> int:
    """Questions that nobody waits for, with their answers, which hold patients' data; gives how many went."""
    return AgentQuestion.objects.of_all().filter(until__lt=now).delete()[0]


def open_questions(clinic_id: int, connection: str) -> tuple[Asked, ...]:
    rows = questions(clinic_id, connection).filter(answered_at__isnull=True, until__gt=datetime.now(UTC))
    return tuple(Asked(id=row.pk, kind=row.kind, about=row.about) for row in rows.order_by("pk")[:AT_ONCE])


def answered(clinic_id: int, connection: str, question: int, content: bytes) -> None:
    """One that nobody waits for any more is no mistake of the agent's."""
    mine = questions(clinic_id, connection).filter(pk=question, answered_at__isnull=True)
    mine.update(answer=content, answered_at=datetime.now(UTC))
