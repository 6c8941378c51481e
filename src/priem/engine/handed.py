"""Which application a visit was made from. Pure.

IDENT keeps no certain trace of it (docs/reference/ident.md §2.3: the columns that may be one are inferred), so where
there is none, what was asked for is compared with what was booked.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import IntEnum

from priem.engine.identity import name_words
from priem.handed import HandedLead
from priem.model import Contact, Visit
from priem.phones import numbers_in

CLOCKS_APART = timedelta(minutes=10)
"""By which a clinic's computer may be behind: a visit seems to be older than its application."""
ENOUGH_WORDS = 2
"""Of a name, that must be the same where the phone is another."""


class Fit(IntEnum):
    """How well an application fits a visit, the best last."""

    TIME = 1
    """The same doctor within the wished time; the phone and the name are others."""
    PHONE = 2
    NAME = 3
    """The phone is another: a husband has called, staff booked his wife."""
    PHONE_AND_NAME = 4
    NAMED = 5
    """The МИС itself says from which application it was made."""


def applications_for(
    visit: Visit, contact: Contact | None, handed: Iterable[HandedLead]
) -> Iterator[tuple[Fit, HandedLead]]:
    """Those that the visit may have been made from."""
    own = [application for application in handed if application.connection == visit.key.connection]
    if named := [application for application in own if application.application == visit.application]:
        yield Fit.NAMED, named[0]
        return
    for application in own:
        if found := fit(visit, contact, application):
            yield found, application


def fit(visit: Visit, contact: Contact | None, application: HandedLead) -> Fit | None:
    if not is_later(visit, application.at):
        return None
    has_phone = contact is not None and application.phone in phones_of(contact)
    has_name = contact is not None and is_same_name(application.name, contact.name)
    if has_phone or has_name:
        return Fit.PHONE_AND_NAME if has_phone and has_name else Fit.PHONE if has_phone else Fit.NAME
    return Fit.TIME if is_what_was_wished(visit, application) else None


def is_later(visit: Visit, at: datetime) -> bool:
    """Was it booked after that? Where nobody says when, it has at least to be still to come then."""
    return (visit.added_at or visit.starts_at) >= at - CLOCKS_APART


def phones_of(contact: Contact) -> set[str]:
    return {number for entry in contact.phones for number in numbers_in(entry.text)}


def is_same_name(one: str, other: str) -> bool:
    ours, theirs = name_words(one), name_words(other)
    return len(ours & theirs) >= ENOUGH_WORDS and (ours <= theirs or theirs <= ours)


def is_what_was_wished(visit: Visit, application: HandedLead) -> bool:
    """Doctor and time together. One of them alone would fit half of the day's visits."""
    if not (application.doctor and application.starts and visit.doctor == application.doctor):
        return False
    return application.starts <= visit.starts_at <= (application.ends or application.starts)
