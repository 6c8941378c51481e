"""Calls of amoCRM's telephony for IDENT: what their notes tell. Of calls that go on, amoCRM knows nothing; a telephony
tells of these itself, at the service's address `calls`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from priem.amocrm.calls import NotedCall, noted_calls
from priem.amocrm.client import Client
from priem.engine.settings import Calls
from priem.hub.ident import calls
from priem.hub.models import IdentService
from priem.mis.ident.exchange.call import Call
from priem.ports import Clock, Source

BETWEEN_LOOKS = timedelta(minutes=1)
"""Three requests each time; IDENT itself asks every three hours."""
FIRST = timedelta(days=7)
"""How far back the first look goes."""
OVERLAP = 300
"""Seconds by which amoCRM may show a note later than it was written."""


@dataclass(slots=True, kw_only=True)
class CallWatch:
    """A chore of one clinic's passes."""

    clinic_id: int
    client: Client
    clock: Clock
    settings: Calls
    _next: dict[str, datetime] = field(default_factory=dict)

    def __call__(self, source: Source) -> None:
        now = self.clock.now()
        if not self.settings.give or now < self._next.get(source.connection, now):
            return
        self._next[source.connection] = now + BETWEEN_LOOKS
        services = IdentService.objects.of(self.clinic_id).filter(connection=source.connection)
        if service := services.first():
            self._look(service, now)

    def _look(self, service: IdentService, now: datetime) -> None:
        since = service.calls_until - OVERLAP if service.calls_until else int((now - FIRST).timestamp())
        for call in noted_calls(self.client, since):
            calls.keep(self.clinic_id, service.connection, call.id, whole(call, self.settings.number))
        rows = IdentService.objects.of(self.clinic_id).filter(pk=service.pk)
        rows.update(calls_until=int(now.timestamp()))


def whole(call: NotedCall, own_number: str) -> Call:
    """Notes tell of calls that are over; how long somebody waited, they do not tell."""
    began = datetime.fromtimestamp(call.at, UTC)
    ends = (call.phone, own_number) if call.direction == "in" else (own_number, call.phone)
    return Call(
        started_at=began,
        answered_at=began if call.seconds else None,
        ended_at=began + timedelta(seconds=call.seconds),
        direction=call.direction,
        phone_from=ends[0],
        phone_to=ends[1],
        line=call.source,
        record_url=call.link,
    )
