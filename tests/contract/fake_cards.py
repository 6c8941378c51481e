"""The contacts and leads of an amoCRM in memory, and what managers and site forms do to them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

from priem.model import LOST, Account, Contact, FieldValue, Lead, PatientKey, PhoneEntry, VisitKey


class FakeCards:
    def __init__(self, account: Account, now: Callable[[], int] | None) -> None:
        self.all_contacts: dict[int, Contact] = {}
        self.all_leads: dict[int, Lead] = {}
        self.tags: dict[int, set[str]] = {}
        self.merged: dict[tuple[str, int], int] = {}
        self.unsorted: set[int] = set()
        """Requests in «Неразобранное» that nobody has taken."""
        self.now = 1_790_000_000
        self._clock = now or (lambda: self.now)
        self._account = account
        self._ids = count(1001)
        self._merged_at: dict[tuple[str, int], int] = {}
        self._deleted_at: dict[tuple[str, int], int] = {}
        self.carried: dict[PatientKey | VisitKey, int] = {}
        """Whose what is gone was."""
        self.made: Counter[PatientKey | VisitKey] = Counter()
        """How often a contact or lead with the key was made through the API, ever."""

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

    def add_unsorted(self, contact: int) -> int:
        """A request that waits for somebody to take it."""
        pipeline = next(one for one in self._account.pipelines if one.is_main)
        lead = self.add_lead(contact=contact, stage=next(one.id for one in pipeline.stages if one.is_unsorted))
        self.unsorted.add(lead)
        return lead

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
        self.carried |= dict.fromkeys(self.all_contacts.pop(id_).keys, id_)
        self._deleted_at["contacts", id_] = self._clock()
        for lead in list(self.all_leads.values()):
            if id_ in lead.contacts:
                self._put_lead(replace(lead, contacts=tuple(one for one in lead.contacts if one != id_)))

    def delete_lead(self, id_: int) -> None:
        self.carried |= dict.fromkeys(self.all_leads.pop(id_).keys, id_)
        self._deleted_at["leads", id_] = self._clock()

    def merge_contacts(self, winner: int, loser: int) -> None:
        """As a manager does: the winner keeps what it has, gets the loser's phones, leads, and fields it lacks."""
        kept, gone = self.all_contacts[winner], self.all_contacts.pop(loser)
        self.carried |= dict.fromkeys(gone.keys, loser)
        self._merged("contacts", loser, winner)
        for lead in list(self.all_leads.values()):
            if loser in lead.contacts:
                linked = dict.fromkeys(winner if one == loser else one for one in lead.contacts)
                self._put_lead(replace(lead, contacts=tuple(linked)))
        phones = dict.fromkeys((*kept.phones, *gone.phones))
        fields = {**gone.fields, **kept.fields}
        self._put_contact(replace(kept, phones=tuple(phones), keys=kept.keys or gone.keys, fields=fields))

    def merge_leads(self, winner: int, loser: int, *, fields_of_loser: bool = False) -> None:
        kept, gone = self.all_leads[winner], self.all_leads.pop(loser)
        self.carried |= dict.fromkeys(gone.keys, loser)
        self._merged("leads", loser, winner)
        contacts = tuple(dict.fromkeys((*kept.contacts, *gone.contacts)))
        first, second = (gone, kept) if fields_of_loser else (kept, gone)
        fields = {**second.fields, **first.fields}
        self._put_lead(replace(kept, contacts=contacts, keys=first.keys or second.keys, fields=fields))

    def _merged(self, kind: str, loser: int, winner: int) -> None:
        self.merged[kind, loser] = winner
        self._merged_at[kind, loser] = self._clock()

    def _place(self, pipeline: int | None, stage: int | None) -> tuple[int, int]:
        """amoCRM's own choice where nothing was said: the main pipeline, its first stage after the unsorted one."""
        chosen = next(
            one for one in self._account.pipelines if (one.is_main if pipeline is None else one.id == pipeline)
        )
        return chosen.id, next(one.id for one in chosen.stages if not one.is_unsorted) if stage is None else stage

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


def merge_fields(old: Mapping[int, FieldValue], new: Mapping[int, FieldValue]) -> dict[int, FieldValue]:
    """An empty value clears the field."""
    return {id_: value for id_, value in {**old, **new}.items() if value}
