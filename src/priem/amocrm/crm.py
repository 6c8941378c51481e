"""amoCRM as the engine sees it (ports.Crm)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from priem.amocrm.account import read_account, read_tags, with_fields
from priem.amocrm.calls import CallDraft, from_call_draft
from priem.amocrm.catalog import KEY_FIELDS, NOTHING_YET, Catalog, Entity, FieldSpec
from priem.amocrm.client import Client
from priem.amocrm.config import Config
from priem.amocrm.contacts import from_contact_draft, to_contact
from priem.amocrm.events import gone_since, keys_told
from priem.amocrm.http import Http, Params
from priem.amocrm.leads import from_lead_draft, to_lead
from priem.amocrm.limits import Limiter, PaceMemories
from priem.amocrm.lists import ElementDraft, from_element_draft
from priem.amocrm.newest import newest, place
from priem.amocrm.oauth import OAuth
from priem.amocrm.pace import Lane
from priem.amocrm.problems import Answer
from priem.amocrm.reading import Beside, begun, complete_pages, full_pages, read_pages, read_some
from priem.amocrm.readying import make_ready
from priem.amocrm.work import from_note_draft, from_task_draft, tasks_of
from priem.amocrm.writing import D, Load, Together, Writing
from priem.errors import PriemError
from priem.model import (
    Account,
    Contact,
    ContactDraft,
    FieldInfo,
    FieldValue,
    Lead,
    LeadDraft,
    Outcome,
    PatientKey,
    VisitKey,
)
from priem.ports import Clock, ExchangeLog, Gone, TokenStore
from priem.tasks import NoteDraft, Task, TaskDraft

R = TypeVar("R", bound=Contact | Lead)
CONTACTS, LEADS = "/api/v4/contacts", "/api/v4/leads"
KINDS = 2
"""Contacts and leads: the last of the ones are under way with the first of the others."""
URGENT = 4
"""Requests under way beside those in bulk."""
LEADS_AHEAD = 5
"""Pages, while the history is asked and the first patients are decided: amoCRM would be idle for most of a second."""
CLOCKS_APART = 5
"""Seconds by which amoCRM's clock may be behind this server's."""


class AmoCrm:
    """One account. Safe to use from several threads; `limits` makes processes share the account's rate, too."""

    def __init__(
        self,
        config: Config,
        tokens: TokenStore,
        clock: Clock,
        log: ExchangeLog,
        *,
        limits: PaceMemories | Path | None = None,
        lane: Lane = "live",
        on_moved: Callable[[str], None] = lambda _base_url: None,
    ) -> None:
        """`limits` is a folder on this machine. `on_moved` hears the account's new base URL when amoCRM tells it."""
        self._config = config
        self._clock = clock
        limiter = Limiter(f"{config.host}-{config.client_id}", config.requests_per_second, limits)
        self._http = Http(config, limiter, clock, log)
        self.oauth = OAuth(config, self._http, tokens, clock, on_moved)
        self.client = Client(self._http, self.oauth, lane)
        # All that is allowed in bulk may be waiting for its turn; what goes before it needs threads, too.
        self._executor = self._threads()
        self._catalogs: dict[Entity, Catalog] = {
            "contacts": Catalog(self.client, "contacts"),
            "leads": Catalog(self.client, "leads"),
        }
        self._together = Together(self._config.in_flight, self._config.requests_per_second)
        self._loads: dict[str, Load] = {}
        self._leads_beside = Beside()
        self._account: Account | None = None

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    def rest(self) -> None:
        """Nothing is under way, and nothing may come for long: threads that only wait are sent home."""
        self._executor.shutdown(wait=False)
        self._executor = self._threads()

    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(KINDS * self._config.in_flight + URGENT, thread_name_prefix="amocrm")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def try_now(self) -> None:
        """A person has looked after an account that had stopped: the next request finds out, without further pause."""
        self._http.try_now()

    def _let_in(self) -> None:
        """Has the token at hand, renewed if it is due, before threads that the caller does not know ask for it: a
        token store may be a database, with a connection for every thread that touches it.
        """
        with suppress(PriemError):  # whatever it is, the first request runs into it, too
            self.oauth.token()

    def account(self) -> Account:
        self._let_in()
        contact_fields, lead_fields = self._catalogs["contacts"], self._catalogs["leads"]
        self._account = read_account(self.client, contact_fields, lead_fields, self._executor)
        return self._account

    def remember(self, account: Account) -> None:
        """As it was told some time ago: enough for reading. Fields are written only after it was asked for again."""
        self._account = account

    def prepare(self) -> Account:
        self.account()
        for entity, spec in KEY_FIELDS.items():
            if self._catalogs[entity].find(spec) is None:
                self._create(entity, [spec])
        return self._known_account()

    def create_fields(
        self, entity: Entity, wanted: Iterable[tuple[str, str, Sequence[str], str]]
    ) -> tuple[FieldInfo, ...]:
        """Fields of (name, kind, options, code) in the group Priem; those that are there are only given options."""
        self._known_account()
        return self._create(entity, [FieldSpec(*spec) for spec in wanted])

    def _create(self, entity: Entity, wanted: Sequence[FieldSpec]) -> tuple[FieldInfo, ...]:
        created = self._catalogs[entity].create(wanted)
        self._account = with_fields(self._known_account(), self._catalogs["contacts"], self._catalogs["leads"])
        return tuple(field.info for field in created)

    def contacts(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Contact]]:
        zone = self._zone()
        return self._read("contacts", changed_since, (), lambda row: to_contact(row, fields, zone))

    def leads(self, changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Lead]]:
        zone = self._zone()
        return self._read("leads", changed_since, [("with", "contacts")], lambda row: to_lead(row, fields, zone))

    def some_contacts(self, ids: Sequence[int], fields: Collection[int]) -> tuple[Contact, ...]:
        zone = self._zone()
        return tuple(to_contact(row, fields, zone) for row in read_some(self.client, "contacts", ids))

    def some_leads(self, ids: Sequence[int], fields: Collection[int]) -> tuple[Lead, ...]:
        zone = self._zone()
        rows = read_some(self.client, "leads", ids, [("with", "contacts")])
        return tuple(to_lead(row, fields, zone) for row in rows)

    def write_contacts(self, drafts: Sequence[ContactDraft]) -> Iterator[Sequence[Outcome]]:
        return self._run(CONTACTS, drafts, self._encode_contacts(drafts))

    def write_leads(self, drafts: Sequence[LeadDraft]) -> Iterator[Sequence[Outcome]]:
        waiting, ready = self._ready(drafts)
        if waiting:
            yield waiting
        yield from self._run(LEADS, ready, self._encode_leads(ready))

    def writing(self) -> "Desk":
        contacts = Way(self._writing(CONTACTS), self._encode_contacts)
        leads = Way(self._writing(LEADS), self._encode_leads, self._ready)
        return Desk(self._let_in, contacts, leads)

    def write_tasks(self, drafts: Sequence[TaskDraft]) -> Iterator[Sequence[Outcome]]:
        return self._run("/api/v4/tasks", drafts, from_task_draft)

    def tasks(self, leads: Sequence[int]) -> Sequence[Task]:
        self._let_in()
        return tuple(tasks_of(self.client, leads))

    def tasks_of_contacts(self, contacts: Sequence[int]) -> Sequence[Task]:
        """Likewise of contacts."""
        self._let_in()
        return tuple(tasks_of(self.client, contacts, "contacts"))

    def write_notes(self, entity: Entity, drafts: Sequence[NoteDraft]) -> Iterator[Sequence[Outcome]]:
        return self._run(f"/api/v4/{entity}/notes", drafts, from_note_draft)

    def write_elements(self, catalog: int, drafts: Sequence[ElementDraft]) -> Iterator[Sequence[Outcome]]:
        """Rows of one of the account's lists."""
        return self._run(f"/api/v4/catalogs/{catalog}/elements", drafts, from_element_draft)

    def write_calls(self, drafts: Sequence[CallDraft]) -> Iterator[Sequence[Outcome]]:
        """Those whose number amoCRM does not know are refused, the others written all the same."""
        return self._run("/api/v4/calls", drafts, from_call_draft)

    def tags(self, entity: Entity) -> Mapping[int, str]:
        """Names by id."""
        self._let_in()
        return read_tags(self.client, entity)

    def gone_since(self, since: int) -> Gone:
        self._let_in()
        return gone_since(self.client, since)

    def keys_carried(self, contacts: Collection[int], leads: Collection[int]) -> Mapping[PatientKey | VisitKey, int]:
        if not all(catalog.fields for catalog in self._catalogs.values()):
            self.account()
        found: dict[PatientKey | VisitKey, int] = {}
        if field := self._catalogs["contacts"].find(KEY_FIELDS["contacts"]):
            found.update(keys_told(self.client, PatientKey, "contact", field.info.id, contacts))
        if field := self._catalogs["leads"].find(KEY_FIELDS["leads"]):
            found.update(keys_told(self.client, VisitKey, "lead", field.info.id, leads))
        return found

    def _run(
        self, path: str, drafts: Sequence[D], encode: Callable[[D], dict[str, Any]]
    ) -> Iterator[Sequence[Outcome]]:
        if drafts:
            self._let_in()
        return self._writing(path).run(drafts, encode)

    def _writing(self, path: str) -> Writing[Any]:
        load = self._loads.setdefault(path, Load(self._together))
        return Writing(self.client, self._executor, path, load)

    def _ready(self, drafts: Sequence[LeadDraft]) -> tuple[Sequence[Outcome], Sequence[LeadDraft]]:
        """Those that have to be put off, and those that can be written now."""
        waiting = make_ready(self.client, drafts)
        late = {outcome.ref for outcome in waiting}
        return waiting, [draft for draft in drafts if draft.ref not in late]

    def _encode_contacts(self, drafts: Sequence[ContactDraft]) -> Callable[[ContactDraft], dict[str, Any]]:
        encode = self._encoder("contacts", [draft.fields for draft in drafts])
        merging = [draft.id for draft in drafts if draft.id is not None and self._catalogs["contacts"].merges(draft)]
        rows = {int(row["id"]): row for row in read_some(self.client, "contacts", merging)}

        def encoded(draft: ContactDraft) -> dict[str, Any]:
            row = rows.get(draft.id or 0, NOTHING_YET)
            return from_contact_draft(draft, lambda field, value: encode(field, value, row))

        return encoded

    def _encode_leads(self, drafts: Sequence[LeadDraft]) -> Callable[[LeadDraft], dict[str, Any]]:
        encode = self._encoder("leads", [draft.fields for draft in drafts])
        return lambda draft: from_lead_draft(draft, lambda field, value: encode(field, value, NOTHING_YET))

    def _known_account(self) -> Account:
        return self._account or self.account()

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self._known_account().time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("Europe/Moscow")

    def _encoder(
        self, entity: Entity, changes: Sequence[Mapping[int, FieldValue]]
    ) -> Callable[[int, FieldValue, Mapping[str, Any]], dict[str, Any]]:
        """Of a field's number, its value, and the record as it is. Asks for the account only when it is needed."""
        if not any(changes):
            return lambda field, _value, _row: {"field_id": field, "values": None}
        zone, catalog = self._zone(), self._catalogs[entity]
        if not catalog.fields:
            self.account()
        catalog.add_missing_options(changes)
        return lambda field, value, row: catalog.encode(field, value, zone, row)

    def _read(
        self,
        entity: Entity,
        changed_since: int | None,
        extra: Sequence[tuple[str, str]],
        parse_row: Callable[[Mapping[str, Any]], R],
    ) -> Iterator[Sequence[R]]:
        def parse(answer: Answer) -> tuple[R, ...]:
            return tuple(parse_row(row) for row in answer.rows(entity) if not row.get("is_deleted"))

        self._let_in()
        filtered = changed_since is not None and self._known_account().filters_work
        params = [*choose(changed_since, filtered=filtered), *extra]
        is_whole = changed_since is None
        # Leads are read beside the writing of contacts, a page now and then: behind it they would hold it up.
        client = self.client.in_bulk() if is_whole and entity == "contacts" else self.client

        def read(first: int, place: Callable[[int], tuple[int, int]] = full_pages) -> Iterator[tuple[R, ...]]:
            page = partial(page_of, client, entity, params, place)
            per_second = self._config.requests_per_second
            beside = self._leads_beside if is_whole and entity == "leads" else None
            return read_pages(page, parse, lambda: self._executor, per_second, first, is_whole=is_whole, beside=beside)

        if changed_since is not None:
            changed = begun(lambda first: read(first, place))
            return newest(lambda: changed(1), changed_since)
        began = int(self._clock.now().timestamp()) - CLOCKS_APART
        return complete_pages(begun(read), lambda: self._vanished(entity, began))

    def _vanished(self, entity: Entity, began: int) -> frozenset[int]:
        self._let_in()
        asked = self._executor.submit(gone_since, self.client, began)
        if entity == "contacts":
            self._leads_beside.look_ahead(LEADS_AHEAD)
        gone = asked.result()
        if entity == "contacts":
            return gone.contacts | gone.merged_contacts.keys()
        return gone.leads | gone.merged_leads.keys()


class Desk:
    """Contacts and leads on their way to one account."""

    def __init__(self, let_in: Callable[[], None], contacts: "Way[ContactDraft]", leads: "Way[LeadDraft]") -> None:
        self._let_in = let_in
        self._contacts = contacts
        self._leads = leads

    def put(self, drafts: Sequence[ContactDraft | LeadDraft]) -> Iterator[Sequence[Outcome]]:
        self._let_in()
        leads = [draft for draft in drafts if isinstance(draft, LeadDraft)]
        yield from self._contacts.writing.heard(is_last=bool(leads))
        yield from self._contacts.put([draft for draft in drafts if isinstance(draft, ContactDraft)])
        yield from self._leads.put(leads)

    def finish(self, *, only_contacts: bool = False) -> Iterator[Sequence[Outcome]]:
        yield from self._contacts.writing.finish()
        if not only_contacts:
            yield from self._leads.writing.finish()


@dataclass(frozen=True, slots=True)
class Way(Generic[D]):
    """How drafts of one kind are written."""

    writing: Writing[D]
    encoder: Callable[[Sequence[D]], Callable[[D], dict[str, Any]]]
    ready: Callable[[Sequence[D]], tuple[Sequence[Outcome], Sequence[D]]] = lambda drafts: ((), drafts)
    """Those that have to be put off, and those that can be written now."""

    def put(self, drafts: Sequence[D]) -> Iterator[Sequence[Outcome]]:
        if drafts:
            waiting, ready = self.ready(drafts)
            if waiting:
                yield waiting
            yield from self.writing.put(ready, self.encoder(ready))


def page_of(
    client: Client, entity: Entity, params: Params, place: Callable[[int], tuple[int, int]], number: int
) -> Answer:
    page, limit = place(number)
    return client.get(f"/api/v4/{entity}", [*params, ("page", page), ("limit", limit)])


def choose(changed_since: int | None, *, filtered: bool) -> list[tuple[str, str | int]]:
    """Which rows, in which order.

    All of them by id, since then a row that is changed while pages are read does not push others across a page's edge.
    Changed ones with the latest change first: the reader stops where he knows enough, with or without filters.
    """
    if changed_since is None:
        return [("order[id]", "asc")]
    latest_first: tuple[str, str | int] = ("order[updated_at]", "desc")
    return [("filter[updated_at][from]", changed_since), latest_first] if filtered else [latest_first]
