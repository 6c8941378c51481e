"""The seams. What the engine needs of the world, and what every adapter promises (tests/contract holds them to it)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeVar

from priem.errors import PriemError
from priem.intents import Intents
from priem.model import (
    Account,
    Candidate,
    Contact,
    ContactDraft,
    Finding,
    Lead,
    LeadDraft,
    Outcome,
    Page,
    Patient,
    PatientKey,
    Rejected,
    State,
    Step,
    Surroundings,
    Told,
    VisitKey,
)
from priem.tasks import Entity, NoteDraft, Task, TaskDraft
from priem.texts import Text

K = TypeVar("K", PatientKey, VisitKey)


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, in UTC."""

    def wait(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a first reading will bring, for progress bars and previews."""

    patients: int
    visits: int


class Source(Protocol):
    """A МИС's database or API, read only."""

    @property
    def connection(self) -> str:
        """The connection that all keys of this source begin with."""

    def check(self) -> Sequence[Finding]:
        """Tries everything that reading needs. Never raises for what a person must mend: that is a finding."""

    def count(self, since: str | None) -> Counts:
        """What `changes(since)` is about to bring, more or less."""

    def changes(self, since: str | None) -> Iterator[Page]:
        """All patients and all visits to come when `since` is None; else what changed after that cursor.

        Patients come before visits. A change may come twice, never not at all; each page's cursor is
        later than the one before it, and reading anew from it brings all that later pages bring. News come
        between the pages of a long reading, with the cursor of the page before them.
        Raises TryLater when the other side is away, AskOperator when only a person can help.
        """

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        """Those patients now, whether they changed or not; unknown ids are left out."""

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        """Those patients and visits now, whether they changed or not; unknown ids are left out. The cursor stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What is not in the CRM any more. Merged ones, with who lives on, are certain; deleted ones may be there again."""

    merged_contacts: Mapping[int, int] = field(default_factory=dict)
    """Those that a merge swallowed → the one that lives on."""
    merged_leads: Mapping[int, int] = field(default_factory=dict)
    contacts: frozenset[int] = frozenset()
    leads: frozenset[int] = frozenset()


class Crm(Protocol):
    """amoCRM. Reads come in pages, writes in batches; what cannot be known is said (`State.UNKNOWN`)."""

    def account(self) -> Account: ...

    def prepare(self) -> Account:
        """The account, once the fields that carry Priem's keys exist on contacts and leads."""

    def contacts(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Contact]]:
        """All contacts, or those changed at or after that unix second, with the values of these custom fields.

        All come by id; changed ones come with the latest change first, and whoever knows enough stops reading.
        """

    def leads(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Lead]]: ...

    def some_contacts(self, ids: Sequence[int], fields: Collection[int]) -> Sequence[Contact]:
        """Those contacts as they are now, many in a request. Who is left out is not there any more."""

    def some_leads(self, ids: Sequence[int], fields: Collection[int]) -> Sequence[Lead]: ...

    def gone_since(self, since: int) -> Gone:
        """What was merged or deleted at or after that unix second, as far as the CRM's history tells."""

    def keys_carried(self, contacts: Collection[int], leads: Collection[int]) -> Mapping[PatientKey | VisitKey, int]:
        """Whose these contacts and leads were, which are not there any more, as far as the CRM's history tells."""

    def write_contacts(self, drafts: Sequence[ContactDraft]) -> Iterator[Sequence[Outcome]]:
        """Creates and changes, in as few requests as the API allows and as many at once as help.
        Outcomes come as the batches are answered, in any order, each draft's exactly once. When the
        account stops (token, subscription, block), what is left is POSTPONED and AskOperator is raised last.
        """

    def write_leads(self, drafts: Sequence[LeadDraft]) -> Iterator[Sequence[Outcome]]: ...

    def write_tasks(self, drafts: Sequence[TaskDraft]) -> Iterator[Sequence[Outcome]]: ...

    def write_notes(self, entity: Entity, drafts: Sequence[NoteDraft]) -> Iterator[Sequence[Outcome]]: ...

    def tasks(self, leads: Sequence[int]) -> Sequence[Task]:
        """All tasks of these leads, done ones too: this is how one is found whose answer was lost."""

    def writing(self) -> "Writing":
        """For many drafts that come one after another."""


class Writing(Protocol):
    """Changes on their way, for one thread. What `write_contacts` promises of drafts and outcomes holds here, too."""

    def put(self, drafts: Sequence[ContactDraft | LeadDraft]) -> Iterator[Sequence[Outcome]]:
        """Sends whole batches; the rest waits for more, contacts until leads come. Gives what was answered meanwhile,
        and waits itself only while more is under way than helps. Has to be read to its end."""

    def finish(self, *, only_contacts: bool = False) -> Iterator[Sequence[Outcome]]:
        """Sends the rest and waits for every answer; who stops reading hears the others later. More may be put then."""


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step whose outcome was never learnt: the process died, or the answer was lost."""

    id: int
    key: PatientKey | VisitKey
    state: State
    sent_at: datetime
    creates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A match that a person has to decide."""

    key: PatientKey
    candidates: tuple[Candidate, ...]
    asked_at: datetime
    visits: int = 0
    """How many of the patient's visits wait for the answer."""


@dataclass(frozen=True, slots=True)
class Recall:
    """A record that is to be read and decided anew. One that is recalled once more meanwhile has another id."""

    id: int
    key: PatientKey | VisitKey


class WishState(StrEnum):
    WISHED = "wished"
    SENT = "sent"
    """Whether it is there has to be looked up."""
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A task that a visit is to get."""

    visit: VisitKey
    text: str
    state: WishState
    wished_at: datetime
    changed_at: datetime
    """When it came into its state."""


class Store(Protocol):
    """One clinic's memory. Every method is one transaction: it happened or it did not."""

    def exclusively(self) -> AbstractContextManager[None]:
        """One pass at a time for this clinic, on all machines. Raises TryLater when another is at it."""

    def cursor(self, connection: str) -> str | None: ...

    def advance(self, connection: str, cursor: str) -> None: ...

    def mirrored_until(self) -> int | None:
        """The unix second up to which the CRM is known; None before the first full read."""

    def mirror(self, contacts: Iterable[Contact] = (), leads: Iterable[Lead] = ()) -> Collection[int]:
        """Remembers them as they are in the CRM now. What is there and newer is kept.

        Gives the ids of those that were news: not there yet, or there with another time of change.
        """

    def mirrored(self, until: int) -> None: ...

    def gone(self, contacts: Collection[int] = (), leads: Collection[int] = ()) -> None:
        """Forgets what is not in the CRM any more. Links that lead there stay: they tell that it was there once."""

    def merged(self, contacts: Mapping[int, int] | None = None, leads: Mapping[int, int] | None = None) -> None:
        """Remembers which contacts and leads merges swallowed, and who lives on: links are followed from now on.

        The swallowed are gone; what was theirs in the mirror, such as leads, is the winner's.
        """

    def decided(self, patients: Collection[PatientKey]) -> Collection[PatientKey]:
        """Those who have a contact, about whom a person is asked, or whom a person wants to be left alone."""

    def around_patients(self, patients: Sequence[Patient]) -> Surroundings: ...

    def around_visits(self, visits: Mapping[VisitKey, VisitKey | None], patients: Iterable[PatientKey]) -> Surroundings:
        """Around visits (each with the one it was moved from) and the contacts of their patients."""

    def intend(self, steps: Sequence[Step]) -> None:
        """Writes down what is about to be done. A step without a draft is done by being written down."""

    def record(self, outcomes: Sequence[tuple[Step, Outcome, Contact | Lead | None]]) -> None:
        """Writes down what became of intended steps; done ones with the contact or lead as it is now, and the link."""

    def open_steps(self) -> Sequence[OpenStep]: ...

    def close_steps(self, ids: Sequence[int], state: State) -> None: ...

    def reject(self, connection: str, rejected: Sequence[Rejected]) -> None:
        """Shows these rows to people, once each until they change."""

    def wish_tasks(self, wishes: Mapping[VisitKey, str]) -> None:
        """Remembers that visits are to get a task with this text. A visit that ever had a wish gets no second one."""

    def wished_tasks(self) -> Sequence["Wish"]:
        """Those that are not over, oldest first."""

    def mark_tasks(self, visits: Collection[VisitKey], state: "WishState") -> None:
        """The text of one that is over is forgotten."""

    def note_unmapped(self, connection: str, unknown: Mapping[str, int], mapped: Collection[str]) -> None:
        """Adds raw statuses without a meaning and how many visits came with each; takes out those that got one."""

    def unmapped(self, connection: str) -> Mapping[str, int]:
        """The raw statuses that a person should map, and how many visits came with each so far."""

    def refused(self) -> Collection[PatientKey | VisitKey]:
        """Records whose last step amoCRM refused or put off, and those that were rejected."""

    def ask(self, questions: Mapping[PatientKey, Sequence[Candidate]]) -> None:
        """Asks a person which of these contacts each patient is, once, with the candidates of the last decision."""

    def questions(self) -> Sequence[Question]:
        """Those that nobody has answered, the oldest first. A patient who gets a contact otherwise needs no answer."""

    def bind(self, key: PatientKey | VisitKey, target: int) -> None:
        """A person says which contact or lead it is, until a person says otherwise. The record is recalled.

        Raises ValueError for a lead that is another visit's.
        """

    def tell(self, key: PatientKey | VisitKey, told: Told) -> None:
        """A person says that it is none of those that are there; its link ends. The record is recalled."""

    def hold(self, visits: Mapping[VisitKey, PatientKey]) -> None:
        """Recalls these visits as soon as their patients have a contact, or somebody has said something of them."""

    def recall(self, keys: Collection[PatientKey | VisitKey]) -> None:
        """Lets the next pass read these records and decide on them anew, though nothing may have changed."""

    def recalled(self, connection: str) -> Sequence[Recall]: ...

    def recall_is_over(self, ids: Collection[int]) -> None: ...

    def linked(self, connection: str, kind: type[K], after: str) -> Sequence[tuple[K, int]]:
        """The next 500 records of a connection, by id, and their contacts or leads. Without visits that moved on."""

    def note(self, connection: str, trouble: Text | None) -> None:
        """The connection was read to its end just now, or cannot be; shown beside it."""

    def reconciled_at(self) -> datetime | None: ...

    def reconciled(self) -> None:
        """All links were compared with both sides just now."""


class BookingStore(Store, Intents, Protocol):
    """One that remembers bookings, too: those of clinics do, a rehearsal's does not."""


class Ears(Protocol):
    """How a clinic hears of what others do in the CRM, without asking."""

    def hear(self) -> bool:
        """Takes into the store all that was told, inside `store.exclusively()`. False: not everything is told, so
        reading cannot be spared. Raises nothing for troubles that the pass itself will meet."""

    def hear_some(self, seconds: float) -> None:
        """Likewise for so long, amid a pass; what tells of steps whose answers are still to come is left for later."""

    def hears_at_once(self) -> bool:
        """Whether what was told last came just now, after all that Priem itself wrote: nothing can be unknown."""

    def rings(self) -> bool:
        """Whether something has come since `hear`, as far as this can be known for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What lets Priem into an amoCRM account. Never printed."""

    access: str
    refresh: str = ""
    """Empty for a long-lived token, which cannot be refreshed."""
    expires_at: int = 0
    """Unix seconds; 0 when it is not known."""

    def __repr__(self) -> str:
        return "Tokens(…)"


class TokenStore(Protocol):
    def load(self) -> Tokens:
        """The pair in force. Raises AskOperator when there is none."""

    def renewing(self) -> AbstractContextManager[None]:
        """Keeps every other worker from renewing meanwhile. What `load` gives inside is the newest pair there is."""

    def save(self, tokens: Tokens) -> None:
        """Stored for good when it returns. Called inside `renewing`, before the new pair is used."""

    def forget(self, reason: Text) -> None:
        """A person has to authorise the account again: `load` raises AskOperator with this reason from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to or from an outside system."""

    system: str
    """`amocrm`, `ident`, …, or the connection's name."""
    what: str
    """`POST /api/v4/contacts`, or the name of a query; never values of a query string."""
    started_at: datetime
    milliseconds: int
    status: int | None = None
    """The HTTP status; None when no answer came, and for databases."""
    items: int = 0
    """Rows read, or records sent."""
    request_id: str = ""
    error: Text | None = None
    incoming: bool = False
    """The other side asked."""
    about: Sequence[tuple[str, str]] = ()
    """Kind and id of what it concerned, as far as this is known: `("patient", "ident:4821")`, `("lead", "77")`."""
    request: object = field(default=None, repr=False, compare=False)
    answer: object = field(default=None, repr=False, compare=False)
    """What was sent and what came back: JSON as Python has it. Never a secret; whoever keeps it masks it first."""


class ExchangeLog(Protocol):
    def note(self, exchange: Exchange) -> None:
        """Must not raise and must not take long: it stands in the way of every request."""


class Watch(Protocol):
    """Who tells people how a clinic does. Nothing here raises: watching must not stop what is watched."""

    def begins(self, connection: str) -> None: ...

    def saw(self, connection: str, page: Page | None, changes: Mapping[str, int]) -> None:
        """A page that is done, and how many changes are in the CRM now, by branch; "" where no branch is known."""

    def ends(self, connection: str) -> None:
        """The pass found everything in order."""

    def fails(self, connection: str, error: PriemError, at: Literal["mis", "crm"]) -> None: ...

    def beat(self) -> None:
        """Somebody follows the clinic. Called all the time."""

    def passes(self) -> None:
        """Somebody makes one pass, and nobody says when the next one comes."""
