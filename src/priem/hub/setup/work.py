"""Long works: a thread does them, one of a kind at a time for a clinic; pages look how far they are.

A page that is reloaded, or a person who comes back tomorrow, finds the work by its clinic and kind. What a thread was
doing when its process ended is seen by the beat that stopped.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction

from priem.errors import PriemError
from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.sentences import as_json
from priem.texts import Text, text

BEAT = 2.0
"""Seconds."""
DEAD_AFTER = timedelta(seconds=20)
BETWEEN_NOTES = 0.3
OVER = text("Priem was restarted meanwhile.")
BUG = text("Something went wrong in Priem itself.")
TELL = text("Begin again. If it happens once more, tell whoever looks after Priem: the log says more.")

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """A person wants it to end, or the process does."""


@dataclass(slots=True)
class Report:
    """How far a work is, as its thread tells; written down now and then."""

    work: int
    stop: threading.Event = field(default_factory=threading.Event)
    lines: dict[str, list[Any]] = field(default_factory=dict)
    """Title → [title as a sentence, done, total or None]."""
    facts: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=time.time)
    _noted: float = 0.0

    def expect(self, name: str, title: Text, total: int | None) -> None:
        self.lines[name] = [as_json(title), 0, total]

    def advance(self, name: str, by: int) -> None:
        line = self.lines[name]
        line[1] += by
        if line[2] is not None:
            line[2] = max(line[2], line[1])
        self.note()

    def note(self, *, now: bool = False) -> None:
        """Raises Stopped when it is time to end."""
        if self.stop.is_set():
            raise Stopped
        if now or time.monotonic() - self._noted > BETWEEN_NOTES:
            self._noted = time.monotonic()
            Work.objects.of_all().filter(pk=self.work).update(progress=self.progress())

    def progress(self) -> dict[str, Any]:
        return {"lines": list(self.lines.values()), "began": self._began, "at": time.time(), **self.facts}


Do = Callable[[Report], Mapping[str, Any]]


def begin(clinic: Clinic, kind: WorkKind, do: Do | None) -> Work:
    """Begins it, or gives the one of this kind that is under way."""
    with transaction.atomic():
        Clinic.objects.select_for_update().get(pk=clinic.pk)  # two clicks at once
        under_way = latest(clinic, kind)
        if under_way and is_alive(under_way):
            return under_way
        return begin_beside(clinic, kind, do)


@transaction.atomic
def begin_beside(clinic: Clinic, kind: WorkKind, do: Do | None, progress: Mapping[str, Any] | None = None) -> Work:
    """Begins it, whatever else is under way."""
    now = datetime.now(UTC)
    work = Work.objects.create(clinic=clinic, kind=kind, started_at=now, beat_at=now, progress=dict(progress or {}))
    if do:
        transaction.on_commit(partial(start_thread, work, do))
    return work


def note_begun(clinic: Clinic, kind: WorkKind) -> Work:
    """As `begin`, for what other processes do: they find the row."""
    return begin(clinic, kind, None)


def start_thread(work: Work, do: Do) -> None:
    report = Report(work.pk)
    threading.Thread(target=run, args=(report, do), name=f"{work.kind}-{work.clinic_id}", daemon=True).start()


def run(report: Report, do: Do) -> None:
    over = threading.Event()
    threading.Thread(target=beat, args=(report, over), name=f"beat-{report.work}", daemon=True).start()
    try:
        result = do(report)
        end(report, WorkState.DONE, result=dict(result))
    except Stopped:
        end(report, WorkState.STOPPED)
    except PriemError as error:
        end(report, WorkState.FAILED, what=error.what, advice=error.advice)
    except Exception:
        log.exception("a work broke off", work=report.work)
        end(report, WorkState.FAILED, what=BUG, advice=TELL)
    finally:
        over.set()
        connection.close()


def end(report: Report, state: WorkState, **known: object) -> None:
    Work.objects.of_all().filter(pk=report.work).update(
        state=state, finished_at=datetime.now(UTC), progress=report.progress(), **known
    )


def beat(report: Report, over: threading.Event) -> None:
    """Says that the thread lives, and tells it when somebody wants it to end."""
    while not over.wait(BEAT):
        try:
            rows = Work.objects.of_all().filter(pk=report.work)
            rows.update(beat_at=datetime.now(UTC))
            if rows.values_list("is_to_stop", flat=True).first() is not False:
                report.stop.set()
        except (DatabaseError, InterfaceError):
            connection.close()  # it comes back: without its beat the work would pass for dead, and could not be stopped
    connection.close()


def latest(clinic: Clinic, kind: WorkKind) -> Work | None:
    return Work.objects.of(clinic.pk).filter(kind=kind).order_by("-id").first()


def is_alive(work: Work) -> bool:
    return work.state == WorkState.RUNNING and datetime.now(UTC) - work.beat_at < DEAD_AFTER


def stop(work: Work) -> None:
    """A thread sees it within a beat; what has no thread any more is over at once."""
    rows = Work.objects.of(work.clinic_id).filter(pk=work.pk, state=WorkState.RUNNING)
    rows.update(is_to_stop=True)
    if not is_alive(work):
        rows.update(state=WorkState.STOPPED, finished_at=datetime.now(UTC))
