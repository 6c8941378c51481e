"""Everything that the account holds, in one place."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .account import Account, TaskType, User, Users
from .cards import Card, Cards, Company, Contact, Lead
from .catalogs import Catalogs
from .fields import Fields
from .history import History
from .incoming import Calls, Sources, UnsortedEntries
from .links import Links
from .pipelines import Pipelines
from .subscriptions import Subscriptions
from .tags import LossReason, Tags
from .tokens import Tokens
from .work import Note, Notes, Task, Tasks


@dataclass(slots=True, frozen=True)
class Change:
    """One thing that webhooks may tell about: `action` of `kind`, e.g. `status` of `leads`."""

    action: str
    kind: str
    subject: Card | Task | Note | dict[str, object]
    extra: dict[str, object] = field(default_factory=dict)
    card: Card | None = None


@dataclass(slots=True)
class Crm:
    """The whole account."""

    account: Account
    tokens: Tokens
    users: Users = field(default_factory=Users)
    task_types: dict[int, TaskType] = field(default_factory=dict)
    pipelines: Pipelines = field(default_factory=Pipelines)
    fields: Fields = field(default_factory=Fields)
    tags: Tags = field(default_factory=Tags)
    loss_reasons: dict[int, LossReason] = field(default_factory=dict)
    contacts: Cards[Contact] = field(default_factory=lambda: Cards[Contact](51_204_310))
    companies: Cards[Company] = field(default_factory=lambda: Cards[Company](53_601_170))
    leads: Cards[Lead] = field(default_factory=lambda: Cards[Lead](37_948_214))
    links: Links = field(default_factory=Links)
    tasks: Tasks = field(default_factory=Tasks)
    notes: Notes = field(default_factory=Notes)
    history: History = field(default_factory=History)
    unsorted: UnsortedEntries = field(default_factory=UnsortedEntries)
    calls: Calls = field(default_factory=Calls)
    sources: Sources = field(default_factory=Sources)
    catalogs: Catalogs = field(default_factory=Catalogs)
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    roles: dict[int, dict[str, object]] = field(default_factory=dict)
    widgets: dict[str, dict[str, object]] = field(default_factory=dict)
    talks: dict[int, dict[str, object]] = field(default_factory=dict)
    listeners: list[Callable[[Change], None]] = field(default_factory=list)

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())

    def cards(self, kind: str) -> Cards[Contact] | Cards[Company] | Cards[Lead]:
        """The cards of a kind by its plural name."""
        if kind == "leads":
            return self.leads
        return self.contacts if kind == "contacts" else self.companies

    def card(self, kind: object, card_id: object) -> Card | None:
        """A living card; None also for kinds that the sandbox does not have."""
        return self.cards(kind).get(card_id) if kind in ("leads", "contacts", "companies") else None

    def user(self, user_id: int) -> User:
        """Somebody by id; the administrator for unknown ones."""
        return self.users.rows.get(user_id) or self.users.admin()

    def tell(self, change: Change) -> None:
        """Let those who listen know of a change."""
        for listener in self.listeners:
            listener(change)
