"""The store in plain memory: for the engine's tests and for rehearsals. Keeps the same contract as the hub's."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from priem.engine.booking_memory import BookingMemory, Diary
from priem.engine.desk import Desk
from priem.engine.indexes import Index, Merges
from priem.engine.linking import bound_link, claims, heirs, links_after, links_to
from priem.engine.marks import forgotten
from priem.errors import TryLater
from priem.handed import HandedLead
from priem.model import (
    Action,
    Candidate,
    Contact,
    Lead,
    Outcome,
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
)
from priem.phones import numbers_in
from priem.ports import K, OpenStep, Question, Recall, Wish, WishState
from priem.texts import Text, text

OPEN = (State.INTENDED, State.UNKNOWN)
NOT_DONE = (State.REFUSED, State.POSTPONED)
A_PAGE = 500


@dataclass(slots=True)
class JournalEntry:
    """A step as the journal has it; kept whole, which only memory may do."""

    id: int
    step: Step
    state: State
    intended_at: datetime
    reason: Text | None = None
    request_id: str = ""


def utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStore(BookingMemory):
    """One clinic's memory for as long as the process lives. What a test wants to see is public."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self.cursors: dict[str, str] = {}
        self.contacts: dict[int, Contact] = {}
        self.leads: dict[int, Lead] = {}
        self.patient_links: dict[PatientKey, PatientLink] = {}
        self.visit_links: dict[VisitKey, VisitLink] = {}
        self.journal: dict[int, JournalEntry] = {}
        self.rejected: dict[tuple[str, str, str], Rejected] = {}
        """By connection, kind and id."""
        self.desk = Desk(now)
        self.diary = Diary(now)
        self.troubles: dict[str, Text | None] = {}
        """By connection, once it was read: None when all is well."""
        self.handed: list[HandedLead] = []
        """Leads that wait in a МИС as applications."""
        self._reconciled_at: datetime | None = None
        self.wishes: dict[VisitKey, Wish] = {}
        self._unmapped: dict[str, Counter[str]] = {}
        self._until: int | None = None
        self._now = now
        self._ids = itertools.count(1)
        self._pass = threading.Lock()
        self._open: dict[PatientKey | VisitKey, list[int]] = {}
        self._phones: Index[int, str] = Index()
        self._contact_keys: Index[int, PatientKey] = Index()
        self._lead_keys: Index[int, VisitKey] = Index()
        self._lead_contacts: Index[int, int] = Index()
        self._contact_owners: Index[PatientKey, int] = Index()
        self._lead_owners: dict[int, VisitKey] = {}
        self._merged_contacts = Merges()
        self._merged_leads = Merges()

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        if not self._pass.acquire(blocking=False):
            raise TryLater(text("Another pass over this clinic is under way."))
        try:
            yield
        finally:
            self._pass.release()

    def cursor(self, connection: str) -> str | None:
        return self.cursors.get(connection)

    def advance(self, connection: str, cursor: str) -> None:
        self.cursors[connection] = cursor

    def mirrored_until(self) -> int | None:
        return self._until

    def mirrored(self, until: int) -> None:
        self._until = until

    def mirror(self, contacts: Iterable[Contact] = (), leads: Iterable[Lead] = ()) -> Collection[int]:
        news = {contact.id for contact in contacts if self._mirror_contact(contact)}
        for lead in leads:
            before = self.leads.get(lead.id)
            if self._mirror_lead(lead):
                news.add(lead.id)
                if self._until is not None:
                    self.diary.note_move(before, lead)
        return news

    def _mirror_contact(self, contact: Contact) -> bool:
        known = self.contacts.get(contact.id)
        if known and known.updated_at > contact.updated_at:
            return False
        self.contacts[contact.id] = contact
        self._phones.put(contact.id, (number for entry in contact.phones for number in numbers_in(entry.text)))
        self._contact_keys.put(contact.id, contact.keys)
        return not known or known.updated_at != contact.updated_at

    def _mirror_lead(self, lead: Lead) -> bool:
        known = self.leads.get(lead.id)
        if known and known.updated_at > lead.updated_at:
            return False
        self.leads[lead.id] = lead
        self._lead_keys.put(lead.id, lead.keys)
        self._lead_contacts.put(lead.id, () if lead.is_closed else lead.contacts)
        return not known or known.updated_at != lead.updated_at

    def gone(self, contacts: Collection[int] = (), leads: Collection[int] = ()) -> None:
        for id_ in contacts:
            self.contacts.pop(id_, None)
            self._phones.put(id_, ())
            self._contact_keys.put(id_, ())
        for id_ in leads:
            self.leads.pop(id_, None)
            self._lead_keys.put(id_, ())
            self._lead_contacts.put(id_, ())

    def merged(self, contacts: Mapping[int, int] | None = None, leads: Mapping[int, int] | None = None) -> None:
        self._merged_contacts.add(contacts or {})
        self._merged_leads.add(leads or {})
        for lead in [self.leads[id_] for id_ in self._lead_contacts.at(contacts or ())]:
            heirs = tuple(dict.fromkeys(map(self._merged_contacts.living, lead.contacts)))
            self._mirror_lead(replace(lead, contacts=heirs))
        self.gone(contacts or (), leads or ())

    def decided(self, patients: Collection[PatientKey]) -> Collection[PatientKey]:
        apart = {key for key, told in self.desk.told.items() if told is Told.APART}
        return set(patients) & (self.patient_links.keys() | self.desk.asked.keys() | apart)

    def around_patients(self, patients: Sequence[Patient]) -> Surroundings:
        keys = {patient.key for patient in patients}
        phones = {phone for patient in patients for phone in patient.phones}
        return self._around(keys, (), phones)

    def around_visits(self, visits: Mapping[VisitKey, VisitKey | None], patients: Iterable[PatientKey]) -> Surroundings:
        keys = {*visits, *(before for before in visits.values() if before)}
        patient_keys = set(patients)
        own = self._contacts_of(patient_keys)
        phones = {
            number
            for contact in own
            if contact in self.contacts
            for entry in self.contacts[contact].phones
            for number in numbers_in(entry.text)
        }
        return self._around(patient_keys, keys, phones)

    def _contacts_of(self, patients: Collection[PatientKey]) -> set[int]:
        links = (self.patient_links.get(key) for key in patients)
        linked = {self._merged_contacts.living(link.contact) for link in links if link}
        return linked | self._contact_keys.at(patients)

    def _around(
        self, patients: Collection[PatientKey], visits: Collection[VisitKey], phones: Iterable[str]
    ) -> Surroundings:
        patient_links = {key: self.patient_links[key] for key in patients if key in self.patient_links}
        visit_links = {key: self.visit_links[key] for key in visits if key in self.visit_links}
        near = self._contacts_of(patients) | self._phones.at(phones)
        contacts = {id_: self.contacts[id_] for id_ in sorted(near) if id_ in self.contacts}
        linked = {self._merged_leads.living(link.lead) for link in visit_links.values()}
        handed = tuple(self.handed) if visits else ()
        wanted = linked | self._lead_keys.at(visits) | self._lead_contacts.at(near) | {each.lead for each in handed}
        leads = {id_: self.leads[id_] for id_ in sorted(wanted) if id_ in self.leads}
        return Surroundings(
            patient_links=patient_links,
            visit_links=visit_links,
            contacts=contacts,
            leads=leads,
            contact_owners=self._owners_of_contacts(contacts),
            lead_owners=self._owners_of_leads(leads),
            merged_contacts=self._merged_contacts.of(link.contact for link in patient_links.values()),
            merged_leads=self._merged_leads.of(link.lead for link in visit_links.values()),
            told={key: self.desk.told[key] for key in (*patients, *visits) if key in self.desk.told},
            asked=frozenset(patients) & self.desk.asked.keys(),
            handed=handed,
        )

    def _owners_of_contacts(self, contacts: Collection[int]) -> dict[int, tuple[PatientKey, ...]]:
        """With those whose contact was merged into these."""
        owners = {id_: self._contact_owners.at([id_]) for id_ in contacts}
        for loser, winner in self._merged_contacts.swallowed_by(contacts).items():
            owners[winner] |= self._contact_owners.at([loser])
        return {id_: tuple(sorted(keys)) for id_, keys in owners.items() if keys}

    def _owners_of_leads(self, leads: Collection[int]) -> dict[int, VisitKey]:
        swallowed = self._merged_leads.swallowed_by(leads)
        carried = {id_: self.leads[id_].keys for id_ in leads if id_ in self.leads}
        inherited = heirs(swallowed, self._lead_owners, carried)
        return inherited | {id_: self._lead_owners[id_] for id_ in leads if id_ in self._lead_owners}

    def intend(self, steps: Sequence[Step]) -> None:
        self._link([(step, step.target) for step in steps if step.draft is None and step.target is not None])
        for step in steps:
            state = State.DONE if step.draft is None else State.INTENDED
            entry = JournalEntry(next(self._ids), step, state, self._now())
            self.journal[entry.id] = entry
            if state in OPEN:
                self._open.setdefault(step.key, []).append(entry.id)
            kind = "patient" if isinstance(step.key, PatientKey) else "visit"
            self.rejected.pop((step.key.connection, kind, step.key.id), None)

    def record(self, outcomes: Sequence[tuple[Step, Outcome, Contact | Lead | None]]) -> None:
        missing = [step.key for step, _, _ in outcomes if not self._open.get(step.key)]
        if missing:
            raise LookupError(f"never intended: {', '.join(map(str, missing))}")
        done = [(step, outcome.id or step.target) for step, outcome, _ in outcomes if outcome.state == State.DONE]
        self._link([(step, id_) for step, id_ in done if id_ and links_to(step)])
        for step, outcome, _ in outcomes:
            entry = self.journal[self._open[step.key][-1]]
            entry.reason, entry.request_id = outcome.reason, outcome.request_id
            self._settle(entry, outcome.state)
        for _, outcome, after in outcomes:
            if outcome.state == State.DONE and isinstance(after, Contact):
                self._mirror_contact(after)
            elif outcome.state == State.DONE and isinstance(after, Lead):
                self._mirror_lead(after)

    def _settle(self, entry: JournalEntry, state: State) -> None:
        entry.state = state
        if state not in OPEN:
            self._open[entry.step.key].remove(entry.id)

    def open_steps(self) -> Sequence[OpenStep]:
        entries = sorted((self.journal[id_] for ids in self._open.values() for id_ in ids), key=lambda entry: entry.id)
        return tuple(
            OpenStep(entry.id, entry.step.key, entry.state, entry.intended_at, entry.step.action == Action.CREATE)
            for entry in entries
        )

    def close_steps(self, ids: Sequence[int], state: State) -> None:
        for id_ in ids:
            if self.journal[id_].state in OPEN:
                self._settle(self.journal[id_], state)

    def reject(self, connection: str, rejected: Sequence[Rejected]) -> None:
        for row in rejected:
            self.rejected[connection, row.kind, row.id] = row

    def wish_tasks(self, wishes: Mapping[VisitKey, str]) -> None:
        now = self._now()
        for visit, wanted in wishes.items():
            wish = Wish(visit=visit, text=wanted, state=WishState.WISHED, wished_at=now, changed_at=now)
            self.wishes.setdefault(visit, wish)

    def wished_tasks(self) -> Sequence[Wish]:
        return [wish for wish in self.wishes.values() if wish.state is not WishState.OVER]

    def mark_tasks(self, visits: Collection[VisitKey], state: WishState) -> None:
        for visit in visits:
            kept = "" if state is WishState.OVER else self.wishes[visit].text
            self.wishes[visit] = replace(self.wishes[visit], state=state, text=kept, changed_at=self._now())

    def note_unmapped(self, connection: str, unknown: Mapping[str, int], mapped: Collection[str]) -> None:
        kept = self._unmapped[connection] = self._unmapped.get(connection, Counter()) + Counter(unknown)
        for status in mapped:
            del kept[status]

    def unmapped(self, connection: str) -> Mapping[str, int]:
        return self._unmapped.get(connection, {})

    def _link(self, done: Sequence[tuple[Step, int]]) -> None:
        """All links of these steps, or none of them."""
        links = links_after(done, self.visit_links)
        claimed = claims(links, self._lead_owners)
        for key in links.keys() & self.visit_links.keys():
            if self._lead_owners.get(self.visit_links[key].lead) == key:
                del self._lead_owners[self.visit_links[key].lead]
        self._lead_owners |= claimed
        self.visit_links |= links
        for step, id_ in done:
            if isinstance(step.key, PatientKey):
                before = self.patient_links.get(step.key)
                by_person = before is not None and before.by_person
                self._link_patient(
                    step.key, PatientLink(contact=id_, fingerprint=step.fingerprint, by_person=by_person)
                )
        self.desk.answered(step.key for step, _ in done if isinstance(step.key, PatientKey))

    def _link_patient(self, key: PatientKey, link: PatientLink) -> None:
        self.patient_links[key] = link
        self._contact_owners.put(key, [link.contact])

    def refused(self) -> Collection[PatientKey | VisitKey]:
        last = {entry.step.key: entry.state for entry in self.journal.values()}
        found = {key for key, state in last.items() if state in NOT_DONE}
        for connection, kind, id_ in self.rejected:
            found.add(PatientKey(connection, id_) if kind == "patient" else VisitKey(connection, id_))
        return found

    def ask(self, questions: Mapping[PatientKey, Sequence[Candidate]]) -> None:
        self.desk.ask(questions)

    def questions(self) -> Sequence[Question]:
        waiting = Counter(self.desk.held.values())
        asked = sorted(self.desk.asked.items(), key=lambda item: (item[1].at, item[0]))
        return tuple(
            Question(key=key, candidates=one.candidates, asked_at=one.at, visits=waiting[key]) for key, one in asked
        )

    def bind(self, key: PatientKey | VisitKey, target: int) -> None:
        if isinstance(key, VisitKey):
            links = {key: bound_link(self.visit_links.get(key), target)}
            claimed = claims(links, self._lead_owners)
            self._unlink(key)
            self.visit_links |= links
            self._lead_owners |= claimed
        else:
            self._link_patient(key, PatientLink(contact=target, by_person=True))
        self.desk.tell(key, None)

    def tell(self, key: PatientKey | VisitKey, told: Told) -> None:
        self._unlink(key)
        self.desk.tell(key, told)

    def _unlink(self, key: PatientKey | VisitKey) -> None:
        if isinstance(key, PatientKey):
            self.patient_links.pop(key, None)
            self._contact_owners.put(key, ())
            return
        before = self.visit_links.pop(key, None)
        if before and self._lead_owners.get(before.lead) == key:
            del self._lead_owners[before.lead]

    def hold(self, visits: Mapping[VisitKey, PatientKey]) -> None:
        self.desk.hold(visits)

    def recall(self, keys: Collection[PatientKey | VisitKey]) -> None:
        for key in keys:
            if isinstance(key, PatientKey) and (of_patient := self.patient_links.get(key)):
                self.patient_links[key] = replace(of_patient, fingerprint=forgotten(of_patient.fingerprint))
            elif isinstance(key, VisitKey) and (of_visit := self.visit_links.get(key)):
                self.visit_links[key] = replace(of_visit, fingerprint=forgotten(of_visit.fingerprint))
        self.desk.recall(keys)

    def recalled(self, connection: str) -> Sequence[Recall]:
        return tuple(Recall(id_, key) for key, id_ in self.desk.recalled.items() if key.connection == connection)

    def recall_is_over(self, ids: Collection[int]) -> None:
        self.desk.recall_is_over(ids)

    def linked(self, connection: str, kind: type[K], after: str) -> Sequence[tuple[K, int]]:
        patients = ((key, link.contact) for key, link in self.patient_links.items())
        visits = ((key, link.lead) for key, link in self.visit_links.items() if link.moved_to is None)
        found = (
            (key, target)
            for key, target in itertools.chain(patients, visits)
            if isinstance(key, kind) and key.connection == connection and key.id > after
        )
        return tuple(sorted(found)[:A_PAGE])

    def note(self, connection: str, trouble: Text | None) -> None:
        self.troubles[connection] = trouble

    def reconciled_at(self) -> datetime | None:
        return self._reconciled_at

    def reconciled(self) -> None:
        self._reconciled_at = self._now()
