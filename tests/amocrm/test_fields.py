"""Every kind of custom field, both ways: the shapes are those of docs/reference/amocrm.md §3.9."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.amocrm.fields import (
    CustomField,
    Option,
    decode,
    encode,
    missing_options,
    plain_number,
    read_field,
    with_options,
)
from priem.errors import BadRecord
from priem.model import FieldValue

MOSCOW = ZoneInfo("Europe/Moscow")
KAMCHATKA = ZoneInfo("Asia/Kamchatka")
OPTIONS = (Option(17, "Терапия", 1), Option(19, "Хирургия", 2), Option(23, "Ортодонтия", 3))
MIDNIGHT = 1795640400
"""26 November 2026 begins in Moscow."""


def field(kind: str) -> CustomField:
    return CustomField(id=5, name="Поле", kind=kind, options=OPTIONS)


BOTH_WAYS: list[tuple[str, FieldValue, list[dict[str, Any]], list[dict[str, Any]] | None]] = [
    ("text", "Наш клиент", [{"value": "Наш клиент"}], None),
    ("textarea", "Две\nстроки", [{"value": "Две\nстроки"}], None),
    ("streetaddress", "Москва, Тверская 1", [{"value": "Москва, Тверская 1"}], None),
    ("tracking_data", "yandex", [{"value": "yandex"}], None),
    ("url", "https://example.com/a?b=1", [{"value": "https://example.com/a?b=1"}], None),
    ("numeric", "1.5", [{"value": "1.5"}], None),
    ("numeric", "1500", [{"value": "1500"}], [{"value": "1500.00"}]),
    ("monetary", "0", [{"value": "0"}], [{"value": "0.0"}]),
    ("price", "100", [{"value": "100"}], [{"value": 100}]),
    ("checkbox", "true", [{"value": True}], None),
    ("checkbox", "false", [{"value": False}], None),
    ("date", "2026-11-26", [{"value": MIDNIGHT}], None),
    ("date", "2026-11-26", [{"value": MIDNIGHT}], [{"value": "2026-11-26T00:00:00+03:00"}]),
    ("birthday", "1961-04-12", [{"value": -275281200}], None),
    ("date_time", "2026-11-26T11:30:00Z", [{"value": MIDNIGHT + 52200}], None),
    ("date_time", "2026-11-26T11:30:00Z", [{"value": MIDNIGHT + 52200}], [{"value": "2026-11-26T14:30:00+03:00"}]),
    ("select", "Хирургия", [{"enum_id": 19}], [{"value": "Хирургия", "enum_id": 19, "enum_code": None}]),
    ("radiobutton", "Терапия", [{"enum_id": 17}], [{"value": "Терапия", "enum_id": 17}]),
    (
        "multiselect",
        ("Ортодонтия", "Терапия"),
        [{"enum_id": 23}, {"enum_id": 17}],
        [{"value": "Терапия", "enum_id": 17}, {"value": "Ортодонтия", "enum_id": 23}],
    ),
    (
        "multitext",
        ("a@example.com", "b@example.com"),
        [{"value": "a@example.com", "enum_code": "WORK"}, {"value": "b@example.com", "enum_code": "WORK"}],
        [{"value": "b@example.com", "enum_code": "PRIV"}, {"value": "a@example.com", "enum_code": "WORK"}],
    ),
    ("smart_address", "Москва", [{"value": "Москва", "enum_code": "address_line_1"}], None),
    ("legal_entity", '{"name":"ООО Ромашка"}', [{"value": {"name": "ООО Ромашка"}}], None),
    ("items", ('{"sku":"1"}',), [{"value": {"sku": "1"}}], None),
    ("linked_entity", ('{"entity_id":7,"name":"Имя"}',), [{"value": {"name": "Имя", "entity_id": 7}}], None),
    (
        "chained_list",
        ('{"catalog_element_id":12235,"catalog_id":1001}',),
        [{"catalog_id": 1001, "catalog_element_id": 12235}],
        None,
    ),
    ("file", '{"file_uuid":"u"}', [{"value": {"file_uuid": "u"}}], None),
    ("payer", '{"name":"x"}', [{"value": {"name": "x"}}], None),
    ("supplier", '{"entity_id":1}', [{"value": {"entity_id": 1}}], None),
]
KINDS = sorted({row[0] for row in BOTH_WAYS})


@pytest.mark.parametrize(("kind", "value", "sent", "read"), BOTH_WAYS)
def test_a_value_is_written_and_read_back_equal(
    kind: str, value: FieldValue, sent: list[dict[str, Any]], read: list[dict[str, Any]] | None
) -> None:
    assert encode(field(kind), value, MOSCOW) == {"field_id": 5, "values": sent}
    if read or kind not in ("select", "radiobutton", "multiselect"):
        assert decode({"field_id": 5, "field_type": kind, "values": read or sent}, MOSCOW) == value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nothing", ["", ()])
def test_an_empty_value_clears_the_field(kind: str, nothing: FieldValue) -> None:
    assert encode(field(kind), nothing, MOSCOW) == {"field_id": 5, "values": None}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "chained_list"])
@pytest.mark.parametrize("values", [None, [], [{"value": None}], ["text"]])
def test_an_empty_field_has_no_value(kind: str, values: list[Any] | None) -> None:
    assert not decode({"field_id": 5, "field_type": kind, "values": values}, MOSCOW)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("numeric", "пять"),
        ("numeric", "NaN"),
        ("date", "26.11.2026"),
        ("date_time", "завтра"),
        ("select", "Нет такого"),
        ("multiselect", ("Терапия", "Нет такого")),
        ("items", ("не json",)),
    ],
)
def test_what_a_field_cannot_hold_is_a_bad_record(kind: str, value: FieldValue) -> None:
    with pytest.raises(BadRecord):
        encode(field(kind), value, MOSCOW)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("date", "скоро", "скоро"),
        ("date", 10**18, "1000000000000000000"),
        ("numeric", "много", "много"),
        ("of the future", {"a": 1}, '{"a":1}'),
    ],
)
def test_strange_contents_come_out_as_their_text(kind: str, value: object, text: str) -> None:
    assert decode({"field_type": kind, "values": [{"value": value}]}, MOSCOW) == text


def test_an_address_with_parts_reads_in_their_order() -> None:
    parts = [
        {"value": "Россия", "enum_id": 6},
        {"value": "Казань", "enum_code": "city"},
        {"value": "Баумана 1", "enum_id": 1},
    ]
    assert decode({"field_type": "smart_address", "values": parts}, MOSCOW) == "Баумана 1, Казань, Россия"


@given(st.dates(min_value=date(1, 1, 2), max_value=date(9999, 12, 30)))
def test_a_day_stays_the_same_day_in_any_zone(day: date) -> None:
    for zone in (MOSCOW, KAMCHATKA):
        sent = encode(field("date"), day.isoformat(), zone)
        assert decode(sent | {"field_type": "date"}, zone) == day.isoformat()


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4))
def test_a_number_has_one_spelling(number: Decimal) -> None:
    spelled = plain_number(str(number))
    assert spelled is not None
    assert plain_number(spelled) == spelled
    assert Decimal(spelled) == number


def test_new_options_come_after_the_old_ones_which_keep_their_ids() -> None:
    assert missing_options(field("select"), "Лор") == {"Лор"}
    assert missing_options(field("multiselect"), ("Терапия", "Лор")) == {"Лор"}
    assert missing_options(field("text"), "Лор") == set()
    assert missing_options(field("multiselect"), (" Терапия ", "Лор ")) == {"Лор"}
    assert with_options(field("select"), {"Лор"}) == [
        {"id": 17, "value": "Терапия", "sort": 1},
        {"id": 19, "value": "Хирургия", "sort": 2},
        {"id": 23, "value": "Ортодонтия", "sort": 3},
        {"value": "Лор", "sort": 4},
    ]


def test_a_field_is_read_from_its_json() -> None:
    row = {
        "id": 3,
        "name": "Телефон",
        "type": "multitext",
        "code": "PHONE",
        "enums": [{"id": 1, "value": "WORK", "sort": 2}, {"id": 5, "value": "MOB", "sort": 6, "code": "mob"}],
    }
    options = (Option(1, "WORK", 2), Option(5, "MOB", 6, "mob"))
    assert read_field(row) == CustomField(3, "Телефон", "multitext", "PHONE", options)
    assert read_field({"id": 4, "name": "Имя", "type": "text", "code": None, "enums": None}).info.options == ()
