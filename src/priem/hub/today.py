"""«Сегодня»: one card per clinic, those with trouble first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from priem.hub.models import Clinic, Connection, RejectedRow, StepRecord
from priem.hub.scope import visible_clinics
from priem.hub.sentences import readable
from priem.model import State


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    key: str
    kind: str
    last_read_at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Card:
    clinic: Clinic
    trouble: str
    """What stops the whole clinic, or nothing."""
    connections: tuple[ConnectionLine, ...]
    done: int
    refused: int
    unsure: int
    """Whose outcome is not known, or which were put off."""
    rejected: int
    allow: str
    """Where a person gives access to amoCRM; nothing while there is some."""

    @property
    def rank(self) -> tuple[bool, bool, str]:
        """The worst first."""
        ails = bool(self.trouble) or any(line.trouble for line in self.connections)
        return not ails, not (self.refused or self.rejected), self.clinic.name


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback for the home page."""
    clinics = visible_clinics(request).select_related("authorisation")
    cards = sorted((card(clinic) for clinic in clinics), key=lambda card: card.rank)
    return {**context, "cards": cards, "since": timezone.localdate().isoformat()}


def card(clinic: Clinic) -> Card:
    steps = steps_today(clinic.pk)
    return Card(
        clinic=clinic,
        trouble=trouble(clinic),
        connections=tuple(line(connection) for connection in Connection.objects.of(clinic.pk)),
        done=steps[State.DONE],
        refused=steps[State.REFUSED],
        unsure=steps[State.UNKNOWN] + steps[State.POSTPONED],
        rejected=RejectedRow.objects.of(clinic.pk).count(),
        allow=way_to_allow(clinic),
    )


def trouble(clinic: Clinic) -> str:
    authorisation = getattr(clinic, "authorisation", None)
    return readable(authorisation.authorise_again) if authorisation else ""


def way_to_allow(clinic: Clinic) -> str:
    authorisation = getattr(clinic, "authorisation", None)
    has_access = bool(authorisation and authorisation.access and not authorisation.authorise_again)
    can_ask = bool(clinic.client_id and clinic.redirect_uri)
    return reverse("amocrm_authorise", args=[clinic.pk]) if can_ask and not has_access else ""


def line(connection: Connection) -> ConnectionLine:
    return ConnectionLine(
        key=connection.key,
        kind=connection.kind,
        last_read_at=connection.last_read_at,
        trouble=readable(connection.last_error),
    )


def steps_today(clinic_id: int) -> Mapping[str, int]:
    """How many steps there were since midnight, by outcome."""
    rows = StepRecord.objects.of(clinic_id).filter(intended_at__gte=midnight())
    return Counter(dict(rows.values_list("state").annotate(Count("pk")).order_by()))


def midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
