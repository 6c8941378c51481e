"""What became of applications: asked of IDENT's database, told in amoCRM."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from priem.amocrm.crm import AmoCrm
from priem.engine.bindings import Bound
from priem.hub.ident import tickets
from priem.hub.models import IdentTicket
from priem.hub.presence import has_any
from priem.mis.ahead import ReadAhead
from priem.mis.ident.applications import Application, TellsOfApplications
from priem.model import LeadDraft, State
from priem.ports import Clock, Source, Store
from priem.tasks import NoteDraft

BETWEEN_LOOKS = timedelta(seconds=20)
"""For those that IDENT has not taken yet; IDENT itself asks every two minutes."""
BETWEEN_LATE_LOOKS = timedelta(minutes=10)
"""For those that may still be thrown away."""
AT_ONCE = 250


@dataclass(slots=True, kw_only=True)
class TicketWatch:
    """A chore of one clinic's passes: notes in the leads, and where they go."""

    clinic_id: int
    crm: AmoCrm
    store: Store
    bound: Bound
    clock: Clock
    _next: dict[tuple[str, bool], datetime] = field(default_factory=dict)

    def __call__(self, source: Source) -> None:
        if not has_any(IdentTicket, self.clinic_id):
            return
        for only_new, pause in ((True, BETWEEN_LOOKS), (False, BETWEEN_LATE_LOOKS)):
            due = self._next.get((source.connection, only_new))
            if due is None or self.clock.now() >= due:
                self._next[source.connection, only_new] = self.clock.now() + pause
                self._look(source, only_new=only_new)
        self.tell(source.connection)

    def _look(self, source: Source, *, only_new: bool) -> None:
        waiting = tickets.awaited(self.clinic_id, source.connection, only_new=only_new)
        if waiting:
            found = applications_in(source, waiting)
            zone = tickets.zone_of_service(self.clinic_id, source.connection)
            tickets.confirm(self.clinic_id, source.connection, found, zone)

    def tell(self, connection: str) -> None:
        """Writes what is news into the leads: a note once, and the stage for leads that nobody has moved meanwhile."""
        news = list(tickets.untold(self.clinic_id, connection)[:AT_ONCE])
        if not news:
            return
        told = set(self._noted(news)) if self.bound.settings.tickets.note else {row.pk for row in news}
        self._move([row for row in news if row.pk in told])
        for row in news:
            if row.pk in told:
                tickets.note_told(row)

    def _noted(self, rows: Sequence[IdentTicket]) -> Iterator[int]:
        """Those with whose note it is over: one whose answer was lost is not repeated."""
        zone = tickets.zone_of_service(self.clinic_id, rows[0].connection)
        drafts = [
            NoteDraft(ref=str(row.pk), entity_id=row.lead or 0, text=tickets.state_of(row, zone).read("ru"))
            for row in rows
        ]
        for outcomes in self.crm.write_notes("leads", drafts):
            yield from (int(outcome.ref) for outcome in outcomes if outcome.state is not State.POSTPONED)

    def _move(self, rows: Iterable[IdentTicket]) -> None:
        stages = self.bound.ticket_stages
        wanted = {row.lead: (row, stages[row.became]) for row in rows if row.lead and row.became in stages}
        there = self.crm.some_leads(sorted(wanted), self.bound.lead_field_ids) if wanted else ()
        drafts = []
        for lead in there:
            row, (pipeline, stage) = wanted[lead.id]
            if (lead.pipeline, lead.stage) in row.ours(stages) and (lead.pipeline, lead.stage) != (pipeline, stage):
                drafts.append(LeadDraft(ref=row.ticket, id=lead.id, pipeline=pipeline, stage=stage))
        moved = [outcome.id for outcomes in self.crm.write_leads(drafts) for outcome in outcomes if outcome.id]
        if moved:
            self.store.mirror(leads=self.crm.some_leads(moved, self.bound.lead_field_ids))


def applications_in(source: Source, waiting: Sequence[str]) -> tuple[Application, ...]:
    """Nothing where the connection is not IDENT's."""
    with source.alone() if isinstance(source, ReadAhead) else nullcontext(source) as inner:
        return inner.applications(waiting) if isinstance(inner, TellsOfApplications) else ()
