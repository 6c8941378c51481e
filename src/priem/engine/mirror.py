"""The CRM as it is, kept locally, so that deciding costs no requests."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from priem.engine.bindings import Bound
from priem.engine.told import learn_losses
from priem.engine.vanished import lost
from priem.engine.wanted import shares_with_people
from priem.model import Action, Contact, Key, Lead, Patient, PatientKey, State, Step, VisitKey
from priem.ports import Clock, Crm, OpenStep, Store

OVERLAP = 60
"""Seconds that a reading of changes goes back further than needed: a write may show after its own time."""

SETTLE = 15.0
"""Seconds after which a creation that nobody can find did not happen. A request may still be at work inside amoCRM when
its answer is lost; looking too early and repeating would make a second contact."""

LONG_AGO = timedelta(minutes=5)
"""No request is at work any longer that was sent before this."""

MOST_GONE = 1000
"""Contacts and leads that are asked about one by one: the history tells of ten in a request. Whoever takes away more at
once is clearing up."""

ENOUGH_KNOWN = 100
"""Rows in a row. What shows after its own time would have to be behind as many as others changed since."""

JUST_NOW = 15.0
"""Seconds: whoever makes a card by hand and then books its patient takes longer. Should the card's hook be lost alone,
between others that came, this reading is what still tells of it."""

FRESH = timedelta(minutes=5)
"""How long what was read holds within one pass. Each reading brings our own writes back, a request for 250 of them:
in a first sync a shorter time would double the requests."""

BETWEEN_PAGES = timedelta(seconds=1)
"""Of what is read beside writing: each was asked for when the one before it came, and nobody waits for its answer."""

ONE_OF_EACH = 2
"""Pages that are read at once of what goes on in pieces: whatever changed since the long pass is on them."""
PIECE = 3
"""Pages of it at the end of each pass: what changes meanwhile waits for half a second, not for all of them."""


@dataclass(slots=True)
class Lately:
    """What outlives a pass. A first sync's writes come back with the reading that follows, a page for 250 of them: it
    goes on in pieces, for as long as what was read before it may still be counted on."""

    whole_at: datetime | None = None
    """When the first reading of all began; None once another was read to its end."""
    reading: Iterator[int] | None = None

    def may_wait(self, now: datetime) -> bool:
        return self.whole_at is not None and now - self.whole_at < FRESH

    def is_over(self) -> None:
        self.whole_at = self.reading = None


@dataclass(slots=True)
class Mirror:
    crm: Crm
    store: Store
    clock: Clock
    bound: Bound
    settle_seconds: float = SETTLE
    is_told: bool = False
    """Webhooks bring managers' changes into the store at once."""
    is_told_at_once: bool = False
    """They bring also what others make, before anybody could make it twice."""
    read_at: datetime | None = None
    """When this pass has read last."""
    lately: Lately = field(default_factory=Lately)
    filling: Iterator[int] | None = None
    """What is still to come of the first reading of all."""
    filled_at: datetime | None = None
    """When a page of that came last while contacts were written."""
    unheard: list[OpenStep] = field(default_factory=list)
    """Steps that may be done, or are, without anybody having heard so."""

    def fill(self) -> Iterator[int]:
        """Reads everything once, if that was never done. Gives the number of contacts and leads that came."""
        yield from self.begin()
        yield from self.rest()

    def begin(self) -> Iterator[int]:
        """Reads all contacts, if that was never done. Leads, which nobody needs before visits, come with `some` and
        `rest`: meanwhile contacts can be written. The mirror counts as read with the last of them."""
        if self.store.mirrored_until() is not None or self.filling:
            return
        began, known = self.clock.now(), 0
        contacts = self.crm.contacts(None, self.bound.contact_field_ids)
        leads: Iterator[Sequence[Lead]] | None = None
        for page in self.mirrored_contacts(contacts, None):
            # Not before the first contacts are there: whether there are more is known sooner so.
            leads = leads or self.crm.leads(None, self.bound.lead_field_ids)
            known = max(known, self.surely_before(began, page))
            yield len(page)
        leads = leads or self.crm.leads(None, self.bound.lead_field_ids)
        self.read_at, self.filling = began, self.leads_at_first(leads, began, known)

    def leads_at_first(self, pages: Iterator[Sequence[Lead]], began: datetime, known: int) -> Iterator[int]:
        for page in self.mirrored_leads(pages, None):
            known = max(known, self.surely_before(began, page))
            yield len(page)
        self.is_read(began, known)
        self.lately.whole_at = began

    def some(self) -> Iterator[int]:
        """A page of what is still to come of the first reading, if it must have come by now."""
        if self.filled_at is None or self.clock.now() - self.filled_at >= BETWEEN_PAGES:
            self.filled_at = self.clock.now()
            yield from self.next_page()

    def rest(self) -> Iterator[int]:
        while self.filling:
            yield from self.next_page()

    def next_page(self) -> Iterator[int]:
        filling, self.filling = self.filling, None
        if filling and (count := next(filling, None)) is not None:
            self.filling = filling
            yield count

    def is_stale_for(self, steps: Sequence[Step]) -> bool:
        """Whether these steps need the mirror brought up to now. Then they have to be decided anew."""
        is_fresh = self.read_at is not None and self.clock.now() - self.read_at < FRESH
        return not is_fresh and any(map(self.looks_first, steps))

    def looks_first(self, step: Step) -> bool:
        """What is made or taken may be there since the last reading; what people write, too, they may have written."""
        if step.draft is None:
            return False
        if step.action is not Action.UPDATE:
            return not (self.is_told_at_once and self.was_read_just_now())
        return not self.is_told and shares_with_people(step.draft, self.bound)

    def was_read_just_now(self) -> bool:
        until = self.store.mirrored_until()
        return until is not None and self.clock.now().timestamp() - until < JUST_NOW

    def catch_up(self) -> None:
        """Brings the mirror up to now. Of a reading that goes on in pieces only what changed last."""
        began, pages = self.clock.now(), self.read()
        if not self.lately.may_wait(began):
            self.read_all()
            return
        for _ in islice(pages, ONE_OF_EACH):
            pass
        self.read_at, self.lately.reading = began, self.lately.reading or pages

    def read_all(self) -> None:
        for _ in self.read():
            pass

    def go_on(self) -> None:
        """A piece more of what goes on in pieces."""
        reading, self.lately.reading = self.lately.reading, None
        if reading and sum(1 for _ in islice(reading, PIECE)) == PIECE:
            self.lately.reading = reading

    def read(self) -> Iterator[int]:
        """Reads what changed since the last reading, everything the first time.

        Where the next one begins is told by amoCRM's clock, not ours: what came early may have changed while the rest
        was read. Changes come with the latest first, so that what is changed meanwhile will be in front again.
        """
        until, began, known = self.store.mirrored_until(), self.clock.now(), 0
        if until is None:
            yield from self.fill()
            return
        since = max(0, until - OVERLAP)
        # Both are asked for at once: a change waits for these answers.
        contacts = self.mirrored_contacts(self.crm.contacts(since, self.bound.contact_field_ids), until)
        leads = self.mirrored_leads(self.crm.leads(since, self.bound.lead_field_ids), until)
        for page in in_turn(contacts, leads):
            known = max(known, self.surely_before(began, page))
            yield len(page)
        self.read_at = began
        self.is_read(began, known)
        self.lately.is_over()

    def surely_before(self, began: datetime, page: Sequence[Contact] | Sequence[Lead]) -> int:
        """A moment of amoCRM's clock not after `began`: what shows a change had not come longer ago than this."""
        return last_change(page) - self.seconds_since(began)

    def is_read(self, began: datetime, known: int) -> None:
        # Not beyond our own time: integrations may give a record a time of change that is still to come.
        self.store.mirrored(max(self.store.mirrored_until() or 0, min(known, int(began.timestamp()))))

    def mirrored_contacts(self, pages: Iterator[Sequence[Contact]], until: int | None) -> Iterator[Sequence[Contact]]:
        for contacts in pages:
            news = self.store.mirror(contacts=contacts)
            yield contacts
            if until and reaches_known(contacts, news, until):
                return

    def mirrored_leads(self, pages: Iterator[Sequence[Lead]], until: int | None) -> Iterator[Sequence[Lead]]:
        for leads in pages:
            news = self.store.mirror(leads=leads)
            yield leads
            if until and reaches_known(leads, news, until):
                return

    def seconds_since(self, moment: datetime) -> int:
        return int((self.clock.now() - moment).total_seconds()) + 1

    def settle(self) -> None:
        """Learns what became of steps whose answers were lost. A creation is repeated only once it surely was not."""
        began, pause = self.clock.now(), 1.0
        while waiting := self.unsettled():
            rest = self.settle_seconds - (self.clock.now() - began).total_seconds()
            if rest <= 0 or all(step.sent_at < began - LONG_AGO for step in waiting):
                self.mourn()
                self.store.close_steps([step.id for step in waiting], State.POSTPONED)
                return
            self.clock.wait(min(pause, rest))
            pause *= 2

    def unsettled(self) -> list[OpenStep]:
        """Looks once; gives the creations that are not to be seen (yet)."""
        steps = self.store.open_steps()
        if not steps:
            return []
        self.read_all()
        there = self.keys_there([step.key for step in steps if step.creates])
        waiting = [step for step in steps if step.creates and step.key not in there]
        self.unheard = [step for step in steps if step not in waiting]
        return waiting

    def mourn(self) -> None:
        """What was made, and was taken away before anybody heard of it, is linked all the same: it was there once.

        Also what was still seen a moment ago: from now on the mirror does not have it any more.
        """
        creations = [step for step in self.store.open_steps() if step.creates]
        since = int(min(step.sent_at for step in creations).timestamp()) - OVERLAP
        gone = learn_losses(since, self.crm, self.store, self.bound)
        contacts = gone.contacts | gone.merged_contacts.keys()
        leads = gone.leads | gone.merged_leads.keys()
        if 0 < len(contacts) + len(leads) <= MOST_GONE:
            made = self.crm.keys_carried(contacts, leads)
            keys = dict.fromkeys(step.key for step in creations if step.key in made)
            there = self.keys_there([*keys])
            self.store.intend([lost(key, made[key]) for key in keys if key not in there])

    def heard(self, connection: str) -> None:
        """All of this connection was decided anew: what became of its steps before needs no more thought. Until then
        they stay open, or a pass that dies would forget that Priem may have put a lead where it stands."""
        steps = [step for step in self.unheard if step.key.connection == connection]
        for creates, state in ((True, State.DONE), (False, State.POSTPONED)):
            self.store.close_steps([step.id for step in steps if step.creates is creates], state)

    def keys_there(self, keys: Sequence[PatientKey | VisitKey]) -> set[Key]:
        """Those that something in the CRM carries: the creation whose answer was lost did happen."""
        patients = [Patient(key=key, name="") for key in keys if isinstance(key, PatientKey)]
        visits = {key: None for key in keys if isinstance(key, VisitKey)}
        contacts = self.store.around_patients(patients).contacts.values()
        leads = self.store.around_visits(visits, ()).leads.values()
        return {*(key for contact in contacts for key in contact.keys), *(key for lead in leads for key in lead.keys)}


def in_turn(*lists: Iterator[Sequence[Contact] | Sequence[Lead]]) -> Iterator[Sequence[Contact] | Sequence[Lead]]:
    """A page of each in turn: while one is at its end and asks whether it has missed anything, others fill the line."""
    left = deque(lists)
    while left:
        pages = left.popleft()
        if (page := next(pages, None)) is not None:
            left.append(pages)
            yield page


def reaches_known(records: Sequence[Contact] | Sequence[Lead], news: Collection[int], until: int) -> bool:
    """What changed last comes first: rows without news at a page's end, from the time before the last reading, say that
    what follows was read then. Else the echo of a first sync, a page for 250 of our own writes, would be read each time
    that something is made, behind the few writes since."""
    end = records[-ENOUGH_KNOWN:]
    return len(end) == ENOUGH_KNOWN and all(row.id not in news and row.updated_at <= until for row in end)


def last_change(records: Sequence[Contact] | Sequence[Lead]) -> int:
    return max((record.updated_at for record in records), default=0)
