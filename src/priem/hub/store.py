"""A clinic's memory in the database. What each method promises stands in ports.Store."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from uuid import uuid4

from django.db import transaction

from priem.hub import journal, linking, merges, surroundings
from priem.hub.locks import Purpose, locked
from priem.hub.mirroring import mirror_contacts, mirror_leads
from priem.hub.models import Connection, MirrorState
from priem.model import Contact, Lead, Outcome, Patient, PatientKey, Rejected, State, Step, Surroundings, VisitKey
from priem.ports import OpenStep
from priem.texts import text


def utc_now() -> datetime:
    return datetime.now(UTC)


class DjangoStore:
    """Lives as long as a pass or a process; its steps carry one pass id. Every thread has a connection of its own."""

    def __init__(self, clinic_id: int, now: Callable[[], datetime] = utc_now) -> None:
        self._clinic = clinic_id
        self._now = now
        self._pass = uuid4()

    def exclusively(self) -> AbstractContextManager[None]:
        self._pass = uuid4()
        return locked(Purpose.PASS, self._clinic, text("Another pass over this clinic is under way."))

    def cursor(self, connection: str) -> str | None:
        rows = Connection.objects.of(self._clinic).filter(key=connection)
        return rows.values_list("cursor", flat=True).first()

    def advance(self, connection: str, cursor: str) -> None:
        rows = Connection.objects.of(self._clinic).filter(key=connection)
        if not rows.update(cursor=cursor, last_read_at=self._now(), last_error=None):
            raise LookupError(f"the clinic has no connection {connection}")

    def mirrored_until(self) -> int | None:
        return MirrorState.objects.of(self._clinic).values_list("until", flat=True).first()

    def mirrored(self, until: int) -> None:
        MirrorState.objects.bulk_create(
            [MirrorState(clinic_id=self._clinic, until=until)],
            update_conflicts=True,
            unique_fields=("clinic",),
            update_fields=("until",),
        )

    @transaction.atomic
    def mirror(self, contacts: Iterable[Contact] = (), leads: Iterable[Lead] = ()) -> Collection[int]:
        return mirror_contacts(self._clinic, contacts) | mirror_leads(self._clinic, leads)

    @transaction.atomic
    def gone(self, contacts: Collection[int] = (), leads: Collection[int] = ()) -> None:
        merges.forget(self._clinic, contacts, leads)

    @transaction.atomic
    def merged(self, contacts: Mapping[int, int] | None = None, leads: Mapping[int, int] | None = None) -> None:
        merges.remember(self._clinic, contacts or {}, leads or {})

    def around_patients(self, patients: Sequence[Patient]) -> Surroundings:
        keys = {patient.key for patient in patients}
        phones = {phone for patient in patients for phone in patient.phones}
        return surroundings.around(self._clinic, keys, (), phones)

    def around_visits(self, visits: Mapping[VisitKey, VisitKey | None], patients: Iterable[PatientKey]) -> Surroundings:
        keys = {*visits, *(before for before in visits.values() if before)}
        people = set(patients)
        phones = surroundings.phones_of_patients(self._clinic, people)
        return surroundings.around(self._clinic, people, keys, phones)

    @transaction.atomic
    def intend(self, steps: Sequence[Step]) -> None:
        now = self._now()
        journal.intend(self._clinic, steps, self._pass, now)
        settled = [(step, step.target) for step in steps if step.draft is None and step.target is not None]
        linking.link(self._clinic, settled, now)

    @transaction.atomic
    def record(self, outcomes: Sequence[tuple[Step, Outcome, Contact | Lead | None]]) -> None:
        now = self._now()
        journal.settle(self._clinic, ((step, outcome) for step, outcome, _ in outcomes), now)
        done = [(step, outcome, after) for step, outcome, after in outcomes if outcome.state == State.DONE]
        ids = [(step, outcome.id or step.target) for step, outcome, _ in done]
        linking.link(self._clinic, [(step, id_) for step, id_ in ids if id_], now)
        mirror_contacts(self._clinic, (after for _, _, after in done if isinstance(after, Contact)))
        mirror_leads(self._clinic, (after for _, _, after in done if isinstance(after, Lead)))

    def open_steps(self) -> Sequence[OpenStep]:
        return journal.open_steps(self._clinic)

    @transaction.atomic
    def close_steps(self, ids: Sequence[int], state: State) -> None:
        journal.close(self._clinic, ids, state, self._now())

    @transaction.atomic
    def reject(self, connection: str, rejected: Sequence[Rejected]) -> None:
        journal.reject(self._clinic, connection, rejected, self._now())
