"""A database in a clinic's own network as the engine sees it: a `Source` like any other, fed by an agent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.agents import feeds
from priem.hub.agents.asking import Told, ask, told_in_passing
from priem.hub.agents.enrolling import agent_of
from priem.hub.agents.feeds import Place
from priem.hub.models import Agent, AgentParcel
from priem.mis.ident.applications import Application
from priem.mis.ident.calendar import Calendar
from priem.mis.ident.jobs import Job, Seen
from priem.model import Finding, Page, Patient, Rejected, Severity
from priem.ports import Clock, Counts
from priem.relay.parcels import are_of, is_of, load_in
from priem.relay.shapes import Unreadable
from priem.relay.texts import trouble_from_json
from priem.relay.words import Halt, Kind
from priem.showing import Directory
from priem.texts import text

SILENT_AFTER = timedelta(seconds=90)
"""Three times the longest pause between two reports."""
PATIENCE = 40.0
"""Seconds to wait for an answer, or for the next page of a first reading: agents report every half minute at least."""
LONGEST_CHECK = 90.0
BETWEEN_LOOKS = 0.1
MOST_CARDS = 50_000
MOST_HELD = 5000
"""Open tasks of jobs, the newest ones: an agent answers no longer question."""


class AgentFed:
    """One connection's. Its cursor is a place among the parcels: the МИС's own cursor stays between agent and feed."""

    def __init__(self, clinic_id: int, connection: str, clock: Clock) -> None:
        self._clinic = clinic_id
        self._connection = connection
        self._clock = clock
        self._cards: dict[str, Patient | Rejected] = {}
        """Of patients whom the last pages' visits belong to, by their ids."""

    @property
    def connection(self) -> str:
        return self._connection

    def check(self) -> Sequence[Finding]:
        try:
            agent = self._agent()
            require_heard(agent)
            found: tuple[Finding, ...] = self._ask(Kind.CHECK, {}, tuple[Finding, ...], LONGEST_CHECK)
        except PriemError as error:
            return (Finding(Severity.BROKEN, error.what, error.advice, error.beside),)
        said = text("The agent on «{host}» answers, version {version}.", host=agent.host or "—", version=agent.program)
        return (Finding(Severity.FINE, said), *found)

    def count(self, since: str | None) -> Counts:
        place = Place.parse(since)
        if place is None:
            counts: Counts = self._ask(Kind.COUNT, {}, Counts)
            return counts
        there = feeds.parcels(self._clinic, self._connection).filter(stream=place.stream, sequence__gt=place.sequence)
        return Counts(patients=sum(there.values_list("records", flat=True)), visits=0)

    def changes(self, since: str | None) -> Iterator[Page]:
        self._cards.clear()
        feeds.forget_done(self._clinic, self._connection)
        place = feeds.place_for(self._clinic, self._connection, since)
        told = place
        while True:
            for parcel in feeds.arrived(self._clinic, self._connection, place):
                if parcel.sequence != place.sequence + 1:
                    raise begun_anew()
                place = Place(parcel.stream, parcel.sequence)
                page = self._opened(parcel)
                # News have the cursor of the page before them, as the ports say.
                told = told if page.is_news else place
                yield replace(page, cursor=str(told))
            if not self._goes_on(place):
                break
        self._require_well()

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        known = [self._cards[id_] for id_ in ids if id_ in self._cards]
        unknown = [id_ for id_ in ids if id_ not in self._cards]
        if not unknown:
            return tuple(known)
        asked: tuple[Patient | Rejected, ...] = self._ask(
            Kind.PATIENTS, {"ids": unknown}, tuple[Patient | Rejected, ...]
        )
        self._require_own(Page(cursor=""), asked)
        return (*known, *asked)

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        about = {"patients": list(patients), "visits": list(visits)}
        page: Page = self._ask(Kind.REREAD, about, Page)
        self._require_own(page)
        return replace(page, cursor=since)

    def directory(self) -> Directory:
        found: Directory = self._ask(Kind.DIRECTORY, {}, Directory)
        return found

    def samples(self, count: int) -> Page:
        found: Page = self._ask(Kind.SAMPLES, {"count": count}, Page)
        self._require_own(found)
        return found

    def applications(self, tickets: Sequence[str]) -> tuple[Application, ...]:
        """As far as the agent knows by now: what it finds of them comes with the next look."""
        about = {"tickets": sorted(tickets)}
        told = self._in_passing(Kind.APPLICATIONS, about, tuple[Application, ...])
        return tuple(told.answer) if told else ()

    def jobs(self, held: Collection[int], days: int) -> Seen | None:
        """What the agent has found by now, of what it was asked before: a pass does not wait for it."""
        about = {"held": sorted(held)[-MOST_HELD:], "days": days}
        try:
            told = self._in_passing(Kind.JOBS, about, tuple[Job, ...] | None)
        except PriemError:
            return None  # an agent that is older knows no jobs; what ails the database, its report says
        if told is None or told.answer is None:
            return None
        return Seen(told.answer, frozenset(told.about["held"]))

    def timetable(self, days: int) -> Calendar | None:
        """What the agent was asked for a moment ago, once it has answered."""
        told = self._in_passing(Kind.TIMETABLE, {"days": days}, Calendar, again=False)
        found: Calendar | None = told.answer if told else None
        return found

    def _in_passing(self, kind: Kind, about: Mapping[str, Any], answer: Any, *, again: bool = True) -> Told | None:  # noqa: ANN401 - `answer` is a type, and gives one of it
        return told_in_passing(self._clinic, self._connection, kind, about, answer, again=again)

    def _ask(self, kind: Kind, about: Mapping[str, Any], answer: Any, seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - `answer` is a type, and gives one of it
        require_heard(self._agent())
        return ask(self._clinic, self._connection, kind, about, answer, clock=self._clock, seconds=seconds)

    def _require_own(self, page: Page, cards: Sequence[Patient | Rejected] = ()) -> None:
        if not are_of(self._connection, page, cards):
            raise another_version()

    def _agent(self) -> Agent:
        """Raises AskOperator when none is let in."""
        agent = agent_of(self._clinic, self._connection)
        if agent is None:
            raise AskOperator(
                text("No agent is enrolled for the connection {connection}.", connection=self._connection),
                text("Make a code on the page of the connection, and run the agent beside the clinic's database."),
            )
        return agent

    def _opened(self, parcel: AgentParcel) -> Page:
        try:
            load = load_in(bytes(parcel.body))
        except Unreadable as error:
            if feeds.set_aside(self._clinic, self._connection):
                raise read_anew() from error
            raise another_version() from error
        if not is_of(load, self._connection):
            raise another_version()
        if len(self._cards) > MOST_CARDS:
            self._cards.clear()
        for card in load.cards:
            self._cards[card.key.id if isinstance(card, Patient) else card.id] = card
        for patient in load.page.patients:
            self._cards.pop(patient.key.id, None)
        return load.page

    def _goes_on(self, place: Place) -> bool:
        """Whether more has come by now, or will. Raises what keeps a first reading from going on."""
        since = self._clock.now()
        while True:
            feed = feeds.feed_of(self._clinic, self._connection)
            if feed.stream != place.stream:
                raise begun_anew()
            if feed.sequence > place.sequence:
                return True
            if not feed.is_first:
                return False
            self._require_well()
            if self._clock.now() - since >= timedelta(seconds=PATIENCE):
                raise TryLater(text("The agent goes on with the first reading."), after=1)
            self._clock.wait(BETWEEN_LOOKS)

    def _require_well(self) -> None:
        """Raises what the agent met, as if it had been met here."""
        agent = self._agent()
        require_heard(agent)
        if trouble := agent.report.get("trouble"):
            raise trouble_from_json(trouble)
        if agent.report.get("halt") == Halt.DISK:
            raise TryLater(
                text("The disk of the agent's computer is full: it reads nothing more until there is room."),
                text("Make room on the computer «{host}».", host=agent.host or "—"),
            )


def require_heard(agent: Agent) -> None:
    if datetime.now(UTC) - agent.heard_at > SILENT_AFTER:
        raise TryLater(
            text("The agent on «{host}» in the clinic is silent.", host=agent.host or "—"),
            text("Is that computer on, and is it in the internet? The agent says there: priem agent status."),
        )


def begun_anew() -> TryLater:
    return TryLater(text("The reading of the clinic's database was begun anew."), after=1)


def read_anew() -> TryLater:
    return TryLater(
        text("A page of the agent's cannot be read: the clinic's database is read anew from its beginning."),
        text("Nothing is lost. If it happens again, bring the hub and the agent to the same version."),
        after=1,
    )


def another_version() -> AskOperator:
    return AskOperator(
        text("A page of the agent's cannot be read: it is of another version of Priem."),
        text("Bring the hub and the agent to the same version."),
    )
