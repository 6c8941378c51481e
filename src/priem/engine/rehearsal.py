"""A dry run: the same loop over a store and a CRM that only pretend to be written to.

What the CRM holds is read for real and mirrored for real, which harms nobody. Links, journal, cursor and all that would
be made live in memory for as long as the rehearsal lasts, about a kilobyte for each contact and lead that it touches.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from itertools import chain, count

from priem.engine.memory import MemoryStore
from priem.engine.mirror import Lately, Mirror
from priem.engine.sync import Clinic, Line, Progress, sync
from priem.model import (
    Account,
    Action,
    Candidate,
    Contact,
    ContactDraft,
    Lead,
    LeadDraft,
    Outcome,
    Page,
    Patient,
    PatientKey,
    PatientLink,
    Rejected,
    State,
    Step,
    Surroundings,
    Told,
    VisitKey,
    VisitLink,
    Why,
)
from priem.phones import numbers_in
from priem.ports import Crm, Gone, K, OpenStep, Question, Recall, Source, Store, Wish, WishState
from priem.tasks import Entity, NoteDraft, Task, TaskDraft
from priem.texts import Text


def rehearse(source: Source, clinic: Clinic) -> Iterator[Step]:
    """Every step that a sync would take now; nothing but the mirror is written.

    What is to be made has a negative id where later steps name it. One rehearsal of several connections, in which
    each sees what those before it would make, is one `pretended` clinic.
    """
    yield from steps_in(sync(source, pretended(clinic)))


def rehearse_some(
    source: Source, clinic: Clinic, patients: Sequence[str] = (), visits: Sequence[str] = ()
) -> Iterator[Step]:
    """What a sync would decide of these records (ids of the МИС) now, whether they have changed or not.

    Nothing of a connection that was never read. Steps of records that these need, such as their patients, are among it.
    """
    cursor = clinic.store.cursor(source.connection)
    if cursor is None:
        return
    together = pretended(clinic)
    line = Line(source, together, Mirror(together.crm, together.store, together.clock, together.bound))
    for came in chain((source.reread(cursor, patients, visits),), line.later.rest()):
        yield from steps_in(line.take(came))
    yield from steps_in(line.finish())


def rehearse_linked(source: Source, clinic: Clinic) -> Iterator[Step]:
    """What other settings would change of all that is linked, once it is compared (`reconcile`) or its record changes,
    as far as the mirror knows amoCRM. Nothing of a connection that was never read."""
    together = replace(pretended(clinic), doubts=True)
    mirror = Mirror(together.crm, together.store, together.clock, together.bound)
    cursor = together.store.cursor(source.connection)
    for page in linked_pages(source, together.store, cursor) if cursor else ():
        line = Line(source, together, mirror)
        line.later.is_over = True
        yield from steps_in(chain(line.take(replace(page, rejected=())), line.finish()))


def linked_pages(source: Source, store: Store, cursor: str) -> Iterator[Page]:
    """The records of all links as the МИС has them now, patients before visits."""
    after = ""
    while patients := store.linked(source.connection, PatientKey, after):
        yield source.reread(cursor, [key.id for key, _ in patients], ())
        after = patients[-1][0].id
    after = ""
    while visits := store.linked(source.connection, VisitKey, after):
        yield source.reread(cursor, (), [key.id for key, _ in visits])
        after = visits[-1][0].id


def steps_in(progress: Iterable[Progress]) -> Iterator[Step]:
    return (step for piece in progress for step, _ in piece.carried)


def pretended(clinic: Clinic) -> Clinic:
    """The clinic as it would be: what is written to it is seen in it, and nowhere else."""
    if isinstance(clinic.store, PretendedStore):
        return clinic
    return replace(clinic, crm=PretendedCrm(clinic.crm), store=PretendedStore(clinic.store), lately=Lately())


class PretendedCrm:
    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._ids = count(-1, -1)

    def account(self) -> Account:
        return self._crm.account()

    def prepare(self) -> Account:
        return self._crm.account()

    def contacts(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Contact]]:
        return self._crm.contacts(changed_since, fields)

    def leads(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Lead]]:
        return self._crm.leads(changed_since, fields)

    def some_contacts(self, ids: Sequence[int], fields: Collection[int]) -> Sequence[Contact]:
        return self._crm.some_contacts(ids, fields)

    def some_leads(self, ids: Sequence[int], fields: Collection[int]) -> Sequence[Lead]:
        return self._crm.some_leads(ids, fields)

    def gone_since(self, since: int) -> Gone:
        return self._crm.gone_since(since)

    def keys_carried(self, contacts: Collection[int], leads: Collection[int]) -> Mapping[PatientKey | VisitKey, int]:
        return self._crm.keys_carried(contacts, leads)

    def write_contacts(self, drafts: Sequence[ContactDraft]) -> Iterator[Sequence[Outcome]]:
        return self._written(drafts)

    def write_leads(self, drafts: Sequence[LeadDraft]) -> Iterator[Sequence[Outcome]]:
        return self._written(drafts)

    def write_tasks(self, drafts: Sequence[TaskDraft]) -> Iterator[Sequence[Outcome]]:
        yield [Outcome(ref=draft.ref, state=State.DONE, id=next(self._ids)) for draft in drafts]

    def write_notes(self, entity: Entity, drafts: Sequence[NoteDraft]) -> Iterator[Sequence[Outcome]]:  # noqa: ARG002 - the port's
        yield [Outcome(ref=draft.ref, state=State.DONE, id=next(self._ids)) for draft in drafts]

    def tasks(self, leads: Sequence[int]) -> Sequence[Task]:
        return self._crm.tasks(leads)

    def writing(self) -> "PretendedCrm":
        return self

    def put(self, drafts: Sequence[ContactDraft | LeadDraft]) -> Iterator[Sequence[Outcome]]:
        return self._written(drafts)

    def finish(self, *, only_contacts: bool = False) -> Iterator[Sequence[Outcome]]:  # noqa: ARG002 - the port's
        return iter(())

    def _written(self, drafts: Sequence[ContactDraft | LeadDraft]) -> Iterator[Sequence[Outcome]]:
        yield [Outcome(ref=draft.ref, state=State.DONE, id=draft.id or next(self._ids)) for draft in drafts]


class PretendedStore:
    """Answers from a memory that is filled from the real store with whatever is near the records in question."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = MemoryStore()
        self._decided: set[PatientKey | VisitKey] = set()
        """Records whose links the rehearsal has changed: the real ones no longer hold."""
        self._written: set[tuple[str, int]] = set()
        """Contacts and leads that it has changed: what the real store holds of them is no longer so."""

    def exclusively(self) -> AbstractContextManager[None]:
        return self._store.exclusively()

    def cursor(self, connection: str) -> str | None:
        return self._store.cursor(connection)

    def advance(self, connection: str, cursor: str) -> None:
        pass

    def mirrored_until(self) -> int | None:
        return self._store.mirrored_until()

    def mirrored(self, until: int) -> None:
        self._store.mirrored(until)

    def mirror(self, contacts: Iterable[Contact] = (), leads: Iterable[Lead] = ()) -> Collection[int]:
        return self._store.mirror(contacts, leads)

    def gone(self, contacts: Collection[int] = (), leads: Collection[int] = ()) -> None:
        self._store.gone(contacts, leads)

    def merged(self, contacts: Mapping[int, int] | None = None, leads: Mapping[int, int] | None = None) -> None:
        self._store.merged(contacts, leads)

    def decided(self, patients: Collection[PatientKey]) -> Collection[PatientKey]:
        return {*self._store.decided(patients), *self._memory.decided(patients)}

    def around_patients(self, patients: Sequence[Patient]) -> Surroundings:
        real = self._store.around_patients(patients)
        self._remember(real)
        return as_in(real, self._memory.around_patients(patients))

    def around_visits(self, visits: Mapping[VisitKey, VisitKey | None], patients: Iterable[PatientKey]) -> Surroundings:
        of_patients = tuple(patients)
        real = self._store.around_visits(visits, of_patients)
        self._remember(real)
        # The real store does not know whose these contacts would be by now, hence not whom their phones bring near.
        self._remember(self._store.around_patients(list(self._with_phones_of_contacts(of_patients))))
        return as_in(real, self._memory.around_visits(visits, of_patients))

    def intend(self, steps: Sequence[Step]) -> None:
        self._memory.intend(steps)
        self._decided |= {key for step in steps for key in (step.key, step.replaces) if key}
        self._forget_journal()

    def record(self, outcomes: Sequence[tuple[Step, Outcome, Contact | Lead | None]]) -> None:
        self._memory.record(outcomes)
        self._written |= {("contact" if isinstance(now, Contact) else "lead", now.id) for _, _, now in outcomes if now}
        self._forget_journal()

    def open_steps(self) -> Sequence[OpenStep]:
        return ()

    def close_steps(self, ids: Sequence[int], state: State) -> None:
        pass

    def reject(self, connection: str, rejected: Sequence[Rejected]) -> None:
        pass

    def wish_tasks(self, wishes: Mapping[VisitKey, str]) -> None:
        pass

    def wished_tasks(self) -> Sequence[Wish]:
        return ()

    def mark_tasks(self, visits: Collection[VisitKey], state: WishState) -> None:
        pass

    def note_unmapped(self, connection: str, unknown: Mapping[str, int], mapped: Collection[str]) -> None:
        pass

    def unmapped(self, connection: str) -> Mapping[str, int]:
        return self._store.unmapped(connection)

    def refused(self) -> Collection[PatientKey | VisitKey]:
        return self._store.refused()

    def ask(self, questions: Mapping[PatientKey, Sequence[Candidate]]) -> None:
        self._memory.ask(questions)

    def questions(self) -> Sequence[Question]:
        return self._memory.questions()

    def bind(self, key: PatientKey | VisitKey, target: int) -> None:
        pass

    def tell(self, key: PatientKey | VisitKey, told: Told) -> None:
        pass

    def hold(self, visits: Mapping[VisitKey, PatientKey]) -> None:
        pass

    def recall(self, keys: Collection[PatientKey | VisitKey]) -> None:
        pass

    def recalled(self, connection: str) -> Sequence[Recall]:
        return self._store.recalled(connection)

    def recall_is_over(self, ids: Collection[int]) -> None:
        pass

    def linked(self, connection: str, kind: type[K], after: str) -> Sequence[tuple[K, int]]:
        return self._store.linked(connection, kind, after)

    def note(self, connection: str, trouble: Text | None) -> None:
        pass

    def reconciled_at(self) -> datetime | None:
        return self._store.reconciled_at()

    def reconciled(self) -> None:
        pass

    def _with_phones_of_contacts(self, patients: Iterable[PatientKey]) -> Iterator[Patient]:
        for key in patients:
            link = self._memory.patient_links.get(key)
            contact = self._memory.contacts.get(link.contact) if link else None
            if contact:
                phones = (number for entry in contact.phones for number in numbers_in(entry.text))
                yield Patient(key=key, name="", phones=tuple(phones))

    def _remember(self, real: Surroundings) -> None:
        self._memory.mirror(
            (contact for contact in real.contacts.values() if ("contact", contact.id) not in self._written),
            (lead for lead in real.leads.values() if ("lead", lead.id) not in self._written),
        )
        # Of an owner who is not looked at himself only what he owns is known; if more was known before, that stays.
        owners = {key: PatientLink(contact=contact) for contact, keys in real.contact_owners.items() for key in keys}
        for patient in (owners.keys() | real.patient_links.keys()) - self._decided:
            known = self._memory.patient_links.get(patient)
            now = real.patient_links.get(patient) or known or owners[patient]
            if now != known:
                self._link(patient, now.contact, now.fingerprint)
                self._memory.patient_links[patient] = now
        holders = {visit: VisitLink(lead=lead) for lead, visit in real.lead_owners.items()}
        for visit in (holders.keys() | real.visit_links.keys()) - self._decided:
            held = self._memory.visit_links.get(visit)
            self._remember_visit(visit, real.visit_links.get(visit) or held or holders[visit])
        self._memory.journal.clear()

    def _remember_visit(self, visit: VisitKey, link: VisitLink) -> None:
        if link.moved_to is None:
            self._link(visit, link.lead, link.fingerprint)
        self._memory.visit_links[visit] = link

    def _link(self, key: PatientKey | VisitKey, target: int, fingerprint: str) -> None:
        self._memory.intend(
            [Step(action=Action.LEAVE, key=key, target=target, why=Why("link"), fingerprint=fingerprint)]
        )

    def _forget_journal(self) -> None:
        if not self._memory.open_steps():
            self._memory.journal.clear()


def as_in(real: Surroundings, pretended: Surroundings) -> Surroundings:
    """With what a rehearsal never changes: merges, and what people said."""
    return replace(
        pretended,
        merged_contacts=real.merged_contacts,
        merged_leads=real.merged_leads,
        told=real.told,
        asked=real.asked | pretended.asked,
    )
