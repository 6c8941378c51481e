"""Troubles with a beginning and an end: each is one row, opened once and closed once, whoever meets it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

from django.db import IntegrityError, transaction

from priem.amocrm.problems import AccessRefused
from priem.amocrm.stopping import AccountStopped
from priem.errors import PriemError, TryLater
from priem.hub.models import Authorisation, Incident, IncidentKind
from priem.hub.models.owned import OwnedRows
from priem.texts import Text

HICCUP = timedelta(seconds=30)
"""What is over sooner is no history, unless somebody was told of it."""
Side = Literal["mis", "crm"]


def open_incidents(clinic_id: int) -> OwnedRows[Incident]:
    return Incident.objects.of(clinic_id).filter(over_at__isnull=True)


def kind_of(clinic_id: int, error: PriemError, at: Side) -> IncidentKind:
    if at == "mis":
        return IncidentKind.AWAY if isinstance(error, TryLater) else IncidentKind.CLOSED
    if isinstance(error, TryLater):
        return IncidentKind.AMOCRM_AWAY
    refused = Authorisation.objects.filter(clinic=clinic_id, authorise_again__isnull=False).exists()
    if (
        isinstance(error, AccountStopped | AccessRefused)
        or refused
        or not Authorisation.objects.filter(clinic=clinic_id).exists()
    ):
        return IncidentKind.AMOCRM_STOPPED
    return IncidentKind.SETTINGS


def begin(clinic_id: int, kind: IncidentKind, connection: str, said: tuple[Text, Text | None], now: datetime) -> bool:
    """Whether it is news. One that is open goes on, with what is said of it now."""
    what, advice = said
    rows = open_incidents(clinic_id).filter(kind=kind, connection=connection)
    if rows.update(what=what, advice=advice):
        return False
    try:
        with transaction.atomic():
            Incident.objects.create(
                clinic_id=clinic_id, kind=kind, connection=connection, what=what, advice=advice, began_at=now
            )
    except IntegrityError:  # another process met it in the same moment
        return False
    return True


def end(clinic_id: int, kinds: Collection[IncidentKind], connection: str, now: datetime, caught_up: int = 0) -> None:
    rows = open_incidents(clinic_id).filter(kind__in=[kind.value for kind in kinds], connection=connection)
    rows.filter(began_at__gt=now - HICCUP, told_at__isnull=True).delete()
    rows.update(over_at=now, caught_up=caught_up)
