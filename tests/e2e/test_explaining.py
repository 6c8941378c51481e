"""Seeing and answering, as somebody at a terminal does it: questions, explanations, links by hand, retries."""

from collections import Counter
from typing import Any

import pytest

from priem.cli.demo.verify import rows
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ASKING = """
[duplicates]
several_contacts = "ask"
"""


@pytest.fixture
def systems(start: Start) -> Systems:
    systems = start(20, 10)
    assert systems.configure(after=ASKING).code == 0
    return systems


def test_nothing_is_known_of_what_never_was(systems: Systems) -> None:
    for kind in ("patient", "visit", "contact", "lead"):
        ran = systems.priem("explain", kind, "424242424242")
        assert ran.code == 1
        assert "Priem ничего не знает" in ran.err
        assert "Traceback" not in ran.err


def test_a_synced_patient_is_explained_in_both_languages_down_to_the_request(systems: Systems) -> None:
    assert systems.priem("sync", "--json").code == 0
    lead = next(one for one in systems.amocrm_state("leads")["leads"] if keys(one, "PRIEM_VISIT"))
    (visit,) = keys(lead, "PRIEM_VISIT")

    shown = systems.priem("explain", "visit", visit)
    told = systems.priem("explain", "lead", str(lead["id"]), "--json").json

    assert shown.code == 0, shown.err
    assert f"сделка {lead['id']}" in shown.out
    assert "X-Request-Id" in shown.out
    assert "status = " in shown.out
    assert told["links"][0]["record"] == visit
    (made,) = [step for step in told["history"] if step["action"] == "create"]
    assert made["state"] == "done"
    assert made["request"]["what"] == "POST /api/v4/leads"
    assert made["rule"]["en"] == "Nothing in amoCRM fits."
    assert "Why:" in systems.priem("explain", "visit", visit, language="en").out


def test_a_question_is_answered_and_what_waited_is_made(systems: Systems) -> None:
    doubled = double_somebody(systems)
    assert systems.priem("sync", "--json").code == 0

    asked = systems.priem("questions", "--json").json["questions"]
    (question,) = asked
    assert {one["contact"] for one in question["candidates"]} == doubled
    assert "Пациент" in systems.priem("questions").out
    patient = question["patient"]
    assert "Человека спрашивают" in systems.priem("explain", "patient", patient).out

    wrong = systems.priem("answer", patient, "1")
    assert wrong.code == 1
    chosen = max(doubled)
    assert systems.priem("answer", patient, str(chosen)).code == 0
    assert systems.priem("sync", "--json").code == 0

    contacts = {one["id"]: one for one in systems.amocrm_state("contacts")["contacts"]}
    assert keys(contacts[chosen], "PRIEM_PATIENT") == [patient]
    assert systems.priem("questions", "--json").json == {"questions": []}


def test_a_link_by_hand_holds(systems: Systems) -> None:
    assert systems.priem("sync", "--json").code == 0
    contact = next(one for one in systems.amocrm_state("contacts")["contacts"] if keys(one, "PRIEM_PATIENT"))
    (patient,) = keys(contact, "PRIEM_PATIENT")
    other = systems.act("contact", name="Анечка")["contact_id"]

    assert systems.priem("link", "patient", patient, str(other)).code == 0
    assert systems.priem("sync", "--json").code == 0

    contacts = {one["id"]: one for one in systems.amocrm_state("contacts")["contacts"]}
    assert keys(contacts[contact["id"]], "PRIEM_PATIENT") == []
    assert keys(contacts[other], "PRIEM_PATIENT") == [patient]
    assert systems.priem("unlink", "patient", patient).code == 0
    assert systems.priem("link", "patient", patient, "987654321").code == 1


def keys(entity: Any, code: str) -> list[str]:
    fields = entity.get("custom_fields_values") or ()
    return [word for one in fields if one.get("field_code") == code for word in one["values"][0]["value"].split()]


def double_somebody(systems: Systems) -> set[int]:
    """Two contacts with name and phone of one patient of the clinic; gives their ids."""
    people = rows(systems.ident.said["control"], "Persons")
    phones = Counter(str(one["MobilePhone"]) for one in rows(systems.ident.said["control"], "Persons"))
    somebody = next(one for one in people if one["MobilePhone"] and phones[str(one["MobilePhone"])] == 1)
    name = f"{somebody['Surname']} {somebody['Name']}"
    return {systems.act("contact", name=name, phone=somebody["MobilePhone"])["contact_id"] for _ in range(2)}


def test_what_drifted_apart_is_told_then_repaired(systems: Systems) -> None:
    assert systems.priem("sync", "--json").code == 0
    lead = next(one for one in systems.amocrm_state("leads")["leads"] if keys(one, "PRIEM_VISIT"))
    contact = next(one for one in systems.amocrm_state("contacts")["contacts"] if keys(one, "PRIEM_PATIENT"))
    systems.act("move_stage", lead_id=lead["id"], status_id=first_stage(systems, lead["pipeline_id"]))
    systems.act("delete_contact", contact_id=contact["id"])

    told = systems.priem("reconcile", "--json")
    assert told.code == 0, told.err
    assert (told.json["drift"]["stage"], told.json["drift"]["missing"], told.json["repaired"]) == (1, 1, 0)
    assert "Ничего не записано" in systems.priem("reconcile").out

    assert systems.priem("reconcile", "--repair", "--json").json["repaired"] == 1
    now = next(one for one in systems.amocrm_state("leads")["leads"] if one["id"] == lead["id"])
    assert now["status_id"] == lead["status_id"]
    assert systems.priem("reconcile", "--json").json["drift"]["stage"] == 0
    assert systems.clinic_state()["statements"]["not_select"] == []


def first_stage(systems: Systems, pipeline: int) -> int:
    row = next(one for one in systems.amocrm_state("pipelines")["pipelines"] if one["id"] == pipeline)
    stages = row.get("_embedded", row)["statuses"]
    return int(next(one["id"] for one in sorted(stages, key=lambda one: one["sort"]) if not one.get("type")))


def test_nothing_refused_is_said_and_what_is_not_refused_is_not_retried(systems: Systems) -> None:
    assert systems.priem("sync", "--json").code == 0

    assert "нет" in systems.priem("retry").out
    assert systems.priem("retry", "424242").code == 1
    assert systems.priem("retry", "--all", "--json").json == {"refused": [], "retried": []}
