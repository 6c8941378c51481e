"""A clinic's memory in the database. What each method promises stands in ports.Store."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from django.db import transaction

from priem.engine.linking import links_to
from priem.hub import clinics, desk, inbox, journal, linking, merges, surroundings
from priem.hub import wishes as wished
from priem.hub.bookings import DjangoBookings
from priem.hub.locks import Held, Purpose, locked
from priem.hub.mirroring import mirror_contacts, mirror_leads
from priem.hub.models import Connection, MirrorState
from priem.hub.presence import is_within_pass, remembering
from priem.hub.quick import change, first_of
from priem.model import (
    Candidate,
    Contact,
    Lead,
    Outcome,
    Patient,
    PatientKey,
    Rejected,
    State,
    Step,
    Surroundings,
    Told,
    VisitKey,
)
from priem.ports import K, OpenStep, Question, Recall, Wish, WishState
from priem.texts import Text, text

UNDER_WAY = text("Another pass over this clinic is under way.")
JUST_NOW = 1.0
"""Seconds: a cursor that moved within them says that the connection is read."""
LOST = text("The connection that held this clinic's pass broke off: it begins anew.")


def utc_now() -> datetime:
    return datetime.now(UTC)


class DjangoStore(DjangoBookings):
    """Lives as long as a pass or a process; its steps carry one pass id. Every thread has a connection of its own."""

    def __init__(self, clinic_id: int, now: Callable[[], datetime] = utc_now) -> None:
        self._clinic = clinic_id
        self._now = now
        self._pass = uuid4()
        self._held: Held | None = None
        self._until: int | None = None
        self._moved_on: dict[str, float] = {}
        """When the cursors of connections moved last, on the monotonic clock."""

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        with locked(Purpose.PASS, self._clinic, UNDER_WAY) as held, remembering(self._clinic):
            self._pass, self._held, self._until = uuid4(), held, None
            try:
                yield
            finally:
                self._held = self._until = None

    def _require_pass(self) -> None:
        """Whoever has lost the pass begins nothing more: somebody else may be at it."""
        if self._held:
            self._held.require(LOST)

    def cursor(self, connection: str) -> str | None:
        found: str | None = first_of(Connection, self._clinic, "cursor", key=connection)
        return found

    def advance(self, connection: str, cursor: str) -> None:
        self._require_pass()
        done = {"cursor": cursor, "last_read_at": self._now(), "last_error": None}
        if not change(Connection, self._clinic, done, key=connection):
            raise LookupError(f"the clinic has no connection {connection}")
        self._moved_on[connection] = time.monotonic()

    def mirrored_until(self) -> int | None:
        """Only passes write it: each asks for it once."""
        until: int | None = first_of(MirrorState, self._clinic, "until") if self._until is None else self._until
        if is_within_pass(self._clinic):
            self._until = until
        return until

    def mirrored(self, until: int) -> None:
        self._until = None
        MirrorState.objects.bulk_create(
            [MirrorState(clinic_id=self._clinic, until=until)],
            update_conflicts=True,
            unique_fields=("clinic",),
            update_fields=("until",),
        )

    @transaction.atomic
    def mirror(self, contacts: Iterable[Contact] = (), leads: Iterable[Lead] = ()) -> Collection[int]:
        is_known = self.mirrored_until() is not None
        return mirror_contacts(self._clinic, contacts) | mirror_leads(self._clinic, leads, notes_moves=is_known)

    @transaction.atomic
    def gone(self, contacts: Collection[int] = (), leads: Collection[int] = ()) -> None:
        merges.forget(self._clinic, contacts, leads)

    @transaction.atomic
    def merged(self, contacts: Mapping[int, int] | None = None, leads: Mapping[int, int] | None = None) -> None:
        merges.remember(self._clinic, contacts or {}, leads or {})

    def decided(self, patients: Collection[PatientKey]) -> Collection[PatientKey]:
        told = desk.told_of(self._clinic, patients)
        apart = {key for key in patients if told.get(key) is Told.APART}
        return {*surroundings.patient_links_of(self._clinic, patients), *desk.asked_of(self._clinic, patients), *apart}

    def around_patients(self, patients: Sequence[Patient]) -> Surroundings:
        keys = {patient.key for patient in patients}
        phones = {phone for patient in patients for phone in patient.phones}
        return self._with_words(surroundings.around(self._clinic, keys, (), phones), keys, ())

    def around_visits(self, visits: Mapping[VisitKey, VisitKey | None], patients: Iterable[PatientKey]) -> Surroundings:
        keys = {*visits, *(before for before in visits.values() if before)}
        people = set(patients)
        return self._with_words(surroundings.around(self._clinic, people, keys, None), people, keys)

    def _with_words(
        self, around: Surroundings, patients: Collection[PatientKey], visits: Collection[VisitKey]
    ) -> Surroundings:
        told = desk.told_of(self._clinic, [*patients, *visits])
        return replace(around, told=told, asked=desk.asked_of(self._clinic, patients))

    @transaction.atomic
    def intend(self, steps: Sequence[Step]) -> None:
        self._require_pass()
        now = self._now()
        journal.intend(self._clinic, steps, self._pass, now)
        settled = [(step, step.target) for step in steps if step.draft is None and step.target is not None]
        self._link(settled, now)

    @transaction.atomic
    def record(self, outcomes: Sequence[tuple[Step, Outcome, Contact | Lead | None]]) -> None:
        now = self._now()
        journal.settle(self._clinic, ((step, outcome) for step, outcome, _ in outcomes), now)
        done = [(step, outcome, after) for step, outcome, after in outcomes if outcome.state == State.DONE]
        ids = [(step, outcome.id or step.target) for step, outcome, _ in done]
        self._link([(step, id_) for step, id_ in ids if id_ and links_to(step)], now)
        mirror_contacts(self._clinic, (after for _, _, after in done if isinstance(after, Contact)))
        mirror_leads(self._clinic, (after for _, _, after in done if isinstance(after, Lead)))

    def _link(self, done: Sequence[tuple[Step, int]], now: datetime) -> None:
        linking.link(self._clinic, done, now)
        desk.answered(self._clinic, [step.key for step, _ in done if isinstance(step.key, PatientKey)])

    def open_steps(self) -> Sequence[OpenStep]:
        return journal.open_steps(self._clinic)

    @transaction.atomic
    def close_steps(self, ids: Sequence[int], state: State) -> None:
        journal.close(self._clinic, ids, state, self._now())

    @transaction.atomic
    def reject(self, connection: str, rejected: Sequence[Rejected]) -> None:
        journal.reject(self._clinic, connection, rejected, self._now())

    @transaction.atomic
    def wish_tasks(self, wishes: Mapping[VisitKey, str]) -> None:
        wished.wish(self._clinic, wishes, self._now())

    def wished_tasks(self) -> Sequence[Wish]:
        return wished.wished(self._clinic)

    @transaction.atomic
    def mark_tasks(self, visits: Collection[VisitKey], state: WishState) -> None:
        wished.mark(self._clinic, visits, state, self._now())

    @transaction.atomic
    def note_unmapped(self, connection: str, unknown: Mapping[str, int], mapped: Collection[str]) -> None:
        inbox.note_unmapped(self._clinic, connection, unknown, mapped, self._now())

    def unmapped(self, connection: str) -> Mapping[str, int]:
        return inbox.unmapped(self._clinic, connection)

    def refused(self) -> Collection[PatientKey | VisitKey]:
        return desk.refused(self._clinic)

    @transaction.atomic
    def ask(self, questions: Mapping[PatientKey, Sequence[Candidate]]) -> None:
        desk.ask(self._clinic, questions, self._now())

    def questions(self) -> Sequence[Question]:
        return desk.questions(self._clinic)

    @transaction.atomic
    def bind(self, key: PatientKey | VisitKey, target: int) -> None:
        desk.bind(self._clinic, key, target, self._now())

    @transaction.atomic
    def tell(self, key: PatientKey | VisitKey, told: Told) -> None:
        desk.tell(self._clinic, key, told, self._now())

    @transaction.atomic
    def hold(self, visits: Mapping[VisitKey, PatientKey]) -> None:
        desk.hold(self._clinic, visits)

    @transaction.atomic
    def recall(self, keys: Collection[PatientKey | VisitKey]) -> None:
        desk.recall(self._clinic, keys)

    def recalled(self, connection: str) -> Sequence[Recall]:
        return desk.recalled(self._clinic, connection)

    @transaction.atomic
    def recall_is_over(self, ids: Collection[int]) -> None:
        desk.recall_is_over(self._clinic, ids)

    def linked(self, connection: str, kind: type[K], after: str) -> Sequence[tuple[K, int]]:
        return desk.linked(self._clinic, connection, kind, after)

    def note(self, connection: str, trouble: Text | None) -> None:
        moved_on = self._moved_on.pop(connection, -JUST_NOW)
        if trouble:
            clinics.note_trouble(self._clinic, connection, trouble)
        elif time.monotonic() - moved_on >= JUST_NOW:  # else it is written down already
            clinics.note_reading(self._clinic, connection)

    def reconciled_at(self) -> datetime | None:
        return MirrorState.objects.of(self._clinic).values_list("reconciled_at", flat=True).first()

    def reconciled(self) -> None:
        MirrorState.objects.of(self._clinic).update(reconciled_at=self._now())
