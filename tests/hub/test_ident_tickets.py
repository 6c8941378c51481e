"""Applications as IDENT gets them, and as sites leave them."""

import json
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from priem.hub.ident import tickets
from priem.hub.models import Clinic, IdentService, IdentTicket
from priem.mis.ident.applications import Application
from tests.hub.ident_program import DAY, MOSCOW, NOW, WINDOW, Ident, hand, said, ticket


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


def test_a_parent_and_a_child_on_one_phone_are_two_applications(ident: Ident, clinic: Clinic) -> None:
    hand(clinic, ticket(1), replace(ticket(2), full_name="Ершов Миша"))

    assert [(row["ClientPhone"], row["ClientFullName"]) for row in ident.rows("GetTickets")] == [
        ("+79213334455", "Ершова Анна"),
        ("+79213334455", "Ершов Миша"),
    ]


def test_after_three_days_without_the_clinics_computer_everything_is_still_there_in_its_order(
    ident: Ident, clinic: Clinic
) -> None:
    hand(clinic, *(ticket(number, NOW - timedelta(days=3, hours=-number)) for number in (40, 3, 17)))
    since = (NOW - timedelta(days=30)).strftime("%Y-%m-%dT00:00:00Z")

    rows = ident.rows("GetTickets", f"dateTimeFrom={since}&dateTimeTo=2200-01-01T23:59:59Z&limit=500")

    assert [row["Id"] for row in rows] == ["amo-3", "amo-17", "amo-40"]
