"""What the demo and the benches call doubled."""

from typing import Any

from priem.cli.demo.verify import twins


def card(name: str, phone: str, key: str = "", *, is_deleted: bool = False) -> dict[str, Any]:
    fields = [{"field_code": "PHONE", "values": [{"value": phone}]}]
    keys = [{"field_code": "PRIEM_PATIENT", "values": [{"value": key}]}] if key else []
    return {"name": name, "is_deleted": is_deleted, "custom_fields_values": [*fields, *keys]}


def test_a_card_made_beside_one_of_the_same_person_is_a_double() -> None:
    there = card("Белова Анна", "8 (921) 555-00-10")
    made = card("белова анна", "+79215550010", "lenina:7")
    assert twins([there, made]) == 1


def test_households_bound_cards_and_deleted_ones_are_none() -> None:
    child = card("Белов Пётр", "+79215550010", "lenina:8")
    bound = card("Белова Анна", "+79215550010", "lenina:7")
    deleted = card("Белова Анна", "+79215550010", is_deleted=True)
    stranger = card("Белова Анна", "+79215550099")
    assert twins([child, bound, deleted, stranger]) == 0
