"""What callers are told, as JSON. Times are ISO 8601 with the branch's offset; sentences in the caller's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from priem.booking import Booking, DoctorInfo, Entry, RefusalKind, ServiceInfo, Shift, StatusInfo, Time
from priem.engine.reception import Answer
from priem.hub.sentences import readable
from priem.intents import Phase
from priem.model import Patient, Visit
from priem.texts import Text

Json = dict[str, Any]
OPEN = "open"
"""Not known yet: the same `ref` may be asked for again, and nothing else should be."""


def answer(one: Answer) -> Json:
    return {
        "ref": one.ref,
        "outcome": OPEN if one.phase.is_open else one.phase.value,
        "visit": str(one.visit) if one.visit else None,
        **reason(one.kind, one.said, one.advice),
        "nearest": [time(free) for free in one.nearest],
        "patients": [patient(candidate) for candidate in one.candidates],
    }


def status_of(one: Answer) -> int:
    """The HTTP status."""
    if one.phase.is_open:
        return 202
    return 200 if one.phase is Phase.DONE else 409


def reason(kind: RefusalKind | None, said: Text | None, advice: Text | None = None) -> Json:
    return {"kind": kind.value if kind else None, "reason": readable(said), "advice": readable(advice)}


def time(one: Time) -> Json:
    return {
        "doctor": one.doctor,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        "branch": one.branch,
        "room": one.room,
    }


def patient(one: Patient) -> Json:
    return {
        "id": one.key.id,
        "connection": one.key.connection,
        "name": one.name,
        "phones": list(one.phones),
        "birthday": one.birthday.isoformat() if one.birthday else None,
        "card_number": one.card_number,
    }


def visit(one: Visit, statuses: Mapping[str, str]) -> Json:
    """`statuses`: names by id."""
    return {
        "id": str(one.key),
        "patient": str(one.patient),
        "status": one.status.value,
        "raw_status": one.raw_status,
        "status_name": statuses.get(one.raw_status, ""),
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat() if one.ends_at else None,
        "doctor": one.doctor,
        "doctor_name": one.doctor_name,
        "branch": one.branch,
        "branch_name": one.branch_name,
        "room": one.room,
        "services": [service.name for service in one.services],
        "comment": one.comment,
        "total": str(one.total) if one.total is not None else None,
    }


def shift(one: Shift) -> Json:
    return {
        "doctor": one.doctor,
        "doctor_name": one.doctor_name,
        "branch": one.branch,
        "room": one.room,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        "slots": [
            {"starts_at": slot.starts_at.isoformat(), "ends_at": slot.ends_at.isoformat(), "free": slot.free}
            for slot in one.slots
        ],
    }


def entry(one: Entry) -> Json:
    return {"id": one.id, "name": one.name}


def doctor(one: DoctorInfo) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "specialities": [entry(speciality) for speciality in one.specialities],
        "branches": list(one.branches),
        "minutes": one.minutes,
    }


def service(one: ServiceInfo) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "code": one.code,
        "category": one.category,
        "price": str(one.price) if one.price is not None else None,
        "minutes": one.minutes,
    }


def status(one: StatusInfo) -> Json:
    return {"id": one.id, "name": one.name, "status": one.status.value}


def entries(found: Sequence[Entry]) -> list[Json]:
    return [entry(one) for one in found]


def dictionaries(desk: Booking) -> Json:
    """All of a desk's but its branches."""
    return {
        "doctors": [doctor(one) for one in desk.doctors()],
        "specialities": entries(desk.specialities()),
        "services": [service(one) for one in desk.services()],
        "rooms": entries(desk.rooms()),
        "statuses": [status(one) for one in desk.statuses()],
        "cancel_reasons": entries(desk.cancel_reasons()),
    }
