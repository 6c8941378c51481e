"""What an account is set up with: users, pipelines, stages, custom fields, loss reasons, tags, catalogs, sources."""

import pytest

from .conftest import Account, Json, errors_of

pytestmark = pytest.mark.slow


def test_the_account_tells_more_when_it_is_asked(account: Account) -> None:
    plain = account.get("account").json()
    assert "is_api_filter_enabled" not in plain
    assert "_embedded" not in plain
    full = account.get(
        "account", params={"with": "task_types,datetime_settings,users_groups,is_api_filter_enabled,version"}
    ).json()
    assert full["is_api_filter_enabled"] is True
    assert [each["code"] for each in full["_embedded"]["task_types"]][:2] == ["FOLLOW_UP", "MEETING"]
    assert full["_embedded"]["datetime_settings"]["timezone"] == "Europe/Moscow"


def test_the_clinics_pipelines(account: Account) -> None:
    body = account.get("leads/pipelines").json()
    main, repeat = body["_embedded"]["pipelines"]
    assert (main["name"], main["is_main"], repeat["name"]) == ("Записи", True, "Повторные")
    stages = main["_embedded"]["statuses"]
    assert [stage["name"] for stage in stages][:4] == ["Неразобранное", "Новая заявка", "В работе", "Записан"]
    assert (stages[0]["type"], [stage["id"] for stage in stages[-2:]]) == (1, [142, 143])
    one = account.get(f"leads/pipelines/{main['id']}/statuses/142").json()
    assert one["name"] == "Успешно реализовано"
    assert account.get("leads/pipelines/1").status_code == 404


def test_a_pipeline_is_made_with_its_stages_and_deleted_only_when_empty(account: Account) -> None:
    item = {
        "name": "Имплантация",
        "sort": 3,
        "is_main": False,
        "is_unsorted_on": True,
        "_embedded": {"statuses": [{"name": "План", "sort": 10, "color": "#fffeb2"}, {"id": 142, "name": "Вылечен"}]},
    }
    [made] = account.post("leads/pipelines", [item]).json()["_embedded"]["pipelines"]
    stages = {stage["name"]: stage["id"] for stage in made["_embedded"]["statuses"]}
    assert stages["Вылечен"] == 142
    lead = account.created("leads", {"pipeline_id": made["id"], "status_id": stages["План"]})
    assert account.delete(f"leads/pipelines/{made['id']}").status_code == 400
    account.act("delete_lead", lead_id=lead)
    assert account.delete(f"leads/pipelines/{made['id']}").status_code == 204
    assert errors_of(account.post("leads/pipelines", [{"name": "x", "sort": 1}])) == [
        ("FieldMissing", "is_main"),
        ("FieldMissing", "is_unsorted_on"),
    ]


def test_stages_are_numbered_by_amocrm_and_leads_of_a_deleted_one_go_to_the_first(account: Account) -> None:
    path = f"leads/pipelines/{account.pipeline()}/statuses"
    [made] = account.post(path, [{"name": "Ждёт", "sort": 1000, "color": "#d6eaff"}]).json()["_embedded"]["statuses"]
    assert made["sort"] == 90
    lead = account.created("leads", {"status_id": made["id"]})
    assert account.delete(f"{path}/{made['id']}").status_code == 204
    assert account.get(f"leads/{lead}").json()["status_id"] == account.stages()["Новая заявка"]
    assert errors_of(account.post(path, [{"name": "x", "sort": 1, "color": "#123456"}])) == [
        ("NotSupportedChoice", "color")
    ]
    assert account.delete(f"{path}/142").status_code == 400


def test_fields_come_by_fifty_whatever_the_limit(account: Account) -> None:
    for batch in range(2):
        fields = [{"type": "text", "name": f"Поле {batch}.{index}"} for index in range(40)]
        assert account.post("contacts/custom_fields", fields).status_code == 201
    first = account.get("contacts/custom_fields", params={"limit": 250}).json()
    assert len(first["_embedded"]["custom_fields"]) == 50
    assert first["_total_items"] > 80
    assert first["_page_count"] == 2
    assert "page=2" in first["_links"]["next"]["href"]


TYPES = [
    "text",
    "numeric",
    "checkbox",
    "date",
    "url",
    "date_time",
    "textarea",
    "streetaddress",
    "birthday",
    "smart_address",
    "legal_entity",
    "monetary",
]


@pytest.mark.parametrize("kind", TYPES)
def test_a_field_of_any_type_is_made(account: Account, kind: str) -> None:
    answer = account.post("leads/custom_fields", [{"type": kind, "name": kind, "is_api_only": True, "request_id": "r"}])
    assert answer.status_code == 201
    [made] = answer.json()["_embedded"]["custom_fields"]
    assert (made["type"], made["is_api_only"], made["request_id"]) == (kind, True, "r")
    assert account.get(f"leads/custom_fields/{made['id']}").json()["name"] == kind


FIELD_REFUSALS: list[tuple[str, Json, list[tuple[str, str]]]] = [
    ("leads", {"name": "x"}, [("FieldMissing", "type")]),
    ("leads", {"type": "select", "name": "x"}, [("FieldMissing", "enums")]),
    ("contacts", {"type": "tracking_data", "name": "x"}, [("NotSupportedChoice", "type")]),
    ("leads", {"type": "text", "name": "x", "group_id": "nowhere"}, [("NotSupportedChoice", "group_id")]),
    ("leads", {"type": "text", "name": "x", "colour": 1}, [("FieldNotExpected", "colour")]),
]


@pytest.mark.parametrize(("entity", "item", "errors"), FIELD_REFUSALS)
def test_fields_that_cannot_be(account: Account, entity: str, item: Json, errors: list[tuple[str, str]]) -> None:
    assert errors_of(account.post(f"{entity}/custom_fields", [item])) == errors


VALUES: list[tuple[str, Json, Json]] = [
    ("text", "слово", "слово"),
    ("numeric", 1.5, "1.5"),
    ("numeric", "12", "12"),
    ("checkbox", True, True),
    ("date", 1577836800, 1577836800),
    ("date", "2020-01-01T00:00:00+00:00", 1577836800),
    ("date_time", "2020-01-01T03:00:00+03:00", 1577836800),
    ("birthday", 253497600, 253497600),
    ("url", "https://example.org/", "https://example.org/"),
    ("legal_entity", {"name": "ООО «Зуб»"}, {"name": "ООО «Зуб»"}),
    ("monetary", "100", "100"),
]


@pytest.mark.parametrize(("kind", "sent", "read"), VALUES)
def test_values_are_read_back_in_their_type(account: Account, kind: str, sent: Json, read: Json) -> None:
    field = account.created("leads/custom_fields", {"type": kind, "name": kind})
    lead = account.created("leads", {"custom_fields_values": [{"field_id": field, "values": [{"value": sent}]}]})
    [shown] = account.get(f"leads/{lead}").json()["custom_fields_values"]
    assert shown["values"] == [{"value": read}]
    assert shown["field_type"] == kind


BAD_VALUES: list[tuple[str, Json]] = [
    ("text", 5),
    ("numeric", "пять"),
    ("checkbox", "да"),
    ("date", "вчера"),
    ("date", True),
    ("url", 1),
]


@pytest.mark.parametrize(("kind", "value"), BAD_VALUES)
def test_values_of_another_type_are_refused(account: Account, kind: str, value: Json) -> None:
    field = account.created("leads/custom_fields", {"type": kind, "name": kind})
    answer = account.post("leads", [{"custom_fields_values": [{"field_id": field, "values": [{"value": value}]}]}])
    assert errors_of(answer) == [("InvalidType", "custom_fields_values.0.values.0.value")]


def test_a_choice_is_made_by_id_or_exact_text(account: Account) -> None:
    enums = [{"value": "Первичный", "sort": 1}, {"value": "Повторный", "sort": 2, "code": "REPEAT"}]
    field = account.created("leads/custom_fields", {"type": "select", "name": "Приём", "enums": enums})
    made = account.get(f"leads/custom_fields/{field}").json()["enums"]

    def chosen(value: Json) -> Json:
        lead = account.created("leads", {"custom_fields_values": [{"field_id": field, "values": [value]}]})
        return account.get(f"leads/{lead}").json()["custom_fields_values"][0]["values"][0]["value"]

    assert chosen({"enum_id": made[0]["id"]}) == "Первичный"
    assert chosen({"value": "Повторный"}) == "Повторный"
    assert chosen({"enum_code": "REPEAT"}) == "Повторный"
    refused = account.post(
        "leads", [{"custom_fields_values": [{"field_id": field, "values": [{"value": "повторный"}]}]}]
    )
    assert errors_of(refused) == [("NotSupportedChoice", "custom_fields_values.0.values.0.value")]


def test_options_patched_without_their_ids_get_new_ones(account: Account) -> None:
    enums = [{"value": "А", "sort": 1}, {"value": "Б", "sort": 2}]
    field = account.created("leads/custom_fields", {"type": "multiselect", "name": "x", "enums": enums})
    old = account.get(f"leads/custom_fields/{field}").json()["enums"]
    answer = account.patch(
        f"leads/custom_fields/{field}", {"enums": [old[0], {"value": "Б", "sort": 2}, {"value": "В", "sort": 3}]}
    )
    assert answer.status_code == 201
    new = account.get(f"leads/custom_fields/{field}").json()["enums"]
    assert new[0]["id"] == old[0]["id"]
    assert new[1]["id"] != old[1]["id"]
    assert [option["value"] for option in new] == ["А", "Б", "В"]


def test_deleting_a_field_erases_its_values(account: Account) -> None:
    field = account.created("contacts/custom_fields", {"type": "text", "name": "x"})
    contact = account.created("contacts", {"custom_fields_values": [{"field_id": field, "values": [{"value": "1"}]}]})
    assert account.delete(f"contacts/custom_fields/{field}").status_code == 204
    assert account.get(f"contacts/{contact}").json()["custom_fields_values"] is None
    assert account.delete(f"contacts/custom_fields/{account.field('contacts', 'PHONE')['id']}").status_code == 400


def test_groups_have_texts_for_ids_and_take_fields_in(account: Account) -> None:
    answer = account.post("leads/custom_fields/groups", [{"name": "Приём", "sort": 5}])
    assert answer.status_code == 201
    [group] = answer.json()["_embedded"]["custom_field_groups"]
    assert group["id"].startswith("leads_")
    field = account.created("leads/custom_fields", {"type": "text", "name": "x"})
    changed = account.patch(f"leads/custom_fields/groups/{group['id']}", {"fields": [field]}).json()
    assert changed["fields"] == [field]
    assert account.get(f"leads/custom_fields/{field}").json()["group_id"] == group["id"]
    assert account.get("leads/custom_fields/groups/nowhere").status_code == 404
    assert account.delete(f"leads/custom_fields/groups/{group['id']}").status_code == 204


def test_the_same_tag_is_one_tag(account: Account) -> None:
    assert account.get("leads/tags").status_code == 204
    first = account.created("leads/tags", {"name": "Сайт", "color": "DDEBB5"})
    assert account.created("leads/tags", {"name": "Сайт"}) == first
    assert errors_of(account.post("contacts/tags", [{"name": "x", "color": "DDEBB5"}])) == [
        ("FieldNotExpected", "color")
    ]


def test_users_tell_their_rights(account: Account) -> None:
    body = account.get("users").json()
    assert body["_total_items"] == 5
    admin = next(user for user in body["_embedded"]["users"] if user["rights"]["is_admin"])
    assert account.get(f"users/{admin['id']}").json()["name"] == "Ирина Владимировна"
    assert account.get("users/1").status_code == 404


def test_sources_have_an_id_of_their_makers_and_unknown_ones_are_named(account: Account) -> None:
    assert account.get("sources").status_code == 204
    source = account.created(
        "sources", {"name": "Сайт", "external_id": "site", "pipeline_id": account.pipeline("Повторные")}
    )
    lead = account.created("leads", {"_embedded": {"source": {"external_id": "site", "type": "widget"}}})
    assert account.get(f"leads/{lead}").json()["pipeline_id"] == account.pipeline("Повторные")
    assert errors_of(account.post("sources", [{"name": "x", "external_id": "x" * 37}])) == [("TooLong", "external_id")]
    assert account.delete(f"sources/{source}").status_code == 204
    refused = account.delete("sources/31075178")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["errors"]["detail"] == "source with id = 31075178 not found"


def test_catalogs_and_their_elements(account: Account) -> None:
    catalog = account.created("catalogs", {"name": "Услуги", "type": "products"})
    item = {"name": "Чистка", "custom_fields_values": [{"field_code": "SKU", "values": [{"value": "A1"}]}]}
    element = account.created(f"catalogs/{catalog}/elements", item)
    shown = account.get(f"catalogs/{catalog}/elements/{element}").json()
    assert shown["custom_fields_values"][0]["values"] == [{"value": "A1"}]
    assert account.delete(f"catalogs/{catalog}/elements/{element}").status_code == 405
    lead = account.created("leads", {})
    link = {
        "to_entity_id": element,
        "to_entity_type": "catalog_elements",
        "metadata": {"quantity": 2, "catalog_id": catalog},
    }
    assert account.post(f"leads/{lead}/link", [link]).status_code == 200
    shown = account.get(f"leads/{lead}", params={"with": "catalog_elements"}).json()["_embedded"]["catalog_elements"]
    assert (shown[0]["id"], shown[0]["metadata"]["quantity"]) == (element, 2)


def test_roles_and_switching_users_off_answer_as_documented(account: Account) -> None:
    assert account.get("roles").status_code == 204
    answer = account.post("roles", [{"name": "Врач", "rights": {}}])
    assert answer.status_code == 201
    role = answer.json()["_embedded"]["roles"][0]["id"]
    assert account.patch(f"roles/{role}", {"name": "Ассистент"}).status_code == 202
    assert account.delete(f"roles/{role}").status_code == 204
    assert account.get(f"roles/{role}").status_code == 404
    manager = account.state("users")["users"][1]["id"]
    assert account.post("users/deactivate", [{"id": manager}]).status_code == 204
    assert errors_of(account.post("leads", [{"responsible_user_id": manager}])) == [
        ("NotSupportedChoice", "responsible_user_id")
    ]
    assert account.post("users/activate", [{"id": manager}]).status_code == 202


def test_loss_reasons_are_made_changed_and_deleted(account: Account) -> None:
    reason = account.created("leads/loss_reasons", {"name": "Уехал"})
    assert account.patch(f"leads/loss_reasons/{reason}", {"name": "Переехал"}).json()["name"] == "Переехал"
    assert account.delete(f"leads/loss_reasons/{reason}").status_code == 204
    assert account.delete(f"leads/loss_reasons/{reason}").status_code == 404
