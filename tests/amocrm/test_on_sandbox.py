"""The rest of the adapter on the sandbox: fields, tasks, notes, requests, subscriptions; its failures one by one."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from priem.amocrm import unsorted, webhooks
from priem.amocrm.crm import AmoCrm
from priem.amocrm.problems import Refused
from priem.errors import AskOperator
from priem.model import ContactDraft, FieldValue, LeadDraft, Outcome, PatientKey, State
from priem.tasks import NoteDraft, TaskDraft
from tests.amocrm.kit import SandboxProcess, connected

pytestmark = pytest.mark.slow

VALUES: dict[str, FieldValue] = {
    "text": "Наш клиент",
    "numeric": "1.5",
    "checkbox": "true",
    "select": "Хирургия",
    "multiselect": ("Терапия", "Хирургия"),
    "date": "2026-11-26",
    "url": "https://example.com/",
    "date_time": "2026-11-26T11:30:00Z",
    "textarea": "Две\nстроки",
    "radiobutton": "Терапия",
    "streetaddress": "Тверская, 1",
    "smart_address": "Москва",
    "birthday": "1961-04-12",
    "legal_entity": '{"name":"ООО Ромашка"}',
    "monetary": "1000",
}


@pytest.fixture
def crm(sandbox: SandboxProcess) -> Iterator[AmoCrm]:
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        crm.prepare()
        yield crm


def new_lead(crm: AmoCrm, **details: Any) -> int:
    ((outcome,),) = crm.write_leads([LeadDraft(ref="a", **details)])
    assert outcome.id is not None, outcome.reason
    return outcome.id


def test_every_kind_of_field_is_made_once_written_and_read_back(crm: AmoCrm) -> None:
    wanted = [
        (f"Поле {kind}", kind, ("Терапия",) if "select" in kind or "radio" in kind else (), "") for kind in VALUES
    ]
    made = crm.create_fields("leads", wanted)
    assert [field.kind for field in made] == list(VALUES)
    again = crm.create_fields("leads", wanted)
    assert [field.id for field in again] == [field.id for field in made]

    id_ = new_lead(crm, fields={field.id: VALUES[field.kind] for field in made})
    ids = [field.id for field in made]
    ((lead,),) = crm.leads(None, ids)
    assert {field.kind: lead.fields.get(field.id) for field in made} == VALUES

    ((outcome,),) = crm.write_leads([LeadDraft(ref="a", id=id_, fields=dict.fromkeys(ids, ""))])
    assert outcome.state is State.DONE, outcome.reason
    ((lead,),) = crm.leads(None, ids)
    assert lead.fields == {}


def test_a_new_option_leaves_the_old_ones_and_their_leads_alone(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    (field,) = crm.create_fields("leads", [("Отделение", "select", ("Терапия", "Хирургия"), "")])
    old = new_lead(crm, fields={field.id: "Терапия"})
    before = option_ids(sandbox, field.id)

    new = new_lead(crm, fields={field.id: "Ортодонтия"})

    after = option_ids(sandbox, field.id)
    assert list(after) == ["Терапия", "Хирургия", "Ортодонтия"]
    assert before.items() <= after.items()
    leads = {lead.id: lead.fields for page in crm.leads(None, [field.id]) for lead in page}
    assert leads == {old: {field.id: "Терапия"}, new: {field.id: "Ортодонтия"}}


def test_an_address_is_added_to_those_that_are_there_and_these_keep_their_labels(
    crm: AmoCrm, sandbox: SandboxProcess
) -> None:
    emails = [{"value": "home@example.org", "enum_code": "PRIV"}]
    contact = sandbox.act("contact", name="Анна", custom_fields_values=[{"field_code": "EMAIL", "values": emails}])
    field = next(one.id for one in crm.account().contact_fields if one.code == "EMAIL")
    both = ("home@example.org", "vera@example.org")

    ((done,),) = crm.write_contacts([ContactDraft(ref="a", id=contact["contact_id"], fields={field: both})])

    (read,) = crm.some_contacts([done.id or 0], {field})
    assert read.fields[field] == both
    row = next(row for row in sandbox.state("contacts")["contacts"] if row["id"] == done.id)
    (values,) = [each["values"] for each in row["custom_fields_values"] if each["field_id"] == field]
    assert [(one["value"], one["enum_code"]) for one in values] == [
        ("home@example.org", "PRIV"),
        ("vera@example.org", "WORK"),
    ]


def option_ids(sandbox: SandboxProcess, field: int) -> dict[str, int]:
    url = f"{sandbox.about['url']}/api/v4/leads/custom_fields/{field}"
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        return {
            enum["value"]: enum["id"] for enum in crm.client.get(url.removeprefix(sandbox.about["url"])).body["enums"]
        }


def test_more_than_fifty_fields_are_all_seen(crm: AmoCrm) -> None:
    crm.create_fields("contacts", [(f"Поле {at}", "text", (), "") for at in range(60)])
    names = {field.name for field in crm.account().contact_fields}
    assert {f"Поле {at}" for at in range(60)} <= names


def test_tasks_and_notes_are_written(crm: AmoCrm) -> None:
    lead = new_lead(crm)
    draft = TaskDraft(ref="t", text="Напомнить о приёме", until=int(time.time()) + 3600, kind=1, entity_id=lead)
    ((task,),) = crm.write_tasks([draft])
    ((note,),) = crm.write_notes("leads", [NoteDraft(ref="n", entity_id=lead, text="Пришёл вовремя")])
    assert (task.state, note.state) == (State.DONE, State.DONE), (task.reason, note.reason)

    ((done,),) = crm.write_tasks([TaskDraft(ref="t", id=task.id, result="Напомнили")])
    assert done.state is State.DONE, done.reason
    row = crm.client.get(f"/api/v4/tasks/{task.id}").body
    assert (row["is_completed"], row["result"]["text"], row["entity_id"]) == (True, "Напомнили", lead)
    row = crm.client.get(f"/api/v4/leads/{lead}/notes/{note.id}").body
    assert row["params"]["text"] == "Пришёл вовремя"


def test_a_note_on_a_lead_that_is_not_there_is_refused_alone(crm: AmoCrm) -> None:
    lead = new_lead(crm)
    notes = [NoteDraft(ref="bad", entity_id=1, text="а"), NoteDraft(ref="good", entity_id=lead, text="б")]
    states = {one.ref: one.state for batch in crm.write_notes("leads", notes) for one in batch}
    assert states == {"bad": State.REFUSED, "good": State.DONE}


def test_some_are_read_by_their_ids(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    contacts = sorted(one.id for one in write_three(crm) if one.id)
    lead = new_lead(crm, contact=contacts[0])
    list(crm.write_leads([LeadDraft(ref="a", id=lead, contact=contacts[1])]))
    sandbox.act("delete_contact", contact_id=contacts[2])
    assert [row.id for row in crm.some_contacts(contacts, ())] == contacts[:2]
    assert [row.contacts for row in crm.some_leads([lead], ())] == [(contacts[0], contacts[1])]


def test_some_are_read_by_their_ids_where_filters_are_ignored() -> None:
    sandbox = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0", "--no-filters")
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        contacts = sorted(one.id for one in write_three(crm) if one.id)
        assert [row.id for row in crm.some_contacts([*contacts[1:], 999], ())] == contacts[1:]
    sandbox.close()


def write_three(crm: AmoCrm) -> list[Outcome]:
    return [one for batch in crm.write_contacts([ContactDraft(ref=str(at)) for at in range(3)]) for one in batch]


def test_a_request_that_waits_is_taken_once(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    sandbox.act("site_form_lead", name="Анна Белова", phone="+79123000001", unsorted=True)
    ((lead, uid),) = unsorted.waiting(crm.client)
    pipeline = crm.account().pipelines[0]
    stage = next(stage.id for stage in pipeline.stages if not stage.is_unsorted)

    unsorted.accept(crm.client, uid, stage=stage)

    assert list(unsorted.waiting(crm.client)) == []
    assert [(row.id, row.stage) for page in crm.leads(None, ()) for row in page] == [(lead, stage)]
    with pytest.raises(Refused):
        unsorted.accept(crm.client, uid, stage=stage)


def test_a_subscription_is_made_kept_and_withdrawn(crm: AmoCrm) -> None:
    address = "https://priem.example.org/hooks/secret"
    assert webhooks.subscribe(crm.client, address)
    assert not webhooks.subscribe(crm.client, address), "it is there already"
    assert webhooks.subscribe(crm.client, address, ["add_lead"]), "it is for other events now"
    hook = webhooks.find(crm.client, address)
    assert hook is not None
    assert webhooks.events_of(hook) == {"add_lead"}
    webhooks.unsubscribe(crm.client, address)
    webhooks.unsubscribe(crm.client, address)
    assert webhooks.find(crm.client, address) is None


@pytest.mark.parametrize(
    ("kind", "expected", "saved"),
    [
        ("lost_after_commit", State.UNKNOWN, True),
        ("cut_before", State.UNKNOWN, False),
        ("500", State.UNKNOWN, False),
        ("502", State.UNKNOWN, False),
        ("504_before", State.UNKNOWN, False),
        ("504_after", State.UNKNOWN, True),
        ("429", State.DONE, True),
    ],
)
def test_a_write_that_fails_once_says_what_is_known(
    crm: AmoCrm,
    sandbox: SandboxProcess,
    kind: str,
    expected: State,
    saved: bool,  # noqa: FBT001  a column of a table
) -> None:
    sandbox.fault(kind, method="POST", path="/api/v4/contacts")
    draft = ContactDraft(ref="a", name="Анна", keys=(PatientKey("ident", "1"),))
    ((outcome,),) = crm.write_contacts([draft])
    assert outcome.state is expected
    assert len([row for page in crm.contacts(None, ()) for row in page]) == saved


@pytest.mark.parametrize("kind", ["402", "block_403", "ip_403"])
def test_a_wall_stops_writing_and_says_so(crm: AmoCrm, sandbox: SandboxProcess, kind: str) -> None:
    sandbox.fault(kind, method="POST", path="/api/v4/contacts")
    batches = crm.write_contacts([ContactDraft(ref=str(at)) for at in range(3)])
    assert {one.state for one in next(batches)} == {State.POSTPONED}
    with pytest.raises(AskOperator):
        next(batches)


@pytest.mark.parametrize("kind", ["lost_after_commit", "cut_before", "500", "502", "504_before", "html_200", "429"])
def test_a_read_that_fails_once_is_repeated(crm: AmoCrm, sandbox: SandboxProcess, kind: str) -> None:
    ((made,),) = crm.write_contacts([ContactDraft(ref="a", name="Анна")])
    sandbox.fault(kind, method="GET", path="/api/v4/contacts")
    assert [row.id for page in crm.contacts(None, ()) for row in page] == [made.id]


def test_an_unpaid_account_still_reads(crm: AmoCrm, sandbox: SandboxProcess) -> None:
    sandbox.act("subscription_ended")
    assert crm.account().id == sandbox.about["account_id"]
    with pytest.raises(AskOperator, match="subscription"):
        list(crm.write_contacts([ContactDraft(ref="a")]))
