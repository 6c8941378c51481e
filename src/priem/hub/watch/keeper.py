"""What nobody meets in a pass: that there are no passes, that changes are late, that the disk is filling up. Looks now
and then, in the hub's server and in whoever follows a clinic; one of them at a time."""

import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection

from priem.errors import TryLater
from priem.hub import environment
from priem.hub.history import keeping
from priem.hub.locks import Purpose, locked
from priem.hub.models import Clinic, Incident, IncidentKind, Pulse
from priem.hub.store import utc_now
from priem.hub.watch import alerts, incidents, unheard
from priem.hub.watch.instep import explained, late_places, open_ones
from priem.texts import text

BETWEEN_LOOKS = 20.0
BETWEEN_TIDYINGS = 300.0

log = structlog.get_logger(__name__)
SILENCE = (
    text("Nothing is read and nothing is written: the process that keeps the clinic in step has stopped."),
    text(
        "Ask whoever looks after the hub to start Priem again. Nothing is lost, what happened meanwhile goes over by "
        "itself."
    ),
)
LATE = (
    text("Changes reach amoCRM later than usual."),
    text("Look at the history of requests: are requests slow, or are there very many of them?"),
)
DISK = (
    text("The disk of the hub's server is almost full."),
    text("Free some space, or let the history be kept for a shorter time. Without space Priem stops."),
)


def look_around(now: datetime | None = None) -> None:
    """Cheap when there is nothing to say. Does nothing while another process is at it."""
    try:
        with locked(Purpose.WATCH, 0, text("Another process is looking.")):
            look(now or utc_now())
            alerts.send_due(now or utc_now())
    except TryLater:
        return


def look(now: datetime) -> None:
    """Few questions for however many clinics: a thousand of them are looked at every few seconds."""
    live = list(Clinic.objects.filter(live=True).values_list("pk", flat=True))
    open_ = set(open_ones().filter(connection="").values_list("clinic_id", "kind"))
    silent = all_silent(now)
    explained_ones = {id_ for id_, _ in explained(Incident.objects.of_all(), now)}
    troubles = (
        (IncidentKind.SILENCE, SILENCE, silent),
        (IncidentKind.LAG, LATE, late_clinics(set(live) - silent, now)),
        (IncidentKind.DISK, DISK, set(live) if disk_is_full() else set[int]()),
        (IncidentKind.QUEUE, unheard.QUEUE, unheard.stuck(now) - explained_ones),
        (IncidentKind.UNKNOWN, unheard.UNKNOWN, unheard.unsure(now) - explained_ones),
        (IncidentKind.HOOKS, unheard.HOOKS, unheard.deaf(now) - explained_ones),
    )
    for clinic_id in live:
        for kind, said, there in troubles:
            if clinic_id in there:
                incidents.begin(clinic_id, kind, "", said, now)
            elif (clinic_id, kind.value) in open_:
                incidents.end(clinic_id, [kind], "", now)
    unheard.end_vanished(now)


def all_silent(now: datetime) -> set[int]:
    pulses = Pulse.objects.of_all().filter(rest__isnull=False).values_list("clinic_id", "beat_at", "rest")
    return {id_ for id_, beat_at, rest in pulses if beat_at + timedelta(seconds=rest or 0) < now}


def late_clinics(clinic_ids: Collection[int], now: datetime) -> set[int]:
    return {id_ for id_, place in late_places(clinic_ids, now) if place is None}


def disk_is_full() -> bool:
    least = environment.number("PRIEM_LEAST_DISK_MB", 500)
    return shutil.disk_usage(environment.home()).free < least * 1_000_000


def keep_watch() -> None:
    """For a thread of the hub's server: never ends."""
    tidied_at = 0.0
    while True:
        with noting_failures():
            look_around()
            if time.monotonic() - tidied_at > BETWEEN_TIDYINGS:
                keeping.tidy(utc_now())
                tidied_at = time.monotonic()
        connection.close()
        time.sleep(BETWEEN_LOOKS)


@contextmanager
def noting_failures() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, OSError, ValueError) as error:
        log.warning("the hub cannot be watched now", error=type(error).__name__)
