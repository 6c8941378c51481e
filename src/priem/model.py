"""The nouns. Frozen, standard library only; the glossary is docs/glossary.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from priem.findings import Finding as Finding  # noqa: PLC0414 - a noun like the others
from priem.findings import Severity as Severity  # noqa: PLC0414 - likewise
from priem.handed import HandedLead
from priem.plans import TreatmentPlan
from priem.texts import Text

FieldValue = str | tuple[str, ...]
"""As Priem compares it: text, figure, ISO date, ISO time in UTC (2026-11-26T11:30:00Z), "true"/"false", the text of the
chosen option; several as a sorted tuple. Empty: no value."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The name of a record for ever. A МИС's ids are unique only inside one connection."""

    connection: str
    id: str

    def __str__(self) -> str:
        return f"{self.connection}:{self.id}"

    @classmethod
    def parse(cls, written: str) -> Self | None:
        """The key that `str` wrote, or None when somebody typed something else into the field."""
        connection, colon, id_ = written.partition(":")
        return cls(connection, id_) if colon and connection and id_ else None


class PatientKey(Key):
    __slots__ = ()


class VisitKey(Key):
    __slots__ = ()


class VisitStatus(StrEnum):
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PAID = "paid"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    DELETED = "deleted"
    UNMAPPED = "unmapped"

    @property
    def is_over(self) -> bool:
        """Nobody will come: such a visit takes no waiting request for itself."""
        return self in (VisitStatus.CANCELLED, VisitStatus.NO_SHOW, VisitStatus.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    key: PatientKey
    name: str
    """Surname, name and patronymic with single spaces; empty when the МИС has none."""
    phones: tuple[str, ...] = ()
    """E.164, best first; only valid numbers."""
    birthday: date | None = None
    email: str = ""
    card_number: str = ""
    parent_name: str = ""
    source: str = ""
    """The advertising source, by name."""
    first_visit: date | None = None
    archived: bool = False
    plans: tuple[TreatmentPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    name: str
    count: Decimal
    total: Decimal
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    key: VisitKey
    patient: PatientKey
    status: VisitStatus
    raw_status: str
    """What the МИС itself says, e.g. `cancelled:8`; the setting that maps statuses is written in these words."""
    starts_at: datetime
    ends_at: datetime | None = None
    """Both aware, in the branch's zone."""
    added_at: datetime | None = None
    branch: str = ""
    """The branch's id in its connection; empty when the МИС does not say."""
    branch_name: str = ""
    doctor: str = ""
    doctor_name: str = ""
    speciality: str = ""
    room: str = ""
    services: tuple[Service, ...] = ()
    total: Decimal | None = None
    """Roubles; None while there is no order."""
    comment: str = ""
    is_first: bool | None = None
    """None: the МИС does not say whether the patient was here before."""
    moved_from: VisitKey | None = None
    moved_to: VisitKey | None = None
    """A visit that was moved as a new row lives on in that row: it has no lead of its own."""
    application: str = ""
    """The application that it was made from, where the МИС says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that could not be read as a patient or a visit. It travels with the good ones and ends in the journal."""

    kind: str  # `patient` or `visit`
    id: str
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A piece of a МИС's changes. Once its steps are done, `cursor` is where the next reading begins."""

    patients: tuple[Patient, ...] = ()
    visits: tuple[Visit, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    cursor: str
    visits_since: datetime | None = None
    """Visits that were planned for before this moment and added before it are history: they get no lead."""
    is_news: bool = False
    """What changed while a long reading runs, between two of its pages: decided at once, and read again after it."""


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """A phone as amoCRM keeps it: any text, and a label (WORK, MOB, …)."""

    text: str
    label: str = "WORK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact of amoCRM, as far as Priem looks at it."""

    id: int
    name: str
    phones: tuple[PhoneEntry, ...] = ()
    keys: tuple[PatientKey, ...] = ()
    fields: Mapping[int, FieldValue] = field(default_factory=dict)
    """By field id; empty ones are left out."""
    created_at: int = 0
    updated_at: int = 0
    """Unix seconds."""
    responsible: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead of amoCRM. A stage is the pair of pipeline and stage: 142 and 143 exist in every pipeline."""

    id: int
    name: str
    pipeline: int
    stage: int
    price: int = 0
    contacts: tuple[int, ...] = ()
    """The main one first."""
    keys: tuple[VisitKey, ...] = ()
    fields: Mapping[int, FieldValue] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0
    responsible: int = 0
    loss_reason: int | None = None
    source: str = ""
    """Where the request came from, as amoCRM's statistics say."""

    @property
    def is_closed(self) -> bool:
        return self.stage in (WON, LOST)


WON, LOST = 142, 143
"""docs/reference/amocrm.md §3.10"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """What to write to a contact: a new one when `id` is None, else only what is not None changes."""

    ref: str
    """Names the draft in its outcome."""
    id: int | None = None
    name: str | None = None
    phones: tuple[PhoneEntry, ...] | None = None
    """The whole list: amoCRM replaces, it does not add."""
    keys: tuple[PatientKey, ...] | None = None
    fields: Mapping[int, FieldValue] = field(default_factory=dict)
    """Only those that change; an empty value clears the field."""
    responsible: int | None = None
    tags: tuple[str, ...] = ()
    """Added to those that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDraft:
    """What to write to a lead: a new one when `id` is None, else only what is not None changes."""

    ref: str
    id: int | None = None
    name: str | None = None
    pipeline: int | None = None
    stage: int | None = None
    price: int | None = None
    contact: int | None = None
    """A new lead's main contact; a lead that exists is linked with it beside those it has."""
    is_unsorted: bool = False
    """A request that nobody has taken out of «Неразобранное» yet: that has to be done first."""
    keys: tuple[VisitKey, ...] | None = None
    fields: Mapping[int, FieldValue] = field(default_factory=dict)
    responsible: int | None = None
    loss_reason: int | None = None
    tags: tuple[str, ...] = ()


class State(StrEnum):
    """What became of a step. What was put off was certainly not written: the next pass decides anew."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    POSTPONED = "postponed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ref: str
    state: State
    id: int | None = None
    """The contact or lead; None unless done."""
    reason: Text | None = None
    gone: bool = False
    """Refused because a contact or lead that the draft names is not there any more: deleted, or merged away."""
    request_id: str = ""
    """amoCRM's X-Request-Id, for its support."""


class Action(StrEnum):
    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    LEAVE = "leave"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact or lead that was looked at, and what spoke for or against it."""

    id: int
    because: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a step was decided: the rule that won and everything it chose from."""

    rule: str
    candidates: tuple[Candidate, ...] = ()
    stage_rule: str = ""
    """What decided the lead's stage; empty when nothing was to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decided change to the CRM, or the decision to make none, with the reason for it."""

    action: Action
    key: PatientKey | VisitKey
    target: int | None = None
    """The contact or lead; None for one that is still to be made."""
    draft: ContactDraft | LeadDraft | None = None
    """None: nothing is to be written."""
    why: Why
    fingerprint: str = ""
    """Of the record and the settings as they were decided upon: the same again needs no decision."""
    replaces: VisitKey | None = None
    """The visit whose lead this one takes over, since it was moved."""
    status: str = ""
    branch: str = ""
    """The visit's status, in the МИС's word, and its branch."""


class Told(StrEnum):
    """What a person has said of a record: it is none of those that are there, or it is to be left alone."""

    NEW = "new"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLink:
    contact: int
    fingerprint: str = ""
    by_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLink:
    lead: int
    fingerprint: str = ""
    pipeline: int = 0
    stage: int = 0
    """Where Priem itself put the lead last; 0 when it never did."""
    moved_to: VisitKey | None = None
    """Set when another visit has taken the lead over."""
    by_person: bool = False
    status: str = ""
    """The МИС's word for it when it was last decided upon; empty when that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All that is known near a page of records: enough to decide without asking the CRM."""

    patient_links: Mapping[PatientKey, PatientLink] = field(default_factory=dict)
    visit_links: Mapping[VisitKey, VisitLink] = field(default_factory=dict)
    contacts: Mapping[int, Contact] = field(default_factory=dict)
    """Those linked to the page's patients, carrying their keys, or sharing a phone with them."""
    leads: Mapping[int, Lead] = field(default_factory=dict)
    """Those linked to the page's visits, carrying their keys, or open on one of `contacts`."""
    contact_owners: Mapping[int, tuple[PatientKey, ...]] = field(default_factory=dict)
    lead_owners: Mapping[int, VisitKey] = field(default_factory=dict)
    """Whose links lead to these contacts and leads, of any patient or visit."""
    merged_contacts: Mapping[int, int] = field(default_factory=dict)
    """Linked ones that amoCRM's merges swallowed → the one that lives on. Contacts and leads may have the same id."""
    merged_leads: Mapping[int, int] = field(default_factory=dict)
    told: Mapping[PatientKey | VisitKey, Told] = field(default_factory=dict)
    asked: frozenset[PatientKey] = frozenset()
    """What persons said of these records, and about which of the patients a person is being asked."""
    handed: tuple[HandedLead, ...] = ()
    """Those of `leads` that wait in a МИС for a visit to be made from them."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A custom field of the CRM. `kind` is amoCRM's type: docs/reference/amocrm.md §3.9."""

    id: int
    name: str
    kind: str
    code: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageInfo:
    id: int
    name: str
    sort: int
    is_unsorted: bool = False
    color: str = ""


@dataclass(frozen=True, slots=True)
class PipelineInfo:
    id: int
    name: str
    stages: tuple[StageInfo, ...]
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What Priem needs to know of an amoCRM account before it decides anything."""

    id: int
    name: str
    subdomain: str
    time_zone: str
    filters_work: bool
    """amoCRM's `is_api_filter_enabled`; when false it ignores filters without a word."""
    pipelines: tuple[PipelineInfo, ...]
    users: Mapping[int, str] = field(default_factory=dict)
    """Names by id; empty when the token may not list them."""
    contact_fields: tuple[FieldInfo, ...] = ()
    lead_fields: tuple[FieldInfo, ...] = ()
    loss_reasons: Mapping[int, str] = field(default_factory=dict)
    task_types: Mapping[int, str] = field(default_factory=dict)
