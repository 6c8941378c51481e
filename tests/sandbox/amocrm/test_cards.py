"""Contacts, companies and leads: what is taken, what is refused, how it is read back."""

import time

import pytest

from .conftest import Account, Json, Start, errors_of, phone

pytestmark = pytest.mark.slow


def test_answers_carry_the_content_type_and_the_request_id_of_amocrm(account: Account) -> None:
    answer = account.get("account")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/hal+json"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["contacts", "leads", "companies", "tasks", "leads/notes", "contacts/1", "leads/1"])
def test_nothing_to_show_is_204_without_a_body(account: Account, path: str) -> None:
    answer = account.get(path)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_contact_is_read_back_as_documented(account: Account) -> None:
    item = {
        "first_name": "Иван",
        "last_name": "Иванов",
        "custom_fields_values": phone("+79990000001"),
        "request_id": "x",
    }
    answer = account.post("contacts", [item])
    [ref] = answer.json()["_embedded"]["contacts"]
    assert ref["request_id"] == "x"
    contact = account.get(f"contacts/{ref['id']}").json()
    assert contact["name"] == "Иван Иванов"
    [field] = contact["custom_fields_values"]
    assert (field["field_code"], field["field_type"]) == ("PHONE", "multitext")
    assert field["values"][0]["value"] == "+79990000001"
    assert field["values"][0]["enum_code"] == "WORK"
    assert contact["_embedded"] == {"tags": [], "companies": []}
    assert contact["_links"]["self"]["href"] == f"{account.sandbox.url}/api/v4/contacts/{ref['id']}"


def test_request_id_is_the_position_when_none_is_sent(account: Account) -> None:
    answer = account.post("leads", [{}, {"request_id": "mine"}, {}])
    assert [ref["request_id"] for ref in answer.json()["_embedded"]["leads"]] == ["0", "mine", "2"]


REFUSED: list[tuple[str, Json, list[tuple[str, str]]]] = [
    ("leads", {"nonsense": 1}, [("FieldNotExpected", "nonsense")]),
    ("leads", {"price": "100"}, [("InvalidType", "price")]),
    ("leads", {"price": 1.5}, [("InvalidType", "price")]),
    ("leads", {"name": 5}, [("InvalidType", "name")]),
    ("leads", {"status_id": 1}, [("NotSupportedChoice", "status_id")]),
    ("leads", {"pipeline_id": 1}, [("NotSupportedChoice", "pipeline_id")]),
    ("leads", {"responsible_user_id": 1}, [("NotSupportedChoice", "responsible_user_id")]),
    ("leads", {"responsible_user_id": 10_091_442}, [("NotSupportedChoice", "responsible_user_id")]),
    (
        "leads",
        {"_embedded": {"tags": [{"name": "a", "request_id": "1"}]}},
        [("FieldNotExpected", "_embedded.tags.0.request_id")],
    ),
    ("leads", {"_embedded": {"contacts": [{"id": 5}]}}, [("NotSupportedChoice", "_embedded.contacts.0.id")]),
    ("leads", {"_embedded": {"contacts": [{}]}}, [("FieldMissing", "_embedded.contacts.0.id")]),
    ("contacts", {"custom_fields_values": {}}, [("InvalidType", "custom_fields_values")]),
    ("contacts", {"custom_fields_values": [{"values": []}]}, [("FieldMissing", "custom_fields_values.0.field_id")]),
    (
        "contacts",
        {"custom_fields_values": [{"field_id": 5, "values": []}]},
        [("NotSupportedChoice", "custom_fields_values.0.field_id")],
    ),
    (
        "contacts",
        {"custom_fields_values": [{"field_code": "PHONE"}]},
        [("FieldMissing", "custom_fields_values.0.values")],
    ),
    (
        "contacts",
        {"custom_fields_values": [{"field_code": "PHONE", "field_sort": 1, "values": [{"value": "1"}]}]},
        [("FieldNotExpected", "custom_fields_values.0.field_sort")],
    ),
    (
        "contacts",
        {"custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "1", "enum": "WORK"}]}]},
        [("FieldNotExpected", "custom_fields_values.0.values.0.enum")],
    ),
    (
        "contacts",
        {"custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "1", "enum_code": "DESK"}]}]},
        [("NotSupportedChoice", "custom_fields_values.0.values.0.enum_code")],
    ),
    (
        "contacts",
        {"custom_fields_values": [{"field_code": "PHONE", "values": [{"value": 79990000001}]}]},
        [("InvalidType", "custom_fields_values.0.values.0.value")],
    ),
    ("companies", {"first_name": "Иван"}, [("FieldNotExpected", "first_name")]),
]


@pytest.mark.parametrize(("path", "item", "errors"), REFUSED)
def test_what_amocrm_does_not_know_is_refused_with_its_path(
    account: Account, path: str, item: Json, errors: list[tuple[str, str]]
) -> None:
    assert errors_of(account.post(path, [item])) == errors


def test_one_bad_item_refuses_the_batch_and_nothing_is_saved(account: Account) -> None:
    answer = account.post("contacts", [{"name": "А"}, {"name": 1, "request_id": "bad"}, {"name": "В"}])
    [failure] = answer.json()["validation-errors"]
    assert failure["request_id"] == "bad"
    assert failure["errors"] == [
        {"code": "InvalidType", "path": "name", "detail": "This value should be of type string."}
    ]
    assert account.get("contacts").status_code == 204


@pytest.mark.parametrize("body", [[], {}, "text", [1], [{}] * 251])
def test_what_is_no_batch_is_refused(account: Account, body: Json) -> None:
    assert account.post("contacts", body).status_code == 400
    assert account.state("counts")["counts"]["contacts"] == 0


def test_phones_are_replaced_as_a_whole(account: Account) -> None:
    contact = account.created("contacts", {"custom_fields_values": phone("1", "2")})
    account.patch(f"contacts/{contact}", {"custom_fields_values": phone("3")})
    [field] = account.get(f"contacts/{contact}").json()["custom_fields_values"]
    assert [value["value"] for value in field["values"]] == ["3"]
    account.patch(f"contacts/{contact}", {"custom_fields_values": [{"field_code": "PHONE", "values": None}]})
    assert account.get(f"contacts/{contact}").json()["custom_fields_values"] is None


def test_a_post_with_an_id_makes_a_new_contact(account: Account) -> None:
    contact = account.created("contacts", {"name": "Один"})
    assert account.created("contacts", {"id": contact, "name": "Два"}) != contact
    assert account.post(f"contacts/{contact}", {"name": "Три"}).status_code == 405


def test_patching_an_unknown_id_says_so_by_the_id_and_saves_nothing(account: Account) -> None:
    lead = account.created("leads", {"name": "Прежнее"})
    answer = account.patch("leads", [{"id": lead, "name": "Новое"}, {"id": 6947534, "name": "Чужое"}])
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"6947534": "Lead not found"}
    assert account.get(f"leads/{lead}").json()["name"] == "Прежнее"
    assert errors_of(account.patch("leads", [{"name": "без id"}])) == [("FieldMissing", "id")]


def test_a_patch_answers_with_the_time_of_the_change(account: Account) -> None:
    contact = account.created("contacts", {"name": "Анна", "updated_at": 1_600_000_000})
    before = int(time.time())
    answer = account.patch("contacts", [{"id": contact, "name": "Анна К."}]).json()
    [ref] = answer["_embedded"]["contacts"]
    assert ref["name"] == "Анна К."
    assert before <= ref["updated_at"] <= int(time.time())
    assert account.get(f"contacts/{contact}").json()["updated_at"] == ref["updated_at"]


def test_a_lead_knows_its_contacts_and_which_is_the_main_one(account: Account) -> None:
    one, two = account.created("contacts", {"name": "Мама"}), account.created("contacts", {"name": "Сын"})
    lead = account.created("leads", {"_embedded": {"contacts": [{"id": one}, {"id": two, "is_main": True}]}})
    plain = account.get(f"leads/{lead}").json()
    assert "contacts" not in plain["_embedded"]
    full = account.get(f"leads/{lead}", params={"with": "contacts"}).json()
    assert [(each["id"], each["is_main"]) for each in full["_embedded"]["contacts"]] == [(one, False), (two, True)]
    found = account.get(f"contacts/{two}", params={"with": "leads"}).json()
    assert [each["id"] for each in found["_embedded"]["leads"]] == [lead]


def test_a_new_lead_stands_in_the_first_stage_of_the_main_pipeline(account: Account) -> None:
    lead = account.get(f"leads/{account.created('leads', {})}").json()
    assert lead["pipeline_id"] == account.pipeline()
    assert lead["status_id"] == account.stages()["Новая заявка"]
    assert lead["price"] == 0


def test_a_stage_of_another_pipeline_needs_the_pipeline_beside_it(account: Account) -> None:
    lead = account.created("leads", {})
    other = account.stages("Повторные")["Подтверждён"]
    assert errors_of(account.patch(f"leads/{lead}", {"status_id": other})) == [("NotSupportedChoice", "status_id")]
    moved = {"status_id": other, "pipeline_id": account.pipeline("Повторные")}
    assert account.patch(f"leads/{lead}", moved).status_code == 200
    assert account.get(f"leads/{lead}").json()["status_id"] == other


def test_closing_and_reopening_a_lead(account: Account) -> None:
    lead = account.created("leads", {})
    account.patch(f"leads/{lead}", {"status_id": 142})
    assert account.get(f"leads/{lead}").json()["closed_at"] is not None
    account.patch(f"leads/{lead}", {"status_id": account.stages()["В работе"]})
    assert account.get(f"leads/{lead}").json()["closed_at"] is None


def test_a_loss_reason_is_for_lost_leads_only(account: Account) -> None:
    lead = account.created("leads", {})
    reason = account.state("loss_reasons")["loss_reasons"][0]["id"]
    answer = account.patch(f"leads/{lead}", {"loss_reason_id": reason})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {str(lead): "Loss reason can be specified only for lost lead"}
    assert account.patch(f"leads/{lead}", {"status_id": 143, "loss_reason_id": reason}).status_code == 200
    lost = account.get(f"leads/{lead}", params={"with": "loss_reason"}).json()
    assert lost["_embedded"]["loss_reason"][0]["id"] == reason
    account.patch(f"leads/{lead}", {"status_id": account.stages()["В работе"]})
    assert account.get(f"leads/{lead}").json()["loss_reason_id"] is None


def test_tags_are_replaced_added_and_taken_away(account: Account) -> None:
    lead = account.created("leads", {"_embedded": {"tags": [{"name": "Один"}]}, "tags_to_add": [{"name": "Два"}]})

    def tags() -> list[str]:
        return [tag["name"] for tag in account.get(f"leads/{lead}").json()["_embedded"]["tags"]]

    assert tags() == ["Один", "Два"]
    account.patch(f"leads/{lead}", {"tags_to_delete": [{"name": "Один"}]})
    assert tags() == ["Два"]
    account.patch(f"leads/{lead}", {"_embedded": {"tags": [{"name": "Три"}]}})
    assert tags() == ["Три"]
    account.patch(f"leads/{lead}", {"_embedded": {"tags": None}})
    assert tags() == []


def test_pages_are_linked_and_repeat_the_query(account: Account) -> None:
    account.post("contacts", [{"name": str(index)} for index in range(7)])
    first = account.get("contacts", params={"limit": 3, "with": "leads"}).json()
    assert first["_page"] == 1
    assert "prev" not in first["_links"]
    assert "with=leads" in first["_links"]["next"]["href"]
    assert "limit=3" in first["_embedded"]["contacts"][0]["_links"]["self"]["href"]
    seen, url = [], f"{account.sandbox.url}/api/v4/contacts?limit=3"
    while url:
        page = account.http.get(url, headers={"Authorization": f"Bearer {account.token}"}).json()
        seen += [contact["name"] for contact in page["_embedded"]["contacts"]]
        url = page["_links"].get("next", {}).get("href")
    assert seen == [str(index) for index in range(7)]
    assert account.get("contacts", params={"page": 4, "limit": 3}).status_code == 204


def test_limits_above_250_are_clamped(account: Account) -> None:
    account.act("bulk", contacts=[{"name": str(index)} for index in range(300)])
    assert len(account.get("contacts", params={"limit": 500}).json()["_embedded"]["contacts"]) == 250
    assert len(account.get("contacts").json()["_embedded"]["contacts"]) == 50


def test_order_and_time_filters_follow_the_changes(account: Account) -> None:
    made = account.act("bulk", contacts=[{"name": str(i), "created_at": 1_700_000_000 + i} for i in range(20)])[
        "contacts"
    ]

    def ids(**params: Json) -> list[int]:
        answer = account.get("contacts", params=params)
        return [each["id"] for each in answer.json()["_embedded"]["contacts"]] if answer.status_code == 200 else []

    assert ids(**{"order[updated_at]": "desc", "limit": 3}) == made[:-4:-1]
    assert ids(**{"filter[updated_at][from]": 1_700_000_005, "filter[updated_at][to]": 1_700_000_007}) == made[5:8]
    account.patch(f"contacts/{made[4]}", {"name": "новое"})
    assert ids(**{"order[updated_at]": "desc", "limit": 1}) == [made[4]]
    assert ids(**{"filter[updated_at][from]": int(time.time()) - 60}) == [made[4]]
    assert ids(**{"filter[updated_at]": 1_700_000_005}) == []
    assert ids(**{"filter[id][]": [made[2], made[1]]}) == [made[1], made[2]]
    assert ids(**{"order[updated_at]": "asc", "filter[updated_at][from]": 1_700_000_018}) == [
        made[18],
        made[19],
        made[4],
    ]


def test_filters_are_ignored_without_a_word_when_the_flag_is_off(start: Start) -> None:
    account = start(filters=False)
    account.post("contacts", [{"name": "А"}, {"name": "Б"}])
    assert account.get("account", params={"with": "is_api_filter_enabled"}).json()["is_api_filter_enabled"] is False
    found = account.get("contacts", params={"filter[name]": "А"}).json()["_embedded"]["contacts"]
    assert [each["name"] for each in found] == ["А", "Б"]
    account.act("set", is_api_filter_enabled=True)
    found = account.get("contacts", params={"filter[name]": "А"}).json()["_embedded"]["contacts"]
    assert [each["name"] for each in found] == ["А"]


def test_leads_are_filtered_by_stage_price_and_custom_field(account: Account) -> None:
    option = account.field("leads", "Откуда узнали")["options"][0]
    field = account.field("leads", "Откуда узнали")["id"]
    stage = account.stages()["Записан"]
    hit = account.created(
        "leads",
        {
            "price": 500,
            "status_id": stage,
            "custom_fields_values": [{"field_id": field, "values": [{"enum_id": option["id"]}]}],
        },
    )
    account.created("leads", {"price": 100})

    def ids(**params: Json) -> list[int]:
        answer = account.get("leads", params=params)
        return [each["id"] for each in answer.json()["_embedded"]["leads"]] if answer.status_code == 200 else []

    both = {"filter[statuses][0][pipeline_id]": account.pipeline(), "filter[statuses][0][status_id]": stage}
    assert ids(**both) == [hit]
    assert ids(**{"filter[statuses][0][status_id]": stage}) == []
    assert ids(**{"filter[price][from]": 200}) == [hit]
    assert ids(**{f"filter[custom_fields_values][{field}][]": option["id"]}) == [hit]


def test_query_finds_a_phone_by_its_last_digits_and_names(account: Account) -> None:
    one = account.created("contacts", {"name": "Анна", "custom_fields_values": phone("+7 (999) 123-45-67")})
    two = account.created("contacts", {"name": "Борис", "custom_fields_values": phone("89991234567")})
    account.created("contacts", {"name": "Вера", "custom_fields_values": phone("89997654321")})
    found = account.get("contacts", params={"query": "9991234567"}).json()["_embedded"]["contacts"]
    assert [each["id"] for each in found] == [one, two]
    assert account.get("contacts", params={"query": "анна"}).json()["_embedded"]["contacts"][0]["id"] == one


def test_trashed_leads_are_gone_but_for_only_deleted(account: Account) -> None:
    lead = account.created("leads", {"name": "Лишняя"})
    account.act("delete_lead", lead_id=lead)
    assert account.get(f"leads/{lead}").status_code == 204
    [trashed] = account.get("leads", params={"with": "only_deleted"}).json()["_embedded"]["leads"]
    assert trashed["is_deleted"] is True
    assert "name" not in trashed


def test_unknown_paths_and_methods(account: Account) -> None:
    missing = account.get("nothing")
    assert missing.status_code == 404
    assert missing.json()["detail"] == f"Cannot GET {account.sandbox.url}/api/v4/nothing!"
    wrong = account.delete("contacts/1")
    assert (wrong.status_code, wrong.content) == (405, b"")
