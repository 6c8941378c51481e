"""The first sync, and staying in step afterwards, for as long as the hub runs.

One thread for a clinic, unless workers share all of them (PRIEM_WORKERS, hub/shifts): a lock keeps other processes of
the hub from doing the same. Passes of `priem sync` take turns with it, since every pass holds the clinic's own lock.
Changed settings are taken up between two passes.
"""

import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection

from priem.engine.plan import counts_as
from priem.engine.sync import Progress
from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.clinics import ClinicData, load_clinic
from priem.hub.clinics import go_live as note_live
from priem.hub.environment import flag
from priem.hub.locks import Purpose, locked
from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.sentences import as_json
from priem.hub.setup.outside import OpenedClinic, outside
from priem.hub.setup.work import Do, Report, Stopped, begin, note_begun, start_thread
from priem.hub.waking import bell
from priem.hub.watch.watcher import Watcher
from priem.model import Action, PatientKey
from priem.passes import Follower, Pause, Trouble, one_pass
from priem.texts import Text, text

LONGEST_PAUSE = 60.0
SHORTEST_PAUSE = 2.0
BETWEEN_LOOKS = 2.0
"""Seconds between two looks whether the settings have changed."""
AWAY = (DatabaseError, InterfaceError)
AGAIN = 2.0
AFTER_A_BUG = 60.0
"""Seconds until a sync that broke off in the hub itself goes on."""
OWN_LOCK = 60.0
"""Seconds for which PostgreSQL may take a session for alive that broke off."""
DID: Mapping[Action, str] = {
    Action.CREATE: "made",
    Action.ADOPT: "found",
    Action.UPDATE: "changed",
    Action.ASK: "asked",
}

log = structlog.get_logger(__name__)


def go_live(clinic: Clinic) -> Work:
    note_live(clinic.pk)
    if has_workers():
        return note_begun(clinic, WorkKind.SYNC)
    return begin(clinic, WorkKind.SYNC, stay_in_step(clinic.slug))


def has_workers() -> bool:
    """Whether processes of their own keep clinics in step: see hub/shifts."""
    return connection.vendor == "postgresql" and flag("PRIEM_WORKERS")


def resume() -> None:
    """After a restart of the hub: whoever was kept in step is kept on."""
    if has_workers():
        return
    for work in under_way():
        start_thread(work, stay_in_step(work.clinic.slug, is_live=bool(work.progress.get("is_live"))))


def under_way() -> Collection[Work]:
    """As soon as the database answers: nobody comes a second time to ask."""
    rows = Work.objects.of_all().filter(kind=WorkKind.SYNC, state=WorkState.RUNNING).select_related("clinic")
    while True:
        try:
            return list(rows.all())
        except AWAY as error:
            time.sleep(broken_off("", error))


def stay_in_step(slug: str, *, is_live: bool = False) -> Do:
    """Whatever breaks off in the hub itself: else a clinic would stand still from the night on until somebody comes.
    `is_live`: its first sync is over, and no trouble that somebody has to mend ends it any more."""

    def do(report: Report) -> Mapping[str, Any]:
        tally: Counter[str] = Counter()
        report.facts |= {"is_live": True} if is_live else {}
        wait = 0.0
        while True:
            try:
                return keep(slug, report, tally, wait)
            except (PriemError, Stopped):
                raise
            except Exception as error:  # noqa: BLE001 - it is told, and crashes the pass, not the clinic's sync
                pause = broken_off(slug, error)
            if report.stop.wait(pause):
                raise Stopped
            wait = OWN_LOCK

    return do


def keep(slug: str, report: Report, tally: Counter[str], wait: float) -> Mapping[str, Any]:
    clinic = load_clinic(slug)
    otherwise = text("Another process of the hub keeps this clinic in step.")
    with locked(Purpose.KEEP, clinic.id, otherwise, wait):
        if "is_live" not in report.facts:
            tally.update(first_pass(slug, report))
        report.facts = {"is_live": True, "totals": dict(tally)}
        report.note(now=True)
        opening = Pause()
        while not report.stop.is_set():
            follow(slug, report, tally, opening)
    return {"totals": dict(tally)}


def broken_off(slug: str, error: Exception) -> float:
    """Seconds until it is tried again."""
    connection.close()
    if isinstance(error, AWAY):
        log.warning("the hub's database is away", clinic=slug, error=type(error).__name__)
        return AGAIN
    log.error("a pass broke off", clinic=slug, exc_info=error)
    return AFTER_A_BUG


def first_pass(slug: str, report: Report) -> Mapping[str, int]:
    """Again and again until it is through; AskOperator ends it."""
    pause = SHORTEST_PAUSE
    while True:
        tally: Counter[str] = Counter()
        try:
            with outside().opened(slug) as opened:
                expect(opened, report)
                for name, progress in one_pass(opened.sources, opened.clinic):
                    tell(report, name, progress, tally)
        except TryLater as error:
            report.facts["trouble"] = as_json(error.what)
            report.note(now=True)
            report.stop.wait(max(pause, error.after or 0))
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            report.facts.pop("trouble", None)
            return tally


def expect(opened: OpenedClinic, report: Report, *, asks: bool = True) -> None:
    """What a first sync has before it; nobody is asked how much it will be unless `asks`."""
    report.lines.clear()
    report.expect("amocrm", text("Reading amoCRM: pipelines, contacts, leads"), None)
    for source in opened.sources:
        counts = source.count(opened.clinic.store.cursor(source.connection)) if asks else None
        named = {"connection": source.connection}
        patients, visits = (counts.patients, counts.visits) if counts else (None, None)
        report.expect(f"{source.connection}:contact", text("{connection}: patients", **named), patients)
        report.expect(f"{source.connection}:lead", text("{connection}: visits", **named), visits)
    report.note(now=True)


def tell(report: Report, name: str, progress: Progress, tally: Counter[str]) -> None:
    count(progress, tally)
    report.facts["totals"] = dict(tally)
    if progress.mirrored:
        report.advance("amocrm", progress.mirrored)
    if progress.page and not progress.page.is_news:
        report.advance(f"{name}:contact", len(progress.page.patients))
        report.advance(f"{name}:lead", len(progress.page.visits))


def count(progress: Progress, tally: Counter[str]) -> None:
    for step, outcome in progress.carried:
        if (action := counts_as(step)) is not Action.LEAVE:
            entity = "contact" if isinstance(step.key, PatientKey) else "lead"
            tally[f"{entity}:{DID[action] if outcome.state == 'done' else outcome.state.value}"] += 1
    if progress.page:
        tally["rejected"] += len(progress.page.rejected)


def follow(slug: str, report: Report, tally: Counter[str], opening: Pause) -> None:
    """Until the settings change, or the hub stops. What keeps it from beginning is told; then it rests."""
    clinic, over = load_clinic(slug), threading.Event()
    watch = threading.Thread(target=look_for_changes, args=(clinic, report, over), daemon=True)
    watch.start()
    try:
        with outside().opened(slug) as opened:
            if opening.end():
                report.facts.pop("trouble", None)
                report.note(now=True)
            nightly = outside().nightly_of(opened)
            follower = Follower(opened.sources, opened.clinic, over, nightly=nightly, bell=bell(clinic.id))
            for _, news in follower.news():
                note(report, news, tally)
    except (TryLater, AskOperator) as error:
        if opening.lengthen(error, SHORTEST_PAUSE):
            Watcher(clinic.id, beats=False).fails("", error, "crm")
            report.facts["trouble"] = as_json(error.what)
            report.note(now=True)
        over.wait(opening.until - time.monotonic())
    finally:
        over.set()
        watch.join()


def look_for_changes(clinic: ClinicData, report: Report, over: threading.Event) -> None:
    try:
        while not over.wait(BETWEEN_LOOKS):
            if report.stop.is_set() or load_clinic(clinic.slug).mark != clinic.mark:
                over.set()
    except AWAY:
        over.set()  # nobody would look any more: whoever follows begins anew, with another one who looks
    finally:
        connection.close()


def note(report: Report, news: Progress | Trouble, tally: Counter[str]) -> None:
    if isinstance(news, Trouble):
        report.facts.pop("trouble", None)
        if news.error:
            report.facts["trouble"] = as_json(news.error.what)
    else:
        count(news, tally)
        report.facts["totals"] = dict(tally)
    report.note(now=isinstance(news, Trouble))


def said(facts: Mapping[str, Any]) -> Text | None:
    trouble = facts.get("trouble")
    return Text(trouble["template"], trouble["values"]) if trouble else None
