"""Rows of IDENT's tables → the model. Pure: what is outside the row comes as an argument."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from math import isfinite
from typing import Protocol
from zoneinfo import ZoneInfo

from priem.mis.ident.statuses import Facts, Reading, status_of
from priem.model import Patient, PatientKey, Rejected, Service, Visit, VisitKey
from priem.phones import numbers_in
from priem.plans import TreatmentPlan
from priem.texts import text

Row = Mapping[str, object]
Plain = tuple[object, ...]
"""A row in the order of its columns, as a driver gives it."""
DAY_FIRST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
YEAR_FIRST = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
CENT = Decimal("0.01")
FIGURES_KNOWN = 4096
"""A price list has some hundred prices; a first reading, millions of lines."""
ANY_SUM = Context(prec=100)
"""A mistyped price must not stop a page: the usual precision refuses very long figures."""


def word(value: object) -> str:
    if value is None or value == "":  # nearly all e-mails, card numbers and remarks
        return ""
    return " ".join(str(value).split())


def words(*parts: object) -> str:
    return " ".join(" ".join([str(part) for part in parts if part is not None]).split())


def whole(value: object) -> int | None:
    if value is None or type(value) is int:  # nearly all, millions of times in a first reading
        return value
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
    """IDENT keeps ten decimals; a bill has two. Half a kopeck goes up, as in SQL Server's ROUND and on a till."""
    return value.quantize(CENT, ROUND_HALF_UP, ANY_SUM)


NO_MONEY = money(Decimal(0))


def figure(value: object) -> float:
    return float(value) if isinstance(value, (float, int, Decimal)) else 0.0


def exact(value: float) -> Decimal:
    """As it is written, to the sixth decimal: its binary tail is nobody's money."""
    return Decimal(repr(round(value, 6))) if isfinite(value) else Decimal(0)


@lru_cache(maxsize=FIGURES_KNOWN)
def counted(value: float) -> Decimal:
    return exact(value).normalize() + 0


@lru_cache(maxsize=FIGURES_KNOWN)
def priced(value: float) -> Decimal:
    return money(exact(value))


def id_of(row: Row) -> int:
    return whole(row["ID"]) or 0


def by_visit(rows: Iterable[Plain]) -> dict[int, list[Plain]]:
    """Rows whose first column is a visit's id."""
    groups: dict[int, list[Plain]] = {}
    for row in rows:
        id_ = row[0]
        if type(id_) is int or (id_ := whole(id_)) is not None:
            groups.setdefault(id_, []).append(row)
    return groups


def grouped(rows: Iterable[Row], column: str) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = {}
    for row in rows:
        if (id_ := whole(row[column])) is not None:
            groups.setdefault(id_, []).append(row)
    return groups


def to_patient(
    row: Row, connection: str, sources: Mapping[int, str], plans: tuple[TreatmentPlan, ...] = ()
) -> Patient | Rejected:
    id_ = whole(row["ID"])
    if id_ is None:
        return Rejected(kind="patient", id="?", reason=text("The patient's card has no number of its own (id)."))
    if whole(row["Person"]) is None:
        return Rejected(
            kind="patient", id=str(id_), reason=text("The patient's card belongs to nobody: no such person.")
        )
    fields = (word(row["MobilePhone"]), word(row["Phone"]))
    phones = dict.fromkeys(number for written in fields if written for number in numbers_in(written))
    return Patient(
        key=PatientKey(connection, str(id_)),
        name=words(row["Surname"], row["Name"], row["Patronymic"]),
        phones=tuple(phones),
        birthday=day(row["Birthday"]),
        email=word(row["Email"]),
        card_number=word(row["CardNumber"]),
        parent_name=word(row["Parent"]),
        source=sources.get(whole(row["InfoSource"]) or 0, ""),
        first_visit=day(row["FirstVisit"]),
        archived=row["ArchivingReason"] is not None,
        plans=plans,
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


NO_CELLS = Cells()


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
    cells = details.cells.get(id_, NO_CELLS)
    starts = moment(row["PlanStart"]) or cells.starts
    if starts is None:
        return Rejected(
            kind="visit", id=str(id_), reason=text("The visit has no time, neither planned nor in the calendar.")
        )
    key = VisitKey(setting.connection, str(id_))
    return whole_visit(row, key, patient, starts, around(row, id_, details, names), setting)


@dataclass(slots=True)
class Around:
    """What is known around a visit's row."""

    doctor: int | None
    branch: int | None
    room: str
    doctor_name: str
    speciality: str
    branch_name: str
    services: Sequence[Service] | None
    moved_to: int | None
    is_paid: bool
    plan_end: datetime | None


def around(row: Row, id_: int, details: Details, names: Names) -> Around:
    cells = details.cells.get(id_, NO_CELLS)
    doctor = whole(row["Doctor"]) or cells.doctor
    room, branch_of_chair = names.chairs.get(whole(row["Chair"]) or cells.chair or 0, ("", None))
    branch = details.branch.get(id_) or branch_of_chair
    services = details.services.get(id_)
    return Around(
        doctor,
        branch,
        room,
        names.doctors.get(doctor or 0, ""),
        names.professions.get(doctor or 0, ""),
        names.branches.get(branch or 0, ""),
        services,
        details.moved_to.get(id_),
        id_ in details.paid and bool(services),
        moment(row["PlanEnd"]) or cells.ends,
    )


def whole_visit(row: Row, key: VisitKey, patient: int, starts: datetime, known: Around, setting: Setting) -> Visit:
    status, raw = status_of(facts(row, known), setting.reading)
    branch = "" if known.branch is None else str(known.branch)
    zone = setting.zones.get(branch, setting.zone)
    ends, added = known.plan_end, moment(row["Booked"]) or moment(row["Added"])
    moved_from, services, external = whole(row["MovedFrom"]), known.services, row["ExternalUID"]
    return Visit(
        key=key,
        patient=PatientKey(key.connection, str(patient)),
        status=status,
        raw_status=raw,
        starts_at=starts.replace(tzinfo=zone),
        ends_at=ends and ends.replace(tzinfo=zone),
        added_at=added and added.replace(tzinfo=zone),
        branch=branch,
        branch_name=known.branch_name,
        doctor="" if known.doctor is None else str(known.doctor),
        doctor_name=known.doctor_name,
        speciality=known.speciality,
        room=known.room,
        services=tuple(services or ()),
        total=None if services is None else total_of(services),
        comment=str(row["Comment"] or "").strip(),
        is_first=is_first(day(row["FirstVisit"]), starts.date()),
        moved_from=None if moved_from is None else VisitKey(key.connection, str(moved_from)),
        moved_to=None if known.moved_to is None else VisitKey(key.connection, str(known.moved_to)),
        application=word(external),
    )


def total_of(services: Sequence[Service]) -> Decimal:
    return services[0].total if len(services) == 1 else sum([service.total for service in services], NO_MONEY)


def facts(row: Row, known: Around) -> Facts:
    return Facts(
        cancelled=moment(row["Cancelled"]),
        cancel_reason=whole(row["CancelReason"]),
        check_issued=bool(row["CheckIssued"]),
        ended=bool(row["Ended"]),
        started=bool(row["Started"]),
        appeared=bool(row["Appeared"]),
        notified=bool(row["Notified"]),
        plan_end=known.plan_end,
        moved_on=known.moved_to is not None,
        paid=known.is_paid,
    )


def is_first(first_visit: date | None, planned: date) -> bool:
    """The card keeps the day of the first visit; none yet: this will be it."""
    return first_visit is None or first_visit >= planned


def to_services(lines: Sequence[Plain], categories: Mapping[int, str]) -> tuple[Service, ...]:
    """A visit's services: lines of the same service are one, in the order in which they were entered.

    A line is (visit, id, service, name, quantity, price, discount).
    """
    if len(lines) == 1:
        _visit, _id, service, name, *figures = lines[0]
        return (lone(name, categories.get(whole(service) or 0, ""), *map(figure, figures)),)
    by_name: dict[str, list[Plain]] = {}
    for line in sorted(lines, key=lambda line: whole(line[1]) or 0):
        by_name.setdefault(word(line[3]), []).append(line)
    return tuple([to_service(name, same, categories) for name, same in by_name.items()])


def to_service(name: str, lines: Sequence[Plain], categories: Mapping[int, str]) -> Service:
    category = categories.get(whole(lines[0][2]) or 0, "")
    if len(lines) == 1:
        return lone(name, category, *map(figure, lines[0][4:]))
    count = total = 0.0
    for *_, written, price, discount in lines:
        quantity = figure(written)
        count += quantity
        total += quantity * figure(price) - figure(discount)
    return Service(name=name, count=counted(count), total=priced(total), category=category)


@lru_cache(maxsize=FIGURES_KNOWN)
def lone(name: object, category: str, quantity: float, price: float, discount: float) -> Service:
    """Of one line. Most lines of a year are the same few."""
    total = priced(quantity * price - discount)
    return Service(name=word(name), count=counted(quantity), total=total, category=category)


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
