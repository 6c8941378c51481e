"""An application and everything that IDENT would not take."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.mis.ident.exchange.refusals import TicketRefused
from priem.mis.ident.exchange.ticket import FromLead, Ticket, Wish, ticket_for_lead, to_ticket, utm_of
from priem.mis.ident.exchange.writing import ticket_fields
from priem.model import Account, Contact, FieldInfo, Lead, PhoneEntry

MOSCOW = ZoneInfo("Europe/Moscow")
AT = datetime(2026, 5, 12, 9, 30, 15, 123456, tzinfo=UTC)
ENOUGH = {"Id": "site-1", "ClientPhone": "+7 921 333-44-55", "ClientFullName": "Ершова Анна"}


def ticket(**changed: Any) -> Ticket:
    return to_ticket({**ENOUGH, **changed}, at=AT, zone=MOSCOW)


def refusals(**changed: Any) -> list[str]:
    with pytest.raises(TicketRefused) as refused:
        ticket(**changed)
    assert all(problem.read("ru") != str(problem) for problem in refused.value.problems)
    return [str(problem) for problem in refused.value.problems]


def test_a_ticket_goes_out_under_idents_names_with_the_clinics_offset() -> None:
    whole = ticket(
        ClientEmail="anna@example.ru",
        FormName="Запись",
        PlanStart="2026-05-14T10:00:00",
        PlanEnd="2026-05-14T12:00:00+03:00",
        DoctorId=2129,
        UtmSource="yandex",
    )

    assert ticket_fields(whole, MOSCOW) == {
        "Id": "site-1",
        "DateAndTime": "2026-05-12T12:30:15+03:00",
        "ClientPhone": "+79213334455",
        "ClientFullName": "Ершова Анна",
        "ClientEmail": "anna@example.ru",
        "FormName": "Запись",
        "PlanStart": "2026-05-14T10:00:00+03:00",
        "PlanEnd": "2026-05-14T12:00:00+03:00",
        "DoctorId": 2129,
        "UtmSource": "yandex",
    }


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+7 911 222-33-44", "+79112223344"),
        ("7(777)222-33-44", "+77772223344"),
        ("8-911-222-33-44", "+79112223344"),
        ("8-10-49-30-901820", "+4930901820"),
        ("8812 222-33-44", "+78122223344"),
        ("+89112223344", "+79112223344"),
        ("8‑911‑222‑33‑44", "+79112223344"),
    ],
)
def test_a_phone_in_any_format_goes_out_as_one_that_ident_recognises(written: str, number: str) -> None:
    assert ticket(ClientPhone=written).phone == number


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="none"),
        pytest.param(None, id="null"),
        pytest.param(79112223344, id="a figure"),
        pytest.param("222-33-44", id="without the area's code"),
        pytest.param("8-911-222-33-44, мама", id="with a word"),
        pytest.param("89112223344 89112223345", id="two numbers"),
        pytest.param("8-911-222-33-44 2", id="with a figure too many"),
        pytest.param("8 911 222-33-44 доб. 5", id="with an extension"),
        pytest.param("+7 999 999-99-99", id="nobody's"),
    ],
)
def test_a_phone_that_is_not_exactly_one_full_number_is_refused(written: object) -> None:
    assert refusals(ClientPhone=written)[-1].startswith("ClientPhone is not one full telephone number")


def test_a_plan_of_12_hours_is_taken() -> None:
    planned = ticket(PlanStart="2026-05-14T08:00:00+03:00", PlanEnd="2026-05-14T20:00:00+03:00")

    assert planned.plan_start
    assert planned.plan_end
    assert planned.plan_end - planned.plan_start == timedelta(hours=12)


def test_a_plan_of_12_hours_and_a_minute_is_refused() -> None:
    assert refusals(PlanStart="2026-05-14T08:00:00+03:00", PlanEnd="2026-05-14T20:01:00+03:00") == [
        "Between PlanStart and PlanEnd there are more than 12 hours."
    ]


def test_a_plan_that_ends_before_it_starts_is_refused() -> None:
    assert refusals(PlanStart="2026-05-14T08:00:00+03:00", PlanEnd="2026-05-14T07:59:59+03:00") == [
        "PlanStart is later than PlanEnd."
    ]


def test_either_end_of_a_plan_may_stand_alone() -> None:
    assert ticket(PlanStart="2026-05-14T08:00:00").plan_end is None
    assert ticket(PlanEnd="2026-05-14T08:00:00").plan_start is None


def test_the_whole_name_together_with_its_parts_is_refused() -> None:
    assert refusals(ClientSurname="Ершова") == ["Either ClientFullName or the name in parts, not both."]


def test_a_name_in_parts_is_taken_and_no_name_is_not() -> None:
    assert ticket(ClientFullName="", ClientSurname="Ершова", ClientName="Анна").surname == "Ершова"
    assert refusals(ClientFullName=" ")[0].startswith("The name is missing")


def test_an_id_has_400_characters_at_most() -> None:
    assert ticket(Id="я" * 400).id == "я" * 400
    assert refusals(Id="я" * 401) == ["Id is longer than 400 characters."]
    assert refusals(Id="") == ["Id is missing."]


def test_a_branch_is_no_field_of_a_ticket() -> None:
    assert refusals(BranchId=1) == ["There is no field BranchId."]


def test_what_is_no_name_of_a_field_is_not_repeated() -> None:
    assert refusals(**{"Анна +79112223344": 1}) == ["There is no field ?."]


@pytest.mark.parametrize("doctor", [0, -1, True, "Иванов", 2**31, 1.5])
def test_a_doctor_is_a_number_of_idents(doctor: object) -> None:
    assert refusals(DoctorId=doctor) == ["DoctorId is not a number of IDENT's."]


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(refusals(Id="", ClientPhone="", PlanStart="soon", Comment=7, ClientFullName=None)) == 5


def test_what_xml_and_the_database_cannot_carry_is_left_out() -> None:
    assert ticket(Comment="да\x00\x1f\ud83d\ufffeнет").comment == "данет"


@given(
    st.dictionaries(
        st.sampled_from(["Id", "ClientPhone", "PlanStart", "DoctorId", "Comment", "ClientName", "x"]),
        st.none() | st.integers() | st.text(max_size=30) | st.lists(st.integers(), max_size=2),
    )
)
def test_whatever_is_sent_is_a_ticket_or_refused_with_a_reason(fields: dict[str, object]) -> None:
    with contextlib.suppress(TicketRefused):
        made = to_ticket(fields, at=AT, zone=MOSCOW)
        assert made.id
        assert made.phone.startswith("+")


# --- leads ---------------------------------------------------------------------------------------

LEAD = Lead(id=4711, name="Заявка", pipeline=1, stage=2, fields={31: "yandex", 32: "cpc", 40: "other"})
ANNA = Contact(id=7, name="Ершова Анна", phones=(PhoneEntry("нет"), PhoneEntry("8 921 333-44-55, 8 921 333-44-56")))


def test_a_lead_becomes_a_ticket_whose_id_is_the_same_each_time() -> None:
    given = FromLead(
        lead=LEAD,
        contact=ANNA,
        wish=Wish(start=AT, end=AT + timedelta(hours=1), doctor_id=2129, doctor_name="Вершинин"),
        comment="Болит зуб",
    )
    tickets = [ticket_for_lead(given, at=AT + timedelta(days=days), zone=MOSCOW) for days in (0, 3)]

    assert [made.id for made in tickets] == ["amo-4711", "amo-4711"]
    assert (tickets[0].full_name, tickets[0].phone) == ("Ершова Анна", "+79213334455")
    assert (tickets[0].doctor_id, tickets[0].plan_start) == (2129, AT.replace(microsecond=0))
    assert tickets[0].comment == "Болит зуб"


def test_a_lead_without_a_phone_is_refused_and_one_without_a_name_is_not() -> None:
    with pytest.raises(TicketRefused):
        ticket_for_lead(FromLead(lead=LEAD, contact=Contact(id=7, name="Анна")), at=AT, zone=MOSCOW)
    nameless = FromLead(lead=LEAD, contact=Contact(id=7, name=" ", phones=ANNA.phones))

    assert ticket_for_lead(nameless, at=AT, zone=MOSCOW).full_name == "Имя не указано"


def test_where_a_lead_came_from_goes_along() -> None:
    account = Account(
        id=1,
        name="Улыбка",
        subdomain="ulybka",
        time_zone="Europe/Moscow",
        filters_work=True,
        pipelines=(),
        lead_fields=(
            FieldInfo(31, "utm_source", "tracking_data", "UTM_SOURCE"),
            FieldInfo(32, "utm_medium", "tracking_data", "UTM_MEDIUM"),
            FieldInfo(40, "Доктор", "text"),
        ),
    )
    utm = utm_of(LEAD, account)
    made = ticket_for_lead(FromLead(lead=LEAD, contact=ANNA, utm=utm), at=AT, zone=MOSCOW)

    assert (made.utm_source, made.utm_medium, made.utm_term) == ("yandex", "cpc", "")
