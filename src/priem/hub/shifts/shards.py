"""Clinics in shards, and what a worker has to know of those of its own. Few queries for many clinics."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from priem.hub.agents.source import SILENT_AFTER
from priem.hub.models import RecalledRecord, ReceivedHook, Work, WorkKind, WorkState

SHARDS = 32
"""As many workers can share the clinics. It may change with a version: both go on until the old one ends."""


FRESH = timedelta(days=1)
"""Of applications: those that IDENT has not taken by then are looked after less often."""


def shard_of(clinic_id: int) -> int:
    return clinic_id % SHARDS


@dataclass(frozen=True, slots=True)
class Wanted:
    """A clinic that is to be kept in step."""

    id: int
    slug: str
    mark: str
    """Of everything that it is opened with: when it changes, the clinic is opened anew."""
    work: int | None
    """Where pages look how it goes."""
    is_fed: bool = False
    """Agents bring all that is to be read: nobody has to be asked, and what comes wakes."""


WANTED = """
SELECT c.id, c.slug, w.id, rows.is_fed,
       md5(concat_ws('|', c.base_url, c.client_id, c.client_secret, c.settings::text, w.id,
                     a.authorise_again IS NULL, rows.mark))
FROM hub_clinic c
LEFT JOIN LATERAL (
    SELECT string_agg(md5(concat_ws('|', key, kind, config::text, secrets)), '' ORDER BY key) AS mark,
           bool_and(config->>'through' IS NOT DISTINCT FROM 'agent') AS is_fed
    FROM hub_connection WHERE clinic_id = c.id
) rows ON true
LEFT JOIN LATERAL (
    SELECT id, state, is_to_stop FROM hub_work WHERE clinic_id = c.id AND kind = 'sync' ORDER BY id DESC LIMIT 1
) w ON true
LEFT JOIN hub_authorisation a ON a.clinic_id = c.id
WHERE c.live AND c.id %% %s = ANY(%s) AND (w.id IS NULL OR (w.state = 'running' AND NOT w.is_to_stop))
"""


ARRIVED = """
SELECT DISTINCT p.clinic_id
FROM hub_agentparcel p JOIN hub_connection c ON c.clinic_id = p.clinic_id AND c.key = p.connection
WHERE p.clinic_id = ANY(%(clinics)s) AND (c.last_read_at IS NULL OR p.came_at > c.last_read_at)
UNION
SELECT clinic_id FROM hub_agent
WHERE clinic_id = ANY(%(clinics)s) AND revoked_at IS NULL
      AND (heard_at < %(silent)s::timestamptz OR report->>'trouble' IS NOT NULL OR report->>'halt' = 'disk')
UNION
SELECT clinic_id FROM hub_identticket
WHERE clinic_id = ANY(%(clinics)s) AND accepted_at IS NULL AND NOT discarded AND at > %(fresh)s::timestamptz
"""
"""Pages that wait; agents that are silent or in trouble, which a pass has to say; applications that wait for IDENT."""


def wanted(shards: Collection[int]) -> Mapping[int, Wanted]:
    """Those of these shards that are live and that nobody has stopped, by id."""
    with connection.cursor() as cursor:
        cursor.execute(WANTED, [SHARDS, sorted(shards)])
        found = cursor.fetchall()
    return {id_: Wanted(id_, slug, mark, work, bool(is_fed)) for id_, slug, work, is_fed, mark in found}


def begin_works(clinics: Collection[int]) -> None:
    """For live clinics that no page has ever begun to sync."""
    now = datetime.now(UTC)
    Work.objects.bulk_create(Work(clinic_id=id_, kind=WorkKind.SYNC, started_at=now, beat_at=now) for id_ in clinics)


def end_stopped(shards: Collection[int]) -> None:
    """Works that a person has stopped, now that nobody does them any more."""
    rows = Work.objects.of_all().filter(kind=WorkKind.SYNC, state=WorkState.RUNNING, is_to_stop=True)
    stopped = [pk for pk, clinic in rows.values_list("pk", "clinic_id") if shard_of(clinic) in shards]
    if stopped:
        now = datetime.now(UTC)
        Work.objects.of_all().filter(pk__in=stopped).update(state=WorkState.STOPPED, finished_at=now)


def have_something(clinics: Collection[int]) -> set[int]:
    """Those for whom something waits that a wake-up may have told of while nobody listened."""
    now = datetime.now(UTC)
    recalls = RecalledRecord.objects.of_any(clinics).filter(waits_for="")
    found = set(recalls.values_list("clinic_id", flat=True).distinct())
    with connection.cursor() as cursor:
        silent, fresh = now - SILENT_AFTER, now - FRESH
        cursor.execute(ARRIVED, {"clinics": list(clinics), "silent": silent.isoformat(), "fresh": fresh.isoformat()})
        return found | {id_ for (id_,) in cursor.fetchall()}


def have_hooks(clinics: Collection[int]) -> set[int]:
    """Those of whom amoCRM told something that nobody has taken in yet."""
    hooks = ReceivedHook.objects.of_any(clinics)
    return set(hooks.values_list("clinic_id", flat=True).distinct())
