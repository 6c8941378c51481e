"""What became of a request whose answer never came, or whose process died: looked up before anything is repeated."""

from collections.abc import Iterator
from datetime import timedelta

from priem.booking import Ability, Booking, RefusalKind
from priem.engine.done import Sent, when_done
from priem.engine.reception import Answer, Reception
from priem.errors import AskOperator, PriemError, TryLater
from priem.intents import Deed, Finished, Intent, Phase
from priem.model import State, VisitKey
from priem.tasks import NoteDraft
from priem.texts import text


def find_out(intent: Intent, reception: Reception) -> Answer:
    """While a caller waits: looks for a while, and says else that it is not known yet."""
    desk = reception.desks[intent.wanted.connection]
    if key := reception.wait_for(lambda: reached(intent, desk)):
        return when_done(intent, Sent(key), reception)
    return reception.answer(reception.store.intent(intent.wanted.ref) or intent)


def reached(intent: Intent, desk: Booking) -> VisitKey | None:
    """The visit, if it is as it was wanted."""
    wanted = intent.wanted
    if wanted.deed in (Deed.BOOK, Deed.RESCHEDULE):
        if wanted.patient is None or wanted.time is None:
            return None
        there = desk.look_up(wanted.patient.id, wanted.time.doctor, wanted.time.starts_at)
        return there.key if there else None
    if wanted.visit is None:
        return None
    visit = desk.visit(wanted.visit.id)
    match wanted.deed:
        case Deed.CANCEL:
            is_so = visit is None or visit.status.is_over
        case Deed.STATUS:
            is_so = visit is not None and visit.raw_status == wanted.status
        case _:
            # Services are not compared: the МИС may name them otherwise. Asked for again, they are written again.
            is_so = visit is not None and wanted.services is None and visit.comment == wanted.comment
    return wanted.visit if is_so else None


def take_up(connection: str, reception: Reception) -> None:
    """Requests that nobody looks after any more, and notes that are still to be written. Called by every pass."""
    for intent in reception.store.unsettled(connection):
        try:
            if intent.phase.is_open and is_left(intent, reception):
                settle(intent, reception)
            elif intent.note and not intent.phase.is_open:
                write_note(intent, reception)
        except (TryLater, AskOperator):
            continue  # whatever it is, reading the same system says so, too


def is_left(intent: Intent, reception: Reception) -> bool:
    """Longer than any thread waits: whoever began it is gone, and nothing of it is at work in the МИС."""
    return reception.clock.now() - intent.changed_at >= timedelta(seconds=reception.settle_seconds)


def settle(intent: Intent, reception: Reception) -> None:
    desk = reception.desks.get(intent.wanted.connection)
    if desk is None:
        return
    if intent.phase is Phase.SENT and Ability.BOOK in desk.abilities and (key := reached(intent, desk)):
        when_done(intent, Sent(key), reception)
        return
    said = text("The visit was not changed: the medical information system did not take it. It may be tried again.")
    if intent.wanted.deed is Deed.BOOK:
        said = text("The visit was not booked: the medical information system did not take it. It may be tried again.")
    note = said.read("ru") if intent.wanted.lead else ""
    reception.store.finish(intent.id, Finished(phase=Phase.NOT_DONE, kind=RefusalKind.NOT_DONE, said=said, note=note))


def write_note(intent: Intent, reception: Reception) -> None:
    """Once: one whose answer was lost is not repeated, a note in vain does more harm than one that is missing."""
    if intent.wanted.lead is None or tell_lead(intent.wanted.lead, intent.note, intent.wanted.ref, reception):
        reception.store.noted(intent.id)


def tell_lead(lead: int, note: str, ref: str, reception: Reception) -> bool:
    """Gives whether that is over: written, refused, or perhaps written."""
    outcomes = sent_note(lead, note, ref, reception)
    return all(outcome is not State.POSTPONED for outcome in outcomes)


def sent_note(lead: int, note: str, ref: str, reception: Reception) -> Iterator[State]:
    try:
        for batch in reception.crm.write_notes("leads", [NoteDraft(ref=ref, entity_id=lead, text=note)]):
            yield from (outcome.state for outcome in batch)
    except PriemError:
        yield State.POSTPONED
