"""Agents without a database: one process speaks for many, by the real protocol (docs/reference/agent-protocol.md).

    agents = [Simulated.enrolled("http://127.0.0.1:8000", code) for code in codes]
    agents[7].orders()
    agents[7].send(patients=[…], visits=[…])

Codes come from `priem.hub.agents.enrolling.make_code(clinic_id, connection)`. An agent sends nothing before its stream
was begun: a pass of its clinic does that, or `priem.hub.agents.feeds.begin(clinic_id, connection)`.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from priem.agent.line import Address, Elsewhere, Line
from priem.model import Page, Patient, Visit
from priem.relay.parcels import Head, Load, Position, packed
from priem.relay.words import Orders, Report


@dataclass(slots=True)
class Simulated:
    """One agent. For one thread at a time; many of them may share a process."""

    line: Line
    connection: str
    position: Position = field(default_factory=Position)
    """Of the last parcel that the hub keeps."""
    version: str = ""

    @classmethod
    def enrolled(cls, hub: str, code: str) -> "Simulated":
        address = Address(url=hub)
        line = Line(address)
        told = line.enrol("".join(code.split()).upper(), {"host": platform.node(), "program": "bench"})
        line.close()
        return cls(Line(address, str(told["token"])), str(told["connection"]))

    def orders(self) -> Orders:
        """Reports, and goes where the hub stands."""
        told = self.line.report(
            Report(program="bench", host=platform.node(), version=self.version, position=self.position)
        )
        self.version = told.version
        if (told.stream, told.sequence, told.mark) != (
            self.position.stream,
            self.position.sequence,
            self.position.mark,
        ):
            self.position = self.line.position()
        return told

    @property
    def may_send(self) -> bool:
        return self.position.stream > 0

    def send(self, patients: Sequence[Patient] = (), visits: Sequence[Visit] = (), *, goes_on: bool = False) -> Orders:
        """A page, with a cursor of its own. `goes_on`: a first reading of which more comes.

        Raises TryLater when the hub is away; the same page may be sent again.
        """
        now = datetime.now(UTC)
        page = Page(
            patients=tuple(patients),
            visits=tuple(visits),
            cursor=f"bench:{self.position.stream}:{self.position.sequence + 1}",
            visits_since=now.replace(hour=0, minute=0, second=0, microsecond=0),
        )
        try:
            return self._send(Load(page=page), now, is_first=goes_on)
        except Elsewhere:
            self.position = self.line.position()
            return self._send(Load(page=replace(page, cursor=f"{page.cursor}:again")), now, is_first=goes_on)

    def _send(self, load: Load, now: datetime, *, is_first: bool) -> Orders:
        head = Head(
            stream=self.position.stream,
            sequence=self.position.sequence + 1,
            before=self.position.mark,
            cursor=load.page.cursor,
            records=len(load.page.patients) + len(load.page.visits),
            is_first=is_first,
            read_at=now,
        )
        orders = self.line.send(head, packed(head, load))
        self.position = head.position
        return orders
