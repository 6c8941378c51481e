"""Calls for IDENT, and the timetable that it posts."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from priem.hub.ident import calls, timetables
from priem.hub.ident.timetables import Wanted, free_slots
from priem.hub.models import Clinic, IdentService, TimetableDay
from priem.mis.ident.exchange.call import Call
from tests.hub.ident_program import DAY, NOW, WINDOW, Ident, interval, said, timetable

# --- calls ------------------------------------------------------------------------------------------


def call(started_at: datetime, **known: Any) -> Call:
    return Call(started_at=started_at, direction="in", phone_from="+79213334455", phone_to="+78122223344", **known)


@pytest.mark.parametrize("method", ["GetFinishedCalls", "GetOngoingCalls"])
def test_without_telephony_there_are_no_calls_and_no_error(ident: Ident, method: str) -> None:
    answer = ident.get(method)

    assert (answer.status_code, answer.content) == (200, b"[]")


def test_a_call_runs_and_then_is_finished_never_both(ident: Ident, clinic: Clinic) -> None:
    began = NOW - timedelta(seconds=60)
    calls.keep(clinic.pk, "ident", "uniq-1", call(began))
    running = [ident.rows("GetOngoingCalls", query) for query in ("", WINDOW)]
    assert running[0] == running[1]
    assert [row["TalkInSeconds"] for row in running[0]] == [None]
    assert ident.rows("GetFinishedCalls") == []

    over = call(began, answered_at=began + timedelta(seconds=10), ended_at=NOW, record_url="https://example.ru/1.mp3")
    calls.keep(clinic.pk, "ident", "uniq-1", over)

    assert ident.rows("GetOngoingCalls") == []
    [row] = ident.rows("GetFinishedCalls")
    assert (row["WaitInSeconds"], row["TalkInSeconds"], row["RecordUrl"]) == (10, 50, "https://example.ru/1.mp3")


def test_a_call_whose_end_nobody_told_is_not_running_for_ever(ident: Ident, clinic: Clinic) -> None:
    calls.keep(clinic.pk, "ident", "uniq-1", call(NOW - timedelta(hours=5)))

    assert ident.rows("GetOngoingCalls", "") == []


# --- the timetable ----------------------------------------------------------------------------------


def slots(clinic: Clinic, days: int = 40, **wanted: Any) -> list[tuple[int, str]]:
    period = Wanted(since=DAY.date(), until=DAY.date() + timedelta(days=days), **wanted)
    return [(slot.doctor, f"{slot.starts_at:%d %H:%M}") for slot in free_slots(clinic.pk, "ident", period, now=DAY)]


def test_a_posted_timetable_shows_its_free_slots(ident: Ident, clinic: Clinic) -> None:
    posted = timetable([interval(1, 0), interval(1, 15), interval(1, 30, busy=True, minutes=90), interval(2, 0)])

    assert ident.post(posted).status_code == 200
    assert slots(clinic, minutes=30) == [(1, "12 10:00")]
    assert slots(clinic, minutes=15) == [(1, "12 10:00"), (2, "12 10:00"), (1, "12 10:15")]
    assert slots(clinic, minutes=15, doctor=2) == [(2, "12 10:00")]
    assert slots(clinic, minutes=15, branch=2) == []
    [first, *_] = free_slots(clinic.pk, "ident", Wanted(since=DAY.date(), until=DAY.date()), now=DAY)
    assert (first.doctor_name, first.branch_name) == ("Врач 1", "Ленина, 5")
    assert first.starts_at.isoformat() == "2026-05-12T10:00:00+03:00"


def test_a_timetable_of_more_than_5000_intervals_posted_twice_leaves_no_stale_slot(
    ident: Ident, clinic: Clinic
) -> None:
    whole = [interval(doctor, 15 * n, day) for doctor in range(10) for day in range(25) for n in range(24)]
    assert len(whole) == 6000
    assert ident.post(timetable(whole)).status_code == 200
    assert len(slots(clinic, minutes=15)) == 6000

    # Meanwhile the first doctor was booked up, the second one left, and the first days are past.
    later = [
        {**each, "IsBusy": each["DoctorId"] == 0}
        for each in whole
        if each["DoctorId"] != 1 and not each["StartDateTime"].startswith("2026-05-12")
    ]
    assert ident.post(timetable(later)).status_code == 200

    left = slots(clinic, minutes=15)
    assert len(left) == 8 * 24 * 24
    assert {doctor for doctor, _ in left} == set(range(2, 10))
    assert not [when for _, when in left if when.startswith("12 ")]


def test_a_clinic_that_posts_in_parts_keeps_the_days_of_other_parts(ident: Ident, clinic: Clinic) -> None:
    IdentService.objects.of(clinic.pk).update(posts_whole=False)
    for part in ([interval(1, 0, 0), interval(1, 0, 1)], [interval(2, 0, 2)], [interval(1, 15, 1)]):
        assert ident.post(timetable(part)).status_code == 200

    assert slots(clinic, minutes=15) == [(1, "12 10:00"), (1, "13 10:15"), (2, "14 10:00")]


def test_the_same_in_xml_and_packed_is_the_same(ident: Ident, clinic: Clinic) -> None:
    xml = b"""<T><Intervals><I><DoctorId>1</DoctorId><BranchId>1</BranchId><StartDateTime>2026-05-12T10:00:00+03:00
        </StartDateTime><LengthInMinutes>15</LengthInMinutes><IsBusy>false</IsBusy></I></Intervals></T>"""
    for body, headers in (
        (xml, {}),
        (gzip.compress(xml), {"Content_Encoding": "gzip"}),
        (gzip.compress(json.dumps(timetable([interval(1, 0)])).encode()), {"Content_Encoding": "gzip"}),
    ):
        TimetableDay.objects.of(clinic.pk).delete()
        assert ident.post(body, **headers).status_code == 200
        assert slots(clinic, minutes=15) == [(1, "12 10:00")]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"Doctors": []}', b'{"Intervals": [{}]}', b'{"Intervals": [', b"<a/>"])
def test_a_post_that_is_no_timetable_leaves_the_one_before_as_it_was(ident: Ident, clinic: Clinic, body: bytes) -> None:
    ident.post(timetable([interval(1, 0)]))
    answer = ident.post(body)

    assert answer.status_code == 400
    assert said(answer)
    assert slots(clinic, minutes=15) == [(1, "12 10:00")]


def test_a_clinic_with_no_hours_at_all_has_no_slots(ident: Ident, clinic: Clinic) -> None:
    ident.post(timetable([interval(1, 0)]))

    assert ident.post(timetable([])).status_code == 200
    assert slots(clinic, minutes=15) == []


def test_a_bad_interval_is_counted_and_the_others_are_taken(ident: Ident, clinic: Clinic) -> None:
    answer = ident.post(timetable([interval(1, 0), {"DoctorId": "x"}]))

    assert json.loads(answer.content) == {"intervals": 1, "unreadable": 1}
    assert slots(clinic, minutes=15) == [(1, "12 10:00")]


def test_a_post_that_began_earlier_does_not_undo_a_later_one(ident: Ident, clinic: Clinic) -> None:
    ident.post(timetable([interval(1, 0)]))
    service = IdentService.objects.of(clinic.pk).get()
    timetables.replace(service, timetables.Posted(lists={"Intervals"}), datetime.now(UTC) - timedelta(minutes=1))

    assert slots(clinic, minutes=15) == [(1, "12 10:00")]


def test_a_body_that_says_it_is_too_large_is_not_even_read(ident: Ident) -> None:
    answer = Client().generic(
        "POST",
        f"{ident.service.path}/PostTimeTable",
        b"{}",
        headers={"IDENT-Integration-Key": ident.service.key},
        CONTENT_LENGTH=str(65 * 1024 * 1024),
    )
    assert answer.status_code == 413


def test_where_ident_never_posted_nothing_is_free(clinic: Clinic) -> None:
    assert free_slots(clinic.pk, "ident", Wanted(since=date(2026, 5, 12), until=date(2026, 5, 12))) == ()


# --- for sites ----------------------------------------------------------------------------------------


def asked_by_a_site(ident: Ident, query: str, key: str = "") -> Any:
    bearer = f"Bearer {key or ident.service.applications_key}"
    return ident.get("slots", query, Authorization=bearer, IDENT_Integration_Key="")


def test_a_site_sees_free_time_by_doctor_branch_and_day(ident: Ident) -> None:
    day = (datetime.now(UTC) + timedelta(days=30)).date() - DAY.date()
    free = [interval(1, minute, day.days) for minute in (0, 15)]
    ident.post(timetable([*free, interval(2, 0, day.days), interval(1, 30, day.days, busy=True)]))
    first = (DAY.date() + day).isoformat()

    rows = json.loads(asked_by_a_site(ident, f"from={first}&to={first}&minutes=30").content)

    assert [(row["DoctorId"], row["DoctorName"], row["BranchName"]) for row in rows] == [(1, "Врач 1", "Ленина, 5")]
    assert rows[0]["StartDateTime"] == f"{first}T10:00:00+03:00"
    assert len(json.loads(asked_by_a_site(ident, f"from={first}&minutes=15&doctor=2").content)) == 1
    assert json.loads(asked_by_a_site(ident, f"from={first}&branch=2").content) == []


@pytest.mark.parametrize(
    ("query", "about"),
    [("from=soon", "2026-05-12"), ("from=2026-01-01&to=2027-01-01", "62"), ("minutes=100000", "720")],
)
def test_nonsense_about_free_time_is_refused_in_words(ident: Ident, query: str, about: str) -> None:
    answer = asked_by_a_site(ident, query)

    assert answer.status_code == 400
    assert about in said(answer)


def test_free_time_is_for_those_with_the_sites_key(ident: Ident) -> None:
    assert asked_by_a_site(ident, "", key=ident.service.key).status_code == 403


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"Direction": "sideways"}, "Direction"),
        ({"DateAndTime": None}, "DateAndTime"),
        ({"EndedAt": "2020-01-01T00:00:00Z"}, "окончен"),
        ({"Who": "Анна"}, "Who"),
        ({"Id": "x" * 256}, "Id"),
    ],
)
def test_news_of_a_call_that_make_no_sense_are_refused_with_the_reason(
    ident: Ident, changed: dict[str, Any], about: str
) -> None:
    call = {"Id": "u-1", "DateAndTime": NOW.isoformat(), "Direction": "in", **changed}
    bearer = f"Bearer {ident.service.applications_key}"

    answer = ident.post(call, "calls", Authorization=bearer, IDENT_Integration_Key="")

    assert answer.status_code == 400
    assert about in said(answer)
