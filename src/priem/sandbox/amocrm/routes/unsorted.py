"""«Неразобранное» (docs/reference/amocrm.md §3.16)."""

from functools import partial

from ..paging import asked_page, cut, page_answer
from ..problems import bad_request, missing
from ..state import unsorted, writing
from ..state.incoming import Unsorted
from ..state.rules import METADATA
from ..state.writing import listed, number, text
from ..validation import (
    batch,
    check_batch,
    conform,
    integer_choice,
    listing,
    one_of,
    request_id,
    seconds,
    shape,
    single,
    string,
)
from ..wire import Answer, Json, Request, hal, whole
from .render import self_link
from .router import Api, Router

REQUIRED = {
    "sip": (
        ["source_name", "source_uid", "metadata"],
        ["is_call_event_needed", "uniq", "duration", "service_code", "link", "phone", "called_at", "from"],
    ),
    "forms": (["source_name", "source_uid", "metadata"], ["form_id", "form_name", "form_page"]),
}


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "leads/unsorted", _list)
    router.add("GET", "leads/unsorted/summary", _summary)
    router.add("POST", "leads/unsorted/sip", partial(_add, category="sip"))
    router.add("POST", "leads/unsorted/forms", partial(_add, category="forms"))
    router.add("GET", "leads/unsorted/*", _get)
    router.add("POST", "leads/unsorted/*/accept", _accept)
    router.add("DELETE", "leads/unsorted/*/decline", _decline)
    router.add("POST", "leads/unsorted/*/link", _link)


def show(api: Api, request: Request, entry: Unsorted) -> Json:
    """An entry."""
    names = ("uid", "source_uid", "source_name", "category", "pipeline_id", "created_at", "metadata")
    shown: Json = {name: getattr(entry, name) for name in names}
    shown |= {"account_id": api.crm.account.id, "_links": self_link(request.base, f"leads/unsorted/{entry.uid}")}
    return shown | {"_embedded": _embedded(request, entry)}


def _embedded(request: Request, entry: Unsorted) -> Json:
    ids = {"contacts": entry.contact_ids, "leads": [entry.lead_id], "companies": entry.company_ids}
    return {
        kind: [{"id": each, "_links": self_link(request.base, f"{kind}/{each}")} for each in found]
        for kind, found in ids.items()
    }


def _list(api: Api, request: Request) -> Answer:
    page = asked_page(request)
    filters = request.tree("filter")
    wanted = filters if isinstance(filters, dict) else {}
    found = [each for each in api.crm.unsorted.waiting() if _matches(each, wanted)]
    order = request.tree("order")
    direction = str(next(iter(order.values()))) if isinstance(order, dict) and order else "asc"
    found.sort(key=lambda each: (each.created_at, each.lead_id), reverse=direction.lower() == "desc")
    shown, more = cut(found, page)
    return page_answer(request, page, "unsorted", [show(api, request, each) for each in shown], more=more)


def _matches(entry: Unsorted, wanted: Json) -> bool:
    for name in ("uid", "category", "pipeline_id"):
        value = wanted.get(name)
        allowed = list(value.values()) if isinstance(value, dict) else [value]
        if value is not None and str(getattr(entry, name)) not in allowed:
            return False
    return True


def _found(api: Api, uid: int | str) -> Unsorted:
    entry = api.crm.unsorted.rows.get(str(uid))
    if entry is None or entry.outcome != "waiting":
        raise missing("Unsorted not found")
    return entry


def _get(api: Api, request: Request, uid: int | str) -> Answer:
    return hal(show(api, request, _found(api, uid)))


def _add(api: Api, request: Request, *, category: str) -> Answer:
    items = batch(request.json())
    required, in_metadata = REQUIRED[category]
    rules = api.rules
    lead = rules.lead | {"_embedded": shape({"tags": rules.tags("leads")})}
    keys = {
        "request_id": string,
        "source_name": string,
        "source_uid": string,
        "pipeline_id": integer_choice(api.crm.pipelines.rows.__contains__),
        "created_at": seconds,
        "metadata": shape({key: check for key, check in METADATA.items() if key != "category"}, in_metadata),
        "_embedded": shape(
            {
                "leads": listing(shape(lead), at_most=1),
                "contacts": listing(shape(rules.contact | {"_embedded": shape({"tags": rules.tags("contacts")})})),
                "companies": listing(shape(rules.company | {"_embedded": shape({"tags": rules.tags("companies")})})),
            }
        ),
    }
    check = shape(keys, required)
    check_batch(items, lambda item, found: check(item, "", found))
    shown = [
        _made(api, request, category, item) | {"request_id": request_id(item, index)}
        for index, item in enumerate(items)
    ]
    body = {
        "_total_items": len(shown),
        "_links": self_link(request.base, f"leads/unsorted/{category}"),
        "_embedded": {"unsorted": shown},
    }
    return hal(body, records=len(shown))


def _made(api: Api, request: Request, category: str, item: Json) -> Json:
    by = request.user_id
    contacts = [writing.create_contact(api.crm, each, by).id for each in listed(item, "_embedded", "contacts")]
    companies = [writing.create_company(api.crm, each, by).id for each in listed(item, "_embedded", "companies")]
    leads = listed(item, "_embedded", "leads")
    lead = {**(leads[0] if leads else {}), "pipeline_id": item.get("pipeline_id")}
    metadata = item["metadata"] if isinstance(item["metadata"], dict) else {}
    entry = unsorted.make_unsorted(
        api.crm,
        lead,
        {**metadata, "category": category},
        contacts[0] if contacts else None,
        companies[0] if companies else None,
        by,
        source_name=text(item, "source_name"),
        source_uid=text(item, "source_uid"),
        created_at=number(item, "created_at", api.crm.now()),
    )
    entry.contact_ids, entry.company_ids = contacts, companies
    for contact_id in contacts:
        writing.link(api.crm, "leads", entry.lead_id, "contacts", contact_id, by)
    for company_id in companies:
        writing.link(api.crm, "leads", entry.lead_id, "companies", company_id, by)
    shown: Json = {"uid": entry.uid, "account_id": api.crm.account.id}
    links = self_link(request.base, f"leads/unsorted/{entry.uid}")
    return shown | {"_links": links, "_embedded": _embedded(request, entry)}


def _settled(request: Request, entry: Unsorted) -> Answer:
    names = ("uid", "pipeline_id", "category", "created_at")
    return hal({name: getattr(entry, name) for name in names} | {"_embedded": _embedded(request, entry)})


def _accept(api: Api, request: Request, uid: int | str) -> Answer:
    entry = _found(api, uid)
    item = single(request.json()) if request.body else {}
    pipeline = api.crm.pipelines.rows[entry.pipeline_id]
    conform([item], {"user_id": api.rules.user, "status_id": integer_choice(pipeline.accepts)})
    status_id = item.get("status_id")
    unsorted.accept(
        api.crm, entry, status_id if isinstance(status_id, int) else None, number(item, "user_id", request.user_id)
    )
    return _settled(request, entry)


def _decline(api: Api, request: Request, uid: int | str) -> Answer:
    entry = _found(api, uid)
    item = single(request.json()) if request.body else {}
    conform([item], {"user_id": api.rules.user})
    unsorted.decline(api.crm, entry, number(item, "user_id", request.user_id))
    return _settled(request, entry)


def _link(api: Api, request: Request, uid: int | str) -> Answer:
    """Only entries from chats can be linked."""
    entry, item = _found(api, uid), single(request.json())
    if entry.category != "chats":
        raise bad_request("Only chats can be linked")
    lead = {
        "entity_id": integer_choice(lambda value: api.crm.leads.get(value) is not None),
        "entity_type": one_of(("leads",)),
        "metadata": shape({"contact_id": integer_choice(entry.contact_ids.__contains__)}),
    }
    conform([item], {"user_id": api.rules.user, "link": shape(lead, ["entity_id", "entity_type"])}, ["link"])
    unsorted.link(api.crm, entry, number(_dictionary(item["link"]), "entity_id", 0), number(item, "user_id", 0))
    return _settled(request, entry)


def _dictionary(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _summary(api: Api, request: Request) -> Answer:
    wanted = _dictionary(request.tree("filter"))
    span = _dictionary(wanted.get("created_at"))
    since, until = whole(span.get("from"), 0), whole(span.get("to"), 2**40)
    rows = [
        each for each in api.crm.unsorted.rows.values() if since <= each.created_at <= until and _matches(each, wanted)
    ]
    waits = [each.settled_at - each.created_at for each in rows if each.settled_at is not None]
    body: Json = {"total": len(rows)}
    for outcome in ("accepted", "declined"):
        body[outcome] = sum(1 for each in rows if each.outcome == outcome)
    body["average_sort_time"] = sum(waits) // len(waits) if waits else 0
    body["categories"] = {
        name: {"total": sum(1 for each in rows if each.category == name)} for name in ("sip", "mail", "forms", "chats")
    }
    return hal(body)
