"""The address that IDENT calls, as IDENT and others call it."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.test import Client

from priem.errors import AskOperator
from priem.hub.exchanges import NOTEBOOK
from priem.hub.ident import calls, services, tickets, timetables
from priem.hub.ident.services import ServiceData, change_key, open_service
from priem.hub.ident.timetables import Wanted, free_slots
from priem.hub.models import Clinic, ExchangeRecord, IdentService, IdentTicket, TimetableDay
from priem.mis.ident.applications import Application
from priem.mis.ident.exchange.call import Call
from priem.mis.ident.exchange.ticket import Ticket
from tests.hub.ident_bodies import DAY, interval, timetable

MOSCOW = ZoneInfo("Europe/Moscow")
WINDOW = "dateTimeFrom=2020-01-01T00:00:00%2B03:00&dateTimeTo=2200-01-01T23:59:59%2B03:00"
NOW = datetime.now(UTC).replace(microsecond=0)


class Ident:
    """IDENT's program: what it asks and what it gets."""

    def __init__(self, service: ServiceData) -> None:
        self.service = service
        self._client = Client()

    def get(self, method: str, query: str = WINDOW, **headers: str) -> HttpResponse:
        return self._ask("GET", method, query, b"", **headers)

    def rows(self, method: str, query: str = WINDOW) -> Any:
        answer = self.get(method, query)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    def post(self, body: bytes | dict[str, Any], method: str = "PostTimeTable", **headers: str) -> HttpResponse:
        written = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask("POST", method, "", written, **headers)

    def _ask(self, verb: str, method: str, query: str, body: bytes, **headers: str) -> HttpResponse:
        known = {"IDENT_Integration_Key": self.service.key, **headers}
        answer = self._client.generic(
            verb,
            f"{self.service.path}/{method}?{query}",
            body,
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in known.items() if value},
        )
        assert isinstance(answer, HttpResponse)
        return answer

    def apply(self, *, key: str = "", **fields: Any) -> HttpResponse:
        """As a site does."""
        bearer = f"Bearer {key or self.service.applications_key}"
        return self.post(fields, "applications", Authorization=bearer, IDENT_Integration_Key="")


@pytest.fixture
def ident(clinic: Clinic) -> Iterator[Ident]:
    yield Ident(open_service(clinic.pk, "ident", "Europe/Moscow"))
    NOTEBOOK.flush()


def ticket(number: int, at: datetime = NOW) -> Ticket:
    return Ticket(id=f"amo-{number}", at=at, phone="+79213334455", full_name="Ершова Анна")


def hand(clinic: Clinic, *given: Ticket) -> None:
    for each in given:
        tickets.hand_over(clinic.pk, "ident", each, MOSCOW, lead=int(each.id.removeprefix("amo-")))


# --- who is let in --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GetTickets", "GetFinishedCalls", "GetOngoingCalls", "PostTimeTable"])
def test_nobody_comes_in_without_the_key(ident: Ident, method: str) -> None:
    ask: Callable[..., HttpResponse] = ident.post if method == "PostTimeTable" else ident.get
    first = {"body": b"{}"} if method == "PostTimeTable" else {}
    missing, wrong = (ask(method=method, IDENT_Integration_Key=key, **first) for key in ("", "guess"))

    assert (missing.status_code, wrong.status_code) == (401, 403)
    assert said(missing) == "Нет ключа."
    assert said(wrong) == "Ключ не подходит к этому адресу."


def said(answer: HttpResponse) -> str:
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "Location" not in answer
    return answer.content.decode()


def test_an_unknown_address_answers_as_a_wrong_key_does(ident: Ident) -> None:
    for path in ("/ident/other/ident", "/ident/smile/other", "/ident/%00/ident", "/ident/smile/а"):
        stranger = Ident(ServiceData(path=path, key=ident.service.key, applications_key="", time_zone=""))
        assert (stranger.get("GetTickets").status_code, said(stranger.get("GetTickets"))) == (
            403,
            "Ключ не подходит к этому адресу.",
        )


def test_one_clinics_key_does_not_open_anothers(ident: Ident) -> None:
    other = Clinic.objects.create(slug="other", name="Другая")
    theirs = open_service(other.pk, "ident", "Asia/Omsk")
    hand(other, ticket(1))

    assert Ident(ServiceData(**{**as_dict(theirs), "key": ident.service.key})).get("GetTickets").status_code == 403
    assert ident.rows("GetTickets") == []
    assert [row["Id"] for row in Ident(theirs).rows("GetTickets")] == ["amo-1"]


def as_dict(service: ServiceData) -> dict[str, str]:
    return {name: getattr(service, name) for name in ServiceData.__slots__}


def test_the_two_keys_open_different_doors(ident: Ident) -> None:
    assert ident.apply(key=ident.service.key, Id="1", ClientPhone="89213334455").status_code == 403
    assert ident.get("GetTickets", IDENT_Integration_Key=ident.service.applications_key).status_code == 403


def test_a_new_key_ends_the_old_one(ident: Ident, clinic: Clinic) -> None:
    changed = change_key(clinic.pk, "ident", "key")

    assert ident.get("GetTickets").status_code == 403
    assert Ident(changed).get("GetTickets").status_code == 200
    assert changed.applications_key == ident.service.applications_key


def test_an_empty_key_opens_nothing(ident: Ident, clinic: Clinic) -> None:
    IdentService.objects.of(clinic.pk).update(key="")

    assert not services.is_key(services.find_service("smile", "ident"), "key", "")
    assert ident.get("GetTickets").status_code == 403


def test_keys_are_encrypted_and_do_not_show(ident: Ident, clinic: Clinic) -> None:
    row = IdentService.objects.of(clinic.pk).get()
    with_key = IdentService.objects.of(clinic.pk).extra(select={"raw": "hub_identservice.key"}).get()

    assert ident.service.key not in (repr(row.key), str(row.__dict__), with_key.raw)


def test_a_service_needs_a_time_zone_that_there_is(clinic: Clinic) -> None:
    for nonsense in ("", "Moscow", "../etc/passwd"):
        with pytest.raises(AskOperator):
            open_service(clinic.pk, "ident", nonsense)


# --- addresses and failures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/ident/smile/ident/GetTickets", "/IDENT/Smile/Ident/GETTICKETS", "/ident/smile/ident/gettickets/"]
)
def test_the_path_goes_in_any_letter_case(ident: Ident, path: str) -> None:
    answer = Client().get(f"{path}?{WINDOW}", headers={"ident-integration-key": ident.service.key})

    assert (answer.status_code, answer.content) == (200, b"[]")


@pytest.mark.parametrize(
    ("method", "status"), [("GetPatients", 404), ("", 404), ("GetTickets/all", 404), ("PostTimeTable", 405)]
)
def test_other_addresses_are_refused_in_words_and_never_redirected(ident: Ident, method: str, status: int) -> None:
    answer = ident.get(method)

    assert answer.status_code == status
    assert said(answer)


@pytest.mark.parametrize("query", ["", "dateTimeFrom=x&dateTimeTo=y", f"{WINDOW}&limit=many"])
@pytest.mark.parametrize("method", ["GetTickets", "GetFinishedCalls"])
def test_a_bad_question_is_400_and_says_what_is_bad(ident: Ident, method: str, query: str) -> None:
    answer = ident.get(method, query)

    assert answer.status_code == 400
    assert "Параметр" in said(answer)


def test_failures_speak_english_to_those_who_ask_for_it(ident: Ident) -> None:
    assert said(ident.get("GetTickets", "", Accept_Language="en")) == "The parameter dateTimeFrom is missing."


def test_a_mistake_of_our_own_is_plain_text_and_never_a_success(ident: Ident, clinic: Clinic) -> None:
    IdentService.objects.of(clinic.pk).update(time_zone="Nowhere/Land")
    answer = ident.get("GetTickets")

    assert answer.status_code == 500
    assert said(answer) == "Сбой на стороне Priem; подробности в его журнале."


def test_secrets_of_another_key_are_a_503(ident: Ident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIEM_SECRET_KEY", "a" * 42 + "A=")

    assert ident.get("GetTickets").status_code == 503


def test_requests_are_in_the_journal_without_what_they_carry(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, ticket(1))
    ident.get("GetTickets")
    ident.get("GetOngoingCalls")
    ident.get("GetFinishedCalls", "")
    NOTEBOOK.flush()
    noted = ExchangeRecord.objects.of(clinic.pk).order_by("pk")

    assert [(row.system, row.what, row.status, row.items) for row in noted] == [
        ("ident", "GET GetTickets", 200, 1),
        ("ident", "GET GetFinishedCalls", 400, 0),
    ]
    assert IdentService.objects.of(clinic.pk).get().heard_at


# --- applications ---------------------------------------------------------------------------------


def test_a_ticket_is_given_as_often_as_it_is_asked_for_and_never_changes(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, ticket(4711))
    first = ident.rows("GetTickets")
    hand(clinic, ticket(4711, NOW + timedelta(hours=5)))

    assert ident.rows("GetTickets") == first
    assert first == [
        {
            "Id": "amo-4711",
            "DateAndTime": NOW.astimezone(MOSCOW).isoformat(),
            "ClientPhone": "+79213334455",
            "ClientFullName": "Ершова Анна",
        }
    ]
    assert IdentTicket.objects.of(clinic.pk).get().given_at


def test_both_ends_of_the_window_belong_to_it(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, *(ticket(number, NOW + timedelta(seconds=number)) for number in range(5)))
    ends = [(NOW + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ") for second in (1, 3)]

    rows = ident.rows("GetTickets", f"dateTimeFrom={ends[0]}&dateTimeTo={ends[1]}")

    assert [row["Id"] for row in rows] == ["amo-1", "amo-2", "amo-3"]


def test_pages_end_with_one_that_is_shorter_than_the_limit(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, *(ticket(number) for number in (3, 1, 2, 5, 4)))
    pages = [[row["Id"] for row in ident.rows("GetTickets", f"{WINDOW}&limit=2&offSet={n}")] for n in (0, 2, 4)]

    assert pages == [["amo-1", "amo-2"], ["amo-3", "amo-4"], ["amo-5"]]


def test_a_last_page_exactly_as_long_as_the_limit_is_followed_by_an_empty_one(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, *(ticket(number) for number in range(4)))

    assert [len(ident.rows("GetTickets", f"{WINDOW}&limit=2&offset={n}")) for n in (0, 2, 4)] == [2, 2, 0]


def test_a_missing_limit_brings_everything(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, *(ticket(number) for number in range(700)))

    assert len(ident.rows("GetTickets")) == 700


def test_tickets_are_given_in_xml_where_that_is_asked_for(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, ticket(1))
    by_header = ident.get("GetTickets", Accept="text/xml")
    IdentService.objects.of(clinic.pk).update(serialization="xml", element_names={"tickets": ["Заявки", "Заявка"]})
    by_setting = ident.get("GetTickets")

    assert by_header["Content-Type"] == by_setting["Content-Type"] == "application/xml; charset=utf-8"
    trees = [ET.fromstring(answer.content) for answer in (by_header, by_setting)]  # noqa: S314 - our own
    assert [(tree.tag, tree[0].tag, tree[0].findtext("Id")) for tree in trees] == [
        ("Tickets", "Ticket", "amo-1"),
        ("Заявки", "Заявка", "amo-1"),
    ]


def test_a_site_leaves_an_application(ident: Ident) -> None:
    fields = {
        "Id": "form-77",
        "ClientPhone": "8 (921) 333-44-55",
        "ClientName": "Анна",
        "FormName": "Запись",
        "UtmSource": "yandex",
    }
    answer = ident.apply(**fields)
    again = ident.apply(**fields)

    assert (answer.status_code, again.status_code) == (201, 200)
    assert json.loads(answer.content) | {"new": False} == json.loads(again.content)
    [row] = ident.rows("GetTickets")
    assert row == {**fields, "ClientPhone": "+79213334455", "DateAndTime": json.loads(answer.content)["DateAndTime"]}


def test_another_application_under_a_known_id_is_refused(ident: Ident) -> None:
    ident.apply(Id="1", ClientPhone="89213334455", ClientName="Анна")
    answer = ident.apply(Id="1", ClientPhone="89213334455", ClientName="Ольга")

    assert answer.status_code == 409
    assert said(answer)
    assert len(ident.rows("GetTickets")) == 1


def test_an_application_is_refused_with_all_that_is_wrong_with_it(ident: Ident) -> None:
    answer = ident.apply(Id="1", ClientPhone="мама", ClientFullName="А", ClientName="Б", BranchId=1)

    assert answer.status_code == 400
    assert len(said(answer).splitlines()) == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 60_000, 400),
        (b'{"Comment": "' + b"x" * 70_000 + b'"}', 413),
        (b'{"Id": "amo-1", "ClientPhone": "89213334455", "ClientName": "x"}', 400),
    ],
)
def test_what_is_no_application_is_refused(ident: Ident, body: bytes, status: int) -> None:
    bearer = f"Bearer {ident.service.applications_key}"

    assert ident.post(body, "applications", Authorization=bearer).status_code == status


def test_what_became_of_an_application_is_told(ident: Ident, clinic: Clinic) -> None:
    def state() -> str:
        return tickets.state_of(IdentTicket.objects.of(clinic.pk).get(), MOSCOW).read("ru")

    hand(clinic, ticket(1))
    states = [state()]
    ident.rows("GetTickets")
    states.append(state())
    seen = Application(
        ticket="amo-1", row=9, created_at=DAY, inserted_at=DAY.replace(hour=14, minute=2), discarded=False
    )
    assert tickets.awaited(clinic.pk, "ident") == ["amo-1"]
    assert tickets.confirm(clinic.pk, "ident", [seen], MOSCOW) == ["amo-1"]
    assert tickets.confirm(clinic.pk, "ident", [seen], MOSCOW) == []
    states.append(state())
    thrown_away = Application(ticket="amo-1", row=9, created_at=DAY, inserted_at=None, discarded=True)
    assert tickets.confirm(clinic.pk, "ident", [thrown_away], MOSCOW) == ["amo-1"]
    states.append(state())

    assert [words.partition(": ")[2].split()[0] for words in states] == ["ждёт,", "передана", "принята", "отклонена"]
    assert "14:02" in states[2]
    assert tickets.awaited(clinic.pk, "ident") == []
    assert tickets.of_lead(clinic.pk, 1)["ident"].row == 9


def test_nobodys_application_is_kept_for_ever(clinic: Clinic) -> None:
    hand(clinic, ticket(1, NOW - timedelta(days=181)), ticket(2, NOW - timedelta(days=179)), ticket(3))

    assert {row.ticket for row in IdentTicket.objects.of(clinic.pk)} == {"amo-2", "amo-3"}


# --- calls ----------------------------------------------------------------------------------------


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


# --- the timetable --------------------------------------------------------------------------------


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
