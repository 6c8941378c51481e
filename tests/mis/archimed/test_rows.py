"""Rows of recorded shapes, of both versions and of none, become the model or a reason."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.mis.archimed.loose import a_day, an_id, clock, figure, flag, moment, money, texts_in
from priem.mis.archimed.rows import (
    CARD_FIELDS,
    DOCTOR_FIELDS,
    TALON_FIELDS,
    Setting,
    full_name,
    to_patient,
    to_visit,
)
from priem.mis.archimed.statuses import Meanings
from priem.model import Patient, Rejected, Visit, VisitStatus
from tests.mis.archimed.recorded import STATUSES, ZONE

SETTING = Setting(
    connection="center",
    branch="1",
    branch_name="Центр",
    zone=ZoneInfo(ZONE),
    meanings=Meanings(com_statuses={"7": VisitStatus.CONFIRMED}),
    statuses={str(id_): name for id_, name in STATUSES.items()},
    reasons={"2": "Не пришёл"},
)
CARD: dict[str, Any] = {
    "id": 2,
    "last_name": " Иванов",
    "first_name": "Сергей",
    "middle_name": "Анатольевич",
    "birthdate": "23.12.1967",
    "phone": "79123456780",
    "phone1": "222",
    "email": "s@example.com",
    "number": "3",
    "changedate": "05.04.2019 14:26:23",
}
TALON: dict[str, Any] = {
    "id": 2283,
    "patient_id": 2,
    "info": " примечание ",
    "begintime": "12:00:00",
    "endtime": "12:30:00",
    "date": "21.01.2026",
    "datetime": "21.01.2026 12:00:00",
    "room": "Кабинет № 2",
    "status_id": 1,
    "status": "Запись",
    "creation_datetime": "20.01.2026 11:33:33",
    "com_status_id": 0,
    "delete_reason_id": 0,
    "delete_reason": "",
    "deleted": False,
    "docs": [{"id": 17, "name": "Сидорова Елена Игоревна", "type": "Терапевт"}, {"id": 18, "name": "Орлов Олег"}],
}


def patient(**changed: Any) -> Patient:
    read = to_patient(CARD | changed, "center")
    assert isinstance(read, Patient)
    return read


def visit(**changed: Any) -> Visit:
    read = to_visit(TALON | changed, SETTING)
    assert isinstance(read, Visit)
    return read


def test_a_card_is_a_patient() -> None:
    read = patient()

    assert (str(read.key), read.name) == ("center:2", "Иванов Сергей Анатольевич")
    assert (read.phones, read.birthday, read.card_number) == (("+79123456780",), date(1967, 12, 23), "3")


def test_a_talon_is_a_visit_by_the_branchs_clock() -> None:
    read = visit()

    assert read.starts_at == datetime(2026, 1, 21, 12, tzinfo=ZoneInfo(ZONE))
    assert read.ends_at == datetime(2026, 1, 21, 12, 30, tzinfo=ZoneInfo(ZONE))
    assert read.added_at == datetime(2026, 1, 20, 11, 33, 33, tzinfo=ZoneInfo(ZONE))
    assert (str(read.key), str(read.patient)) == ("center:2283", "center:2")
    assert (read.doctor, read.doctor_name) == ("17", "Сидорова Елена Игоревна, Орлов Олег")
    assert (read.speciality, read.room, read.comment) == ("Терапевт", "Кабинет № 2", "примечание")
    assert (read.status, read.raw_status) == (VisitStatus.BOOKED, "1")
    assert (read.branch, read.branch_name, read.services, read.total) == ("1", "Центр", (), None)


def test_ids_that_come_as_texts_are_the_same_ids() -> None:
    as_text = visit(id="2283", patient_id="2", status_id="1", docs=[{"id": "17", "name": "Сидорова Елена Игоревна"}])

    assert (as_text.key, as_text.patient, as_text.doctor) == (visit().key, visit().patient, visit().doctor)
    assert as_text.raw_status == visit().raw_status


def test_names_are_read_in_either_spelling() -> None:
    assert full_name({"name": "Зуева", "name1": "Анна", "name2": None}) == "Зуева Анна"
    assert full_name({"last_name": "Зуева", "first_name": "Анна", "middle_name": ""}) == "Зуева Анна"
    assert full_name({}) == ""


@pytest.mark.parametrize(
    ("changed", "status", "raw"),
    [
        ({"status_id": "2", "status": "Подтверждён"}, VisitStatus.CONFIRMED, "2"),
        ({"status_id": 5, "status": None}, VisitStatus.ARRIVED, "5"),
        ({"status_id": 3, "status": "Приём прошёл"}, VisitStatus.COMPLETED, "3"),
        ({"status_id": 4, "status": "Отменён", "deleted": 1}, VisitStatus.CANCELLED, "4"),
        ({"deleted": True}, VisitStatus.DELETED, "deleted"),
        ({"deleted": "1", "delete_reason_id": 1, "delete_reason": "Отказ"}, VisitStatus.CANCELLED, "deleted:1"),
        ({"deleted": 1, "delete_reason_id": "2"}, VisitStatus.NO_SHOW, "deleted:2"),
        ({"com_status_id": 7}, VisitStatus.CONFIRMED, "1"),
        ({"status_id": 3, "status": "Приём прошёл", "com_status_id": 7}, VisitStatus.COMPLETED, "3"),
        ({"status_id": 77, "status": "Перезвонить"}, VisitStatus.UNMAPPED, "77"),
        ({"status_id": None, "status": None}, VisitStatus.UNMAPPED, "0"),
    ],
)
def test_what_a_talons_status_is(changed: dict[str, Any], status: VisitStatus, raw: str) -> None:
    assert (visit(**changed).status, visit(**changed).raw_status) == (status, raw)


def test_services_are_read_where_a_talon_says_them() -> None:
    read = visit(services=[{"id": 1, "name": "Приём", "price": "1500", "count": 2}, {"name": "УЗИ", "sum": 900}, None])

    assert [(one.name, one.count, one.total) for one in read.services] == [
        ("Приём", Decimal(2), Decimal(3000)),
        ("УЗИ", Decimal(1), Decimal(900)),
    ]
    assert visit(services=None).total is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": None},
        {"patient_id": 0},
        {"patient_id": None},
        {"date": "32.01.2026", "datetime": ""},
        {"date": None, "datetime": "21.01.2026"},
    ],
)
def test_a_talon_that_cannot_be_a_visit_says_why(changed: dict[str, Any]) -> None:
    read = to_visit(TALON | changed, SETTING)

    assert isinstance(read, Rejected)
    assert read.reason.read("ru") != read.reason.read("en")


def test_no_passport_and_no_address_is_ever_asked_for() -> None:
    asked = {*CARD_FIELDS, *TALON_FIELDS, *DOCTOR_FIELDS}

    assert not [name for name in asked if name.startswith(("doc_", "snils", "passport")) or "address" in name]
    assert not {"patient_name", "patient_phone", "patient_email"} & asked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TALON, "name"]), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted({*CARD_FIELDS, *TALON_FIELDS})), JSON))
def test_whatever_comes_is_a_record_or_a_reason(changed: dict[str, Any]) -> None:
    assert isinstance(to_visit(TALON | changed, SETTING), Visit | Rejected)
    assert isinstance(to_patient(CARD | changed, "center"), Patient | Rejected)
    assert texts_in(changed) is not None


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - ArchiMed+'s times are naive
def test_moments_are_read_as_they_are_written(at: datetime) -> None:
    at = at.replace(microsecond=0)

    assert moment(f"{at.day:02}.{at.month:02}.{at.year:04} {at:%H:%M:%S}") == at
    assert a_day(f"{at.year:04}-{at.month:02}-{at.day:02}") == at.date()
    assert clock(f"{at:%H:%M}") == at.time().replace(second=0)


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_figures_are_the_same_as_text(number: int) -> None:
    assert figure(str(number)) == figure(number) == figure(f" {number}.0 ") == number
    assert an_id(number) == an_id(str(number))


@pytest.mark.parametrize(
    ("value", "said"),
    [("1", True), ("0", False), (1, True), (None, False), ("да", True), ([], False), (True, True)],
)
def test_flags_come_in_many_shapes(value: object, *, said: bool) -> None:
    assert flag(value) is said


def test_sums_come_with_commas_and_spaces() -> None:
    assert money("1 500,5") == Decimal("1500.50")
    junk: list[object] = ["", "nan", None, True, [], "1e99"]
    assert [money(value) for value in junk] == [None] * 6
