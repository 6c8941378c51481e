"""How cards, tasks and notes look in JSON (docs/reference/amocrm.md §3.2–§3.8)."""

from collections.abc import Iterable

from ..state.cards import Card, Company, Contact, Lead
from ..state.crm import Crm
from ..state.links import ElementLink
from ..state.values import shown_fields
from ..state.work import Note, Task
from ..wire import Json, Request


def self_link(base: str, path: str, query: str = "") -> Json:
    """`{"self": {"href"}}`; items of a list repeat the query of the list."""
    return {"self": {"href": f"{base}/api/v4/{path}{query}"}}


class Renderer:
    """Draws cards for one request; what does not change from card to card is looked up once."""

    def __init__(self, crm: Crm, request: Request, kind: str) -> None:
        self._crm, self._kind, self._base = crm, kind, request.base
        self._query = f"?{request.raw_query}" if request.raw_query and request.method == "GET" else ""
        self._with = request.with_()
        self._fields = crm.fields.of(kind)
        self._tags = crm.tags.of(kind)

    def card(self, card: Card) -> Json:
        """A card as `GET` shows it."""
        shown: Json = {"id": card.id, "name": card.name}
        if isinstance(card, Contact):
            shown |= {"first_name": card.first_name, "last_name": card.last_name}
        elif isinstance(card, Lead):
            shown["price"] = card.price
        shown["responsible_user_id"] = card.responsible_user_id
        shown["group_id"] = 0
        if isinstance(card, Lead):
            shown |= {
                "status_id": card.status_id,
                "pipeline_id": card.pipeline_id,
                "loss_reason_id": card.loss_reason_id,
            }
        shown |= self._times(card)
        shown["custom_fields_values"] = shown_fields(self._fields, card.filled)
        if isinstance(card, Lead):
            shown |= {"score": None, "labor_cost": None}
            if "source_id" in self._with:
                shown["source_id"] = card.source_id
        shown["account_id"] = self._crm.account.id
        shown["_links"] = self_link(self._base, f"{self._kind}/{card.id}", self._query)
        shown["_embedded"] = self._embedded(card)
        return shown

    def trashed(self, card: Card) -> Json:
        """A lead from the trash shows next to nothing."""
        return {
            "id": card.id,
            "updated_at": card.updated_at,
            "updated_by": card.updated_by,
            "is_deleted": True,
            "_links": self_link(self._base, f"{self._kind}/{card.id}", self._query),
        }

    def _times(self, card: Card) -> Json:
        shown: Json = {
            "created_by": card.created_by,
            "updated_by": card.updated_by,
            "created_at": card.created_at,
            "updated_at": card.updated_at,
        }
        if isinstance(card, Lead):
            shown["closed_at"] = card.closed_at
        shown["closest_task_at"] = self._crm.tasks.closest(self._kind, card.id)
        shown["is_deleted"] = card.is_deleted
        if isinstance(card, Contact):
            shown["is_unsorted"] = False
        return shown

    def _embedded(self, card: Card) -> Json:
        tags = [self._tag(tag_id) for tag_id in card.tags]
        found: Json = {"tags": tags}
        if not isinstance(card, Company):
            found["companies"] = self._refs(card, "companies")
        for other in ("leads", "contacts"):
            if other in self._with and other != self._kind:
                found[other] = self._refs(card, other)
        if "customers" in self._with and self._kind != "leads":
            found["customers"] = []
        if "catalog_elements" in self._with:
            found["catalog_elements"] = [
                _element(each) for each in self._crm.links.elements.get((self._kind, card.id), [])
            ]
        if isinstance(card, Lead):
            found |= self._lead_extras(card)
        return found

    def _tag(self, tag_id: int) -> Json:
        tag = self._tags[tag_id]
        return {"id": tag.id, "name": tag.name, "color": tag.color}

    def _refs(self, card: Card, other: str) -> list[Json]:
        refs: list[Json] = []
        main = self._crm.links.main.get(card.id) if self._kind == "leads" and other == "contacts" else None
        for other_id in self._crm.links.of(self._kind, card.id, other):
            if self._crm.card(other, other_id) is None:
                continue
            ref: Json = {"id": other_id}
            if main is not None:
                ref["is_main"] = other_id == main
            ref["_links"] = self_link(self._base, f"{other}/{other_id}", self._query)
            refs.append(ref)
        return refs

    def _lead_extras(self, lead: Lead) -> Json:
        found: Json = {}
        if "loss_reason" in self._with:
            reason = self._crm.loss_reasons.get(lead.loss_reason_id or 0)
            found["loss_reason"] = [loss_reason(self._base, reason)] if reason else []
        if "source" in self._with:
            source = self._crm.sources.rows.get(lead.source_id or 0)
            found["source"] = {"id": source.id, "name": source.name} if source else None
        return found

    def cards(self, cards: Iterable[Card]) -> list[Json]:
        """Many of them."""
        return [self.card(card) for card in cards]


def _element(link: ElementLink) -> Json:
    metadata: Json = {"quantity": link.quantity, "catalog_id": link.catalog_id}
    if link.price_id is not None:
        metadata["price_id"] = link.price_id
    return {"id": link.element_id, "metadata": metadata}


def loss_reason(base: str, reason: object) -> Json:
    """A loss reason."""
    shown: Json = {name: getattr(reason, name) for name in ("id", "name", "sort", "created_at", "updated_at")}
    shown["_links"] = self_link(base, f"leads/loss_reasons/{shown['id']}")
    return shown


def task(crm: Crm, base: str, found: Task) -> Json:
    """A task; an empty result is `[]`, as PHP has it."""
    return {
        "id": found.id,
        "created_by": found.created_by,
        "updated_by": found.updated_by,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "responsible_user_id": found.responsible_user_id,
        "group_id": 0,
        "entity_id": found.entity_id,
        "entity_type": found.entity,
        "duration": found.duration,
        "is_completed": found.is_completed,
        "task_type_id": found.task_type_id,
        "text": found.text,
        "result": {"text": found.result} if found.result else [],
        "complete_till": found.complete_till,
        "account_id": crm.account.id,
        "_links": self_link(base, f"tasks/{found.id}"),
    }


def note(crm: Crm, base: str, found: Note) -> Json:
    """A note."""
    return {
        "id": found.id,
        "entity_id": found.entity_id,
        "created_by": found.created_by,
        "updated_by": found.updated_by,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "responsible_user_id": found.responsible_user_id,
        "group_id": 0,
        "note_type": found.note_type,
        "params": found.params,
        "account_id": crm.account.id,
        "_links": self_link(base, f"{found.entity}/{found.entity_id}/notes/{found.id}"),
    }
