"""Contacts and leads: amoCRM's JSON ↔ the model, on answers of the real shape."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from priem.amocrm.carried import Carried
from priem.amocrm.contacts import from_contact_draft, to_contact
from priem.amocrm.leads import from_lead_draft, to_lead
from priem.engine.wanted import ref_of
from priem.model import (
    LOST,
    Contact,
    ContactDraft,
    FieldValue,
    Lead,
    LeadDraft,
    PatientKey,
    PhoneEntry,
    VisitKey,
)

MOSCOW = ZoneInfo("Europe/Moscow")
CONTACT: dict[str, Any] = {
    "id": 3,
    "name": "Иван Иванов",
    "first_name": "Иван",
    "last_name": "Иванов",
    "responsible_user_id": 504141,
    "group_id": 0,
    "created_by": 504141,
    "updated_by": 504141,
    "created_at": 1582117331,
    "updated_at": 1590943929,
    "is_deleted": False,
    "closest_task_at": None,
    "custom_fields_values": [
        {
            "field_id": 3,
            "field_name": "Телефон",
            "field_code": "PHONE",
            "field_type": "multitext",
            "values": [
                {"value": "+7 912 300-00-01", "enum_id": 1, "enum_code": "WORK"},
                {"value": "8 912 300-00-02", "enum_id": 5, "enum_code": "MOB"},
                {"value": "", "enum_id": 5, "enum_code": "MOB"},
            ],
        },
        {
            "field_id": 7,
            "field_name": "ID пациента (Priem)",
            "field_code": "PRIEM_PATIENT",
            "field_type": "text",
            "values": [{"value": "ident:15 просто-слово north:7"}],
        },
        {
            "field_id": 9,
            "field_name": "Дата",
            "field_code": None,
            "field_type": "date",
            "values": [{"value": 1795640400}],
        },
        {"field_id": 11, "field_name": "Прочее", "field_code": None, "field_type": "text", "values": [{"value": "?"}]},
    ],
    "account_id": 28805383,
    "_links": {"self": {"href": "https://example.amocrm.ru/api/v4/contacts/3"}},
    "_embedded": {"tags": [], "companies": []},
}
LEAD: dict[str, Any] = {
    "id": 37948215,
    "name": "Заявка",
    "price": 1500,
    "responsible_user_id": 10091426,
    "status_id": 60456946,
    "pipeline_id": 7249526,
    "loss_reason_id": None,
    "created_at": 1694765317,
    "updated_at": 1694765320,
    "is_deleted": False,
    "custom_fields_values": None,
    "_embedded": {"tags": [], "companies": [], "contacts": [{"id": 5, "is_main": False}, {"id": 4, "is_main": True}]},
}


def as_id(field: int, value: FieldValue) -> dict[str, Any]:
    return {"field_id": field, "values": [{"value": value}] if value else None}


def test_a_contact_is_read_with_only_the_fields_that_were_asked_for() -> None:
    assert to_contact(CONTACT, {9}, MOSCOW) == Contact(
        id=3,
        name="Иван Иванов",
        phones=(PhoneEntry("+7 912 300-00-01", "WORK"), PhoneEntry("8 912 300-00-02", "MOB")),
        keys=(PatientKey("ident", "15"), PatientKey("north", "7")),
        fields={9: "2026-11-26"},
        created_at=1582117331,
        updated_at=1590943929,
        responsible=504141,
    )


def test_a_bare_contact_is_read_too() -> None:
    assert to_contact({"id": 8, "name": None, "custom_fields_values": None}, (), MOSCOW) == Contact(id=8, name="")


def test_a_lead_is_read_with_its_main_contact_first() -> None:
    assert to_lead(LEAD, (), MOSCOW) == Lead(
        id=37948215,
        name="Заявка",
        pipeline=7249526,
        stage=60456946,
        price=1500,
        contacts=(4, 5),
        created_at=1694765317,
        updated_at=1694765320,
        responsible=10091426,
    )


def test_php_writes_an_empty_list_where_an_object_was() -> None:
    assert to_lead(LEAD | {"_embedded": []}, (), MOSCOW).contacts == ()


def test_a_new_contact_carries_its_phones_keys_and_tags() -> None:
    draft = ContactDraft(
        ref="a",
        name="Анна Белова",
        phones=(PhoneEntry("+79123000003"),),
        keys=(PatientKey("ident", "15"), PatientKey("north", "7")),
        fields={9: "x"},
        responsible=5,
        tags=("Priem",),
    )
    assert from_contact_draft(draft, as_id) == {
        "name": "Анна Белова",
        "responsible_user_id": 5,
        "custom_fields_values": [
            {"field_id": 9, "values": [{"value": "x"}]},
            {"field_code": "PHONE", "values": [{"value": "+79123000003", "enum_code": "WORK"}]},
            {"field_code": "PRIEM_PATIENT", "values": [{"value": "ident:15 north:7"}]},
        ],
        "tags_to_add": [{"name": "Priem"}],
    }


def test_a_change_carries_nothing_but_the_change() -> None:
    assert from_contact_draft(ContactDraft(ref="a", id=3, name="Анна"), as_id) == {"id": 3, "name": "Анна"}
    assert from_contact_draft(ContactDraft(ref="a", id=3, phones=(), keys=()), as_id) == {
        "id": 3,
        "custom_fields_values": [
            {"field_code": "PHONE", "values": None},
            {"field_code": "PRIEM_PATIENT", "values": None},
        ],
    }


def test_a_new_lead_takes_its_contact_and_a_changed_one_does_not() -> None:
    new = LeadDraft(ref="a", name="Приём", pipeline=1, stage=2, price=10, contact=4, keys=(VisitKey("ident", "9"),))
    assert from_lead_draft(new, as_id) == {
        "name": "Приём",
        "pipeline_id": 1,
        "status_id": 2,
        "price": 10,
        "custom_fields_values": [{"field_code": "PRIEM_VISIT", "values": [{"value": "ident:9"}]}],
        "_embedded": {"contacts": [{"id": 4, "is_main": True}]},
    }
    assert from_lead_draft(LeadDraft(ref="a", id=6, contact=4, price=0), as_id) == {"id": 6, "price": 0}


def test_a_loss_reason_goes_only_with_the_lost_stage() -> None:
    lost = LeadDraft(ref="a", id=6, pipeline=1, stage=LOST, loss_reason=3)
    assert from_lead_draft(lost, as_id) == {"id": 6, "pipeline_id": 1, "status_id": LOST, "loss_reason_id": 3}
    open_again = LeadDraft(ref="a", id=6, pipeline=1, stage=2, loss_reason=3)
    assert "loss_reason_id" not in from_lead_draft(open_again, as_id)


@pytest.mark.parametrize(
    ("path", "ref", "about"),
    [
        ("contacts", ref_of(PatientKey("ident", "7")), ("patient", "ident:7")),
        ("leads", ref_of(VisitKey("ident", "7")), ("visit", "ident:7")),
        ("tasks", "ident:7", ("visit", "ident:7")),
    ],
)
def test_the_journal_is_told_whose_records_a_request_carried(path: str, ref: str, about: tuple[str, str]) -> None:
    assert Carried(f"/api/v4/{path}", [{}], (ref,)).about(None) == (about,)
