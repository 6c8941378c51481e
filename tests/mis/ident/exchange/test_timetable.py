"""The timetable that IDENT posts, in JSON and XML, in pieces of any size, and the free time in it."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.mis.ident.exchange.body import MOST_BYTES, PIECE, TooLarge, unpacked
from priem.mis.ident.exchange.refusals import BadRequest
from priem.mis.ident.exchange.stream import elements
from priem.mis.ident.exchange.timetable import (
    Begun,
    Interval,
    Item,
    Named,
    Unreadable,
    free_windows,
    read_timetable,
    starts_in,
)

NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")
TEN = datetime(2026, 5, 12, 10, tzinfo=NOVOSIBIRSK)
DOCUMENT: dict[str, Any] = {
    "Doctors": [{"Id": 2129, "Name": 'Вершинин "Пётр" {1}]'}],
    "Branches": [{"Id": 1, "Name": "Ленина, 5"}],
    "Intervals": [
        {
            "DoctorId": 2129,
            "BranchId": 1,
            "StartDateTime": "2026-05-12T10:00:00+07:00",
            "LengthInMinutes": 15,
            "IsBusy": False,
        },
        {
            "DoctorId": 2129,
            "BranchId": 1,
            "StartDateTime": "2026-05-12T10:15:00+07:00",
            "LengthInMinutes": 600,
            "IsBusy": True,
        },
    ],
}
READ: list[Item] = [
    Begun("Doctors"),
    Named("Doctors", 2129, 'Вершинин "Пётр" {1}]'),
    Begun("Branches"),
    Named("Branches", 1, "Ленина, 5"),
    Begun("Intervals"),
    Interval(2129, 1, TEN, 15, busy=False),
    Interval(2129, 1, TEN + timedelta(minutes=15), 600, busy=True),
]
XML = """<?xml version="1.0" encoding="utf-8"?>
<TimeTable xmlns="urn:example" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
  <Doctors><Doctor><Id>2129</Id><Name>Вершинин "Пётр" {1}]</Name></Doctor></Doctors>
  <Branches><Branch Id="1" Name="Ленина, 5"/></Branches>
  <Intervals>
    <Interval><DoctorId>2129</DoctorId><BranchId>1</BranchId>
      <StartDateTime>2026-05-12T10:00:00+07:00</StartDateTime>
      <LengthInMinutes>15</LengthInMinutes><IsBusy>false</IsBusy></Interval>
    <Interval><DoctorId>2129</DoctorId><BranchId>1</BranchId>
      <StartDateTime>2026-05-12T10:15:00+07:00</StartDateTime>
      <LengthInMinutes>600</LengthInMinutes><IsBusy>true</IsBusy></Interval>
  </Intervals>
</TimeTable>"""


def pieces(written: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(written), size):
        yield written[start : start + size]


def read(written: bytes | str, size: int = 64 * 1024) -> list[Item]:
    body = written.encode() if isinstance(written, str) else written
    return list(read_timetable(pieces(body, size), NOVOSIBIRSK))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
@pytest.mark.parametrize(
    "written",
    [
        pytest.param(json.dumps(DOCUMENT), id="JSON"),
        pytest.param(json.dumps(DOCUMENT, ensure_ascii=False, indent=2), id="JSON, indented, in Cyrillic"),
        pytest.param("\ufeff" + json.dumps(DOCUMENT, ensure_ascii=False), id="JSON with a mark before it"),
        pytest.param(XML, id="XML"),
        pytest.param("\ufeff" + XML, id="XML with a mark before it"),
    ],
)
def test_a_timetable_is_read_in_either_way_of_writing_whatever_the_pieces(written: str, size: int) -> None:
    assert read(written, size) == READ


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-16"])
def test_xml_may_say_its_own_encoding(encoding: str) -> None:
    assert read(XML.replace("utf-8", encoding, 1).encode(encoding), 5) == READ


def test_a_start_without_an_offset_is_the_clinics_time() -> None:
    [_, interval] = read(json.dumps({"Intervals": [{**DOCUMENT["Intervals"][0], "StartDateTime": "2026-05-12T10:00"}]}))

    assert interval == Interval(2129, 1, TEN, 15, busy=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"DoctorId": None},
        {"DoctorId": True},
        {"BranchId": -1},
        {"StartDateTime": "tomorrow"},
        {"StartDateTime": "0001-01-01T00:00:00"},
        {"LengthInMinutes": 0},
        {"LengthInMinutes": 1441},
        {"IsBusy": "perhaps"},
        {"IsBusy": None},
    ],
)
def test_an_interval_that_cannot_be_read_is_left_out_and_the_others_are_not(wrong: dict[str, object]) -> None:
    good = DOCUMENT["Intervals"][0]
    found = read(json.dumps({"Intervals": [{**good, **wrong}, good, 5, None]}))

    assert found == [
        Begun("Intervals"),
        Unreadable("Intervals"),
        READ[5],
        Unreadable("Intervals"),
        Unreadable("Intervals"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="nothing"),
        pytest.param("  ", id="spaces"),
        pytest.param("[]", id="a list"),
        pytest.param('"Intervals"', id="a text"),
        pytest.param("DoctorId;BranchId", id="CSV"),
        pytest.param(json.dumps(DOCUMENT)[:-1], id="JSON without its end"),
        pytest.param(json.dumps(DOCUMENT)[: len(json.dumps(DOCUMENT)) // 2], id="half of a JSON"),
        pytest.param(json.dumps(DOCUMENT) + "{}", id="JSON and more"),
        pytest.param('{"Intervals": [1 2]}', id="no comma"),
        pytest.param('{"Intervals": [NaN]}', id="not a number"),
        pytest.param('{"Intervals" [1]}', id="no colon"),
        pytest.param("{5: []}", id="a name that is none"),
        pytest.param('{"Intervals": ' + "[" * 100_000, id="a deep JSON"),
        pytest.param('{"Intervals": [' + "9" * 300_000, id="an endless figure"),
        pytest.param(XML[:-5], id="XML without its end"),
        pytest.param("<a>" * 1000, id="a deep XML"),
        pytest.param(f"<a><Intervals><i><x>{'y' * 300_000}</x></i></Intervals></a>", id="an endless field"),
        pytest.param('<!DOCTYPE a [<!ENTITY b "cc">]><a><Intervals><i><x>&b;</x></i></Intervals></a>', id="entities"),
        pytest.param(b'{"Intervals": ["\xff"]}', id="no text at all"),
    ],
)
def test_what_is_no_whole_timetable_is_refused(written: bytes | str) -> None:
    with pytest.raises(BadRequest):
        read(written)


def test_a_list_that_is_empty_can_be_told_from_none() -> None:
    assert read('{"Intervals": []}') == read("<a><Intervals/></a>") == [Begun("Intervals")]
    assert read('{"Other": [1, 2], "Version": 3}') == read("<a/>") == []


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_stands_for_an_interval_breaks_nothing(element: object) -> None:
    found = read(json.dumps({"Intervals": [element, DOCUMENT["Intervals"][0]]}), 9)

    assert found == [Begun("Intervals"), Unreadable("Intervals"), READ[5]]


# --- the body ------------------------------------------------------------------------------------


def test_a_packed_body_is_unpacked_in_pieces() -> None:
    packed = gzip.compress(json.dumps(DOCUMENT).encode())

    assert list(read_timetable(unpacked(pieces(packed, 10), "gzip"), NOVOSIBIRSK)) == READ


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"{}" * 1000, mtime=0)[:-20], "gzip"),
        (b"{}", "gzip"),
        (b"", "gzip"),
        (b"{}", "br"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(BadRequest):
        list(unpacked([body], encoding))


def test_a_body_that_begins_with_spaces_without_end_is_not_read_to_its_own() -> None:
    pieces = iter([b" " * PIECE] * 1000)

    with pytest.raises(BadRequest):
        list(elements(pieces))

    assert len(list(pieces)) > 990


def test_a_small_body_cannot_become_an_endless_one() -> None:
    bomb = gzip.compress(bytes(MOST_BYTES + 1))
    lengths: list[int] = []

    with pytest.raises(TooLarge):
        lengths.extend(map(len, unpacked([bomb], "gzip")))
    assert 0 < max(lengths) <= 64 * 1024


# --- free time -----------------------------------------------------------------------------------


def quarter(minute: int, *, busy: bool = False, minutes: int = 15) -> Interval:
    return Interval(2129, 1, TEN + timedelta(minutes=minute), minutes, busy)


def windows(*intervals: Interval, after: int = 0) -> list[tuple[int, int]]:
    found = free_windows(intervals, after=TEN + timedelta(minutes=after))
    return [(minute(start), minute(end)) for start, end in found]


def minute(when: datetime) -> int:
    return int((when - TEN).total_seconds() // 60)


@pytest.mark.parametrize(
    ("intervals", "free"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([quarter(15), quarter(0)], [(0, 30)], id="quarters that touch are one"),
        pytest.param([quarter(0), quarter(30)], [(0, 15), (30, 45)], id="with a gap they are two"),
        pytest.param([quarter(0), quarter(0)], [(0, 15)], id="the same twice is once"),
        pytest.param([quarter(0, minutes=60), quarter(15, busy=True)], [(0, 15), (30, 60)], id="busy splits free"),
        pytest.param([quarter(0), quarter(-60, busy=True, minutes=600)], [], id="a busy block over all"),
        pytest.param([quarter(0), quarter(15, busy=True)], [(0, 15)], id="busy that only touches"),
    ],
)
def test_free_time_is_what_is_free_and_not_busy(intervals: list[Interval], free: list[tuple[int, int]]) -> None:
    assert windows(*intervals) == free


def test_what_is_past_is_not_free() -> None:
    assert windows(quarter(0), quarter(15), quarter(30), after=20) == [(20, 45)]


def test_a_visit_begins_where_the_whole_of_it_fits() -> None:
    span = (TEN, TEN + timedelta(minutes=60))

    assert [minute(when) for when in starts_in([span], 30, 15)] == [0, 15, 30]
    assert [minute(when) for when in starts_in([span], 60, 15)] == [0]
    assert list(starts_in([span], 61, 15)) == []


@given(st.lists(st.tuples(st.integers(0, 95), st.integers(1, 20), st.booleans()), max_size=30))
def test_free_time_agrees_with_a_minute_by_minute_reckoning(drawn: list[tuple[int, int, bool]]) -> None:
    intervals = [quarter(15 * start, minutes=15 * length, busy=busy) for start, length, busy in drawn]
    free = {m for each in intervals if not each.busy for m in minutes_of(each)}
    busy = {m for each in intervals if each.busy for m in minutes_of(each)}

    assert {m for start, end in windows(*intervals) for m in range(start, end)} == free - busy


def minutes_of(interval: Interval) -> range:
    return range(minute(interval.starts_at), minute(interval.ends_at))


def test_time_is_reckoned_across_offsets() -> None:
    same = Interval(2129, 1, TEN.astimezone(UTC), 15, busy=True)

    assert windows(quarter(0), same) == []
