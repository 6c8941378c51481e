"""Webhook subscriptions (docs/reference/amocrm.md §3.18): the same destination is updated, and switched on again."""

from urllib.parse import urlsplit

from ..problems import bad_request, forbidden, missing
from ..state.subscriptions import MAX_SUBSCRIPTIONS, SETTINGS, Subscription
from ..validation import conform, integer, listing, one_of, single, string
from ..wire import Answer, Json, Request, empty, hal
from .render import self_link
from .router import Api, Router

KEYS = {"destination": string, "settings": listing(one_of(SETTINGS)), "sort": integer}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "webhooks", _list)
    router.add("POST", "webhooks", _subscribe)
    router.add("DELETE", "webhooks", _unsubscribe)


def _require_admin(api: Api, request: Request) -> None:
    if not api.crm.user(request.user_id).is_admin:
        raise forbidden()


def show(api: Api, subscription: Subscription) -> Json:
    """A subscription."""
    names = ("id", "destination", "created_at", "updated_at", "created_by", "sort", "disabled", "settings")
    shown: Json = {name: getattr(subscription, name) for name in names}
    return shown | {"account_id": api.crm.account.id}


def _list(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    wanted = request.tree("filter")
    destination = wanted.get("destination") if isinstance(wanted, dict) else None
    found = [each for each in api.crm.subscriptions.rows.values() if destination in (None, each.destination)]
    if not found:
        return empty()
    shown = [show(api, each) for each in found]
    body = {"_total_items": len(shown), "_links": self_link(request.base, "webhooks"), "_embedded": {"webhooks": shown}}
    return hal(body)


def _subscribe(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    item = single(request.json())
    conform([item], KEYS, ["destination", "settings"])
    destination, settings = str(item["destination"]), item["settings"]
    if not _is_url(destination) or not settings:
        raise bad_request("Invalid destination or settings")
    known, now = api.crm.subscriptions, api.crm.now()
    found = known.rows.get(destination)
    if found is None:
        if len(known.rows) >= MAX_SUBSCRIPTIONS:
            raise bad_request("Webhooks limit exceeded")
        known.last_id += 1
        found = Subscription(known.last_id, destination, [], 1, request.user_id, now, now)
        known.rows[destination] = found
    sort = item.get("sort")
    found.settings, found.updated_at = list(settings) if isinstance(settings, list) else [], now
    found.sort = sort if isinstance(sort, int) else found.sort
    found.disabled, found.bad_replies = False, []
    return hal(show(api, found), 201)


def _is_url(text: str) -> bool:
    """http(s) with a host in Latin letters."""
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isascii()


def _unsubscribe(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    item = single(request.json())
    conform([item], KEYS, ["destination"])
    if api.crm.subscriptions.rows.pop(str(item["destination"]), None) is None:
        raise missing("Webhook not found")
    return empty()
