"""What a clinic decided, as data. Pipelines, stages, fields and users are named as people name them, or by id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from priem.model import VisitStatus

Named = str | int
"""A name as it stands in amoCRM, or its id. Ids survive renaming."""

Policy = Literal["overwrite", "fill", "never"]
"""What happens to a value that is there already. `never` writes only to what Priem itself creates."""


class Strict:
    """A word in the file that no setting has is a mistake, not a wish: pydantic, which reads the file, refuses it."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Mapping[str, object]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageName(Strict):
    pipeline: Named
    stage: Named


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRule(Strict):
    """Visits with this status belong to this stage, if every condition that is given holds."""

    status: VisitStatus
    pipeline: Named
    stage: Named
    branch: str = ""
    """A branch's id in its connection, or its name."""
    doctor: str = ""
    service: str = ""
    category: str = ""
    in_pipeline: Named = ""
    """The pipeline that the lead is in now."""
    visit: Literal["", "first", "repeat"] = ""
    loss_reason: Named = ""
    """For the lost stage: amoCRM's reason."""

    @property
    def is_conditional(self) -> bool:
        return any((self.branch, self.doctor, self.service, self.category, self.in_pipeline, self.visit))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSync(Strict):
    """Which stage a visit's status moves its lead to."""

    mode: Literal["always", "filtered", "never"] = "always"
    rules: tuple[StageRule, ...] = ()
    """Read from the top; the first that fits decides. With `always`, none of them may have conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule(Strict):
    """One value of the МИС and the amoCRM field that shows it."""

    value: str
    """A word of docs/reference/fields.md, e.g. `visit.doctor`. `patient.…` goes to contacts, `visit.…` to leads."""
    field: Named = ""
    """Empty: the field that Priem creates for this value."""
    policy: Policy = "overwrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates(Strict):
    """How Priem finds what is there already, beyond its own links and keys."""

    several_contacts: Literal["oldest", "newest", "active", "ask"] = "oldest"
    """Which of several contacts with one phone, when nothing else tells them apart."""
    waiting: tuple[StageName, ...] = ()
    """Stages where a request may wait to become a visit. Empty: every open stage of the pipelines in the rules."""
    several_leads: Literal["oldest", "newest", "active", "furthest"] = "oldest"
    """Which of several leads that may be the visit's is updated: requests that wait, or leads that carry its key."""
    rename_found_leads: bool = False
    junk_phones: tuple[str, ...] = ()
    """Numbers that belong to nobody: the clinic's own, a call centre's."""
    id_is_enough: bool = True
    """A contact or lead that carries a record's key is that record's. False: something else has to agree, or a person
    has to look, since keys can be typed and copied by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingTask(Strict):
    """A task for the manager when somebody books. Once for each visit."""

    text: str = "Записан: {patient}, {date} {time}"
    type: Literal["call", "meeting"] | int = "call"
    """Or the id of the account's own type."""
    deadline_minutes: int = 60
    responsible: Named = ""
    """Empty: whoever is responsible for the lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads(Strict):
    create: bool = True
    name: str = "{patient}, {date} {time}"
    first_stage: StageName | None = None
    """Where a lead begins when no rule tells. None: the first stage of the main pipeline."""
    repeat_stage: StageName | None = None
    """The same for the lead of a repeat visit. None: `first_stage`."""
    guarded: tuple[StageName, ...] = ()
    """Stages that Priem leaves alone: a lead there keeps its stage."""
    untouched: tuple[StageName, ...] = ()
    """Stages in which Priem writes nothing at all to a lead."""
    back: Literal["own", "always", "never"] = "own"
    """May a lead go back a stage? `own`: only from where Priem itself has put it."""
    task: BookingTask | None = None
    make_again: bool = False
    """What becomes of a lead that a person has deleted: made again, or left so."""
    total_is_price: bool = True
    responsible: Named = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts(Strict):
    name: Policy = "overwrite"
    make_again: bool = False
    """Likewise for contacts."""
    responsible: Named = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchSettings(Strict):
    """What is different in one branch."""

    status_sync: StatusSync | None = None
    first_stage: StageName | None = None
    repeat_stage: StageName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients(Strict):
    """Who becomes a contact. Whoever is one already is kept in step, whatever stands here."""

    take: Literal["everyone", "with_phone", "recent"] = "everyone"
    """`recent`: those who were here in the last `months`, or are expected."""
    months: int = 24
    branches: tuple[str, ...] = ()
    """`connection:branch id`; only who has a visit there (as far back as `months` with `recent`). Empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling(Strict):
    """When all links are compared with both sides, while Priem goes on."""

    at: str = "03:30"
    """The time of day in amoCRM's time zone; empty: never."""
    repair: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UserBooking(Strict):
    """What one user of amoCRM may book."""

    user: Named
    books: bool = True
    branches: tuple[str, ...] = ()
    """`connection:branch id`, or a connection for all of it. Empty: all."""
    default: str = ""
    """Likewise; the booking window opens with it. Empty: the clinic's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookings(Strict):
    """Booking out of amoCRM: who, where, what is left in the lead, and where the window shows."""

    users: tuple[UserBooking, ...] = ()
    others: bool = True
    """May users book who are not named in `users`?"""
    default_branch: str = ""
    note: str = "Записан: {patient}, {date} {time}, {doctor}"
    """A note in the lead, in the words of a lead's name. Empty: none."""
    hidden_in: tuple[StageName, ...] = ()
    """Stages in which nothing can be booked from the lead."""
    journal: bool = True
    """Leads and their lists have a button that opens the journal of visits."""
    journal_in: tuple[Named, ...] = ()
    """Pipelines whose leads show the journal of visits. Empty: all."""
    done_by: tuple[str, ...] = ()
    """Who does what, where the МИС does not say: `Анализы = Терапевт, Иванова Ольга Петровна` (engine/doers.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTrigger(Strict):
    """What a person sets off by moving a lead to this stage."""

    pipeline: Named
    stage: Named
    does: str
    """A kind of `engine/kinds.py`, which says how one is added: `confirm`, `cancel`, `status`, …"""
    branch: str = ""
    """A branch's id in its connection, or its name; only for visits there. Empty: all."""
    status: str = ""
    """For `status`: the МИС's own status, by name or id, or one of Priem's words."""
    reason: str = ""
    """For `cancel`: one of the МИС's reasons, by name or id."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What other kinds need to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTriggers(Strict):
    """The way back: stages of amoCRM → the МИС."""

    rules: tuple[StageTrigger, ...] = ()
    """Read from the top; the first for the stage and the branch counts."""
    winner: Literal["mis", "crm"] = "mis"
    """Whose change stands when the visit's status was changed in the МИС meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets(Strict):
    """Leads that go to IDENT as applications: by a trigger of the kind `ticket`, or by the button in the card."""

    connection: str = ""
    """Empty: the clinic's only one with IDENT."""
    doctor: Named = ""
    """The lead's field with the wished doctor: a name, or IDENT's number. Empty: nobody is wished for."""
    start: Named = ""
    """The lead's field with the wished day or moment."""
    minutes: int = 60
    """How long after that moment the visit may begin."""
    comment: Named = ""
    """The lead's field that goes along as the comment."""
    form: str = "amoCRM"
    """IDENT shows it as the form that the application came from."""
    note: bool = True
    """What became of the application is told in the lead."""
    accepted_stage: StageName | None = None
    """Where a lead goes once IDENT has its application, unless somebody has moved it meanwhile."""
    discarded_stage: StageName | None = None
    """Likewise once staff threw it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls(Strict):
    """Calls that amoCRM's telephony has noted, for IDENT's history of calls."""

    give: bool = False
    number: str = ""
    """The clinic's own number: IDENT wants to see both ends of a call, amoCRM keeps the client's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs(Strict):
    """IDENT's CRM jobs as tasks of amoCRM. One way: IDENT takes nothing back, so staff close everything twice."""

    copy: bool = False
    type: Literal["call", "meeting"] | int = "call"
    """Or the id of the account's own type."""
    deadline_minutes: int = 24 * 60
    """After it is copied: IDENT's jobs have no day of their own."""
    responsible: Named = ""
    """Empty: whoever is responsible for the contact."""
    days: int = 30
    """Open jobs that are older are not copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotList(Strict):
    """Free time of IDENT's timetable as a list of amoCRM: a row for each doctor's day."""

    keep: bool = False
    name: str = "Свободные окна"
    days: int = 14
    """To come, this one included."""
    minutes: int = 30
    """Shorter pieces are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts(Strict):
    """Who hears of the clinic's incidents."""

    mail: tuple[str, ...] = ()
    """Addresses of the clinic's own. Empty: those of the whole hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Strict):
    status_sync: StatusSync = StatusSync()
    branches: Mapping[str, BranchSettings] = field(default_factory=dict)
    """By `connection:branch id`."""
    fields: tuple[FieldRule, ...] = ()
    duplicates: Duplicates = Duplicates()
    leads: Leads = Leads()
    contacts: Contacts = Contacts()
    patients: Patients = Patients()
    reconcile: Reconciling = Reconciling()
    booking: Bookings = Bookings()
    triggers: StageTriggers = StageTriggers()
    tickets: Tickets = Tickets()
    calls: Calls = Calls()
    jobs: Jobs = Jobs()
    slot_list: SlotList = SlotList()
    alerts: Alerts = Alerts()
