"""Whatever a client sends, the sandbox answers as an API does: it never falls over, and a refusal changes nothing."""

import copy
import json
import random
import time
from typing import Any

import pytest

from .conftest import Account, Json, phone

pytestmark = pytest.mark.slow

JUNK: list[Json] = [
    None,
    True,
    -1,
    0,
    2**40,
    1.5,
    "",
    "x",
    "9" * 30,
    "\ud800",
    [],
    [None],
    [[]],
    {},
    {"id": 1},
    {"": None},
]


def samples(account: Account) -> list[tuple[str, str, Json]]:
    """One good request of every kind."""
    contact = account.created("contacts", {"name": "Анна", "custom_fields_values": phone("1")})
    lead = account.created("leads", {"_embedded": {"contacts": [{"id": contact}]}})
    due = int(time.time()) + 60
    task = account.created("tasks", {"text": "x", "complete_till": due})
    tags = {"tags": [{"name": "t"}]}
    values = phone("1", "2")
    full = {"name": "x", "price": 1, "created_at": 5, "tags_to_add": [{"name": "t"}], "request_id": "r"}
    person = {"first_name": "А", "last_name": "Б", "custom_fields_values": values, "_embedded": tags}
    enums = [{"value": "А", "sort": 1}]
    form = {"form_id": "1", "form_name": "x", "form_page": "y"}
    return [
        ("POST", "contacts", [person]),
        ("PATCH", "contacts", [person | {"id": contact}]),
        ("PATCH", f"contacts/{contact}", person),
        ("POST", "companies", [{"name": "x", "custom_fields_values": values}]),
        ("POST", "leads", [full | {"_embedded": {**tags, "contacts": [{"id": contact, "is_main": True}]}}]),
        ("PATCH", "leads", [{"id": lead, "status_id": 143, "loss_reason_id": None, "_embedded": tags}]),
        (
            "POST",
            "leads/complex",
            [full | {"_embedded": {"contacts": [person], "metadata": {"category": "forms", **form}}}],
        ),
        (
            "POST",
            f"leads/{lead}/link",
            [{"to_entity_id": contact, "to_entity_type": "contacts", "metadata": {"is_main": True}}],
        ),
        ("POST", "leads/unlink", [{"entity_id": lead, "to_entity_id": contact, "to_entity_type": "contacts"}]),
        (
            "POST",
            "tasks",
            [{"text": "x", "complete_till": due, "entity_id": lead, "entity_type": "leads", "result": {"text": "r"}}],
        ),
        ("PATCH", "tasks", [{"id": task, "is_completed": True, "result": {"text": "r"}}]),
        ("POST", "leads/notes", [{"entity_id": lead, "note_type": "common", "params": {"text": "x"}}]),
        ("POST", "leads/custom_fields", [{"type": "select", "name": "x", "enums": enums, "is_api_only": True}]),
        ("POST", "leads/custom_fields/groups", [{"name": "x", "sort": 1, "fields": []}]),
        ("POST", "leads/tags", [{"name": "x", "color": "DDEBB5"}]),
        (
            "POST",
            "leads/pipelines",
            [{"name": "x", "sort": 1, "is_main": False, "is_unsorted_on": True, "_embedded": {"statuses": []}}],
        ),
        (
            "POST",
            "leads/unsorted/forms",
            [{"source_name": "x", "source_uid": "y", "metadata": form, "_embedded": {"contacts": [person]}}],
        ),
        ("POST", "calls", [{"direction": "inbound", "duration": 1, "source": "x", "phone": "1"}]),
        ("POST", "webhooks", {"destination": "http://127.0.0.1:9/", "settings": ["update_task"]}),
        ("POST", "sources", [{"name": "x", "external_id": "y", "services": []}]),
        ("POST", "catalogs", [{"name": "x", "type": "regular"}]),
    ]


def places(value: Json, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every part of a body."""
    found = [here]
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        found += places(item, (*here, step))
    return found


def spoil(body: Json, place: tuple[Any, ...], junk: Json) -> Json:
    """The body with junk in one place."""
    if not place:
        return junk
    spoiled = copy.deepcopy(body)
    node = spoiled
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = junk
    return spoiled


@pytest.mark.parametrize("index", range(21))
def test_junk_anywhere_in_a_body_is_taken_or_refused_but_never_a_500(account: Account, index: int) -> None:
    method, path, body = samples(account)[index]
    good = account.call(method, path, body)
    assert good.status_code in (200, 201, 204), good.text
    chance = random.Random(index + 300)
    cases = [(place, junk) for place in places(body) for junk in JUNK]
    for place, junk in chance.sample(cases, min(len(cases), 120)):
        raw = json.dumps(spoil(body, place, junk)).encode()
        answer = account.call(method, path, content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code in (200, 201, 204, 400, 404), (place, junk, answer.text)
    for kind in ("contacts", "leads", "companies", "tasks", "leads/notes", "leads/custom_fields"):
        assert account.get(kind, params={"limit": 250, "with": "contacts,leads,loss_reason"}).status_code in (200, 204)


QUERIES = [
    "page=0&limit=-1",
    "page=x&limit=999999999999999999999",
    "filter=1",
    "filter[]=1",
    "filter[updated_at][from]=x&filter[created_at][from]=&filter[created_at][to]=y",
    "filter[id][][]=1&filter[id][x]=2",
    "filter[custom_fields_values][x][]=1&filter[custom_fields_values][1][from]=z",
    "filter[statuses]=1&filter[statuses][0]=2",
    "filter[entity]=lead&filter[value_after][leads_statuses]=1&filter[value_after]=2",
    "filter[entity]=lead&filter[value_after][leads_statuses][0]=1",
    "order=1",
    "order[x]=y",
    "order[updated_at][]=1",
    "query=%FF%00&with=,,nonsense",
    "[=]&a[[=1&b]=2",
]


@pytest.mark.parametrize(
    "kind", ["contacts", "leads", "tasks", "leads/notes", "events", "leads/unsorted", "leads/tags"]
)
def test_junk_in_a_query_is_read_past(account: Account, kind: str) -> None:
    made = account.act("site_form_lead", name="Анна", phone="1", unsorted=True)
    account.act("move_stage", lead_id=made["lead_id"], status="Записан")
    account.post("tasks", [{"text": "x", "complete_till": 5}])
    account.post("leads/notes", [{"entity_id": made["lead_id"], "note_type": "common", "params": {"text": "x"}}])
    for query in QUERIES:
        answer = account.get(f"{kind}?{query}")
        assert answer.status_code in (200, 204, 400), (query, answer.text)
