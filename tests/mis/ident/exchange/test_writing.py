"""What IDENT gets to read."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from priem.mis.ident.exchange.call import Call
from priem.mis.ident.exchange.writing import ElementNames, Fields, as_json, as_xml, call_fields

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 5, 12, 9, tzinfo=UTC)
ROWS: list[Fields] = [{"Id": "amo-1", "Comment": 'Зуб <"&> болит', "DoctorId": 7, "Empty": None}]


def test_json_keeps_cyrillic_and_is_an_array_even_of_nothing() -> None:
    assert as_json([]) == b"[]"
    assert json.loads(as_json(ROWS)) == ROWS
    assert "Зуб" in as_json(ROWS).decode()


def test_xml_has_an_element_for_each_field_that_is_there() -> None:
    [ticket] = ET.fromstring(as_xml(ROWS, ElementNames("Заявки", "Заявка")))  # noqa: S314 - our own

    assert ticket.tag == "Заявка"
    assert {field.tag: field.text for field in ticket} == {
        "Id": "amo-1",
        "Comment": 'Зуб <"&> болит',
        "DoctorId": "7",
    }


def call(answered_at: datetime | None = None, ended_at: datetime | None = None) -> Call:
    return Call(
        started_at=NOON,
        direction="in",
        phone_from="+79213334455",
        phone_to="+78122223344",
        answered_at=answered_at,
        ended_at=ended_at,
    )


@pytest.mark.parametrize(
    ("seen", "wait", "talk"),
    [
        pytest.param(call(), 90, None, id="it rings"),
        pytest.param(call(answered_at=NOON + timedelta(seconds=20)), 20, 70, id="they talk"),
        pytest.param(call(ended_at=NOON + timedelta(seconds=30)), 30, None, id="nobody answered"),
        pytest.param(
            call(answered_at=NOON + timedelta(seconds=20), ended_at=NOON + timedelta(seconds=80)), 20, 60, id="over"
        ),
    ],
)
def test_a_running_calls_counters_grow_and_a_finished_ones_stand(seen: Call, wait: int, talk: int | None) -> None:
    fields = call_fields(seen, MOSCOW, NOON + timedelta(seconds=90))

    assert (fields["WaitInSeconds"], fields["TalkInSeconds"]) == (wait, talk)
    assert fields["DateAndTime"] == "2026-05-12T12:00:00+03:00"
