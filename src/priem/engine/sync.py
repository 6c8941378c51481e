"""Read, decide, carry out."""

from collections.abc import Iterator
from itertools import chain, islice

from priem.engine.finding_out import take_up
from priem.engine.line import Clinic, Line, Progress
from priem.engine.mirror import Mirror
from priem.engine.triggers import fire
from priem.engine.waiting import recalled_pages
from priem.errors import AskOperator, TryLater
from priem.model import Page
from priem.ports import Source

__all__ = ["Clinic", "Line", "Progress", "sync"]


def sync(source: Source, clinic: Clinic) -> Iterator[Progress]:
    """Brings the CRM up to date with one connection. Safe to stop and to repeat at any line.

    Called inside `store.exclusively()`. Raises TryLater or AskOperator when nothing more can be done now.
    """
    mirror = Mirror(
        clinic.crm,
        clinic.store,
        clinic.clock,
        clinic.bound,
        clinic.settle_seconds,
        is_told=clinic.is_told,
        is_told_at_once=clinic.is_told_at_once,
        lately=clinic.lately,
    )
    cursor = clinic.store.cursor(source.connection)
    changes, first = source.changes(cursor), tuple[Page, ...]()
    for count in mirror.begin():
        yield Progress(mirrored=count)
        first = first or tuple(islice(changes, 1))  # it takes its time, and more is read ahead from then on
    mirror.settle()
    if clinic.reception:
        take_up(source.connection, clinic.reception)
        fire(source.connection, clinic, mirror)
    line = Line(source, clinic, mirror)
    recalls = clinic.store.recalled(source.connection) if cursor else ()
    try:
        for came in chain(recalled_pages(source, recalls, cursor), first, changes, line.later.rest()):
            yield from mirrored(mirror.rest() if came.visits else mirror.some())
            yield from line.take(came)
        yield from mirrored(mirror.rest())
        yield from line.finish()
        line.make_tasks()
        mirror.go_on()
    except (TryLater, AskOperator):
        yield from line.hear_what_was_sent()
        raise
    mirror.heard(source.connection)
    clinic.store.recall_is_over([recall.id for recall in recalls])


def mirrored(counts: Iterator[int]) -> Iterator[Progress]:
    return (Progress(mirrored=count) for count in counts)
