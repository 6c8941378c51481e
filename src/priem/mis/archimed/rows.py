"""ArchiMed+'s rows → the model. Pure: what is outside the row comes as an argument."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from priem.mis.archimed.loose import Row, a_day, an_id, clock, flag, moment, money, named, rows_of, words
from priem.mis.archimed.statuses import DELETED, Meanings
from priem.model import Patient, PatientKey, Rejected, Service, Visit, VisitKey, VisitStatus
from priem.phones import numbers_in
from priem.texts import text

CARD_FIELDS = (
    *("id", "last_name", "first_name", "middle_name", "name", "name1", "name2", "birthdate", "phone", "phone1"),
    *("phone_alt", "email", "number", "creationdate", "changedate", "deleted"),
)
"""Of a medcard. Passports, SNILS and addresses are never asked for: docs/reference/archimed.md §1.6."""
TALON_FIELDS = (
    *("id", "patient_id", "info", "begintime", "endtime", "date", "datetime", "room", "status_id", "status"),
    *("creation_datetime", "update_datetime", "com_status_id", "com_status", "info_source_id", "info_source"),
    *("delete_reason_id", "delete_reason", "deleted", "docs", "services", "total", "is_first"),
)
"""Of a talon: without the patient's name, phone and e-mail, which the card tells. The last three are inferred."""
DOCTOR_FIELDS = (
    *("id", "name", "name1", "name2", "last_name", "first_name", "middle_name", "type", "types", "max_time"),
    *("primary_type_id",),
)
"""Without SNILS and phone. §1.7"""
PHONES = ("phone", "phone1", "phone_alt")
LONGEST_VISIT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What reading needs to know of the branch and its dictionaries."""

    connection: str
    branch: str
    branch_name: str
    zone: ZoneInfo
    meanings: Meanings
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Ids → names."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Of deleting, likewise."""


def full_name(row: Row) -> str:
    """Surname first, in either spelling: docs/reference/archimed.md §1.7."""
    if named(row, "last_name", "first_name", "middle_name"):
        return words(row.get("last_name"), row.get("first_name"), row.get("middle_name"))
    return words(row.get("name"), row.get("name1"), row.get("name2"))


def phones_of(row: Row) -> tuple[str, ...]:
    written = (words(row.get(name)) for name in PHONES)
    return tuple(dict.fromkeys(number for field in written if field for number in numbers_in(field)))


def to_patient(row: Row, connection: str) -> Patient | Rejected:
    id_ = an_id(row.get("id"))
    if not id_:
        return Rejected(kind="patient", id="?", reason=text("The patient's card has no number of its own (id)."))
    return Patient(
        key=PatientKey(connection, id_),
        name=full_name(row),
        phones=phones_of(row),
        birthday=a_day(row.get("birthdate")),
        email=words(row.get("email")),
        card_number=words(row.get("number")),
        archived=flag(row.get("deleted")),
    )


def to_visit(row: Row, setting: Setting) -> Visit | Rejected:
    id_ = an_id(row.get("id"))
    if not id_:
        return Rejected(kind="visit", id="?", reason=text("The visit has no number of its own (id)."))
    patient = an_id(row.get("patient_id"))
    if not patient:
        reason = text("The talon has no patient's card. Choose one in ArchiMed+'s schedule.")
        return Rejected(kind="visit", id=id_, reason=reason)
    starts = starts_of(row)
    if starts is None:
        return Rejected(kind="visit", id=id_, reason=text("The talon has no day, or no hour."))
    return whole_visit(row, VisitKey(setting.connection, id_), patient, starts, setting)


def whole_visit(row: Row, key: VisitKey, patient: str, starts: datetime, setting: Setting) -> Visit:
    status, raw = status_of(row, setting)
    doctors = rows_of(row.get("docs"))
    doctor = doctors[0] if doctors else {}
    services = to_services(row)
    return Visit(
        key=key,
        patient=PatientKey(setting.connection, patient),
        status=status,
        raw_status=raw,
        starts_at=starts.replace(tzinfo=setting.zone),
        ends_at=local(ends_of(row, starts), setting.zone),
        added_at=local(moment(row.get("creation_datetime")), setting.zone),
        branch=setting.branch,
        branch_name=setting.branch_name,
        doctor=an_id(doctor.get("id")),
        doctor_name=", ".join(filter(None, (full_name(each) for each in doctors))),
        speciality=words(doctor.get("type")),
        room=words(row.get("room")),
        services=services,
        total=money(named(row, "total", "sum")) if services or named(row, "total", "sum") is not None else None,
        comment=str(row.get("info") or "").strip(),
        is_first=flag(row["is_first"]) if row.get("is_first") is not None else None,
    )


def local(naive: datetime | None, zone: ZoneInfo) -> datetime | None:
    return naive and naive.replace(tzinfo=zone)


def starts_of(row: Row) -> datetime | None:
    """From the day and the hour; `datetime` says both once more."""
    day, hour = a_day(row.get("date")), clock(row.get("begintime"))
    if day and hour:
        return datetime.combine(day, hour)
    whole = moment(row.get("datetime"))
    return whole if whole and ":" in str(row.get("datetime")) else None


def ends_of(row: Row, starts: datetime) -> datetime | None:
    """None where the talon says nothing, or that it ends when it begins."""
    hour = clock(row.get("endtime"))
    if hour is None or hour == starts.time():
        return None
    ends = datetime.combine(starts.date(), hour)
    return ends if ends > starts else ends + LONGEST_VISIT


def status_of(row: Row, setting: Setting) -> tuple[VisitStatus, str]:
    """The status, and the raw one: the status's id, or `deleted:` and the id of the reason."""
    id_ = an_id(row.get("status_id"))
    name = words(named(row, "status")) or setting.statuses.get(id_, "")
    status = setting.meanings.of_status(id_, name)
    if flag(row.get("deleted")) and not status.is_over:
        return of_deleted(row, setting)
    if status is VisitStatus.BOOKED:
        com_id, com_name = an_id(row.get("com_status_id")), words(row.get("com_status"))
        status = setting.meanings.of_com_status(com_id, com_name) or status
    return status, id_ or name or "0"


def of_deleted(row: Row, setting: Setting) -> tuple[VisitStatus, str]:
    id_ = an_id(row.get("delete_reason_id"))
    name = words(row.get("delete_reason")) or setting.reasons.get(id_, "")
    raw = f"{DELETED}:{id_}" if id_ else DELETED
    return setting.meanings.of_reason(id_, name), raw


def to_services(row: Row) -> tuple[Service, ...]:
    """What a talon says of its services, where it says anything (docs/reference/archimed.md §1.4 knows of none)."""
    return tuple(
        Service(name=words(named(line, "name")), count=count_of(line), total=total_of(line), category=category_of(line))
        for line in rows_of(row.get("services"))
        if named(line, "name")
    )


def count_of(line: Row) -> Decimal:
    return money(named(line, "count", "quantity")) or Decimal(1)


def total_of(line: Row) -> Decimal:
    whole = money(named(line, "total", "sum"))
    if whole is not None:
        return whole
    price = money(named(line, "price", "cost", "base_cost")) or Decimal(0)
    return (price * count_of(line)).quantize(Decimal("0.01"))


def category_of(line: Row) -> str:
    return words(named(line, "group_name", "category"))
