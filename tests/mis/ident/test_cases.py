"""Cases of docs/reference/ident.md §7 that no other test tells; docs/reference/ident-cases.md lists all of them."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from collections import Counter
from datetime import timedelta

import pytest

from priem.errors import TryLater
from priem.model import VisitStatus
from tests.contract.source_contract import patients_of, read_on, visits_of
from tests.mis.ident.clinic import IdentClinic
from tests.mis.ident.test_bad_days import answers, until

pytestmark = pytest.mark.slow

DAY = 86_400


def test_a_parent_and_a_child_on_one_phone_are_two_patients(clinic: IdentClinic) -> None:
    parent = clinic.register("Уварова", "8 912 100-20-30")
    child = clinic.register("Уварова", "+7 (912) 100-20-30", ParentSNP="N'Уварова Вера Ильинична'")

    found = patients_of(read_on(clinic.open(), None)[0])

    assert found[parent].phones == found[child].phones == ("+79121002030",)
    assert found[parent].key != found[child].key
    assert found[child].parent_name == "Уварова Вера Ильинична"


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        pytest.param("", (), id="none"),
        pytest.param("нет", (), id="a word"),
        pytest.param("8 912 100-20-31, 8 (912) 100-20-32", ("+79121002031", "+79121002032"), id="two numbers"),
        pytest.param("8 912 100-20-33 мама", ("+79121002033",), id="a number and a word"),
        pytest.param("8912О002033", (), id="a letter for a nought"),
        pytest.param("+89121002034", ("+79121002034",), id="a plus before an eight"),
    ],
)
def test_a_phone_as_it_was_typed_in(clinic: IdentClinic, written: str, phones: tuple[str, ...]) -> None:
    patient = clinic.register("Телегина", written)

    assert patients_of(read_on(clinic.open(), None)[0])[patient].phones == phones


def test_an_empty_card_number_is_no_number_and_no_problem(clinic: IdentClinic) -> None:
    one = clinic.register("Пустова", CardNumber="N''", PatientNumber="N''")
    other = clinic.register("Пустова", CardNumber="NULL", PatientNumber="NULL")

    found = patients_of(read_on(clinic.open(), None)[0])

    assert (found[one].card_number, found[other].card_number) == ("", "")


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/Kaliningrad", 2),
        ("Europe/Moscow", 3),
        ("Europe/Samara", 4),
        ("Asia/Yekaterinburg", 5),
        ("Asia/Omsk", 6),
        ("Asia/Novosibirsk", 7),
        ("Asia/Irkutsk", 8),
        ("Asia/Yakutsk", 9),
        ("Asia/Vladivostok", 10),
        ("Asia/Magadan", 11),
        ("Asia/Kamchatka", 12),
    ],
)
def test_a_visit_is_in_the_clinics_own_time_wherever_it_is(clinic: IdentClinic, zone: str, hours: int) -> None:
    visit = clinic.book(clinic.register("Часова"))
    [(written,)] = clinic.ask(f"SELECT PlanStart FROM Receptions WHERE ID = {visit}")

    found = visits_of(read_on(clinic.open(time_zone=zone, visits_since=clinic.now.date()), None)[0])[visit]

    assert found.starts_at.utcoffset() == timedelta(hours=hours)
    assert found.starts_at.replace(tzinfo=None) == written


def test_a_computer_that_is_off_for_three_days_is_caught_up_with_once_and_in_order(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    old = clinic.register("Дневная")
    kept, moved, gone = (clinic.book(old, days=days) for days in (4, 5, 6))
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    booked = []
    for number in range(3):
        patient = clinic.register(f"Новая{'абв'[number]}")
        booked.append((patient, clinic.book(patient)))
        if number == 0:
            clinic.confirm(kept)
        if number == 1:
            clinic.mark(kept, IsNotified="0")
            clinic.do(f"DELETE FROM Receptions WHERE ID = {gone}")
        clinic.sandbox.control("faults", {"kind": "gone"})
        assert until(lambda: not clinic.sandbox.control("state")["sessions_open"].get("readonly_user"))
        with pytest.raises(TryLater):
            list(source.changes(cursor))
        clinic.sandbox.control("faults", method="DELETE")
        assert until(lambda: answers(clinic))
        clinic.sandbox.control("clock", {"advance": DAY})
    later = clinic.book(old, days=9, ID_ReceptionsTransferFrom=moved)
    pages, cursor = read_on(source, cursor)

    assert {patient for patient, _ in booked} <= patients_of(pages).keys()
    found = visits_of(pages)
    assert {visit for _, visit in booked} | {kept, later, gone} <= found.keys()
    assert (found[kept].status, found[gone].status) == (VisitStatus.BOOKED, VisitStatus.DELETED)
    assert found[later].moved_from is not None
    assert max(Counter(patient.key for page in pages for patient in page.patients).values()) == 1
    assert max(Counter(visit.key for page in pages for visit in page.visits).values()) == 1
    kinds = [kind for page in pages for kind in ("patients", "visits") if getattr(page, kind)]
    assert kinds == sorted(kinds)
    places = [clinic.place(page.cursor) for page in pages]
    assert places == sorted(set(places))
    again, _ = read_on(source, cursor)
    assert (patients_of(again), visits_of(again)) == ({}, {})
