"""Days in a clinic, as its source tells them."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from priem.mis.ident import Ident
from priem.model import Visit, VisitStatus
from tests.contract.source_contract import patients_of, read_on, visits_of
from tests.mis.ident.clinic import IdentClinic, Watch

pytestmark = pytest.mark.slow


def settled(clinic: IdentClinic) -> str:
    """The cursor of a source that has read everything."""
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)
    return cursor


def read_visit(clinic: IdentClinic, visit: str) -> Visit:
    pages, _ = read_on(clinic.open(), None)
    return visits_of(pages)[visit]


def test_two_orders_of_a_visit_are_one_visit_with_their_sum(clinic: IdentClinic) -> None:
    patient = clinic.register("Ершова")
    visit = clinic.book(patient)
    clinic.bill(visit, patient, 1500, Decimal("250.50"))
    clinic.bill(visit, patient, 3000)

    pages, _ = read_on(clinic.open(), None)

    found = [one for page in pages for one in page.visits if one.key.id == visit]
    assert [one.total for one in found] == [Decimal("4750.50")]
    assert [service.total for service in found[0].services] == [Decimal(1500), Decimal("250.50"), Decimal(3000)]


def test_a_bill_made_later_brings_its_visit_again(clinic: IdentClinic) -> None:
    patient = clinic.register("Котова")
    visit = clinic.book(patient)
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    order = clinic.bill(visit, patient, 1500)
    pages, cursor = read_on(source, cursor)
    assert visits_of(pages)[visit].total == Decimal(1500)

    clinic.do(
        "INSERT INTO OrderServiceRelation (ID_Orders, ID_ServicePrices, CountService)"
        f" VALUES ({order}, {clinic.newest('ServiceItemPrices')}, 2)"
    )
    pages, _ = read_on(source, cursor)
    assert visits_of(pages)[visit].total == Decimal(4500)


def test_an_order_without_a_visit_is_nobodys_news(clinic: IdentClinic) -> None:
    patient = clinic.register("Мышкина")
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    clinic.bill(None, patient, 900)
    pages, _ = read_on(source, cursor)

    assert pages == []


def test_the_doctor_who_stands_in_the_calendar_only_is_found(clinic: IdentClinic) -> None:
    visit = clinic.book(clinic.register("Ежова"), ID_Staffs="NULL", ID_Armchairs="NULL")
    [(doctor, surname)] = clinic.ask(
        "SELECT TOP (1) s.ID_Persons, p.Surname FROM Staffs s JOIN Persons p ON p.ID = s.ID_Persons"
        " ORDER BY s.ID_Persons"
    )
    [(chair, company)] = clinic.ask("SELECT TOP (1) ID, ID_OwnCompanies FROM Armchairs ORDER BY ID DESC")
    clinic.do(
        "INSERT INTO CurrentTimeTable (DateOfWork, ID_Times, ID_Armchairs, ID_Staffs, ID_Receptions)"
        f" VALUES ('20260302', 1, {chair}, {doctor}, {visit})"
    )

    found = read_visit(clinic, visit)

    assert found.doctor == str(doctor)
    assert found.doctor_name.startswith(surname)
    assert found.branch == str(company)
    assert found.room


def test_a_doctor_of_two_professions_does_not_double_the_visit(clinic: IdentClinic) -> None:
    [(doctor,)] = clinic.ask("SELECT TOP (1) ID_Persons FROM Staffs ORDER BY ID_Persons")
    clinic.do(f"DELETE FROM Items WHERE ID_Staffs = {doctor}")
    names = clinic.ask("SELECT TOP (2) ID, NameProfession FROM ProfessionNames ORDER BY ID")
    clinic.do(*(f"INSERT INTO Items (ID_Staffs, ID_ProfessionNames) VALUES ({doctor}, {id_})" for id_, _ in names))
    visit = clinic.book(clinic.register("Зайцева"), ID_Staffs=doctor)

    pages, _ = read_on(clinic.open(), None)

    found = [one for page in pages for one in page.visits if one.key.id == visit]
    assert [one.speciality for one in found] == [", ".join(sorted(name for _, name in names))]


def test_a_visit_moved_twice_is_a_chain(clinic: IdentClinic) -> None:
    patient = clinic.register("Белкина")
    first = clinic.book(patient)
    second = clinic.book(patient, days=5, ID_ReceptionsTransferFrom=first)
    clinic.mark(first, ReceptionCanceled="GETDATE()")
    third = clinic.book(patient, days=8, ID_ReceptionsTransferFrom=second)

    pages, _ = read_on(clinic.open(), None)

    found = visits_of(pages)
    assert [found[one].raw_status for one in (first, second, third)] == ["moved", "moved", "booked"]
    assert found[first].moved_to == found[third].moved_from == found[second].key
    assert (found[first].moved_from, found[third].moved_to) == (None, None)


def test_a_visit_moved_later_is_told_from_both_ends(clinic: IdentClinic) -> None:
    patient = clinic.register("Барсова")
    first = clinic.book(patient)
    source = clinic.open()
    _, cursor = read_on(source, None)

    second = clinic.book(patient, days=5, ID_ReceptionsTransferFrom=first)
    clinic.mark(first, ReceptionCanceled="GETDATE()")
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[first].moved_to == visits_of(pages)[second].key


def test_a_visit_that_was_cancelled_and_restored_is_booked_again(clinic: IdentClinic) -> None:
    visit = clinic.book(clinic.register("Рысева"))
    source = clinic.open()
    _, cursor = read_on(source, None)

    statuses = []
    for marks in (
        {"ReceptionCanceled": "GETDATE()", "ID_ReceptionCancelReasons": 1},
        {"ReceptionCanceled": "NULL", "ID_ReceptionCancelReasons": "NULL"},
        {"PatientAppeared": "GETDATE()"},
        {"ReceptionStarted": "GETDATE()"},
        {"ReceptionEnded": "GETDATE()"},
        {"CheckIssued": "GETDATE()"},
    ):
        clinic.mark(visit, **marks)
        pages, cursor = read_on(source, cursor)
        statuses.append(visits_of(pages)[visit].raw_status)

    assert statuses == ["cancelled:1", "booked", "arrived", "in_progress", "completed", "billed"]


def test_a_visit_that_ident_closed_by_itself_is_a_no_show(clinic: IdentClinic) -> None:
    visit = clinic.book(clinic.register("Волкова"), ID_ReceptionCancelReasons=8, ReceptionCanceled="NULL")
    clinic.do(f"UPDATE Receptions SET ReceptionCanceled = PlanEnd WHERE ID = {visit}")

    found = read_visit(clinic, visit)

    assert (found.status, found.raw_status) == (VisitStatus.NO_SHOW, "cancelled:8")


def test_a_cancel_reason_means_what_the_settings_say_by_id_or_name(clinic: IdentClinic) -> None:
    patient = clinic.register("Лисина")
    [(reason, name)] = clinic.ask("SELECT TOP (1) ID, Name FROM ReceptionCancelReasons ORDER BY ID")
    visit = clinic.book(patient, ID_ReceptionCancelReasons=reason, ReceptionCanceled="GETDATE()")

    def status(**settings: object) -> VisitStatus:
        pages, _ = read_on(clinic.open(**settings), None)
        return visits_of(pages)[visit].status

    assert status() is VisitStatus.CANCELLED
    assert status(cancel_reasons={str(reason): "no_show"}) is VisitStatus.NO_SHOW
    assert status(cancel_reasons={name.upper(): "deleted"}) is VisitStatus.DELETED


def test_ninety_cards_touched_at_the_same_moment_are_all_read(clinic: IdentClinic) -> None:
    cursor = settled(clinic)
    touched = {str(id_) for (id_,) in clinic.ask("SELECT TOP (90) ID_Persons FROM Patients ORDER BY ID_Persons DESC")}
    lowest = min(map(int, touched))
    clinic.do(f"UPDATE Patients SET DateTimeChanged = GETDATE() WHERE ID_Persons >= {lowest}")
    assert len(clinic.ask(f"SELECT DISTINCT DateTimeChanged FROM Patients WHERE ID_Persons >= {lowest}")) == 1

    source = clinic.open(page_size=20)
    pages, cursor = read_on(source, cursor)
    again, _ = read_on(source, cursor)

    assert patients_of(pages).keys() >= touched
    assert max(len(page.patients) for page in pages) <= 20
    assert again == []


def test_a_card_that_nobody_dated_is_read_because_it_is_new(clinic: IdentClinic) -> None:
    cursor = settled(clinic)
    id_ = clinic.newest("Persons") + 1
    clinic.do(
        f"INSERT INTO Persons (ID, Surname, MobilePhone) VALUES ({id_}, N'Новая', N'8 912 345-67-80')",
        f"INSERT INTO Patients (ID_Persons) VALUES ({id_})",
    )

    pages, _ = read_on(clinic.open(), cursor)

    assert patients_of(pages)[str(id_)].phones == ("+79123456780",)


def test_a_visit_committed_late_by_a_long_transaction_is_not_missed(clinic: IdentClinic) -> None:
    patient = clinic.register("Сорокина")
    source = clinic.open()
    _, cursor = read_on(source, None)
    slow = clinic.connect()
    slow.autocommit(False)
    slow.cursor().execute(
        f"INSERT INTO Receptions (ID_Patients, PlanStart, Comment) VALUES ({patient}, GETDATE(), N'late')"
    )

    quick = clinic.book(patient)
    pages, cursor = read_on(source, cursor)
    seen = set(visits_of(pages))
    slow.commit()
    slow.close()
    [(late,)] = clinic.ask(f"SELECT ID FROM Receptions WHERE ID_Patients = {patient} AND Comment = N'late'")
    pages, _ = read_on(source, cursor)

    assert str(late) not in seen
    assert str(late) in visits_of(pages)
    assert quick in seen | visits_of(pages).keys()


def test_a_restored_backup_is_noticed_and_everything_is_read_again(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Галкина")
    clinic.sandbox.control("backup", {})
    lost = clinic.book(patient)
    clinic.rename(patient, "Воробьёва")
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    clinic.sandbox.control("restore", {})
    after = clinic.book(patient)
    pages, end = read_on(source, cursor)

    assert patients_of(pages)[patient].name.startswith("Галкина")
    assert len(patients_of(pages)) == len(clinic.ask("SELECT ID_Persons FROM Patients"))
    assert after in visits_of(pages)
    assert lost == after
    assert any("older copy" in str(exchange.error) for exchange in clinic.journal.exchanges)
    assert clinic.place(end) > clinic.place(cursor)


def test_an_upgrade_that_rewrites_every_row_loses_nothing(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    cursor = settled(clinic)
    everything = {str(id_) for (id_,) in clinic.ask("SELECT ID FROM Receptions WHERE ID_Patients IS NOT NULL")}

    clinic.sandbox.control("upgrade", {})
    source = clinic.open(page_size=30)
    pages, cursor = read_on(source, cursor)

    assert visits_of(pages).keys() == everything
    assert read_on(source, cursor)[0] == []


def test_a_clock_that_goes_back_hides_nothing(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Дроздова")
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    clinic.sandbox.control("clock", {"advance": -3600})
    clinic.rename(patient, "Синицына")
    pages, _ = read_on(source, cursor)

    assert patients_of(pages)[patient].name.startswith("Синицына")


def test_only_the_branches_of_the_connection_are_read(clinic: IdentClinic) -> None:
    patient = clinic.register("Стрижова")
    chairs = dict(clinic.ask("SELECT ID_OwnCompanies, MIN(ID) FROM Armchairs GROUP BY ID_OwnCompanies"))
    one, other = (clinic.book(patient, ID_Armchairs=chairs[company]) for company in (1, 2))
    nowhere = clinic.book(patient, ID_Armchairs="NULL")

    pages, _ = read_on(clinic.open(only_branches=("2",)), None)

    assert one not in visits_of(pages)
    assert visits_of(pages)[other].branch == "2"
    assert {visit.branch for visit in visits_of(pages).values()} == {"2"}
    assert nowhere in {row.id for page in pages for row in page.rejected}


def test_a_branch_lives_by_its_own_clock(clinic: IdentClinic) -> None:
    patient = clinic.register("Чижова")
    [(chair,)] = clinic.ask("SELECT MIN(ID) FROM Armchairs WHERE ID_OwnCompanies = 2")
    visit = clinic.book(patient, ID_Armchairs=chair)
    # By Kaliningrad's clock it is an hour earlier than by the server's, so this one is still to come there.
    soon = clinic.book(patient, ID_Armchairs=chair, PlanStart="DATEADD(minute, -30, GETDATE())")

    pages, _ = read_on(clinic.open(branch_time_zones={"2": "Europe/Kaliningrad"}), None)

    kaliningrad = ZoneInfo("Europe/Kaliningrad")
    assert visits_of(pages)[visit].starts_at.tzinfo == kaliningrad
    assert visits_of(pages)[visit].starts_at.utcoffset() == timedelta(hours=2)
    assert soon in visits_of(pages)


def test_an_idle_clinic_is_hardly_asked_anything(clinic: IdentClinic) -> None:
    clinic.book(clinic.register("Снегирёва"))
    source = clinic.open(page_size=2000)  # other tests change more than a hundred cards
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)
    # The sandbox translates a text that it has not seen; a real server keeps its plan.
    assert read_on(source, cursor)[0] == []
    clinic.journal.exchanges.clear()

    spent = [poll_cost(clinic, source, cursor) for _ in range(5)]

    assert len(clinic.journal.exchanges) <= 5 * 5
    assert sorted(spent)[2] <= 20


def poll_cost(clinic: IdentClinic, source: Ident, cursor: str) -> float:
    """Milliseconds that the server itself spent on a poll that brings nothing."""
    before: float = clinic.sandbox.control("state")["server_milliseconds"]
    assert read_on(source, cursor)[0] == []
    after: float = clinic.sandbox.control("state")["server_milliseconds"]
    return after - before


def test_a_table_that_takes_long_to_look_through_is_left_alone_for_a_while(clinic: IdentClinic) -> None:
    watch = Watch(step=timedelta(seconds=1))
    source = Ident(clinic.sandbox.config(polling_share=2), clinic.journal, watch)
    patient = clinic.register("Щеглова")
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)
    assert read_on(source, cursor)[0] == []
    clinic.journal.exchanges.clear()

    clinic.rename(patient, "Зябликова")
    assert read_on(source, cursor)[0] == []
    assert {exchange.what for exchange in clinic.journal.exchanges} == {"clocks"}
    watch.advance(600)
    pages, _ = read_on(source, cursor)

    assert patients_of(pages)[patient].name.startswith("Зябликова")
    source.close()


def test_the_marks_move_on_in_an_idle_clinic(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    source = clinic.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    clinic.sandbox.control("clock", {"advance": 400})
    [page], later = read_on(source, cursor)

    assert (page.patients, page.visits, page.rejected) == ((), (), ())
    assert clinic.place(later) > clinic.place(cursor)


def test_the_journal_names_questions_and_nobody(clinic: IdentClinic) -> None:
    patient = clinic.register("Филинова", "8 912 000-11-22")
    source = clinic.open()
    read_on(source, None)
    source.patients([patient])

    said = " ".join(map(repr, clinic.journal.exchanges))
    assert "Филинова" not in said
    assert "000-11-22" not in said
    assert "9120001122" not in said
    assert "Chitatel" not in said
    assert {exchange.system for exchange in clinic.journal.exchanges} == {"pz"}
    assert {"clocks", "schema", "patients", "visits"} <= {exchange.what for exchange in clinic.journal.exchanges}
