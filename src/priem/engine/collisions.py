"""Which requests to a desk stand in each other's way, and what is kept of one that is over. Pure, the same for every
store."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from priem.booking import NewPatient, RefusalKind, Refused, Time
from priem.engine.identity import name_words
from priem.intents import Deed, Intent, Phase, Wanted
from priem.texts import text

OTHER_CONTENT = text("This request was made before, for something else.")
SLOT = text("Somebody is booking that time just now.")
PATIENT = text("This patient is being booked by somebody else just now.")
LEAD = text("A visit is being booked from this lead just now.")
VISIT = text("This visit is being changed by somebody else just now.")


def collision(wanted: Wanted, others: Iterable[Intent]) -> Refused | None:
    """What an open intent stands in the way of: one of the same connection, or a booking from the same lead."""
    return next(filter(None, (in_the_way(wanted, one.wanted) for one in others)), None)


def in_the_way(wanted: Wanted, other: Wanted) -> Refused | None:
    is_there = wanted.connection == other.connection
    if is_there and overlap(wanted.time, other.time):
        return Refused(RefusalKind.BUSY, SLOT)
    if is_there and wanted.new_patient and other.new_patient and same_person(wanted.new_patient, other.new_patient):
        return Refused(RefusalKind.BUSY, PATIENT)
    if wanted.deed is other.deed is Deed.BOOK and wanted.lead and wanted.lead == other.lead:
        return Refused(RefusalKind.HAS_VISIT, LEAD)
    if wanted.visit and wanted.visit == other.visit:
        return Refused(RefusalKind.CHANGED, VISIT)
    return None


def being_given() -> Refused:
    """A pass has decided so a moment ago, and amoCRM has not answered yet."""
    return Refused(
        RefusalKind.NOT_DONE, text("This lead is being given to another visit just now. Try again in a few seconds.")
    )


def overlap(one: Time | None, other: Time | None) -> bool:
    if one is None or other is None or one.doctor != other.doctor:
        return False
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def same_person(one: NewPatient, other: NewPatient) -> bool:
    return one.phone == other.phone and name_words(one.name) == name_words(other.name)


def other_content(known: Intent, wanted: Wanted) -> bool:
    """Is it something else than what went by this `ref` before? What is forgotten when it is over is not compared."""
    return asked_for(known.wanted) != asked_for(wanted)


def asked_for(wanted: Wanted) -> tuple[object, ...]:
    return (wanted.deed, wanted.connection, wanted.lead, wanted.visit, wanted.status, wanted.reason, wanted.time)


def forgotten(wanted: Wanted, phase: Phase) -> Wanted:
    """A person's data are kept no longer than they are needed."""
    return wanted if phase.is_open else replace(wanted, new_patient=None, comment=None)


def is_of_interest(intent: Intent, since: datetime) -> bool:
    """See Intents.unsettled."""
    given_up = intent.phase is Phase.NOT_DONE and intent.wanted.deed is Deed.BOOK and intent.changed_at >= since
    return intent.phase.is_open or given_up or intent.note != ""


def is_expected(intent: Intent) -> bool:
    """Its visit may turn up."""
    return intent.phase.is_open or intent.phase is Phase.NOT_DONE


def given_up() -> Refused:
    return Refused(RefusalKind.NOT_DONE, text("It took too long and was given up. It may be tried again."))
