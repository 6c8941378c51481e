"""Complex leads, links, tasks, notes, calls, events, «Неразобранное», and what people do in the account."""

import time

import pytest

from .conftest import Account, Json, errors_of, phone

pytestmark = pytest.mark.slow


def test_a_complex_lead_answers_with_a_bare_array(account: Account) -> None:
    item = {
        "name": "Приём",
        "price": 3422,
        "request_id": "qweasd",
        "_embedded": {
            "contacts": [{"first_name": "Екатерина", "custom_fields_values": phone("+70000000001")}],
            "companies": [{"name": "ООО «Рога»"}],
        },
    }
    answer = account.post("leads/complex", [item, {"name": "Без контакта"}])
    one, two = answer.json()
    assert (one["request_id"], one["merged"], two["request_id"], two["contact_id"]) == (["qweasd"], False, ["1"], None)
    lead = account.get(f"leads/{one['id']}", params={"with": "contacts"}).json()
    assert [(each["id"], each["is_main"]) for each in lead["_embedded"]["contacts"]] == [(one["contact_id"], True)]
    contact = account.get(f"contacts/{one['contact_id']}").json()
    assert [each["id"] for each in contact["_embedded"]["companies"]] == [one["company_id"]]


def test_a_complex_lead_takes_a_known_contact_and_makes_duplicates_when_nobody_controls_them(account: Account) -> None:
    contact = account.created("contacts", {"name": "Анна", "custom_fields_values": phone("+70000000001")})
    [known] = account.post("leads/complex", [{"_embedded": {"contacts": [{"id": contact}]}}]).json()
    assert known["contact_id"] == contact
    new = {"_embedded": {"contacts": [{"name": "Анна", "custom_fields_values": phone("+70000000001")}]}}
    [again] = account.post("leads/complex", [new]).json()
    assert again["contact_id"] != contact


COMPLEX_REFUSED: list[tuple[Json, list[tuple[str, str]]]] = [
    ({"_embedded": {"contacts": [{"id": 1}]}}, [("NotSupportedChoice", "_embedded.contacts.0.id")]),
    ({"_embedded": {"contacts": [{"nonsense": 1}]}}, [("FieldNotExpected", "_embedded.contacts.0.nonsense")]),
    ({"_embedded": {"contacts": [{}, {}]}}, [("TooManyElements", "_embedded.contacts")]),
    ({"_embedded": {"metadata": {"category": "mail"}}}, [("NotSupportedChoice", "_embedded.metadata.category")]),
]


@pytest.mark.parametrize(("item", "errors"), COMPLEX_REFUSED)
def test_complex_leads_that_are_refused(account: Account, item: Json, errors: list[tuple[str, str]]) -> None:
    assert errors_of(account.post("leads/complex", [item])) == errors


def test_a_complex_lead_with_metadata_waits_among_the_unsorted(account: Account) -> None:
    metadata = {"category": "forms", "form_id": 1, "form_name": "Запись", "form_page": "https://example.org"}
    person = {"first_name": "Анна", "custom_fields_values": phone("1")}
    item = {"name": "Заявка", "status_id": 142, "_embedded": {"contacts": [person], "metadata": metadata}}
    [made] = account.post("leads/complex", [item]).json()
    lead = account.get(f"leads/{made['id']}", params={"with": "contacts"}).json()
    assert lead["status_id"] == account.stages()["Неразобранное"]
    assert [each["id"] for each in lead["_embedded"]["contacts"]] == [made["contact_id"]]
    [entry] = account.get("leads/unsorted").json()["_embedded"]["unsorted"]
    assert (entry["category"], entry["metadata"]["form_name"]) == ("forms", "Запись")


def test_at_most_fifty_complex_leads_at_once(account: Account) -> None:
    assert account.post("leads/complex", [{}] * 51).status_code == 400
    assert len(account.post("leads/complex", [{}] * 50).json()) == 50


def test_duplicate_control_puts_an_incoming_lead_into_the_open_one(account: Account) -> None:
    first = {
        "name": "Первая",
        "_embedded": {"contacts": [{"name": "Анна", "custom_fields_values": phone("8 000 000-00-01")}]},
    }
    [old] = account.post("leads/complex", [first]).json()
    account.act("set", duplicate_control="update")
    second = {
        "name": "Вторая",
        "_embedded": {"contacts": [{"name": "Анна К.", "custom_fields_values": phone("+70000000001", "+70000000002")}]},
    }
    [merged] = account.post("leads/complex", [second]).json()
    assert (merged["id"], merged["contact_id"], merged["merged"]) == (old["id"], old["contact_id"], True)
    assert account.get(f"leads/{old['id']}").json()["name"] == "Вторая"
    [field] = account.get(f"contacts/{old['contact_id']}").json()["custom_fields_values"]
    assert [value["value"] for value in field["values"]] == ["8 000 000-00-01", "+70000000002"]
    assert account.created("leads", {"name": "Третья"}) != old["id"]


def test_links_are_written_with_is_main_and_read_with_main_contact(account: Account) -> None:
    lead, one, two = account.created("leads", {}), *(account.created("contacts", {"name": name}) for name in "АБ")
    account.post(f"leads/{lead}/link", [{"to_entity_id": one, "to_entity_type": "contacts"}])
    answer = account.post(
        f"leads/{lead}/link", [{"to_entity_id": two, "to_entity_type": "contacts", "metadata": {"is_main": True}}]
    )
    assert answer.json()["_embedded"]["links"][0]["metadata"] == {"main_contact": True}
    links = account.get(f"leads/{lead}/links").json()["_embedded"]["links"]
    assert {each["to_entity_id"]: each["metadata"]["main_contact"] for each in links} == {one: False, two: True}
    refused = account.post(
        f"leads/{lead}/link", [{"to_entity_id": two, "to_entity_type": "contacts", "metadata": {"main_contact": True}}]
    )
    assert errors_of(refused) == [("FieldNotExpected", "metadata.main_contact")]
    assert (
        account.post(f"leads/{lead}/unlink", [{"to_entity_id": two, "to_entity_type": "contacts"}]).status_code == 204
    )
    shown = account.get(f"leads/{lead}", params={"with": "contacts"}).json()["_embedded"]["contacts"]
    assert [(each["id"], each["is_main"]) for each in shown] == [(one, True)]


def test_links_of_unknown_cards(account: Account) -> None:
    assert account.get("leads/5/links").status_code == 204
    assert account.post("leads/5/link", [{"to_entity_id": 1, "to_entity_type": "contacts"}]).status_code == 400


def test_links_in_bulk(account: Account) -> None:
    leads = [account.created("leads", {}) for _ in range(2)]
    contact = account.created("contacts", {"name": "А"})
    items = [{"entity_id": lead, "to_entity_id": contact, "to_entity_type": "contacts"} for lead in leads]
    assert account.post("leads/link", items).json()["_total_items"] == 2
    found = account.get("leads/links", params={"filter[entity_id][]": leads}).json()["_embedded"]["links"]
    assert [(each["entity_id"], each["to_entity_id"]) for each in found] == [(leads[0], contact), (leads[1], contact)]
    bad = [{"entity_id": leads[0], "to_entity_id": 5, "to_entity_type": "contacts"}]
    assert errors_of(account.post("leads/link", bad)) == [("NotSupportedChoice", "to_entity_id")]


def test_a_tasks_life(account: Account) -> None:
    lead = account.created("leads", {})
    due = int(time.time()) + 3600
    assert errors_of(account.post("tasks", [{}])) == [("FieldMissing", "text"), ("FieldMissing", "complete_till")]
    item = {"text": "Позвонить", "complete_till": due, "entity_id": lead, "entity_type": "leads", "task_type_id": 1}
    task = account.created("tasks", item)
    shown = account.get(f"tasks/{task}").json()
    assert (shown["result"], shown["is_completed"], shown["responsible_user_id"]) == ([], False, shown["created_by"])
    assert account.get(f"leads/{lead}").json()["closest_task_at"] == due
    answer = account.patch(f"tasks/{task}", {"is_completed": True, "result": {"text": "Дозвонились"}}).json()
    assert (answer["id"], answer["request_id"]) == (task, "0")
    assert account.get(f"tasks/{task}").json()["result"] == {"text": "Дозвонились"}
    assert account.get(f"leads/{lead}").json()["closest_task_at"] is None
    filters = {"filter[entity_type]": "leads", "filter[entity_id]": lead, "filter[is_completed]": 1}
    assert account.get("tasks", params=filters).json()["_embedded"]["tasks"][0]["id"] == task
    refused = account.delete(f"tasks/{task}")
    assert (refused.status_code, refused.json()["detail"]) == (403, "Invalid scope")
    assert errors_of(account.post("tasks", [item | {"entity_id": 5}])) == [("NotSupportedChoice", "entity_id")]
    assert errors_of(account.post("tasks", [item | {"task_type_id": 99}])) == [("NotSupportedChoice", "task_type_id")]


def test_notes(account: Account) -> None:
    lead = account.created("leads", {})
    note = account.created(
        "leads/notes", {"entity_id": lead, "note_type": "common", "params": {"text": "Боится уколов"}}
    )
    shown = account.get(f"leads/{lead}/notes/{note}").json()
    assert (shown["note_type"], shown["params"]) == ("common", {"text": "Боится уколов"})
    assert account.created(f"leads/{lead}/notes", {"note_type": "sms_out", "params": {"text": "Ждём", "phone": "1"}})
    assert len(account.get(f"leads/{lead}/notes").json()["_embedded"]["notes"]) == 2
    found = account.get("leads/notes", params={"filter[note_type]": "common"}).json()["_embedded"]["notes"]
    assert [each["id"] for each in found] == [note]
    assert (
        account.patch(
            f"leads/{lead}/notes/{note}", {"note_type": "common", "params": {"text": "Не боится"}}
        ).status_code
        == 200
    )
    assert account.get(f"leads/{lead}/notes/{note}").json()["params"]["text"] == "Не боится"
    assert account.delete(f"leads/{lead}/notes/{note}").status_code == 405


def test_notes_that_are_refused(account: Account) -> None:
    lead = account.created("leads", {})
    top = account.post(
        "leads/notes", [{"entity_id": lead, "note_type": "common", "text": "не там", "params": {"text": "x"}}]
    )
    assert errors_of(top) == [("FieldNotExpected", "text")]
    assert errors_of(account.post("leads/notes", [{"entity_id": lead, "note_type": "common", "params": {}}])) == [
        ("FieldMissing", "params.text")
    ]
    assert errors_of(account.post("leads/notes", [{"entity_id": lead, "note_type": "chat", "params": {}}])) == [
        ("NotSupportedChoice", "note_type")
    ]
    unknown = account.post("leads/notes", [{"entity_id": 5, "note_type": "common", "params": {"text": "x"}}])
    assert unknown.status_code == 400
    assert unknown.json()["errors"][0]["code"] == 226


def test_calls_go_by_the_last_ten_digits_and_fail_in_band(account: Account) -> None:
    contact = account.created("contacts", {"custom_fields_values": phone("+7 (000) 123-45-67")})
    call = {"direction": "inbound", "duration": 60, "source": "pbx", "phone": "80001234567"}
    body = account.post("calls", [call, call | {"phone": "80009999999", "request_id": "lost"}]).json()
    assert [(each["entity_type"], each["entity_id"]) for each in body["_embedded"]["calls"]] == [("contact", contact)]
    assert [each["request_id"] for each in body["errors"]] == ["lost"]
    lead = account.created("leads", {"_embedded": {"contacts": [{"id": contact}]}})
    body = account.post("calls", [call]).json()
    assert [(each["entity_type"], each["entity_id"]) for each in body["_embedded"]["calls"]] == [("lead", lead)]
    assert account.get(f"leads/{lead}/notes").json()["_embedded"]["notes"][0]["note_type"] == "call_in"


def test_an_unsorted_request_is_a_real_lead_that_waits(account: Account) -> None:
    item = {
        "source_name": "Сайт",
        "source_uid": "site",
        "metadata": {
            "form_id": "1",
            "form_name": "Запись",
            "form_page": "https://example.org",
            "form_sent_at": 1590830520,
            "ip": "127.0.0.1",
        },
        "_embedded": {
            "leads": [{"name": "Заявка"}],
            "contacts": [{"name": "Анна", "custom_fields_values": phone("1")}],
        },
    }
    [made] = account.post("leads/unsorted/forms", [item]).json()["_embedded"]["unsorted"]
    assert len(made["uid"]) == 60
    lead = made["_embedded"]["leads"][0]["id"]
    assert account.get(f"leads/{lead}").json()["status_id"] == account.stages()["Неразобранное"]
    assert account.get("leads/unsorted").json()["_embedded"]["unsorted"][0]["uid"] == made["uid"]
    accepted = account.post(f"leads/unsorted/{made['uid']}/accept", {"status_id": account.stages()["Записан"]})
    assert accepted.json()["_embedded"]["leads"][0]["id"] == lead
    assert account.get(f"leads/{lead}").json()["status_id"] == account.stages()["Записан"]
    assert account.post(f"leads/unsorted/{made['uid']}/accept", {}).status_code == 404
    assert account.post("leads/unsorted", [item]).status_code == 405
    summary = account.get("leads/unsorted/summary").json()
    assert (summary["total"], summary["accepted"], summary["categories"]["forms"]["total"]) == (1, 1, 1)


def test_a_declined_request_leaves_its_lead_in_the_trash(account: Account) -> None:
    made = account.act("site_form_lead", name="Анна Спам", phone="1", unsorted=True)
    answer = account.delete(f"leads/unsorted/{made['uid']}/decline", {})
    assert answer.status_code == 200
    assert account.get(f"leads/{made['lead_id']}").status_code == 204
    assert account.get("leads/unsorted").status_code == 204


def test_no_client_puts_a_lead_into_the_unsorted_stage(account: Account) -> None:
    status = account.stages()["Неразобранное"]
    assert errors_of(account.post("leads", [{"status_id": status}])) == [("NotSupportedChoice", "status_id")]


def test_a_merge_leaves_an_event_and_moves_everything_to_the_winner(account: Account) -> None:
    made = account.act("site_form_lead", name="Анна Белова", phone="+70000000001")
    winner = account.created("contacts", {"name": "Анна", "custom_fields_values": phone("+70000000002")})
    account.post("contacts/notes", [{"entity_id": made["contact_id"], "note_type": "common", "params": {"text": "x"}}])
    account.act("merge_contacts", winner=winner, loser=made["contact_id"])
    assert account.get(f"contacts/{made['contact_id']}").status_code == 204
    contact = account.get(f"contacts/{winner}", params={"with": "leads"}).json()
    assert [each["id"] for each in contact["_embedded"]["leads"]] == [made["lead_id"]]
    assert {value["value"] for value in contact["custom_fields_values"][0]["values"]} == {
        "+70000000001",
        "+70000000002",
    }
    assert account.get(f"contacts/{winner}/notes").status_code == 200
    [event] = account.get("events", params={"filter[type][]": "entity_merged"}).json()["_embedded"]["events"]
    assert (event["entity_id"], event["entity_type"]) == (winner, "contact")
    assert len(event["id"]) == 26


def test_events_tell_of_stages_and_fields_newest_first(account: Account) -> None:
    lead = account.created("leads", {})
    before = account.stages()["Новая заявка"]
    account.patch(f"leads/{lead}", {"status_id": account.stages()["Записан"], "price": 5})
    query = {"filter[entity]": "lead", "filter[entity_id][]": lead}
    events = account.get("events", params=query).json()["_embedded"]["events"]
    assert [event["type"] for event in events] == ["lead_status_changed", "sale_field_changed", "lead_added"]
    assert events[0]["value_before"] == [{"lead_status": {"id": before, "pipeline_id": account.pipeline()}}]
    assert account.get("events", params={"filter[entity_id][]": lead}).status_code == 400
    assert account.get("events", params={"filter[created_at][from]": int(time.time()) + 60}).status_code == 204
    assert account.get("events", params={"limit": 250}).json()["_links"]["self"]["href"].endswith("limit=100")
    after = {"filter[value_after][leads_statuses][0][pipeline_id]": account.pipeline()}
    after["filter[value_after][leads_statuses][0][status_id]"] = account.stages()["Записан"]
    assert len(account.get("events", params=after).json()["_embedded"]["events"]) == 1


def test_people_cannot_edit_fields_that_are_for_the_api(account: Account) -> None:
    field = account.created("leads/custom_fields", {"type": "text", "name": "Ключ", "is_api_only": True})
    lead = account.created("leads", {"custom_fields_values": [{"field_id": field, "values": [{"value": "k"}]}]})
    entry = [{"field_id": field, "values": [{"value": "z"}]}]
    refused = account.http.post(
        "/_sandbox/act", json={"act": "edit_lead", "lead_id": lead, "custom_fields_values": entry}
    )
    assert refused.status_code == 400


def test_a_pipeline_that_holds_leads_is_deleted_by_force_only(account: Account) -> None:
    account.created("leads", {})
    pipeline = account.pipeline()
    refused = account.http.post("/_sandbox/act", json={"act": "delete_pipeline", "pipeline_id": pipeline})
    assert refused.status_code == 400
    account.act("delete_pipeline", pipeline_id=pipeline, force=True)
    assert account.get("leads").status_code == 204
    assert account.get("leads/pipelines").json()["_embedded"]["pipelines"][0]["is_main"] is True


def test_the_state_tells_of_every_entity(account: Account) -> None:
    made = account.act("site_form_lead", name="Анна Белова", phone="+70000000001", price=100)
    state = account.state()
    [contact], [lead] = state["contacts"], state["leads"]
    assert (contact["id"], contact["lead_ids"]) == (made["contact_id"], [made["lead_id"]])
    assert (lead["contact_ids"], lead["main_contact_id"]) == ([made["contact_id"]], made["contact_id"])
    assert state["links"][0]["to_entity_id"] == made["contact_id"]
    assert set(account.state("contacts", "requests")) == {"contacts", "requests"}


def test_the_board_shows_leads_and_cards(account: Account) -> None:
    made = account.act("site_form_lead", name="Анна Белова", phone="+70000000001")
    assert "песочница" in account.http.get("/").text
    board = account.http.get("/_sandbox/board").json()
    column = next(each for each in board["columns"] if each["name"] == "Новая заявка")
    assert [(tile["id"], tile["contact"]) for tile in column["cards"]] == [(made["lead_id"], "Анна Белова")]
    assert account.http.get("/_sandbox/board", params={"since": board["version"]}).json()["same"] is True
    account.act("move_stage", lead_id=made["lead_id"], status="Записан")
    assert "columns" in account.http.get("/_sandbox/board", params={"since": board["version"]}).json()
    card = account.http.get("/_sandbox/card", params={"kind": "leads", "id": made["lead_id"]}).json()
    assert card["status"] == "Записан"
    assert card["contacts"][0]["fields"][0]["values"] == ["+70000000001"]
