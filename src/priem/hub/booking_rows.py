"""Requests to desks ↔ rows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from priem.booking import NewPatient, RefusalKind, Time
from priem.hub.models.bookings import BookingIntent
from priem.intents import Deed, Intent, Phase, Wanted
from priem.model import PatientKey, VisitKey


def intent_of(row: BookingIntent) -> Intent:
    return Intent(
        id=row.pk,
        wanted=wanted_of(row),
        phase=Phase(row.phase),
        attempt=row.attempt,
        visit=VisitKey(row.connection, row.result) if row.result else None,
        kind=RefusalKind(row.kind) if row.kind else None,
        said=row.said,
        note=row.note,
        begun_at=row.begun_at,
        changed_at=row.changed_at,
    )


def wanted_of(row: BookingIntent) -> Wanted:
    content: Mapping[str, Any] = row.content
    services = content.get("services")
    return Wanted(
        ref=row.ref,
        deed=Deed(row.deed),
        connection=row.connection,
        actor=row.actor,
        lead=row.lead,
        contact=row.contact,
        visit=VisitKey(row.connection, row.visit) if row.visit else None,
        patient=PatientKey(row.connection, row.patient) if row.patient else None,
        new_patient=patient_of(content["new_patient"]) if content.get("new_patient") else None,
        time=time_of(row),
        services=None if services is None else tuple(services),
        comment=content.get("comment"),
        status=content.get("status", ""),
        reason=content.get("reason", ""),
    )


def time_of(row: BookingIntent) -> Time | None:
    if row.starts_at is None or row.ends_at is None:
        return None
    return Time(doctor=row.doctor, starts_at=row.starts_at, ends_at=row.ends_at, branch=row.branch, room=row.room)


def patient_of(kept: Mapping[str, str]) -> NewPatient:
    birthday = kept.get("birthday")
    return NewPatient(
        last_name=kept["last_name"],
        first_name=kept["first_name"],
        middle_name=kept["middle_name"],
        phone=kept["phone"],
        birthday=date.fromisoformat(birthday) if birthday else None,
        email=kept["email"],
    )


def patient_as_json(new: NewPatient) -> dict[str, str]:
    return {
        "last_name": new.last_name,
        "first_name": new.first_name,
        "middle_name": new.middle_name,
        "phone": new.phone,
        "birthday": new.birthday.isoformat() if new.birthday else "",
        "email": new.email,
    }


def content_of(wanted: Wanted) -> dict[str, Any]:
    """What is not said is left out."""
    said: dict[str, Any] = {
        "new_patient": patient_as_json(wanted.new_patient) if wanted.new_patient else None,
        "services": None if wanted.services is None else list(wanted.services),
        "comment": wanted.comment,
        "status": wanted.status or None,
        "reason": wanted.reason or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def columns_of(wanted: Wanted) -> dict[str, Any]:
    time = wanted.time
    return {
        "deed": wanted.deed.value,
        "connection": wanted.connection,
        "actor": wanted.actor,
        "lead": wanted.lead,
        "contact": wanted.contact,
        "visit": wanted.visit.id if wanted.visit else "",
        "patient": wanted.patient.id if wanted.patient else "",
        "doctor": time.doctor if time else "",
        "branch": time.branch if time else "",
        "room": time.room if time else "",
        "starts_at": time.starts_at if time else None,
        "ends_at": time.ends_at if time else None,
        "content": content_of(wanted),
    }
