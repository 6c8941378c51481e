"""`priem doctor --hub`: is the hub itself well? Looks only; nothing is migrated, begun or written."""

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import httpx2
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Min

from priem.errors import AskOperator
from priem.hub import environment
from priem.hub.backup import key_fits
from priem.hub.models import Agent, Clinic, Hearing, Pulse, ReceivedHook, Shift, StepRecord
from priem.hub.setup.living import has_workers
from priem.hub.start import is_behind
from priem.hub.store import utc_now
from priem.hub.store_problems import AWAY, REACH_IT, lacks, problem_of
from priem.hub.watch.server_health import WORKER_IS_DEAD, postgresql_findings
from priem.model import Finding, Severity
from priem.texts import Text, text

SLOW_ANSWER = 0.25
"""Seconds for a question that costs nothing."""
AGENT_IS_SILENT = timedelta(minutes=5)
HOOK_IS_OLD = timedelta(minutes=5)
STEP_IS_OLD = timedelta(hours=1)
MOST_NAMED = 10
PATIENCE = 5.0

Part = tuple[Text, Sequence[Finding]]


def check_hub() -> Iterator[Part]:
    store = list(check_store())
    yield text("Database"), store
    if any(finding.severity is Severity.BROKEN for finding in store):
        return  # whatever else could be asked stands in it
    now = utc_now()
    yield text("Keys"), list(check_keys())
    yield text("Disk"), list(check_disk())
    yield text("Work"), [*(check_workers(now) if has_workers() else ()), *check_pulses(now), *check_queue(now)]
    yield text("Agents"), list(check_agents(now))
    yield text("Webhooks"), [*check_address(), *check_hooks()]


def fine(what: Text) -> Finding:
    return Finding(Severity.FINE, what)


def warning(what: Text, advice: Text) -> Finding:
    return Finding(Severity.WARNING, what, advice)


def broken(what: Text, advice: Text) -> Finding:
    return Finding(Severity.BROKEN, what, advice)


def check_store() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        took = time.monotonic() - began
        missing, behind = list(lacks()), is_behind()
    except (DatabaseError, InterfaceError, OSError) as error:
        problem = None if isinstance(error, OSError) else problem_of(error)
        yield broken(problem.what, problem.advice or REACH_IT) if problem else broken(AWAY, REACH_IT)
        return
    yield from missing
    if behind:
        yield broken(
            text("The database is not as this version of Priem wants it."),
            text("Start priem serve, or any other command: it brings the database up to date."),
        )
    elif took > SLOW_ANSWER:
        yield warning(
            text("The database answers slowly: {milliseconds} ms.", milliseconds=round(took * 1000)),
            text("Is its server busy, or far away?"),
        )
    else:
        kind = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
        yield fine(text("{kind} answers, and its tables are up to date.", kind=kind))
        yield from postgresql_findings()


def check_keys() -> Iterator[Finding]:
    try:
        fits = key_fits()
    except AskOperator as error:
        yield Finding(Severity.BROKEN, error.what, error.advice)
        return
    if fits:
        yield fine(text("This hub's key opens the stored secrets."))
    else:
        yield broken(
            text("The stored secrets were encrypted with another key."),
            text("Put back the secret.key that belongs to this database, or name it in PRIEM_SECRET_KEY_FILE."),
        )


def check_disk() -> Iterator[Finding]:
    free = shutil.disk_usage(environment.home()).free // 1_000_000
    if free < environment.number("PRIEM_LEAST_DISK_MB", 500):
        yield broken(
            text("Only {free} MB are free in the hub's folder.", free=free),
            text("Free some space, or let the history be kept for a shorter time. Without space Priem stops."),
        )
    else:
        yield fine(text("{free} MB are free in the hub's folder.", free=free))


def check_workers(now: datetime) -> Iterator[Finding]:
    shifts = list(Shift.objects.all())
    alive = [shift for shift in shifts if now - shift.beat_at < WORKER_IS_DEAD]
    if not alive:
        yield broken(text("No worker is at work."), text("Start priem worker, on this machine or another one."))
        return
    workers, versions = {shift.worker for shift in alive}, sorted({shift.version for shift in alive})
    yield fine(text("Workers: {workers}, shards that they serve: {shards}.", workers=len(workers), shards=len(alive)))
    if dead := len(shifts) - len(alive):
        yield warning(
            text("Shards that nobody serves now: {count}.", count=dead),
            text("Within 30 seconds another worker takes them. If not, look whether the workers reach the database."),
        )
    if len(versions) > 1:
        yield warning(
            text("Workers of several versions: {versions}.", versions=", ".join(versions)),
            text("That is as it should be while a new version is rolled out. Update the rest."),
        )


def check_pulses(now: datetime) -> Iterator[Finding]:
    live = set(Clinic.objects.filter(live=True).values_list("pk", flat=True))
    pulses = Pulse.objects.of_all().values_list("clinic_id", "beat_at", "rest")
    silent = live - {id_ for id_, beat_at, rest in pulses if beat_at + timedelta(seconds=rest or 0) >= now}
    if silent:
        names = Clinic.objects.filter(pk__in=sorted(silent)[:MOST_NAMED]).values_list("slug", flat=True)
        yield warning(
            text(
                "Live clinics that nobody keeps in step: {count} of {all} ({names}).",
                count=len(silent),
                all=len(live),
                names=", ".join(sorted(names)),
            ),
            text("Does priem serve, priem worker or priem sync --follow run?"),
        )
    else:
        yield fine(text("Live clinics: {all}, all of them kept in step.", all=len(live)))


def check_queue(now: datetime) -> Iterator[Finding]:
    oldest = ReceivedHook.objects.of_all().aggregate(oldest=Min("received_at"))["oldest"]
    if oldest and now - oldest > HOOK_IS_OLD:
        yield warning(
            text("Messages of amoCRM wait for {minutes} minutes.", minutes=int((now - oldest).total_seconds() // 60)),
            text("Look which clinic has a trouble: «Сегодня» in the hub shows it."),
        )
    steps = StepRecord.objects.of_all().filter(finished_at__isnull=True, intended_at__lt=now - STEP_IS_OLD)
    if count := steps.count():
        yield warning(
            text("Steps whose outcome has not been known for an hour: {count}.", count=count),
            text("Look which clinic has a trouble: «Сегодня» in the hub shows it."),
        )
    if not (oldest and now - oldest > HOOK_IS_OLD) and not count:
        yield fine(text("Nothing waits longer than it should."))


def check_agents(now: datetime) -> Iterator[Finding]:
    agents = list(Agent.objects.of_all().filter(revoked_at__isnull=True).select_related("clinic").order_by("pk"))
    latest = {(agent.clinic_id, agent.connection): agent for agent in agents}
    silent = [agent for agent in latest.values() if now - agent.heard_at > AGENT_IS_SILENT]
    for agent in silent[:MOST_NAMED]:
        minutes = int((now - agent.heard_at).total_seconds() // 60)
        yield warning(
            text(
                "The agent of {clinic} ({connection}) has been silent for {minutes} minutes.",
                clinic=agent.clinic.slug,
                connection=agent.connection,
                minutes=minutes,
            ),
            text("Is the clinic's computer on, and does it reach the hub? What changes meanwhile is not lost."),
        )
    if len(silent) > MOST_NAMED:
        more = len(silent) - MOST_NAMED
        yield warning(text("And {count} more silent agents.", count=more), text("Do clinics reach the hub at all?"))
    if latest and not silent:
        yield fine(text("Agents: {count}, all of them heard lately.", count=len(latest)))
    if not latest:
        yield fine(text("There are no agents."))


def check_address() -> Iterator[Finding]:
    url = environment.public_url()
    if not url:
        yield warning(
            text("The hub has no address from outside, so amoCRM cannot post what changes."),
            text("Set PRIEM_PUBLIC_URL. Without it Priem asks more often, and is as right."),
        )
        return
    try:
        is_there = "state" in httpx2.get(f"{url}/healthz", timeout=PATIENCE).json()
    except (httpx2.HTTPError, ValueError):
        is_there = False
    if is_there:
        yield fine(text("The hub answers at {url}.", url=url))
    else:
        yield warning(
            text("The hub does not answer at {url}, as seen from this machine.", url=url),
            text("Look at the proxy, the certificate and the name: amoCRM posts there, agents and browsers go there."),
        )


def check_hooks() -> Iterator[Finding]:
    deaf = Hearing.objects.of_all().exclude(destination="").filter(alive_since__isnull=True).select_related("clinic")
    for hearing in deaf[:MOST_NAMED]:
        yield warning(
            hearing.trouble or text("amoCRM posts nothing to {clinic}.", clinic=hearing.clinic.slug),
            text("Clinic: {clinic}. Look at the integration's rights in its amoCRM.", clinic=hearing.clinic.slug),
        )
