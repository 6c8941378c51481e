"""What stands around the cards: widgets, talks, bots, short links, subscriptions, customers (docs/reference §3.17)."""

import secrets
from functools import partial

from ..paging import asked_page, counted_answer, cut, page_answer
from ..problems import missing
from ..state.crm import Crm
from ..validation import (
    Check,
    Findings,
    anything,
    batch,
    boolean,
    check_batch,
    conform,
    integer,
    mapping,
    one_of,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, empty, hal, problem
from .calls import who_called
from .render import self_link
from .router import Api, Router

MOST_RUNS = 100
MOST_HANDLERS = 10
BOTS = {1: "Приветствие"}
WIDGET = "priem_sandbox"
OF_NUMBERS = {1: "contacts", 2: "leads"}
"""How API v2 names kinds of cards."""
RUN: dict[str, Check] = {"entity_id": integer, "entity_type": one_of(("leads", "contacts", "customers"))}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("POST", "short_links", _shorten)
    router.add("GET", "talks", _talks)
    router.add("GET", "talks/#", _talk)
    router.add("POST", "talks/#/close", _close_talk)
    for kind in ("leads", "customers"):
        router.add("GET", f"{kind}/#/subscriptions", partial(_subscriptions, kind=kind))
    router.add("GET", "widgets", _widgets)
    router.add("GET", "widgets/*", _widget)
    router.add("POST", "widgets/*", _install)
    router.add("DELETE", "widgets/*", _uninstall)
    router.add("GET", "bots", _bots)
    router.add("GET", "bots/#", _bot)
    router.add("POST", "bots/run", _run_many)
    router.add("POST", "bots/#/run", _run_one)
    router.add("POST", "bots/#/stop", _run_one)
    for bots in ("salesbot", "marketingbot"):
        router.add("POST", f"{bots}/#/continue/*", _continue)
    router.add("GET POST PATCH", "customers", _no_customers)
    router.add("GET PATCH", "customers/#", _no_customers)


def mount_old(router: Router) -> None:
    """What only API v2 has."""
    router.add("POST", "events", _call_card)
    router.add("POST", "salesbot/run", _run_old)


def _shorten(api: Api, request: Request) -> Answer:
    items = batch(request.json())
    about = shape({"entity_type": one_of(("contacts",)), "entity_id": integer}, ["entity_type", "entity_id"])
    conform(items, {"url": string, "metadata": about}, ["url", "metadata"])
    made: list[Json] = [
        {
            "url": f"https://amo.sh/{secrets.token_urlsafe(9)}",
            "account_id": api.crm.account.id,
            "metadata": item["metadata"],
        }
        for item in items
    ]
    body: Json = {"_total_items": len(made), "_links": self_link(request.base, "short_links")}
    return hal(body | {"_embedded": {"short_links": made}}, records=len(made))


def _talks(api: Api, request: Request) -> Answer:
    page = asked_page(request)
    shown, more = cut([_shown_talk(request, talk) for talk in api.crm.talks.values()], page)
    return page_answer(request, page, "talks", shown, more=more)


def _shown_talk(request: Request, talk: Json) -> Json:
    return talk | {"_links": self_link(request.base, f"talks/{talk['talk_id']}")}


def _found_talk(api: Api, talk_id: int) -> Json:
    found = api.crm.talks.get(talk_id)
    if found is None:
        raise missing("Talk not found")
    return found


def _talk(api: Api, request: Request, talk_id: int) -> Answer:
    return hal(_shown_talk(request, _found_talk(api, talk_id)))


def _close_talk(api: Api, request: Request, talk_id: int) -> Answer:
    if request.body:
        conform([single(request.json())], {"force_close": boolean})
    _found_talk(api, talk_id).update(is_in_work=False, is_read=True, updated_at=api.crm.now())
    return empty(202)


def _subscriptions(api: Api, request: Request, card_id: int, *, kind: str) -> Answer:
    """Whoever is responsible hears of a card."""
    card = api.crm.card(kind, card_id)
    if card is None:
        raise missing("Entity not found")
    shown: list[Json] = [{"subscriber_id": card.responsible_user_id, "type": "user"}]
    return counted_answer(request, asked_page(request), "subscriptions", shown, len(shown))


def _shown_widget(api: Api, request: Request) -> Json:
    settings = api.crm.widgets.get(WIDGET)
    shown: Json = {
        "id": 972_342,
        "code": WIDGET,
        "version": "1.0.0",
        "rating": "0,0",
        "settings_template": [],
        "is_lead_source": True,
        "is_work_with_dp": False,
        "is_crm_template": False,
        "client_uuid": next(iter(api.crm.tokens.integrations)),
        "is_active_in_account": settings is not None,
        "pipeline_id": None,
        "_links": self_link(request.base, f"widgets/{WIDGET}"),
    }
    return shown if settings is None else shown | {"settings": settings}


def _known_widget(code: int | str) -> None:
    if code != WIDGET:
        raise missing("Widget not found")


def _widgets(api: Api, request: Request) -> Answer:
    shown, more = cut([_shown_widget(api, request)], page := asked_page(request))
    return page_answer(request, page, "widgets", shown, more=more)


def _widget(api: Api, request: Request, code: int | str) -> Answer:
    _known_widget(code)
    return hal(_shown_widget(api, request))


def _install(api: Api, request: Request, code: int | str) -> Answer:
    """With its settings, whatever they are called."""
    _known_widget(code)
    api.crm.widgets[WIDGET] = single(request.json())
    return hal(_shown_widget(api, request))


def _uninstall(api: Api, _request: Request, code: int | str) -> Answer:
    _known_widget(code)
    api.crm.widgets.pop(WIDGET, None)
    return empty()


def _shown_bot(request: Request, bot_id: int) -> Json:
    shown: Json = {"id": bot_id, "name": BOTS[bot_id], "is_active": True, "type_functionality": "salesbot"}
    return shown | {"_links": self_link(request.base, f"bots/{bot_id}")}


def _bots(_api: Api, request: Request) -> Answer:
    shown, more = cut([_shown_bot(request, bot_id) for bot_id in BOTS], page := asked_page(request))
    return page_answer(request, page, "items", shown, more=more)


def _bot(_api: Api, request: Request, bot_id: int) -> Answer:
    if bot_id not in BOTS:
        raise missing("Bot not found")
    return hal(_shown_bot(request, bot_id))


def _run_one(api: Api, request: Request, bot_id: int) -> Answer:
    """Starting and stopping are told apart by nothing but the path; 202 has no body."""
    _bot(api, request, bot_id)
    _check_runs(api, [single(request.json())], RUN, ["entity_id", "entity_type"])
    return empty(202)


def _run_many(api: Api, request: Request) -> Answer:
    items = batch(request.json(), at_most=MOST_RUNS)
    _check_runs(api, items, RUN | {"bot_id": one_of(BOTS)}, ["bot_id", "entity_id", "entity_type"])
    return empty(202)


def _run_old(api: Api, request: Request) -> Answer:
    items = batch(request.json(), at_most=MOST_RUNS)
    keys = {"bot_id": one_of(BOTS), "entity_id": integer, "entity_type": one_of((1, 2, "1", "2"))}
    _check_runs(api, items, keys, ["bot_id", "entity_id", "entity_type"])
    return hal({"success": True}, 202)


def _check_runs(api: Api, items: list[Json], keys: dict[str, Check], required: list[str]) -> None:
    check = shape(keys, required)

    def card_is_there(item: Json, findings: Findings) -> None:
        kind = item["entity_type"]
        plural = OF_NUMBERS.get(int(str(kind)), "") if str(kind).isdecimal() else kind
        if api.crm.card(plural, item["entity_id"]) is None:
            findings.not_a_choice("entity_id")

    check_batch(items, lambda item, found: check(item, "", found), card_is_there)


def _continue(_api: Api, request: Request, _bot_id: int, _continue_id: int | str) -> Answer:
    """What a bot's widget step is told."""
    item = single(request.json())
    check = shape({"data": mapping, "execute_handlers": anything})
    check_batch([item], lambda sent, found: check(sent, "", found), _few_handlers)
    return empty(202)


def _few_handlers(item: Json, findings: Findings) -> None:
    handlers = item.get("execute_handlers")
    if isinstance(handlers, list) and len(handlers) > MOST_HANDLERS:
        findings.add("TooManyElements", "execute_handlers", f"At most {MOST_HANDLERS} handlers are allowed.")


def _no_customers(_api: Api, _request: Request, _customer_id: int = 0) -> Answer:
    """The account's `customers_mode` says so, too."""
    return problem(402, "Payment Required", "Функционал покупателей недоступен")


def _call_card(api: Api, request: Request) -> Answer:
    """The card of an incoming call, for those who are online: who it is, by the number."""
    sent = single(request.json())
    rows = sent.get("add")
    items = batch(rows)
    conform(items, {"type": one_of(("phone_call",)), "phone_number": string, "users": anything}, ["phone_number"])
    shown = [_caller(api.crm, str(item["phone_number"])) for item in items]
    return hal({"_links": {"self": {"href": "/api/v2/events"}}, "_embedded": {"items": shown}}, records=len(shown))


def _caller(crm: Crm, phone: str) -> Json:
    kind, card = who_called(crm, phone) or ("", None)
    element_type = {"contacts": 1, "leads": 2, "companies": 3}.get(kind, 0)
    shown: Json = {"element_id": card.id if card else 0, "element_type": element_type}
    return shown | {"uid": secrets.token_hex(16), "phone_number": phone}
