from datetime import date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.mis.ident.rows import (
    Cells,
    Details,
    Plain,
    Row,
    Setting,
    day,
    is_first,
    to_cells,
    to_patient,
    to_services,
    to_visit,
)
from priem.mis.ident.statuses import Reading
from priem.model import Patient, PatientKey, Rejected, Service, Visit, VisitKey, VisitStatus

MOSCOW, OMSK = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Omsk")
TEN = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - IDENT's times are naive
HALF_PAST = datetime(2026, 3, 2, 10, 30)  # noqa: DTZ001 - IDENT's times have no zone
NAMES = SimpleNamespace(
    branches={1: "Центр", 2: "Омск"},
    chairs={7: ("Кабинет 1", 1), 8: ("Кабинет 2", 2)},
    doctors={20: "Зуева Анна Петровна", 21: "Клык Олег"},
    professions={20: "Ортодонт, Терапевт"},
    categories={},
)
SETTING = Setting(connection="pz", zones={"2": OMSK}, zone=MOSCOW, reading=Reading(reasons={}))


def card(**changed: object) -> Row:
    row = dict.fromkeys(
        ("Surname", "Name", "Patronymic", "Birthday", "MobilePhone", "Phone", "Email", "CardNumber", "Parent"), ""
    )
    return {**row, "ID": 5, "Person": 5, "InfoSource": None, "FirstVisit": None, "ArchivingReason": None, **changed}


def reception(**changed: object) -> Row:
    times = ("Appeared", "Started", "Ended", "CheckIssued", "Cancelled", "CancelReason", "MovedFrom", "Booked", "Added")
    row: dict[str, object] = dict.fromkeys((*times, "Comment", "Notified", "ExternalUID", "FirstVisit"))
    row |= {"ID": 100, "Patient": 5, "Doctor": 20, "Chair": 7, "PlanStart": TEN, "PlanEnd": HALF_PAST}
    return row | changed


def patient(**changed: object) -> Patient:
    read = to_patient(card(**changed), "pz", {4: "Яндекс Карты"})
    assert isinstance(read, Patient)
    return read


def visit(details: Details | None = None, **changed: object) -> Visit:
    read = to_visit(reception(**changed), details or Details(), NAMES, SETTING)
    assert isinstance(read, Visit)
    return read


def test_a_card_and_its_person_are_a_patient() -> None:
    read = patient(
        Surname="  Белова ",
        Name="Анна",
        Patronymic=None,
        Birthday="04.05.1990",
        MobilePhone="8 (912) 345-67-80",
        Phone="+7 912 345 67 80, 8-922-111-22-33 муж",
        Email=" anna@example.com ",
        CardNumber="А-17",
        Parent="Белова  Ольга",
        InfoSource=4,
        FirstVisit=date(2025, 1, 2),
        ArchivingReason=1,
    )

    assert read == Patient(
        key=PatientKey("pz", "5"),
        name="Белова Анна",
        phones=("+79123456780", "+79221112233"),
        birthday=date(1990, 5, 4),
        email="anna@example.com",
        card_number="А-17",
        parent_name="Белова Ольга",
        source="Яндекс Карты",
        first_visit=date(2025, 1, 2),
        archived=True,
    )


def test_an_empty_card_is_a_patient_too() -> None:
    assert patient() == Patient(key=PatientKey("pz", "5"), name="")


@pytest.mark.parametrize(
    ("changed", "id_"),
    [pytest.param({"ID": None}, "?", id="no id"), pytest.param({"Person": None}, "5", id="no such person")],
)
def test_a_card_that_is_nobodys_is_rejected(changed: dict[str, Any], id_: str) -> None:
    read = to_patient(card(**changed), "pz", {})

    assert isinstance(read, Rejected)
    assert (read.kind, read.id) == ("patient", id_)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("04.05.1990", date(1990, 5, 4)),
        ("4.5.1990", date(1990, 5, 4)),
        ("04/05/1990 0:00:00", date(1990, 5, 4)),
        ("1990-05-04", date(1990, 5, 4)),
        ("1990-05-04T00:00:00", date(1990, 5, 4)),
        (datetime(1990, 5, 4), date(1990, 5, 4)),  # noqa: DTZ001 - IDENT's times have no zone
        (date(1990, 5, 4), date(1990, 5, 4)),
        ("", None),
        (None, None),
        ("31.02.1990", None),
        ("00.00.0000", None),
        ("весна 1990", None),
        (19900504, None),
    ],
)
def test_birthdays_as_people_write_them(written: object, read: date | None) -> None:
    assert day(written) == read


def test_a_reception_is_a_visit_in_its_branchs_time() -> None:
    assert visit(Chair=8, Comment=" боится ", Booked=TEN, FirstVisit=date(2025, 1, 1)) == Visit(
        key=VisitKey("pz", "100"),
        patient=PatientKey("pz", "5"),
        status=VisitStatus.BOOKED,
        raw_status="booked",
        starts_at=TEN.replace(tzinfo=OMSK),
        ends_at=HALF_PAST.replace(tzinfo=OMSK),
        added_at=TEN.replace(tzinfo=OMSK),
        branch="2",
        branch_name="Омск",
        doctor="20",
        doctor_name="Зуева Анна Петровна",
        speciality="Ортодонт, Терапевт",
        room="Кабинет 2",
        comment="боится",
        is_first=False,
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"ID": None}, "id", id="no id"),
        pytest.param({"Patient": None}, "no patient", id="nobody"),
        pytest.param({"PlanStart": None}, "no time", id="never"),
    ],
)
def test_a_reception_that_is_no_visit_is_rejected(changed: dict[str, Any], reason: str) -> None:
    read = to_visit(reception(**changed), Details(), NAMES, SETTING)

    assert isinstance(read, Rejected)
    assert read.kind == "visit"
    assert reason in str(read.reason)


def test_the_calendar_tells_what_the_reception_does_not() -> None:
    details = Details(cells={100: Cells(TEN, HALF_PAST, 21, 8)})

    read = visit(details, Doctor=None, Chair=None, PlanStart=None, PlanEnd=None)

    assert (read.doctor_name, read.branch, read.room) == ("Клык Олег", "2", "Кабинет 2")
    assert (read.starts_at, read.ends_at) == (TEN.replace(tzinfo=OMSK), HALF_PAST.replace(tzinfo=OMSK))


def test_the_reception_is_believed_before_the_calendar() -> None:
    read = visit(Details(cells={100: Cells(HALF_PAST, HALF_PAST, 21, 8)}))

    assert (read.doctor, read.branch, read.starts_at) == ("20", "1", TEN.replace(tzinfo=MOSCOW))


def test_the_orders_company_is_the_branch() -> None:
    assert visit(Details(branch={100: 2})).branch_name == "Омск"


def test_moves_are_told_from_both_ends() -> None:
    assert visit(MovedFrom=99).moved_from == VisitKey("pz", "99")
    moved = visit(Details(moved_to={100: 101}))
    assert (moved.moved_to, moved.raw_status) == (VisitKey("pz", "101"), "moved")


def test_a_bill_of_two_orders_is_one_sum() -> None:
    lines: list[Plain] = [
        (100, 2, 1, "Осмотр", 1, Decimal("500.0000000000"), None),
        (100, 1, 2, "Пломба ", Decimal("2.0000000000"), Decimal(3000), Decimal("600.005")),
        (100, 3, 1, "Осмотр", 1, Decimal(500), Decimal(0)),
    ]

    services = to_services(lines, {2: "Терапия"})

    assert services == (
        Service(name="Пломба", count=Decimal(2), total=Decimal("5400.00"), category="Терапия"),
        Service(name="Осмотр", count=Decimal(2), total=Decimal("1000.00")),
    )
    assert visit(Details(services={100: services})).total == Decimal("6400.00")


def test_half_a_kopeck_goes_up_as_on_a_till() -> None:
    line: Plain = (100, 1, 1, "Снимок", 1.0, 100.125, 0.0)

    assert [service.total for service in to_services([line], {})] == [Decimal("100.13")]


def test_no_order_is_no_sum_and_an_empty_order_is_nothing_to_pay() -> None:
    assert visit().total is None
    assert visit(Details(services={100: ()})).total == Decimal(0)


def test_cells_are_joined_from_the_first_to_the_last() -> None:
    cells: list[Row] = [
        {"Day": date(2026, 3, 2), "Starts": time(10, 15), "Ends": time(10, 30), "Doctor": None, "Chair": 7},
        {"Day": "2026-03-02", "Starts": "10:00:00", "Ends": "10:15:00", "Doctor": 20, "Chair": 7},
        {"Day": None, "Starts": None, "Ends": None, "Doctor": 20, "Chair": None},
    ]

    assert to_cells(cells) == Cells(TEN, HALF_PAST, 20, 7)
    assert to_cells([]) == Cells()


@pytest.mark.parametrize(
    ("first_visit", "planned", "first"),
    [
        (None, date(2026, 3, 2), True),
        (date(2026, 3, 2), date(2026, 3, 2), True),
        (date(2026, 3, 1), date(2026, 3, 2), False),
    ],
)
def test_whether_the_patient_was_here_before(first_visit: date | None, planned: date, *, first: bool) -> None:
    assert is_first(first_visit, planned) is first


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.text(max_size=40),
    st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**9), max_value=10**9),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.binary(max_size=8),
)


@given(data=st.data())
def test_no_row_however_strange_stops_the_others(data: st.DataObject) -> None:
    def strange(row: Row) -> Row:
        return {column: data.draw(st.just(value) | anything, label=column) for column, value in row.items()}

    read = to_patient(strange(card()), "pz", {})
    assert isinstance(read, Patient | Rejected)
    cell: Row = {"Day": TEN, "Starts": None, "Ends": None, "Doctor": 1, "Chair": 1}
    details = Details(cells={100: to_cells([strange(cell)])})
    seen = to_visit(strange(reception()), details, NAMES, SETTING)
    assert isinstance(seen, Visit | Rejected)
    line = tuple(data.draw(st.just(value) | anything) for value in (100, 1, 1, "", 1, Decimal(1), None))
    assert len(to_services([line], {})) == 1
