"""What passes tell of one clinic, as rows: delays, facts, incidents and a pulse (ports.Watch)."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Concatenate, ParamSpec

import structlog
from django.db import DatabaseError

from priem.errors import PriemError
from priem.hub.models import Connection, IncidentKind, Pulse
from priem.hub.models.watch import FOLLOWED
from priem.hub.store import utc_now
from priem.hub.watch import delays, facts, incidents, keeper, seen
from priem.hub.watch.branches import Branches
from priem.hub.watch.delays import Tally
from priem.hub.watch.unheard import VANISHED_ADVICE, too_many_vanished
from priem.model import Page

BETWEEN_BEATS = 10.0
SHORTEST_REST = 3600.0
"""Seconds after a single pass in which no other one is missed."""
OF_CONNECTION = (IncidentKind.AWAY, IncidentKind.CLOSED)
OF_CLINIC = (IncidentKind.AMOCRM_AWAY, IncidentKind.AMOCRM_STOPPED, IncidentKind.SETTINGS)

log = structlog.get_logger(__name__)
P = ParamSpec("P")


def quietly(method: "Callable[Concatenate[Watcher, P], None]") -> "Callable[Concatenate[Watcher, P], None]":
    """A database that is away is for the pass itself to meet."""

    def tried(watcher: "Watcher", /, *arguments: P.args, **named: P.kwargs) -> None:
        try:
            method(watcher, *arguments, **named)
        except DatabaseError as error:
            log.warning("what was seen is not written down", error=type(error).__name__)

    return tried


class Watcher:
    """Of one clinic, in one process; a connection's passes come one after another."""

    def __init__(self, clinic_id: int, now: Callable[[], datetime] = utc_now, *, beats: bool = True) -> None:
        """Without `beats`, whoever follows many clinics says himself that he lives."""
        self._clinic = clinic_id
        self._beats = beats
        self._called: datetime | None = None
        self._now = now
        self._read_before: dict[str, datetime] = {}
        """When the last reading began that brought everything up to its time."""
        self._begun: dict[str, datetime] = {}
        self._caught_up: dict[str, int] = {}
        self._tally: Tally = Tally()
        self._branches = Branches(clinic_id)
        self._ails: dict[str, bool] = {}
        """Connections of which it is not known that all is well."""
        self._beat_at = 0.0

    def called(self, at: datetime) -> None:
        """The next passes are made because something came then: nothing that they find is older."""
        self._called = at

    @quietly
    def begins(self, connection: str) -> None:
        self._begun[connection] = self._now()
        self._caught_up[connection] = 0
        if self._called and connection in self._read_before:
            self._read_before[connection] = max(self._read_before[connection], self._called)
        if connection not in self._read_before:
            row = Connection.objects.of(self._clinic).filter(key=connection, cursor__isnull=False).first()
            if row and row.last_read_at:
                self._read_before[connection] = row.last_read_at

    @quietly
    def saw(self, connection: str, page: Page | None, changes: Mapping[str, int]) -> None:
        since, now = self._read_before.get(connection), self._now()
        self._caught_up[connection] += sum(changes.values())
        if since:  # a first reading brings what was always there
            slot, bound = delays.slot_of(now), delays.bound_of(now - since)
            for branch, count in changes.items():
                self._tally[(connection, branch), slot, bound] += count
        if page:
            facts.remember(self._clinic, page)
            self._show(connection, page)
            self._branches.learn(page)
            if said := too_many_vanished(page.rejected):
                incidents.begin(self._clinic, IncidentKind.VANISHED, connection, (said, VANISHED_ADVICE), now)
        self._live_on()

    def _show(self, connection: str, page: Page) -> None:
        if page.visits and seen.is_shown(self._clinic, connection):
            seen.remember(self._clinic, page, self._now())

    @quietly
    def ends(self, connection: str) -> None:
        self._called = None
        self._read_before[connection] = self._begun[connection]
        self._write_delays()
        if self._ails.get(connection, True):
            caught_up = self._caught_up[connection]
            incidents.end(self._clinic, OF_CONNECTION, connection, self._now(), caught_up)
            incidents.end(self._clinic, OF_CLINIC, "", self._now(), caught_up)
            self._ails[connection] = False

    @quietly
    def fails(self, connection: str, error: PriemError, at: incidents.Side) -> None:
        self._write_delays()
        kind, now = incidents.kind_of(self._clinic, error, at), self._now()
        of = connection if kind in OF_CONNECTION else ""
        # One trouble at a time of a connection, and of the clinic: the other kind is over.
        others = set(OF_CONNECTION if of else OF_CLINIC) - {kind}
        incidents.end(self._clinic, others, of, now)
        incidents.begin(self._clinic, kind, of, (error.what, error.advice), now)
        self._ails[connection] = True

    @quietly
    def beat(self) -> None:
        if self._is_due():
            self._beat(FOLLOWED)

    @quietly
    def passes(self) -> None:
        """A timer makes passes about as often as before: three times as long is silence. Of the first one, nobody
        knows; and whoever makes single ones by hand may take his time."""
        before = Pulse.objects.of(self._clinic).first()
        gap = (self._now() - before.beat_at).total_seconds() if before else None
        self._beat(None if gap is None else round(max(SHORTEST_REST, 3 * gap)))

    def _beat(self, rest: int | None) -> None:
        self._beat_at = time.monotonic()
        row: dict[str, Any] = {"beat_at": self._now(), "rest": rest}
        Pulse.objects.update_or_create(clinic_id=self._clinic, defaults=row)
        keeper.look_around(self._now())

    def _live_on(self) -> None:
        """A long pass goes on."""
        if self._is_due():
            self._beat_at = time.monotonic()
            Pulse.objects.of(self._clinic).update(beat_at=self._now())
            keeper.look_around(self._now())

    def _is_due(self) -> bool:
        return self._beats and time.monotonic() - self._beat_at >= BETWEEN_BEATS

    def _write_delays(self) -> None:
        if self._tally:
            delays.add(self._clinic, self._tally)
            self._tally = Tally()
