"""What nobody meets in a pass: that there are no passes, that changes are late, that the disk is filling up. Looks now
and then, in the hub's server and in whoever follows a clinic; one of them at a time."""

import shutil
import time
from collections.abc import Iterator
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
from priem.hub.watch import alerts, delays, incidents
from priem.texts import Text, text

LATE_WITHIN = timedelta(minutes=10)
BETWEEN_LOOKS = 20.0
BETWEEN_TIDYINGS = 300.0

log = structlog.get_logger(__name__)
SILENCE = (
    text("Nothing is read and nothing is written: the process that keeps the clinic in step has stopped."),
    text("Start it again: priem sync --follow. Nothing is lost, what happened meanwhile goes over by itself."),
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
    is_full = disk_is_full()
    for clinic_id in Clinic.objects.filter(live=True).values_list("pk", flat=True):
        note(clinic_id, IncidentKind.SILENCE, SILENCE, now, there=is_silent(clinic_id, now))
        note(clinic_id, IncidentKind.LAG, LATE, now, there=is_late(clinic_id, now))
        note(clinic_id, IncidentKind.DISK, DISK, now, there=is_full)


def note(clinic_id: int, kind: IncidentKind, said: tuple[Text, Text], now: datetime, *, there: bool) -> None:
    if there:
        incidents.begin(clinic_id, kind, "", said, now)
    else:
        incidents.end(clinic_id, [kind], "", now)


def is_silent(clinic_id: int, now: datetime) -> bool:
    pulse = Pulse.objects.of(clinic_id).filter(rest__isnull=False).first()
    return pulse is not None and pulse.beat_at + timedelta(seconds=pulse.rest or 0) < now


def is_late(clinic_id: int, now: datetime) -> bool:
    """Half of the latest changes took too long, and no other trouble explains it."""
    others = incidents.open_incidents(clinic_id).exclude(kind__in=[IncidentKind.LAG, IncidentKind.DISK])
    if others.exists() or just_over(clinic_id, now):
        return False
    found = delays.between(clinic_id, delays.slot_of(now - LATE_WITHIN))
    return found.median is not None and found.median > 1000 * environment.number("PRIEM_LATE_SECONDS", 60)


def just_over(clinic_id: int, now: datetime) -> bool:
    """What is made up for after an outage is late, and known to be."""
    rows = Incident.objects.of(clinic_id).exclude(kind__in=[IncidentKind.LAG, IncidentKind.DISK])
    return rows.filter(over_at__gt=now - LATE_WITHIN - delays.SLOT).exists()


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
