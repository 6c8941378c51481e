"""What is around contacts and leads: calls, tasks of the clinic's own types, sources, tags, loss reasons; history."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from priem.amocrm.calls import NOBODY, CallDraft, CallResult
from priem.amocrm.crm import AmoCrm
from priem.amocrm.events import keys_told
from priem.amocrm.problems import Answer
from priem.amocrm.sources import drop_sources, keep_source, read_sources
from priem.amocrm.writing import refused_within
from priem.errors import AskOperator
from priem.model import LOST, ContactDraft, LeadDraft, Outcome, PatientKey, PhoneEntry, State, VisitKey
from priem.ports import Gone
from priem.tasks import TaskDraft
from tests.amocrm.kit import Response, SandboxProcess, Seen, connected, hal, problem
from tests.amocrm.kit import ScriptedServer as Server

pytestmark = pytest.mark.slow


@pytest.fixture
def crm(sandbox: SandboxProcess) -> Iterator[AmoCrm]:
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        crm.prepare()
        yield crm


def new_contact(crm: AmoCrm, phone: str = "+79123000001", **details: Any) -> int:
    draft = ContactDraft(ref="a", name="Анна", phones=(PhoneEntry(phone),), **details)
    ((outcome,),) = crm.write_contacts([draft])
    assert outcome.id is not None, outcome.reason
    return outcome.id


def new_lead(crm: AmoCrm, **details: Any) -> int:
    ((outcome,),) = crm.write_leads([LeadDraft(ref="a", **details)])
    assert outcome.id is not None, outcome.reason
    return outcome.id


def call(ref: str, phone: str, **details: Any) -> CallDraft:
    return CallDraft(ref=ref, direction="inbound", phone=phone, seconds=54, source="АТС клиники", **details)


def by_ref(batches: Iterator[Any]) -> dict[str, Outcome]:
    return {outcome.ref: outcome for batch in batches for outcome in batch}


def test_a_call_finds_its_contact_by_the_numbers_last_digits(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    contact = new_contact(crm, "8 (912) 300-00-01")
    at = int(time.time()) - 3600
    draft = call("a", "79123000001", unique="77", result=CallResult.TALKED, words="Записана", at=at)

    found = by_ref(crm.write_calls([draft]))

    assert found["a"].state is State.DONE
    (noted,) = sandbox.state("notes")["notes"]
    assert (noted["entity_id"], noted["note_type"], noted["created_at"]) == (contact, "call_in", at)
    assert noted["params"]["call_status"] == CallResult.TALKED
    assert noted["params"]["uniq"] == "77"


def test_calls_of_strangers_are_refused_and_the_others_written(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    new_contact(crm)
    drafts = [call("stranger", "+79990001122"), call("anna", "+79123000001"), call("another", "+79990001123")]

    found = by_ref(crm.write_calls(drafts))

    assert {ref: one.state for ref, one in found.items()} == {
        "stranger": State.REFUSED,
        "anna": State.DONE,
        "another": State.REFUSED,
    }
    assert found["stranger"].reason == NOBODY
    assert len(sandbox.state("calls")["calls"]) == 1


def test_a_call_that_cannot_be_one_is_refused_alone(crm: AmoCrm) -> None:
    new_contact(crm)
    found = by_ref(crm.write_calls([call("bad", "+79123000001", responsible=999999), call("good", "+79123000001")]))
    assert {ref: one.state for ref, one in found.items()} == {"bad": State.REFUSED, "good": State.DONE}


def test_a_task_has_a_type_of_the_accounts_own(crm: AmoCrm) -> None:
    types = crm.account().task_types
    assert types[1] == "Связаться"
    draft = TaskDraft(ref="t", text="Напомнить", until=int(time.time()) + 60, kind=max(types), entity_id=new_lead(crm))
    ((outcome,),) = crm.write_tasks([draft])
    assert crm.client.get(f"/api/v4/tasks/{outcome.id}").body["task_type_id"] == max(types)


def test_a_task_of_a_type_that_is_not_there_is_refused_alone(crm: AmoCrm) -> None:
    lead, until = new_lead(crm), int(time.time()) + 60
    drafts = [
        TaskDraft(ref=ref, text="Напомнить", until=until, kind=kind, entity_id=lead)
        for ref, kind in (("bad", 999), ("good", 1))
    ]
    found = by_ref(crm.write_tasks(drafts))
    assert {ref: one.state for ref, one in found.items()} == {"bad": State.REFUSED, "good": State.DONE}


def test_tags_are_added_to_those_that_are_there_and_listed(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    lead = new_lead(crm, tags=("приём",))
    ((outcome,),) = crm.write_leads([LeadDraft(ref="a", id=lead, tags=("первичный", "приём"))])
    assert outcome.state is State.DONE
    (row,) = sandbox.state("leads")["leads"]
    assert sorted(tag["name"] for tag in row["_embedded"]["tags"]) == ["первичный", "приём"]
    assert {"первичный", "приём"} <= set(crm.tags("leads").values())
    assert crm.tags("contacts") == {}


def test_every_loss_reason_can_be_given(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    reasons = crm.account().loss_reasons
    leads = {new_lead(crm): reason for reason in reasons}
    drafts = [LeadDraft(ref=str(id_), id=id_, stage=LOST, loss_reason=reason) for id_, reason in leads.items()]
    assert {one.state for one in by_ref(crm.write_leads(drafts)).values()} == {State.DONE}
    assert {row["id"]: row["loss_reason_id"] for row in sandbox.state("leads")["leads"]} == leads


def test_a_source_is_kept_under_its_own_name_and_dropped_once(crm: AmoCrm) -> None:
    assert read_sources(crm.client) == ()
    first, second = (pipeline.id for pipeline in crm.account().pipelines[:2])
    made = keep_source(crm.client, "priem-booking", "Запись из МИС", first)
    assert keep_source(crm.client, "priem-booking", "Запись из МИС", first) == made
    changed = keep_source(crm.client, "priem-booking", "Запись", second)
    assert (changed.id, changed.name, changed.pipeline) == (made.id, "Запись", second)
    assert read_sources(crm.client) == (changed,)
    drop_sources(crm.client, [made.id, made.id])
    assert read_sources(crm.client) == ()


def test_a_source_that_amocrm_does_not_allow_asks_for_a_person() -> None:
    def respond(seen: Seen) -> Response:
        return hal({}) if seen.method == "GET" else problem(400, "Invalid request items")

    with Server(respond) as server, connected(server.config()) as crm, pytest.raises(AskOperator, match="source"):
        keep_source(crm.client, "priem", "Приём", 1)


def test_the_history_tells_who_was_merged_and_who_was_deleted(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    before = int(time.time())
    first, second, third, fourth = (new_contact(crm, f"+7912300000{at}") for at in range(4))
    winner, loser, gone = new_lead(crm), new_lead(crm), new_lead(crm)
    sandbox.act("merge_contacts", winner=second, loser=first)
    sandbox.act("merge_contacts", winner=third, loser=second)
    sandbox.act("delete_contact", contact_id=fourth)
    sandbox.act("merge_leads", winner=winner, loser=loser)
    sandbox.act("delete_lead", lead_id=gone)

    assert crm.gone_since(before) == Gone(
        merged_contacts={first: third, second: third},
        merged_leads={loser: winner},
        contacts=frozenset({fourth}),
        leads=frozenset({gone}),
    )
    assert crm.gone_since(before + 3600) == Gone()


def test_the_history_tells_whose_a_deleted_card_was(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    contact, other, lead = new_contact(crm), new_contact(crm, "+79123000002"), new_lead(crm)
    anna, boris, visit = PatientKey("ident", "1"), PatientKey("ident", "2"), VisitKey("ident", "1")
    for keys in ((anna, boris), (anna,)):
        by_ref(crm.write_contacts([ContactDraft(ref="a", id=contact, keys=keys)]))
    by_ref(crm.write_contacts([ContactDraft(ref="a", id=other, keys=(boris,))]))
    by_ref(crm.write_leads([LeadDraft(ref="a", id=lead, keys=(visit,))]))
    sandbox.act("delete_contact", contact_id=contact)
    sandbox.act("delete_lead", lead_id=lead)

    assert crm.keys_carried({contact, *range(1, 12)}, {lead}) == {anna: contact, visit: lead}
    assert crm.keys_carried((), ()) == {}


def test_a_history_that_refuses_the_question_tells_nothing(crm: AmoCrm) -> None:
    assert keys_told(crm.client, VisitKey, "lead,contact", 1, [5]) == {}
    assert crm.client.get("/api/v4/account").status == 200, "and nothing has stopped"


def test_a_long_history_is_read_to_its_end(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    before = int(time.time())
    drafts = [ContactDraft(ref=str(at), name="x") for at in range(130)]
    ids = {one.id for batch in crm.write_contacts(drafts) for one in batch if one.id}
    for id_ in ids:
        sandbox.act("delete_contact", contact_id=id_)
    assert crm.gone_since(before).contacts == ids


@pytest.mark.parametrize(
    ("errors", "places"),
    [
        ([], set()),
        ([{"request_id": "1", "detail": "Entity not found by phone"}], {1}),
        ([{"request_id": "7"}, {"request_id": "x"}, "odd"], set()),
        ({"5": "Lead not found"}, set()),
        (None, set()),
    ],
)
def test_which_records_of_a_taken_batch_were_left_out(errors: object, places: set[int]) -> None:
    body = {"errors": errors, "_embedded": {"calls": []}}
    answer = Answer(method="POST", path="/api/v4/calls", status=200, shape="json", body=body)
    assert refused_within(answer, 3).keys() == places
