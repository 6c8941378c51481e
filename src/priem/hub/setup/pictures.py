"""How amoCRM and a МИС looked when they were last asked. Forms choose from it: no page waits for the outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import TypeAdapter

from priem.hub.models import (
    AccountPicture,
    Clinic,
    Connection,
    MirroredContact,
    MirroredLead,
    MirrorState,
    SourcePicture,
)
from priem.hub.sentences import as_json, from_json
from priem.model import Account, Finding, Page, Patient, Severity, Visit
from priem.showing import Directory

ACCOUNT = TypeAdapter(Account)
DIRECTORY = TypeAdapter(Directory)
PAGE = TypeAdapter(Page)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLook:
    """One connection as forms see it."""

    connection: str
    directory: Directory = field(default_factory=Directory)
    samples: Page = field(default_factory=lambda: Page(cursor=""))
    findings: tuple[Finding, ...] = ()
    taken_at: datetime | None = None
    """None: nobody has looked yet."""


def account_of(clinic: Clinic) -> Account | None:
    picture = AccountPicture.objects.of(clinic.pk).first()
    return ACCOUNT.validate_python(picture.account, strict=False) if picture else None


@dataclass(frozen=True, slots=True)
class Cards:
    contacts: int
    leads: int


def cards_of(clinic: Clinic) -> Cards | None:
    """As last read; amoCRM's lists do not tell how long they are, and counting them means reading them."""
    if not MirrorState.objects.of(clinic.pk).exists():
        return None
    of_clinic = MirroredContact.objects.of(clinic.pk), MirroredLead.objects.of(clinic.pk)
    return Cards(*(rows.count() for rows in of_clinic))


def keep_account(clinic_id: int, account: Account) -> None:
    AccountPicture.objects.update_or_create(
        clinic_id=clinic_id,
        defaults={"account": ACCOUNT.dump_python(account, mode="json"), "taken_at": datetime.now(UTC)},
    )


def sources_of(clinic: Clinic) -> tuple[SourceLook, ...]:
    """Of every connection, looked at or not."""
    pictures = {picture.connection: picture for picture in SourcePicture.objects.of(clinic.pk)}
    keys = Connection.objects.of(clinic.pk).order_by("key").values_list("key", flat=True)
    return tuple(look(pictures[key]) if key in pictures else SourceLook(connection=key) for key in keys)


def look(picture: SourcePicture) -> SourceLook:
    return SourceLook(
        connection=picture.connection,
        directory=DIRECTORY.validate_python(picture.directory),
        samples=PAGE.validate_json(picture.samples.reveal()) if picture.samples else Page(cursor=""),
        findings=tuple(finding(*written) for written in picture.findings),
        taken_at=picture.taken_at,
    )


def finding(severity: str, what: dict[str, object], advice: dict[str, object] | None) -> Finding:
    return Finding(Severity(severity), from_json(what), from_json(advice) if advice else None)


def keep_source(clinic_id: int, seen: SourceLook) -> None:
    SourcePicture.objects.update_or_create(
        clinic_id=clinic_id,
        connection=seen.connection,
        defaults={
            "directory": DIRECTORY.dump_python(seen.directory, mode="json"),
            "samples": PAGE.dump_json(seen.samples).decode() if seen.samples.visits else "",
            "findings": findings_as_json(seen.findings),
            "taken_at": datetime.now(UTC),
        },
    )


def findings_as_json(findings: Sequence[Finding]) -> list[list[object]]:
    return [[one.severity.value, as_json(one.what), as_json(one.advice) if one.advice else None] for one in findings]


def example_of(sources: Sequence[SourceLook]) -> tuple[Patient | None, Visit | None]:
    """The patient and visit with the most to show."""
    pairs = [
        (patient, visit)
        for seen in sources
        for visit in seen.samples.visits
        for patient in seen.samples.patients
        if patient.key == visit.patient
    ]
    return max(pairs, key=fullness, default=(None, None))


def fullness(pair: tuple[Patient, Visit]) -> int:
    patient, visit = pair
    told = (
        patient.birthday,
        patient.email,
        patient.card_number,
        visit.services,
        visit.total,
        visit.comment,
        visit.room,
    )
    return sum(map(bool, told))
