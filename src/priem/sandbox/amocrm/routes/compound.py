"""`POST /leads/complex`: a lead with its contact and company in one (docs/reference/amocrm.md §3.2, §4.1).

The answer is a bare array, `request_id` in it is an array, too.
"""

from ..state import leads, writing
from ..state.duplicates import absorb
from ..state.rules import check_stage
from ..state.unsorted import make_unsorted
from ..validation import Findings, batch, check_batch, request_id, shape
from ..wire import Answer, Json, Request, hal
from .router import Api, Router

MAX_COMPLEX = 50
CATEGORIES = ("sip", "forms")


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("POST", "leads/complex", _create)


def _create(api: Api, request: Request) -> Answer:
    items = batch(request.json(), at_most=MAX_COMPLEX)
    check = shape(api.rules.for_complex())

    def check_unsorted(item: Json, findings: Findings) -> None:
        metadata = _metadata(item)
        if metadata is None:
            check_stage(api.crm, item, None, findings)
        elif metadata.get("category") is not None and metadata["category"] not in CATEGORIES:
            findings.not_a_choice("_embedded.metadata.category")

    check_batch(items, lambda item, found: check(item, "", found), check_unsorted)
    leads.refuse_loss_reasons([(index, None, item) for index, item in enumerate(items)])
    made = [
        _created(api, request, item) | {"request_id": [request_id(item, index)]} for index, item in enumerate(items)
    ]
    order = ("id", "contact_id", "company_id", "request_id", "merged")
    return hal([{key: each[key] for key in order} for each in made], records=len(made))


def _metadata(item: Json) -> Json | None:
    embedded = item.get("_embedded")
    found = embedded.get("metadata") if isinstance(embedded, dict) else None
    return found if isinstance(found, dict) else None


def _created(api: Api, request: Request, item: Json) -> Json:
    merged = absorb(api.crm, item, request.user_id)
    if merged is not None:
        return merged
    contact = _card(api, request, item, "contacts")
    company = _card(api, request, item, "companies")
    plain = {key: value for key, value in item.items() if key != "_embedded"}
    tags = {key: value for key, value in _embedded(item).items() if key in ("tags", "source")}
    metadata = _metadata(item)
    if metadata is None:
        lead_id = leads.create_lead(api.crm, {**plain, "_embedded": tags}, request.user_id).id
    else:
        lead_id = make_unsorted(
            api.crm, {**plain, "_embedded": tags}, metadata, contact, company, request.user_id
        ).lead_id
    if contact is not None:
        writing.link(api.crm, "leads", lead_id, "contacts", contact, request.user_id)
    if company is not None:
        writing.link(api.crm, "leads", lead_id, "companies", company, request.user_id)
    if contact is not None and company is not None:
        writing.link(api.crm, "contacts", contact, "companies", company, request.user_id)
    return {"id": lead_id, "contact_id": contact, "company_id": company, "merged": False}


def _embedded(item: Json) -> Json:
    found = item.get("_embedded")
    return found if isinstance(found, dict) else {}


def _card(api: Api, request: Request, item: Json, kind: str) -> int | None:
    """The id of the embedded card: a known one when it says so, else a new one."""
    found = writing.listed(item, "_embedded", kind)
    if not found:
        return None
    if found[0].get("id") is not None:
        return int(str(found[0]["id"]))
    if kind == "contacts":
        return writing.create_contact(api.crm, found[0], request.user_id).id
    return writing.create_company(api.crm, found[0], request.user_id).id
