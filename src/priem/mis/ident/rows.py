"""Rows of IDENT's tables → the model. Pure: what is outside the row comes as an argument."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from priem.mis.ident.statuses import Facts, Reading, status_of
from priem.model import Patient, PatientKey, Rejected, Service, Visit, VisitKey
from priem.phones import numbers_in
from priem.texts import text

Row = Mapping[str, object]
DAY_FIRST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
YEAR_FIRST = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
CENT = Decimal("0.01")
ANY_SUM = Context(prec=100)
"""A mistyped price must not stop a page: the usual precision refuses very long figures."""


def words(*parts: object) -> str:
    return " ".join(" ".join(str(part) for part in parts if part is not None).split())


def whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, Decimal)) else None


def moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def day(value: object) -> date | None:
    """A day as a date, a time, or as text in either order; None for anything else. docs/reference/ident.md §2.3"""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    written = value.strip() if isinstance(value, str) else ""
    if found := DAY_FIRST.match(written):
        numbers = (found[3], found[2], found[1])
    elif found := YEAR_FIRST.match(written):
        numbers = (found[1], found[2], found[3])
    else:
        return None
    try:
        return date(*map(int, numbers))
    except ValueError:
        return None


def clock_time(value: object) -> time | None:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value[:8]) if isinstance(value, str) else None
    except ValueError:
        return None


def money(value: Decimal) -> Decimal:
    """IDENT keeps ten decimals; a bill has two."""
    return value.quantize(CENT, context=ANY_SUM)


def figure(value: object) -> Decimal:
    return Decimal(value) if isinstance(value, (Decimal, int, float)) else Decimal(0)


def to_patient(row: Row, connection: str, sources: Mapping[int, str]) -> Patient | Rejected:
    id_ = whole(row["ID"])
    if id_ is None:
        return Rejected(kind="patient", id="?", reason=text("The patient's card has no number of its own (id)."))
    if whole(row["Person"]) is None:
        return Rejected(
            kind="patient", id=str(id_), reason=text("The patient's card belongs to nobody: no such person.")
        )
    fields = (words(row["MobilePhone"]), words(row["Phone"]))
    phones = dict.fromkeys(number for written in fields if written for number in numbers_in(written))
    return Patient(
        key=PatientKey(connection, str(id_)),
        name=words(row["Surname"], row["Name"], row["Patronymic"]),
        phones=tuple(phones),
        birthday=day(row["Birthday"]),
        email=words(row["Email"]),
        card_number=words(row["CardNumber"]),
        parent_name=words(row["Parent"]),
        source=sources.get(whole(row["InfoSource"]) or 0, ""),
        first_visit=day(row["FirstVisit"]),
        archived=row["ArchivingReason"] is not None,
    )


class Names(Protocol):
    """The dictionaries of a database."""

    @property
    def branches(self) -> Mapping[int, str]: ...

    @property
    def chairs(self) -> Mapping[int, tuple[str, int | None]]:
        """Name and branch."""

    @property
    def doctors(self) -> Mapping[int, str]: ...

    @property
    def professions(self) -> Mapping[int, str]: ...

    @property
    def categories(self) -> Mapping[int, str]:
        """Of services."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What the calendar says about a visit."""

    starts: datetime | None = None
    ends: datetime | None = None
    doctor: int | None = None
    chair: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a page's visits have elsewhere, by the visit's id. Read apart, since joins would multiply the visits."""

    branch: Mapping[int, int] = field(default_factory=dict)
    """From the first order that names one."""
    services: Mapping[int, Sequence[Service]] = field(default_factory=dict)
    """Empty for a visit whose orders have no lines; no entry for one without an order."""
    paid: frozenset[int] = frozenset()
    """Visits whose bills are settled."""
    cells: Mapping[int, Cells] = field(default_factory=dict)
    moved_to: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What reading a visit needs to know of the connection."""

    connection: str
    zones: Mapping[str, ZoneInfo]
    """By branch, for those that have one of their own."""
    zone: ZoneInfo
    reading: Reading


def to_visit(row: Row, details: Details, names: Names, setting: Setting) -> Visit | Rejected:
    id_ = whole(row["ID"])
    if id_ is None:
        return Rejected(kind="visit", id="?", reason=text("The visit has no number of its own (id)."))
    patient = whole(row["Patient"])
    if patient is None:
        return Rejected(
            kind="visit", id=str(id_), reason=text("The visit has no patient. Choose one in IDENT's calendar.")
        )
    cells = details.cells.get(id_, Cells())
    starts = moment(row["PlanStart"]) or cells.starts
    if starts is None:
        return Rejected(
            kind="visit", id=str(id_), reason=text("The visit has no time, neither planned nor in the calendar.")
        )
    return whole_visit(
        row, VisitKey(setting.connection, str(id_)), patient, starts, Surrounded(row, id_, details, names, setting)
    )


class Surrounded:
    """A visit's row together with what is known around it."""

    def __init__(self, row: Row, id_: int, details: Details, names: Names, setting: Setting) -> None:
        cells = details.cells.get(id_, Cells())
        self.doctor = whole(row["Doctor"]) or cells.doctor
        chair = whole(row["Chair"]) or cells.chair
        self.room, branch_of_chair = names.chairs.get(chair or 0, ("", None))
        branch = details.branch.get(id_) or branch_of_chair
        self.branch = "" if branch is None else str(branch)
        self.branch_name = names.branches.get(branch or 0, "")
        self.doctor_name = names.doctors.get(self.doctor or 0, "")
        self.speciality = names.professions.get(self.doctor or 0, "")
        self.services = details.services.get(id_)
        self.moved_to = details.moved_to.get(id_)
        self.is_paid = id_ in details.paid and bool(self.services)
        self.plan_end = moment(row["PlanEnd"]) or cells.ends
        self.zone = setting.zones.get(self.branch, setting.zone)
        self.reading = setting.reading
        self.connection = setting.connection

    def local(self, naive: datetime | None) -> datetime | None:
        return naive and naive.replace(tzinfo=self.zone)

    def visit(self, id_: int | None) -> VisitKey | None:
        return None if id_ is None else VisitKey(self.connection, str(id_))


def whole_visit(row: Row, key: VisitKey, patient: int, starts: datetime, around: Surrounded) -> Visit:
    status, raw = status_of(facts(row, around), around.reading)
    return Visit(
        key=key,
        patient=PatientKey(key.connection, str(patient)),
        status=status,
        raw_status=raw,
        starts_at=starts.replace(tzinfo=around.zone),
        ends_at=around.local(around.plan_end),
        added_at=around.local(moment(row["Booked"]) or moment(row["Added"])),
        branch=around.branch,
        branch_name=around.branch_name,
        doctor="" if around.doctor is None else str(around.doctor),
        doctor_name=around.doctor_name,
        speciality=around.speciality,
        room=around.room,
        services=tuple(around.services or ()),
        total=None
        if around.services is None
        else sum((service.total for service in around.services), money(Decimal(0))),
        comment=str(row["Comment"] or "").strip(),
        is_first=is_first(day(row["FirstVisit"]), starts.date()),
        moved_from=around.visit(whole(row["MovedFrom"])),
        moved_to=around.visit(around.moved_to),
        application=words(row["External"]),
    )


def facts(row: Row, around: Surrounded) -> Facts:
    return Facts(
        cancelled=moment(row["Cancelled"]),
        cancel_reason=whole(row["CancelReason"]),
        check_issued=moment(row["CheckIssued"]),
        ended=moment(row["Ended"]),
        started=moment(row["Started"]),
        appeared=moment(row["Appeared"]),
        notified=bool(row["Notified"]),
        plan_end=around.plan_end,
        moved_on=around.moved_to is not None,
        paid=around.is_paid,
    )


def is_first(first_visit: date | None, planned: date) -> bool:
    """The card keeps the day of the first visit; none yet: this will be it."""
    return first_visit is None or first_visit >= planned


def to_services(lines: Iterable[Row], categories: Mapping[int, str]) -> tuple[Service, ...]:
    """A visit's services: lines of the same service are one, in the order in which they were entered."""
    counts: dict[str, Decimal] = defaultdict(Decimal)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    known: dict[str, str] = {}
    for line in sorted(lines, key=lambda line: whole(line["ID"]) or 0):
        name = words(line["Name"])
        counts[name] += figure(line["Quantity"])
        totals[name] += figure(line["Quantity"]) * figure(line["Price"]) - figure(line["Discount"])
        known.setdefault(name, categories.get(whole(line["Service"]) or 0, ""))
    return tuple(
        Service(name=name, count=counts[name].normalize() + 0, total=money(totals[name]), category=category)
        for name, category in known.items()
    )


def to_cells(cells: Iterable[Row]) -> Cells:
    """From the first quarter of an hour to the last."""
    starts, ends, doctors, chairs = [], [], [], []
    for cell in cells:
        begins, finishes = at(day(cell["Day"]), cell["Starts"]), at(day(cell["Day"]), cell["Ends"])
        if begins is not None:
            starts.append(begins)
            ends.append(finishes if finishes is not None and finishes > begins else begins + timedelta(minutes=15))
        doctors.append(whole(cell["Doctor"]))
        chairs.append(whole(cell["Chair"]))
    return Cells(
        starts=min(starts, default=None),
        ends=max(ends, default=None),
        doctor=next((doctor for doctor in doctors if doctor), None),
        chair=next((chair for chair in chairs if chair), None),
    )


def at(on: date | None, clock: object) -> datetime | None:
    read = clock_time(clock)
    return None if on is None or read is None else datetime.combine(on, read)
