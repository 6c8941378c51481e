"""Troubles that no pass fails of: what waits too long, what nobody knows the outcome of, what amoCRM does not tell."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from priem.hub.models import Connection, Hearing, Incident, IncidentKind, ReceivedHook, RejectedRow, StepRecord
from priem.hub.watch import incidents
from priem.mis.archimed.changes import TOO_MANY as TOO_MANY_OF_ARCHIMED
from priem.mis.ident.sweep import TOO_MANY as TOO_MANY_OF_IDENT
from priem.model import Rejected, State
from priem.texts import Text, text

HOOK_IS_OLD = timedelta(minutes=5)
STEP_IS_OLD = timedelta(hours=1)
DEAF_AFTER = timedelta(minutes=5)
"""Without an echo of what Priem wrote. Long enough for a hub that was just started anew."""
TOO_MANY = frozenset({TOO_MANY_OF_ARCHIMED.template, TOO_MANY_OF_IDENT.template})
SWEEP_MINUTES = 10
"""Between sweeps, where a connection does not say otherwise."""

QUEUE = (
    text("What amoCRM has told waits for longer than five minutes."),
    text("Nothing is lost. If it lasts, ask whoever looks after the hub to start Priem anew."),
)
UNKNOWN = (
    text("Of some requests it has not been known for an hour whether amoCRM has carried them out."),
    text("Priem looks them up before it repeats them. Open the history of requests and see whether amoCRM answers."),
)
HOOKS = (
    text("amoCRM does not tell of changes any more, so Priem reads them: with more requests, and a little later."),
    text(
        "Check that the hub's address can be reached from the internet, and that the integration may use webhooks. "
        "Nothing is lost."
    ),
)
VANISHED_ADVICE = text(
    "Ask the clinic whether its database was restored from a backup or moved. Until then those visits stay as they are."
)


def stuck(now: datetime) -> set[int]:
    rows = ReceivedHook.objects.of_all().filter(received_at__lt=now - HOOK_IS_OLD)
    return set(rows.order_by().values_list("clinic_id", flat=True).distinct())


def unsure(now: datetime) -> set[int]:
    rows = StepRecord.objects.of_all().filter(finished_at__isnull=True, intended_at__lt=now - STEP_IS_OLD)
    return set(rows.order_by().values_list("clinic_id", flat=True).distinct())


def deaf(now: datetime) -> set[int]:
    """Clinics that amoCRM was asked to post to, and is not heard of: it refused, or Priem's own writes do not come
    back."""
    asked = Hearing.objects.of_all().exclude(destination="")
    quiet = asked.filter(alive_since__lt=now - DEAF_AFTER).filter(
        Q(heard_at__isnull=True) | Q(heard_at__lt=now - DEAF_AFTER)
    )
    written = StepRecord.objects.of_all().filter(
        clinic=OuterRef("clinic"),
        state=State.DONE.value,
        intended_at__gt=Coalesce(OuterRef("heard_at"), OuterRef("alive_since")),
        finished_at__lt=now - DEAF_AFTER,
    )
    unanswered = quiet.filter(Exists(written.filter(intended_at__gt=OuterRef("alive_since")).exclude(changes=[])))
    refused = asked.filter(alive_since__isnull=True, trouble__isnull=False)
    return {*refused.values_list("clinic_id", flat=True), *unanswered.values_list("clinic_id", flat=True)}


def too_many_vanished(rejected: Iterable[Rejected]) -> Text | None:
    """What a page says of it, if it does."""
    return next((one.reason for one in rejected if one.reason.template in TOO_MANY), None)


def end_vanished(now: datetime) -> None:
    """A sweep that finds them gone says so each time: two that are silent have found them."""
    going_on = Incident.objects.of_all().filter(over_at__isnull=True, kind=IncidentKind.VANISHED)
    for clinic_id, key in going_on.values_list("clinic_id", "connection"):
        row = Connection.objects.of(clinic_id).filter(key=key).first()
        minutes = (row.config.get("sweep_minutes") if row else 0) or SWEEP_MINUTES
        since = now - timedelta(minutes=2 * minutes + 5)
        said = RejectedRow.objects.of(clinic_id).filter(connection=key, kind="visit", last_seen__gt=since)
        if not any(reason.template in TOO_MANY for reason in said.values_list("reason", flat=True) if reason):
            incidents.end(clinic_id, [IncidentKind.VANISHED], key, now)
