"""The address that IDENT calls, and its keys."""

import hmac
import re
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Q

from priem.errors import AskOperator
from priem.hub.models import Clinic, IdentService, Serialization
from priem.hub.references import resolve
from priem.hub.watch import seen
from priem.mis.ident.exchange.writing import CALLS, TICKETS, ElementNames
from priem.texts import text

KEY_LETTERS = 32
LETTERS = string.ascii_letters + string.digits
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
BETWEEN_NOTES = timedelta(minutes=1)
Key = Literal["key", "applications_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceData:
    """What an administrator types into IDENT's form, and what a site gets."""

    path: str
    """Behind the hub's own address; no slash at the end."""
    key: str
    applications_key: str
    time_zone: str


@transaction.atomic
def open_service(clinic_id: int, connection: str, time_zone: str = "") -> ServiceData:
    """The service of this connection; with new keys when there was none. A time zone is needed the first time.

    Raises AskOperator for one that does not exist.
    """
    known = IdentService.objects.of(clinic_id).filter(connection=connection).first()
    zone = checked_zone(time_zone or (known.time_zone if known else ""))
    row, is_new = IdentService.objects.update_or_create(
        clinic_id=clinic_id,
        connection=connection,
        defaults={"time_zone": zone},
        create_defaults={"time_zone": zone, "key": new_key(), "applications_key": new_key()},
    )
    if is_new:
        seen.read_anew(clinic_id, connection)
    return service_data(IdentService.objects.of(clinic_id).select_related("clinic").get(pk=row.pk))


@transaction.atomic
def change_key(clinic_id: int, connection: str, which: Key) -> ServiceData:
    """A new key; the old one is good for nothing from now on. A reference gives way to a key that is stored."""
    row = IdentService.objects.of(clinic_id).select_related("clinic").get(connection=connection)
    setattr(row, which, new_key())
    row.save(update_fields=[which])
    return service_data(IdentService.objects.of(clinic_id).select_related("clinic").get(pk=row.pk))


def service_data(row: IdentService) -> ServiceData:
    return ServiceData(
        path=f"/ident/{row.clinic.slug}/{row.connection}",
        key=resolve(row.key.reveal()),
        applications_key=resolve(row.applications_key.reveal()),
        time_zone=row.time_zone,
    )


def new_key() -> str:
    """Letters and digits only: a key that began with a dash would be taken for an option where it is typed."""
    return "".join(secrets.choice(LETTERS) for _ in range(KEY_LETTERS))


def checked_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AskOperator(
            text("IDENT's service needs the clinic's time zone."), text("Give one such as Europe/Moscow.")
        ) from error


def find_service(slug: str, connection: str) -> IdentService | None:
    """By the address, in any letter case; what is written exactly so goes first."""
    if not (NAME.fullmatch(slug) and NAME.fullmatch(connection)):
        return None
    clinics = {clinic.slug: clinic for clinic in Clinic.objects.filter(slug__iexact=slug)}
    clinic = clinics.get(slug) or next(iter(clinics.values()), None)
    if clinic is None:
        return None
    return IdentService.objects.of(clinic.pk).filter(connection__iexact=connection).first()


def is_key(service: IdentService | None, which: Key, given: str) -> bool:
    """In the same time whatever is wrong. An empty key opens nothing."""
    kept = opened(service, which) if service else ""
    wanted = kept or new_key()
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape"))


def opened(service: IdentService, which: Key) -> str:
    """The key itself, which the set-up may keep as a reference; empty for one that leads nowhere."""
    try:
        return resolve(getattr(service, which).reveal())
    except AskOperator:
        return ""


def zone_of(service: IdentService) -> ZoneInfo:
    return ZoneInfo(service.time_zone)


def writes_xml(service: IdentService, accept: str) -> bool:
    """IDENT's form has JSON or XML; whether its requests say which is not known, hence the setting."""
    if service.serialization == Serialization.AUTOMATIC:
        return "xml" in accept.lower() and "json" not in accept.lower()
    return service.serialization == Serialization.XML


def element_names(service: IdentService, of: Literal["tickets", "calls"]) -> ElementNames:
    usual = {"tickets": TICKETS, "calls": CALLS}[of]
    own = service.element_names.get(of)
    return ElementNames(*own) if own else usual


def note_heard(service: IdentService) -> None:
    """IDENT is there. Written once a minute at most: running calls are asked for every few seconds."""
    now = datetime.now(UTC)
    old = Q(heard_at__isnull=True) | Q(heard_at__lt=now - BETWEEN_NOTES)
    IdentService.objects.of(service.clinic_id).filter(old, pk=service.pk).update(heard_at=now)
