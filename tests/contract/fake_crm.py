"""An amoCRM in memory, for tests of the engine. tests/contract/test_crm.py holds it to what the real adapter does."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from priem.errors import AskOperator, TryLater
from priem.model import (
    LOST,
    Account,
    Contact,
    ContactDraft,
    FieldInfo,
    Lead,
    LeadDraft,
    Outcome,
    PatientKey,
    State,
    VisitKey,
)
from priem.ports import Crm, Gone, Writing
from priem.tasks import Entity, NoteDraft, Task, TaskDraft
from priem.texts import Text, text
from tests.contract.fake_account import ACCOUNT as ACCOUNT  # noqa: PLC0414 - whoever knows the fake asks it
from tests.contract.fake_cards import FakeCards, merge_fields

Draft = TypeVar("Draft", ContactDraft, LeadDraft, TaskDraft)
Row = TypeVar("Row", Contact, Lead)

BATCH = 250
SOME = 100
"""As many ids as one request asks for."""
PATIENT_CODE, VISIT_CODE = "PRIEM_PATIENT", "PRIEM_VISIT"
GONE = text("amoCRM has no contact or lead {id} any more.")
LOST_ANSWER = text("The connection to amoCRM broke before its answer came.")


class FakeCrm(FakeCards):
    """What amoCRM has is in `all_contacts` and `all_leads`; `requests` counts as amoCRM would.

    `now` is amoCRM's clock in unix seconds: a number that the test moves, or a function.
    """

    def __init__(self, account: Account = ACCOUNT, now: Callable[[], int] | None = None) -> None:
        super().__init__(account, now)
        self.requests = 0
        self.all_tasks: dict[int, Task] = {}
        self.task_drafts: dict[int, TaskDraft] = {}
        self.all_notes: list[NoteDraft] = []
        self._lost_answers = 0
        self._lost_requests = 0
        self._refused: dict[str, Text] = {}
        self._stopped: AskOperator | TryLater | None = None

    # What the test does to it

    def lose_next_answers(self, batches: int = 1) -> None:
        """They are written, but nobody hears of it."""
        self._lost_answers = batches

    def lose_next_requests(self, batches: int = 1) -> None:
        """They are not written, and nobody hears of that either."""
        self._lost_requests = batches

    def refuse(self, *refs: str, reason: Text | None = None) -> None:
        for ref in refs:
            self._refused[ref] = reason or text("amoCRM does not take this record (NotSupportedChoice): field 5")

    def stop(self, error: AskOperator | TryLater) -> None:
        self._stopped = error

    def resume(self) -> None:
        self._stopped = None

    # ports.Crm

    def account(self) -> Account:
        self._ask(6)
        return self._account

    def prepare(self) -> Account:
        self._ask(6)
        self._make_field("contacts", "ID пациента (Priem)", "text", (), PATIENT_CODE)
        self._make_field("leads", "ID записи (Priem)", "text", (), VISIT_CODE)
        return self._account

    def create_fields(
        self, entity: str, wanted: Iterable[tuple[str, str, Sequence[str], str]]
    ) -> tuple[FieldInfo, ...]:
        self._ask()
        return tuple(self._make_field(entity, *spec) for spec in wanted)

    def some_contacts(self, ids: Sequence[int], fields: Collection[int]) -> Sequence[Contact]:
        return self._some(self.all_contacts, ids, fields)

    def some_leads(self, ids: Sequence[int], fields: Collection[int]) -> Sequence[Lead]:
        return self._some(self.all_leads, ids, fields)

    def gone_since(self, since: int) -> Gone:
        self._ask()

        def recent(kind: str, events: Mapping[tuple[str, int], int]) -> list[int]:
            return [id_ for (of, id_), at in events.items() if of == kind and at >= since]

        return Gone(
            merged_contacts={loser: self._last_of("contacts", loser) for loser in recent("contacts", self._merged_at)},
            merged_leads={loser: self._last_of("leads", loser) for loser in recent("leads", self._merged_at)},
            contacts=frozenset(recent("contacts", self._deleted_at)),
            leads=frozenset(recent("leads", self._deleted_at)),
        )

    def keys_carried(self, contacts: Collection[int], leads: Collection[int]) -> Mapping[PatientKey | VisitKey, int]:
        self._ask(len(contacts) + len(leads))
        of = {PatientKey: contacts, VisitKey: leads}
        return {key: id_ for key, id_ in self.carried.items() if id_ in of[type(key)]}

    def contacts(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Contact]]:
        return self._pages(self.all_contacts, changed_since, fields)

    def leads(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Lead]]:
        return self._pages(self.all_leads, changed_since, fields)

    def write_contacts(self, drafts: Sequence[ContactDraft]) -> Iterator[Sequence[Outcome]]:
        return self._write(drafts, self._write_contact)

    def write_leads(self, drafts: Sequence[LeadDraft]) -> Iterator[Sequence[Outcome]]:
        return self._write(drafts, self._write_lead)

    def write_tasks(self, drafts: Sequence[TaskDraft]) -> Iterator[Sequence[Outcome]]:
        for start in range(0, len(drafts), BATCH):
            yield self._write_batch(drafts[start : start + BATCH], self._write_task)
        if isinstance(self._stopped, AskOperator) and drafts:
            raise self._stopped

    def write_notes(self, entity: Entity, drafts: Sequence[NoteDraft]) -> Iterator[Sequence[Outcome]]:  # noqa: ARG002 - the port's
        self._ask()
        self.all_notes += drafts
        yield [Outcome(ref=draft.ref, state=State.DONE, id=next(self._ids)) for draft in drafts]

    def tasks(self, leads: Sequence[int]) -> Sequence[Task]:
        self._ask()
        return [task for task in self.all_tasks.values() if task.lead in leads]

    def writing(self) -> Writing:
        return LateWriting(self)

    # Inside

    def _last_of(self, kind: str, id_: int) -> int:
        while (kind, id_) in self.merged:
            id_ = self.merged[kind, id_]
        return id_

    def _some(self, rows: Mapping[int, Row], ids: Sequence[int], fields: Collection[int]) -> Sequence[Row]:
        for _ in range(0, len(ids), SOME):
            self._ask()
        return [with_fields(rows[id_], fields) for id_ in ids if id_ in rows]

    def _ask(self, requests: int = 1) -> None:
        if self._stopped:
            raise self._stopped
        self.requests += requests

    def _pages(
        self, rows: Mapping[int, Row], changed_since: int | None, fields: Collection[int]
    ) -> Iterator[Sequence[Row]]:
        found = [row for _, row in sorted(rows.items()) if row.updated_at >= (changed_since or 0)]
        if changed_since is not None:
            found.sort(key=lambda row: row.updated_at, reverse=True)
        for start in range(0, max(1, len(found)), BATCH):
            self._ask()
            if page := found[start : start + BATCH]:
                yield [with_fields(row, fields) for row in page]

    def _write(self, drafts: Sequence[Draft], write_one: Callable[[Draft], Outcome]) -> Iterator[Sequence[Outcome]]:
        for of_kind in ([draft for draft in drafts if draft.id is None], [draft for draft in drafts if draft.id]):
            for start in range(0, len(of_kind), BATCH):
                yield self._write_batch(of_kind[start : start + BATCH], write_one)
        if isinstance(self._stopped, AskOperator) and drafts:
            raise self._stopped

    def _write_batch(self, batch: Sequence[Draft], write_one: Callable[[Draft], Outcome]) -> Sequence[Outcome]:
        if self._stopped:
            return [Outcome(ref=draft.ref, state=State.POSTPONED, reason=self._stopped.what) for draft in batch]
        self.requests += 1
        unheard = [Outcome(ref=draft.ref, state=State.UNKNOWN, reason=LOST_ANSWER) for draft in batch]
        if self._lost_requests:
            self._lost_requests -= 1
            return unheard
        outcomes = [write_one(draft) for draft in batch]
        if any(outcome.state is State.REFUSED for outcome in outcomes):
            self.requests += 1  # amoCRM refuses the whole; the good ones go again
        if self._lost_answers:
            self._lost_answers -= 1
            return unheard
        return outcomes

    def _write_task(self, draft: TaskDraft) -> Outcome:
        if draft.entity_id not in self.all_leads or not draft.text or not draft.until:
            return Outcome(ref=draft.ref, state=State.REFUSED, reason=gone(draft.entity_id))
        task = Task(id=next(self._ids), lead=draft.entity_id, text=draft.text)
        self.all_tasks[task.id], self.task_drafts[task.id] = task, draft
        return Outcome(ref=draft.ref, state=State.DONE, id=task.id)

    def _write_contact(self, draft: ContactDraft) -> Outcome:
        old = Contact(id=0, name="", responsible=501) if draft.id is None else self.all_contacts.get(draft.id)
        if old is None:
            return Outcome(ref=draft.ref, state=State.REFUSED, reason=gone(draft.id), gone=True)
        if reason := self._objection(draft, self._account.contact_fields, PATIENT_CODE):
            return refused(draft, reason)
        contact = replace(
            old,
            name=old.name if draft.name is None else draft.name,
            phones=old.phones if draft.phones is None else draft.phones,
            keys=old.keys if draft.keys is None else draft.keys,
            fields=merge_fields(old.fields, draft.fields),
            responsible=draft.responsible or old.responsible,
        )
        self.made.update(draft.keys or () if draft.id is None else ())
        return self._done(draft, self._put_contact(contact))

    def _write_lead(self, draft: LeadDraft) -> Outcome:
        old = self._new_lead(draft) if draft.id is None else self.all_leads.get(draft.id)
        if old is None:
            return Outcome(ref=draft.ref, state=State.REFUSED, reason=gone(draft.id), gone=True)
        if reason := self._objection(draft, self._account.lead_fields, VISIT_CODE) or self._lead_objection(draft, old):
            return refused(draft, reason)
        if draft.id is None and draft.contact is not None and draft.contact not in self.all_contacts:
            reason = text("amoCRM does not take this record (NotSupportedChoice): contacts")
            return Outcome(ref=draft.ref, state=State.REFUSED, reason=reason, gone=True)
        stage = old.stage if draft.stage is None else draft.stage
        lead = replace(
            old,
            name=old.name if draft.name is None else draft.name,
            pipeline=old.pipeline if draft.pipeline is None else draft.pipeline,
            stage=stage,
            price=old.price if draft.price is None else draft.price,
            keys=old.keys if draft.keys is None else draft.keys,
            fields=merge_fields(old.fields, draft.fields),
            responsible=draft.responsible or old.responsible,
            loss_reason=(draft.loss_reason or old.loss_reason) if stage == LOST else None,
            contacts=self._with_contact(old, draft),
        )
        if draft.is_unsorted:
            self.unsorted.discard(lead.id)
        self.made.update(draft.keys or () if draft.id is None else ())
        return self._done(draft, self._put_lead(lead))

    def _with_contact(self, lead: Lead, draft: LeadDraft) -> tuple[int, ...]:
        linked = (draft.contact,) if draft.contact in self.all_contacts else ()
        return tuple(dict.fromkeys((*lead.contacts, *linked)))

    def _new_lead(self, draft: LeadDraft) -> Lead:
        pipeline, stage = self._place(draft.pipeline, draft.stage)
        contacts = () if draft.contact is None else (draft.contact,)
        return Lead(id=0, name="", pipeline=pipeline, stage=stage, contacts=contacts, responsible=501)

    def _objection(self, draft: ContactDraft | LeadDraft, fields: tuple[FieldInfo, ...], code: str) -> Text | None:
        ids = {field.id for field in fields}
        if unknown := [id_ for id_ in draft.fields if id_ not in ids]:
            return text("amoCRM has no field {field}. It was deleted, or belongs to another account.", field=unknown[0])
        if draft.keys is not None and not any(field.code == code for field in fields):
            return text("amoCRM does not take this record (NotSupportedChoice): {code}", code=code)
        if draft.responsible and draft.responsible not in self._account.users:
            return text("amoCRM does not take this record (NotSupportedChoice): responsible_user_id")
        return self._refused.get(draft.ref)

    def _lead_objection(self, draft: LeadDraft, old: Lead) -> Text | None:
        pipeline = old.pipeline if draft.pipeline is None else draft.pipeline
        stage = old.stage if draft.stage is None else draft.stage
        stages = {(one.id, of.id) for one in self._account.pipelines for of in one.stages}
        if (pipeline, stage) not in stages:
            return text("amoCRM does not take this record (NotSupportedChoice): status_id")
        return None

    def _make_field(self, entity: str, name: str, kind: str, options: Sequence[str], code: str) -> FieldInfo:
        fields = self._account.contact_fields if entity == "contacts" else self._account.lead_fields
        there = next(
            (one for one in fields if (one.code == code if code else (one.name, one.kind) == (name, kind))), None
        )
        if there:
            missing = tuple(option for option in options if option not in there.options)
            made = replace(there, options=there.options + missing)
        else:
            made = FieldInfo(next(self._ids), name, kind, code, tuple(options))
        now = (*(one for one in fields if one.id != made.id), made)
        self._account = (
            replace(self._account, contact_fields=now)
            if entity == "contacts"
            else replace(self._account, lead_fields=now)
        )
        return made

    def _done(self, draft: ContactDraft | LeadDraft, id_: int) -> Outcome:
        self.tags.setdefault(id_, set()).update(draft.tags)
        return Outcome(ref=draft.ref, state=State.DONE, id=id_)


def with_fields(row: Row, fields: Collection[int]) -> Row:
    return replace(row, fields={id_: row.fields[id_] for id_ in fields if id_ in row.fields})


class LateWriting:
    """Answers as late as it may: what is decided meanwhile must not count on it."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._contacts: list[ContactDraft] = []
        self._leads: list[LeadDraft] = []
        self._answers: Iterator[Sequence[Outcome]] = iter(())

    def put(self, drafts: Sequence[ContactDraft | LeadDraft]) -> Iterator[Sequence[Outcome]]:
        self._contacts += [draft for draft in drafts if isinstance(draft, ContactDraft)]
        self._leads += [draft for draft in drafts if isinstance(draft, LeadDraft)]
        return iter(())

    def finish(self, *, only_contacts: bool = False) -> Iterator[Sequence[Outcome]]:
        contacts, self._contacts = self._contacts, []
        self._answers = chain(self._answers, self._crm.write_contacts(contacts))
        yield from self._given()
        leads = () if only_contacts else tuple(self._leads)
        self._leads = self._leads[len(leads) :]
        self._answers = chain(self._answers, self._crm.write_leads(leads))
        yield from self._given()

    def _given(self) -> Iterator[Sequence[Outcome]]:
        """Step by step: whoever stops reading leaves the rest for the next time."""
        while (answer := next(self._answers, None)) is not None:
            yield answer


def gone(id_: int | None) -> Text:
    return Text(GONE.template, {"id": str(id_)})


def refused(draft: ContactDraft | LeadDraft, reason: Text) -> Outcome:
    return Outcome(ref=draft.ref, state=State.REFUSED, reason=reason)
