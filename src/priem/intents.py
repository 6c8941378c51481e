"""What somebody asked a МИС's desk to do, written down before anything is sent, and what became of it.

An intent carries the link of a visit that does not exist yet: whoever reads the new visit before the answer has come
finds its lead through the intent, by patient, doctor and minute.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from priem.booking import NewPatient, RefusalKind, Time
from priem.model import PatientKey, VisitKey
from priem.texts import Text


class Deed(StrEnum):
    BOOK = "book"
    APPLY = "apply"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    STATUS = "status"
    UPDATE = "update"


class Phase(StrEnum):
    INTENDED = "intended"
    """Nothing was sent, as far as the visit goes."""
    SENT = "sent"
    """It may have happened: it has to be looked up."""
    DONE = "done"
    REFUSED = "refused"
    NOT_DONE = "not_done"
    """It certainly has not happened; the same request may begin it again."""

    @property
    def is_open(self) -> bool:
        return self in (Phase.INTENDED, Phase.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One request of one caller."""

    ref: str
    """The caller's own name for it. The same again is the same request, however often it is made."""
    deed: Deed
    connection: str
    actor: str = ""
    """Who asked, for the history: a user's id, a trigger's name."""
    lead: int | None = None
    contact: int | None = None
    visit: VisitKey | None = None
    """The one to be changed; None for a booking."""
    patient: PatientKey | None = None
    new_patient: NewPatient | None = None
    """Forgotten when the intent is over, as the comment is."""
    time: Time | None = None
    services: tuple[str, ...] | None = None
    comment: str | None = None
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    id: int
    wanted: Wanted
    phase: Phase
    attempt: int = 1
    visit: VisitKey | None = None
    """The visit that came of it."""
    kind: RefusalKind | None = None
    said: Text | None = None
    """Why it was refused or not done."""
    note: str = ""
    """What is still to be written into the lead."""
    begun_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """A lead that somebody has put into another stage, as the mirror has seen it."""

    id: int
    lead: int
    pipeline: int
    stage: int


class Intents(Protocol):
    """The store's part for bookings. Called by many threads at once, also while a pass is under way."""

    def begin(self, wanted: Wanted) -> tuple[Intent, bool]:
        """Writes the request down; gives the intent, and whether it is the caller's to carry out.

        It is not when the same `ref` was there: then the intent is as it is now, unless it was NOT_DONE, which begins
        again. Raises Refused for what an open intent stands in the way of: BUSY for the same doctor's time, or the same
        new patient; CHANGED for the same visit; HAS_VISIT for another booking from the same lead, in any connection;
        NOT_DONE while a pass gives the lead to another visit. Raises Refused(OTHER) when the `ref` named something else
        before.
        """

    def patient_known(self, id_: int, patient: PatientKey) -> None:
        """Whose visit it is to be. The contact of the intent is linked with the patient, if both were free."""

    def sent(self, id_: int, attempt: int) -> None:
        """Before anything leaves for the МИС. Raises Refused(NOT_DONE) when that attempt was given up meanwhile."""

    def turned_up(self, id_: int, visit: VisitKey) -> None:
        """The visit was read before its answer came: it is linked with the lead, if both are free. One that was given
        up is to be found out once more."""

    def finish(self, id_: int, outcome: "Finished") -> Intent:
        """The outcome; the visit is linked with the lead, if both were free. One that is DONE stays as it is; what
        was thought NOT_DONE or REFUSED may turn out to be DONE."""

    def intent(self, ref: str) -> Intent | None: ...

    def unsettled(self, connection: str) -> Sequence[Intent]:
        """Those that are open, whose note is still to be written, and bookings that were given up within a day: such a
        one may turn up after all."""

    def noted(self, id_: int) -> None:
        """The note is written, or will never be."""

    def bookings_of(self, lead: int) -> Sequence[Intent]:
        """What was asked for from this lead, the latest first, 20 at most."""

    def visits_of_leads(self, leads: Collection[int]) -> Mapping[int, VisitKey]: ...

    def patients_of_contacts(self, contacts: Collection[int]) -> Mapping[int, tuple[PatientKey, ...]]: ...

    def stands_by_us(self, visit: VisitKey, pipeline: int, stage: int, status: str = "") -> None:
        """From now on Priem counts as who put the visit's lead there. `status` is the МИС's word for the visit's."""

    def arm(self, stages: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], datetime]:
        """Remembers since when each of these stages has been set; those that are not among them are forgotten."""

    def moves(self) -> Sequence[Move]:
        """Leads that others have moved since they were known, the latest move of each, oldest first."""

    def moves_are_over(self, ids: Collection[int]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    phase: Phase
    visit: VisitKey | None = None
    kind: RefusalKind | None = None
    said: Text | None = None
    note: str = ""
