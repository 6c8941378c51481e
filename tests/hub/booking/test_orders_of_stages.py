"""What a stage of the digital pipeline orders is done once, or said to whoever moved the lead: whatever is away."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from django.db import DatabaseError
from django.test import Client

from priem.errors import BadRecord
from priem.hub.amocrm.address import path_token
from priem.hub.models import ExchangeRecord, OrderState, StageOrder
from priem.hub.records import story
from priem.hub.widget import orders
from priem.hub.widget.pipeline import read_hook
from priem.model import VisitKey
from tests.hub.booking.clinic import KEY, ApiClinic
from tests.hub.booking.test_through_the_widget import asks, booked

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    """Ends before the database does."""
    yield
    orders.ORDERS.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 2**63},
        {"id": -1},
        {"status_id": float("inf")},
        {"pipeline_id": "42\x00"},
        {"time": {"$": 1}},
        {"action": "confirm\x00"},
        {"data": None},
    ],
)
def test_what_no_database_could_keep_is_no_hook(wrong: dict[str, Any]) -> None:
    """Kept in the file, it would stand before all that comes after it."""
    data = {"id": 1, "element_type": 2, "status_id": 2, "pipeline_id": 3}
    told = {"data": {**data, **wrong}, "time": 4, **{name: wrong[name] for name in ("data", "time") if name in wrong}}
    action = {"settings": {"widget": {"settings": {"action": wrong.get("action", "confirm")}}}}

    with pytest.raises(BadRecord):
        read_hook(json.dumps({"event": told, "action": action}).encode())


def hook(api: ApiClinic, lead: int, action: str, *, moment: int = 1_491_300_016) -> dict[str, Any]:
    """As docs/reference/amocrm.md §3.19 has it, of the stage where the lead stands."""
    [row] = [row for row in api.crm("leads")["leads"] if row["id"] == lead]
    data = {"id": lead, "element_type": 2, "status_id": row["status_id"], "pipeline_id": row["pipeline_id"]}
    event = {"type": 15, "type_code": "lead_appeared_in_status", "data": data, "time": moment}
    return {"event": event, "action": {"settings": {"widget": {"settings": {"action": action}}}}}


def posts(api: ApiClinic, body: dict[str, Any]) -> int:
    address = f"/widget/pipeline/{path_token(api.id)}"
    return Client().post(address, json.dumps(body), content_type="application/json").status_code


def comes(api: ApiClinic, body: dict[str, Any]) -> StageOrder:
    """The hook is answered and in the database."""
    assert posts(api, body) == 200
    orders.ORDERS.flush()
    return StageOrder.objects.of(api.id).latest("pk")


def later(api: ApiClinic, **passed: float) -> None:
    orders.try_of(api.id, datetime.now(UTC) + timedelta(**passed))


def of_lead(api: ApiClinic, lead: int) -> StageOrder:
    return StageOrder.objects.of(api.id).get(lead=lead)


def talon(api: ApiClinic, visit: str) -> dict[str, Any]:
    [rows] = api.archimed.state("talons")["talons"].values()
    found: dict[str, Any] = next(row for row in rows if str(row["id"]) == visit.partition(":")[2])
    return found


def writes(api: ApiClinic) -> int:
    return ExchangeRecord.objects.of(api.id).filter(system=KEY, what__startswith="PUT").count()


def notes(api: ApiClinic, lead: int) -> list[str]:
    return [row["params"]["text"] for row in api.crm("notes")["notes"] if row["entity_id"] == lead and row["params"]]


def test_an_order_meets_an_outage_and_is_done_once_when_it_is_over(api: ApiClinic) -> None:
    lead, visit = booked(api)
    before = talon(api, visit)["status_id"]
    ordered = hook(api, lead, "confirm")
    comes(api, ordered)
    api.archimed.fault("502", path="/talons", probability=1)

    later(api)

    waiting = of_lead(api, lead)
    assert (waiting.state, talon(api, visit)["status_id"]) == (OrderState.WAITING, before)
    assert waiting.said
    panel = asks(api, "panel", lead=lead).json()
    assert panel["orders"][0].startswith("Действие этапа ждёт (подтвердить запись)")
    assert (panel["state"], bool(panel["trouble"])) == ("known", True)
    httpx2.delete(f"{api.archimed.url}/_sandbox/faults", timeout=20).raise_for_status()
    comes(api, ordered)
    later(api, minutes=1)
    later(api, minutes=2)
    comes(api, ordered)
    later(api, minutes=3)

    done = of_lead(api, lead)
    assert (done.state, done.due_at, done.tries) == (OrderState.DONE, None, 2)
    assert talon(api, visit)["status_id"] != before
    assert asks(api, "panel", lead=lead).json()["orders"] == []
    told = story.events(
        api.clinic, "visit", VisitKey(KEY, visit.partition(":")[2]), story.story(api.clinic, "visit", visit)
    )
    assert "Действие этапа выполнено (подтвердить запись)." in [event.what for event in told]


def test_an_order_that_is_refused_is_told_in_the_lead_once(api: ApiClinic) -> None:
    lead = api.request()
    comes(api, hook(api, lead, "cancel"))

    later(api)
    later(api, hours=2)

    assert (of_lead(api, lead).state, of_lead(api, lead).due_at) == (OrderState.REFUSED, None)
    assert [note for note in notes(api, lead) if "Действие этапа" in note] == [
        "Действие этапа не выполнено (отменить запись): У сделки нет записи на приём."
    ]


def test_an_order_that_could_not_be_done_for_a_day_is_not_done_any_more(api: ApiClinic) -> None:
    lead, visit = booked(api)
    comes(api, hook(api, lead, "cancel"))
    before = talon(api, visit)["status_id"]

    later(api, hours=30)

    assert of_lead(api, lead).state == OrderState.REFUSED
    assert talon(api, visit)["status_id"] == before
    assert any("в течение суток" in note for note in notes(api, lead))


def test_an_order_waits_in_a_file_while_the_database_is_locked(api: ApiClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    lead, visit = booked(api)
    before, ordered = talon(api, visit)["status_id"], hook(api, lead, "confirm")
    taken_in = orders.take_in

    def locked(_letter: object) -> None:
        raise DatabaseError from sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(orders, "take_in", locked)
    assert posts(api, ordered) == 200
    with pytest.raises(DatabaseError):
        orders.ORDERS.flush()
    assert not StageOrder.objects.of(api.id).exists()

    monkeypatch.setattr(orders, "take_in", taken_in)
    orders.ORDERS.flush()
    later(api)

    assert of_lead(api, lead).state == OrderState.DONE
    assert talon(api, visit)["status_id"] != before


def test_a_lead_that_was_moved_on_is_left_alone(api: ApiClinic) -> None:
    lead, visit = booked(api)
    before, ordered = talon(api, visit)["status_id"], hook(api, lead, "cancel")
    api.manager("move_stage", lead_id=lead, status="Подтверждён")
    comes(api, ordered)

    later(api)

    assert (of_lead(api, lead).state, talon(api, visit)["status_id"]) == (OrderState.REFUSED, before)
    assert not [note for note in notes(api, lead) if "Действие этапа" in note], "who moved it on, knows"


@pytest.mark.parametrize(("action", "state"), [("confirm", OrderState.REFUSED), ("cancel", OrderState.DONE)])
def test_a_visit_that_was_cancelled_meanwhile_stays_so(api: ApiClinic, action: str, state: OrderState) -> None:
    lead, visit = booked(api)
    comes(api, hook(api, lead, action))
    api.archimed.act("cancel", branch=0, talon=int(visit.partition(":")[2]))
    cancelled = talon(api, visit)["status_id"]

    later(api)
    later(api, hours=1)

    assert (of_lead(api, lead).state, talon(api, visit)["status_id"]) == (state, cancelled)
    told = [note for note in notes(api, lead) if "Действие этапа" in note]
    assert len(told) == (1 if state == OrderState.REFUSED else 0), told


@pytest.mark.parametrize(("action", "status"), [("arrived", "Пациент пришел"), ("cancel", "Отменен")])
def test_every_action_does_what_it_is_called(api: ApiClinic, action: str, status: str) -> None:
    lead, visit = booked(api)
    comes(api, hook(api, lead, action))

    later(api)

    assert of_lead(api, lead).state == OrderState.DONE
    panel = asks(api, "panel", lead=lead).json()["visit"]
    assert (panel["key"], panel["status"]) == (visit, {"Пациент пришел": "arrived", "Отменен": "cancelled"}[status])
