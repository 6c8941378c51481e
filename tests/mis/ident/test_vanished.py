"""What leaves no trace where it happened: rows deleted, bills changed, a doctor moved in the calendar alone."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from decimal import Decimal

import pytest

from priem.errors import TryLater
from priem.mis.ident import Ident
from priem.model import Page, VisitStatus
from tests.contract.source_contract import read_on, visits_of
from tests.mis.ident.clinic import IdentClinic

pytestmark = pytest.mark.slow

TEN_MINUTES = 601


def settled(source: Ident) -> str:
    """The cursor of a source that has read everything."""
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)
    return cursor


def later(clinic: IdentClinic) -> None:
    clinic.sandbox.control("clock", {"advance": TEN_MINUTES})


def deleted(pages: list[Page]) -> set[str]:
    return {id_ for id_, visit in visits_of(pages).items() if visit.status is VisitStatus.DELETED}


def test_a_visit_whose_row_is_gone_is_deleted(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Лебедева")
    visit = clinic.book(patient)
    source = clinic.open()
    pages, _ = read_on(source, None)
    told = visits_of(pages)[visit]
    cursor = settled(source)

    clinic.do(f"DELETE FROM Receptions WHERE ID = {visit}")
    assert read_on(source, cursor)[0] == []
    later(clinic)
    pages, cursor = read_on(source, cursor)

    gone = visits_of(pages)[visit]
    assert (gone.status, gone.raw_status) == (VisitStatus.DELETED, "deleted")
    assert (gone.patient.id, gone.starts_at, gone.branch) == (patient, told.starts_at, told.branch)
    assert gone.branch_name == told.branch_name
    later(clinic)
    assert deleted(read_on(source, cursor)[0]) == set()


def test_a_visit_booked_and_deleted_between_two_looks_is_deleted_after_a_restart_too(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    source = clinic.open()
    cursor = settled(source)
    visit = clinic.book(clinic.register("Журавлёва"))
    pages, cursor = read_on(source, cursor)
    assert visit in visits_of(pages)

    clinic.do(f"DELETE FROM Receptions WHERE ID = {visit}")
    later(clinic)
    pages, _ = read_on(clinic.open(), cursor)

    assert deleted(pages) == {visit}


def test_a_visit_put_far_back_is_not_gone(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    visit = clinic.book(clinic.register("Голубева"))
    source = clinic.open()
    cursor = settled(source)

    clinic.mark(visit, PlanStart="'20200101 10:00:00'", PlanEnd="NULL")
    later(clinic)
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].status is VisitStatus.BOOKED


def test_when_too_many_vanish_none_is_deleted_until_a_person_says_so(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Воронина")
    visits = {clinic.book(patient) for _ in range(30)}
    source = clinic.open()
    cursor = settled(source)

    clinic.do(f"DELETE FROM Receptions WHERE ID_Patients = {patient}")
    later(clinic)
    pages, cursor = read_on(source, cursor)
    rejected = [row for page in pages for row in page.rejected]
    assert deleted(pages) == set()
    assert ["30 of " in str(row.reason) for row in rejected] == [True]
    assert any("vanished" in str(exchange.error) for exchange in clinic.journal.exchanges)

    later(clinic)
    source = clinic.open(vanishing_share=100)
    # All of the newest visits are gone: that looks like an older copy at first, and everything is read anew.
    _, cursor = read_on(source, cursor)
    assert deleted(read_on(source, cursor)[0]) == visits


def test_a_look_that_was_broken_off_deletes_nothing(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    visit = clinic.book(clinic.register("Тетерина"))
    source = clinic.open(query_timeout=1)
    cursor = settled(source)
    clinic.do(f"DELETE FROM Receptions WHERE ID = {visit}")
    later(clinic)

    clinic.sandbox.control("faults", {"kind": "drop_mid_row", "match": "it.PlanStart", "count": 2})
    given: list[Page] = []
    with pytest.raises(TryLater):
        given += source.changes(cursor)
    clinic.sandbox.control("faults", method="DELETE")

    assert deleted(given) == set()
    assert deleted(read_on(source, cursor)[0]) == {visit}


def test_a_page_of_deletions_that_was_not_carried_out_comes_again(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    visit = clinic.book(clinic.register("Куликова"))
    source = clinic.open()
    cursor = settled(source)
    clinic.do(f"DELETE FROM Receptions WHERE ID = {visit}")
    later(clinic)

    first, _ = read_on(source, cursor)
    second, end = read_on(source, cursor)

    assert deleted(first) == deleted(second) == {visit}
    # The page that brings it is the one after which it need not come again.
    carrying = next(page for page in second if deleted([page]))
    assert deleted(read_on(clinic.open(), carrying.cursor)[0]) == set()
    assert deleted(read_on(clinic.open(), end)[0]) == set()


def test_a_deleted_visit_is_not_taken_for_an_older_copy_of_the_database(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Кречетова")
    _, newest = clinic.book(patient), clinic.book(patient)
    cursor = settled(clinic.open())

    clinic.do(f"DELETE FROM Receptions WHERE ID = {newest}")
    read_on(clinic.open(), cursor)

    assert not any("older copy" in str(exchange.error) for exchange in clinic.journal.exchanges)


def test_looking_for_deleted_visits_costs_one_question(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    clinic.do("DELETE FROM OrderServiceRelation", "DELETE FROM Orders")
    source = clinic.open()
    cursor = settled(source)
    clinic.journal.exchanges.clear()
    later(clinic)
    read_on(source, cursor)

    asked = [exchange.what for exchange in clinic.journal.exchanges]
    looks = ["patients changed", "orders changed", "services changed", "payments changed"]
    late = ["patients changed", "orders changed", "services changed"]
    assert [what for what in asked if " of " not in what] == ["clocks", *looks, "visits there", *late]


def test_it_can_be_switched_off(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    visit = clinic.book(clinic.register("Цаплина"))
    source = clinic.open(sweep_minutes=0)
    cursor = settled(source)

    clinic.do(f"DELETE FROM Receptions WHERE ID = {visit}")
    later(clinic)

    assert deleted(read_on(source, cursor)[0]) == set()


def test_a_line_that_was_changed_brings_its_visit(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Совина")
    visit = clinic.book(patient)
    order = clinic.bill(visit, patient, 1500)
    source = clinic.open()
    cursor = settled(source)

    clinic.do(
        f"UPDATE OrderServiceRelation SET CountService = 3, DateTimeChanged = GETDATE() WHERE ID_Orders = {order}"
    )
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].total == Decimal(4500)


def test_a_line_taken_off_a_bill_brings_its_visit_in_the_end(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Филина")
    visit = clinic.book(patient)
    order = clinic.bill(visit, patient, 1500, 700)
    source = clinic.open()
    cursor = settled(source)

    [(line,)] = clinic.ask(f"SELECT MAX(ID) FROM OrderServiceRelation WHERE ID_Orders = {order}")
    clinic.do(f"DELETE FROM OrderServiceRelation WHERE ID = {line}")
    later(clinic)
    pages, cursor = read_on(source, cursor)
    assert visits_of(pages)[visit].total == Decimal(1500)

    clinic.do(f"DELETE FROM OrderServiceRelation WHERE ID_Orders = {order}", f"DELETE FROM Orders WHERE ID = {order}")
    later(clinic)
    pages, cursor = read_on(source, cursor)
    assert visits_of(pages)[visit].total is None

    later(clinic)
    assert visits_of(read_on(source, cursor)[0]) == {}


def test_a_doctor_moved_in_the_calendar_alone_is_noticed(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    visit = clinic.book(clinic.register("Грачёва"), ID_Staffs="NULL", ID_Armchairs="NULL")
    [one, other] = [id_ for (id_,) in clinic.ask("SELECT TOP (2) ID_Persons FROM Staffs ORDER BY ID_Persons")]
    clinic.do(
        "INSERT INTO CurrentTimeTable (DateOfWork, ID_Times, ID_Armchairs, ID_Staffs, ID_Receptions)"
        f" VALUES ('20260302', 1, 1, {one}, {visit})"
    )
    source = clinic.open()
    cursor = settled(source)

    clinic.do(f"UPDATE CurrentTimeTable SET ID_Staffs = {other} WHERE ID_Receptions = {visit}")
    later(clinic)
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].doctor == str(other)


def test_a_visit_of_which_nothing_is_owed_is_paid(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Стрепетова")
    visit = clinic.book(patient)
    order = clinic.bill(visit, patient, 1500)
    clinic.mark(visit, ReceptionEnded="GETDATE()", CheckIssued="GETDATE()")
    clinic.do(f"INSERT INTO OrderPaymentsJournal (ID_Orders, IsBillFormed, Debt) VALUES ({order}, 1, 500)")
    source = clinic.open()
    pages, _ = read_on(source, None)
    assert visits_of(pages)[visit].raw_status == "billed"
    cursor = settled(source)

    clinic.do(f"UPDATE OrderPaymentsJournal SET Debt = 0 WHERE ID_Orders = {order}")
    later(clinic)
    pages, _ = read_on(source, cursor)

    assert (visits_of(pages)[visit].status, visits_of(pages)[visit].raw_status) == (VisitStatus.PAID, "paid")
