"""What `/_sandbox/state` tells: every entity as it is stored, and how it was asked for."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from .routes.links import links_of
from .routes.render import Renderer, note, task
from .routes.router import Api
from .state.cards import Card, Lead
from .wire import Json, Request

if TYPE_CHECKING:
    from .app import Sandbox


def state(sandbox: "Sandbox", request: Request) -> Json:
    """Everything, or what `only=contacts,leads,requests` names."""
    wanted = [name for name in request.parameter("only").split(",") if name]
    sections = _sections(sandbox, request)
    unknown = set(wanted) - sections.keys()
    if unknown:
        raise ValueError(f"only: unknown {', '.join(sorted(unknown))}; known: {', '.join(sections)}")
    return {name: sections[name]() for name in wanted or sections}


def _sections(sandbox: "Sandbox", request: Request) -> dict[str, Callable[[], object]]:
    crm, api = sandbox.crm, sandbox.api
    return {
        "account": lambda: asdict(crm.account),
        "users": lambda: [asdict(user) for user in crm.users.rows.values()],
        "pipelines": lambda: [
            asdict(each) | {"statuses": [asdict(s) for s in each.in_order()]} for each in crm.pipelines.in_order()
        ],
        "custom_fields": lambda: {
            entity: [asdict(f) for f in fields.values()] for entity, fields in crm.fields.rows.items()
        },
        "contacts": lambda: _cards(api, request, "contacts"),
        "companies": lambda: _cards(api, request, "companies"),
        "leads": lambda: _cards(api, request, "leads"),
        "links": lambda: _links(api),
        "tasks": lambda: [task(crm, request.base, each) for each in crm.tasks.rows.values()],
        "notes": lambda: [
            note(crm, request.base, each) | {"entity_type": each.entity} for each in crm.notes.rows.values()
        ],
        "tags": lambda: {kind: [asdict(tag) for tag in rows.values()] for kind, rows in crm.tags.rows.items()},
        "loss_reasons": lambda: [asdict(each) for each in crm.loss_reasons.values()],
        "unsorted": lambda: [asdict(each) for each in crm.unsorted.rows.values()],
        "calls": lambda: [asdict(each) for each in crm.calls.rows],
        "events": lambda: [asdict(each) for each in crm.history.rows],
        "webhooks": lambda: [asdict(each) for each in crm.subscriptions.rows.values()],
        "deliveries": sandbox.courier.shown,
        "sources": lambda: [asdict(each) for each in crm.sources.rows.values()],
        "catalogs": lambda: [asdict(each) for each in crm.catalogs.rows.values()],
        "elements": lambda: [asdict(each) for each in crm.catalogs.elements.values()],
        "integrations": lambda: [asdict(each) for each in crm.tokens.integrations.values()],
        "tokens": lambda: _tokens(sandbox),
        "faults": sandbox.faults.shown,
        "requests": lambda: (
            sandbox.log.summary() | {"blocked": sandbox.limits.is_blocked, "violations": len(sandbox.limits.violations)}
        ),
        "counts": lambda: _counts(sandbox),
    }


def _cards(api: Api, request: Request, kind: str) -> list[Json]:
    """Deleted ones too; with the ids of linked cards beside."""
    renderer = Renderer(api.crm, request, kind)
    return [_card(api, renderer, kind, card) for card in api.crm.cards(kind).rows.values()]


def _card(api: Api, renderer: Renderer, kind: str, card: Card) -> Json:
    shown = renderer.card(card)
    for other in ("leads", "contacts", "companies"):
        if other != kind:
            shown[f"{other[:-1] if other != 'companies' else 'company'}_ids"] = list(
                api.crm.links.of(kind, card.id, other)
            )
    if isinstance(card, Lead):
        shown["main_contact_id"] = api.crm.links.main.get(card.id)
    return shown


def _links(api: Api) -> list[Json]:
    found: list[Json] = []
    for kind, cards in (("leads", api.crm.leads), ("contacts", api.crm.contacts)):
        for card_id in cards.rows:
            own = [
                each
                for each in links_of(api, kind, card_id)
                if kind == "leads" or each["to_entity_type"] == "companies"
            ]
            found += [{"entity_id": card_id, "entity_type": kind, **each} for each in own]
    return found


def _tokens(sandbox: "Sandbox") -> Json:
    tokens, now = sandbox.crm.tokens, sandbox.crm.now()
    return {
        "access_alive": sum(1 for each in tokens.access.values() if each.expires_at > now),
        "refresh_alive": sum(1 for each in tokens.refresh.values() if not each.dead),
        "refresh_issued": len(tokens.refresh),
        "codes_unused": sum(1 for each in tokens.codes.values() if not each.used),
    }


def _counts(sandbox: "Sandbox") -> Json:
    crm = sandbox.crm
    counts: Json = {kind: len(crm.cards(kind).by_id) for kind in ("contacts", "companies", "leads")}
    return counts | {"tasks": len(crm.tasks.rows), "notes": len(crm.notes.rows), "events": len(crm.history.rows)}
