"""An amoCRM in memory, for tests of the engine. tests/contract/test_crm.py holds it to what the real adapter does."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from priem.errors import AskOperator, TryLater
from priem.model import (
    LOST,
    Account,
    Contact,
    ContactDraft,
    FieldInfo,
    FieldValue,
    Lead,
    LeadDraft,
    Outcome,
    PatientKey,
    PhoneEntry,
    State,
    VisitKey,
)
from priem.ports import Gone
from priem.texts import Text, text
from tests.contract.fake_account import ACCOUNT as ACCOUNT

Draft = TypeVar("Draft", ContactDraft, LeadDraft)
Row = TypeVar("Row", Contact, Lead)

BATCH = 250
SOME = 100
"""As many ids as one request asks for."""
PATIENT_CODE, VISIT_CODE = "PRIEM_PATIENT", "PRIEM_VISIT"
GONE = text("amoCRM has no contact or lead {id} any more.")
LOST_ANSWER = text("The connection to amoCRM broke before its answer came.")


class FakeCrm:
    """What amoCRM has is in `all_contacts` and `all_leads`; `requests` counts as amoCRM would.

    `now` is amoCRM's clock in unix seconds: a number that the test moves, or a function.
    """

    def __init__(self, account: Account = ACCOUNT, now: Callable[[], int] | None = None) -> None:
        self.all_contacts: dict[int, Contact] = {}
        self.all_leads: dict[int, Lead] = {}
        self.tags: dict[int, set[str]] = {}
        self.merged: dict[tuple[str, int], int] = {}
        self.requests = 0
        self.now = 1_790_000_000
        self._clock = now or (lambda: self.now)
        self._account = account
        self._ids = count(1001)
        self._merged_at: dict[tuple[str, int], int] = {}
        self._deleted_at: dict[tuple[str, int], int] = {}
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

    # What managers and site forms do

    def add_contact(
        self,
        name: str,
        *phones: str,
        keys: tuple[PatientKey, ...] = (),
        fields: Mapping[int, FieldValue] | None = None,
        responsible: int = 501,
    ) -> int:
        entries = tuple(PhoneEntry(phone) for phone in phones)
        return self._put_contact(
            Contact(id=0, name=name, phones=entries, keys=keys, fields=fields or {}, responsible=responsible)
        )

    def add_lead(
        self,
        name: str = "Заявка с сайта",
        *,
        contact: int | None = None,
        pipeline: int | None = None,
        stage: int | None = None,
        keys: tuple[VisitKey, ...] = (),
    ) -> int:
        """As a request from the site would: in the first stage after the unsorted one, unless told otherwise."""
        contacts = () if contact is None else (contact,)
        place = self._place(pipeline, stage)
        return self._put_lead(
            Lead(id=0, name=name, pipeline=place[0], stage=place[1], contacts=contacts, keys=keys, responsible=501)
        )

    def edit_contact(
        self,
        id_: int,
        *,
        name: str | None = None,
        phones: tuple[str, ...] | None = None,
        fields: Mapping[int, FieldValue] | None = None,
    ) -> None:
        old = self.all_contacts[id_]
        entries = old.phones if phones is None else tuple(PhoneEntry(phone) for phone in phones)
        changed = replace(old, name=name or old.name, phones=entries, fields=merge_fields(old.fields, fields or {}))
        self._put_contact(changed)

    def edit_lead(
        self,
        id_: int,
        *,
        name: str | None = None,
        pipeline: int | None = None,
        stage: int | None = None,
        price: int | None = None,
    ) -> None:
        old = self.all_leads[id_]
        place = (old.pipeline if pipeline is None else pipeline, old.stage if stage is None else stage)
        self._put_lead(
            replace(
                old,
                name=name or old.name,
                pipeline=place[0],
                stage=place[1],
                price=old.price if price is None else price,
                loss_reason=old.loss_reason if place[1] == LOST else None,
            )
        )

    def delete_contact(self, id_: int) -> None:
        del self.all_contacts[id_]
        self._deleted_at["contacts", id_] = self._clock()
        for lead in list(self.all_leads.values()):
            if id_ in lead.contacts:
                self._put_lead(replace(lead, contacts=tuple(one for one in lead.contacts if one != id_)))

    def delete_lead(self, id_: int) -> None:
        del self.all_leads[id_]
        self._deleted_at["leads", id_] = self._clock()

    def merge_contacts(self, winner: int, loser: int) -> None:
        """As a manager does: the winner keeps what it has, gets the loser's phones, leads, and fields it lacks."""
        kept, gone = self.all_contacts[winner], self.all_contacts.pop(loser)
        self._merged("contacts", loser, winner)
        for lead in list(self.all_leads.values()):
            if loser in lead.contacts:
                linked = dict.fromkeys(winner if one == loser else one for one in lead.contacts)
                self._put_lead(replace(lead, contacts=tuple(linked)))
        phones = dict.fromkeys((*kept.phones, *gone.phones))
        fields = {**gone.fields, **kept.fields}
        self._put_contact(replace(kept, phones=tuple(phones), keys=kept.keys or gone.keys, fields=fields))

    def merge_leads(self, winner: int, loser: int) -> None:
        kept, gone = self.all_leads[winner], self.all_leads.pop(loser)
        self._merged("leads", loser, winner)
        contacts = tuple(dict.fromkeys((*kept.contacts, *gone.contacts)))
        fields = {**gone.fields, **kept.fields}
        self._put_lead(replace(kept, contacts=contacts, keys=kept.keys or gone.keys, fields=fields))

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

    def contacts(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Contact]]:
        return self._pages(self.all_contacts, changed_since, fields)

    def leads(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Lead]]:
        return self._pages(self.all_leads, changed_since, fields)

    def write_contacts(self, drafts: Sequence[ContactDraft]) -> Iterator[Sequence[Outcome]]:
        return self._write(drafts, self._write_contact)

    def write_leads(self, drafts: Sequence[LeadDraft]) -> Iterator[Sequence[Outcome]]:
        return self._write(drafts, self._write_lead)

    # Inside

    def _merged(self, kind: str, loser: int, winner: int) -> None:
        self.merged[kind, loser] = winner
        self._merged_at[kind, loser] = self._clock()

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
        )
        return self._done(draft, self._put_lead(lead))

    def _new_lead(self, draft: LeadDraft) -> Lead:
        pipeline, stage = self._place(draft.pipeline, draft.stage)
        contacts = () if draft.contact is None else (draft.contact,)
        return Lead(id=0, name="", pipeline=pipeline, stage=stage, contacts=contacts, responsible=501)

    def _place(self, pipeline: int | None, stage: int | None) -> tuple[int, int]:
        """amoCRM's own choice where nothing was said: the main pipeline, its first stage after the unsorted one."""
        chosen = next(
            one for one in self._account.pipelines if (one.is_main if pipeline is None else one.id == pipeline)
        )
        return chosen.id, next(one.id for one in chosen.stages if not one.is_unsorted) if stage is None else stage

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

    def _put_contact(self, contact: Contact) -> int:
        id_ = contact.id or next(self._ids)
        created = contact.created_at or self._clock()
        self.all_contacts[id_] = replace(contact, id=id_, created_at=created, updated_at=self._clock())
        return id_

    def _put_lead(self, lead: Lead) -> int:
        id_ = lead.id or next(self._ids)
        created = lead.created_at or self._clock()
        self.all_leads[id_] = replace(lead, id=id_, created_at=created, updated_at=self._clock())
        return id_

    def _done(self, draft: ContactDraft | LeadDraft, id_: int) -> Outcome:
        self.tags.setdefault(id_, set()).update(draft.tags)
        return Outcome(ref=draft.ref, state=State.DONE, id=id_)


def with_fields(row: Row, fields: Collection[int]) -> Row:
    return replace(row, fields={id_: row.fields[id_] for id_ in fields if id_ in row.fields})


def merge_fields(old: Mapping[int, FieldValue], new: Mapping[int, FieldValue]) -> dict[int, FieldValue]:
    """An empty value clears the field."""
    return {id_: value for id_, value in {**old, **new}.items() if value}


def gone(id_: int | None) -> Text:
    return Text(GONE.template, {"id": str(id_)})


def refused(draft: ContactDraft | LeadDraft, reason: Text) -> Outcome:
    return Outcome(ref=draft.ref, state=State.REFUSED, reason=reason)
