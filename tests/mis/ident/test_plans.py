"""Treatment plans come with their patient where somebody shows them, and whenever something of them changes."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from decimal import Decimal

import pytest

from priem.mis.ident import Ident
from priem.plans import TreatmentPlan
from tests.contract.source_contract import patients_of, read_on
from tests.mis.ident.clinic import IdentClinic, Watch

pytestmark = pytest.mark.slow


def plan_for(clinic: IdentClinic, patient: str, *prices: int, **fields: object) -> list[int]:
    """The ids of its lines."""
    columns = "".join(f", {name}" for name in fields)
    values = "".join(f", {value}" for value in fields.values())
    clinic.do(
        f"INSERT INTO TreatmentPlans (ID_Patients, Name, DateTimeCreated{columns})"
        f" VALUES ({patient}, N'Имплантация', '20260301 10:00:00'{values})"
    )
    plan, lines = clinic.newest("TreatmentPlans"), []
    for price in prices:
        id_ = clinic.newest("ServiceItemPrices") + 1
        clinic.do(
            "INSERT INTO ServiceItemPrices (ID, ID_ServiceItems, Price, DateTimeFrom)"
            f" VALUES ({id_}, 1, {price}, GETDATE())",
            "INSERT INTO TreatmentPlanElementRelations (ID_TreatmentPlans, ID_ServicePrices, TeethLong)"
            f" VALUES ({plan}, {id_}, 3)",
        )
        lines.append(clinic.newest("TreatmentPlanElementRelations"))
    return lines


def do_line(clinic: IdentClinic, patient: str, line: int) -> None:
    clinic.bill(None, patient, 100)
    clinic.do(
        f"UPDATE OrderServiceRelation SET ID_TreatmentPlanElementRelations = {line}"
        f" WHERE ID = {clinic.newest('OrderServiceRelation')}"
    )


def told(source: Ident, patient: str) -> tuple[TreatmentPlan, ...]:
    [found] = source.patients([patient])
    assert not hasattr(found, "reason")
    return found.plans


def test_a_plan_says_what_it_costs_and_what_is_left(clinic: IdentClinic) -> None:
    patient = clinic.register("Планова")
    lines = plan_for(clinic, patient, 30_000, 12_500)
    do_line(clinic, patient, lines[0])

    [plan] = told(clinic.open(reads_plans=True), patient)

    assert (plan.name, str(plan.made_on)) == ("Имплантация", "2026-03-01")
    assert (plan.total, plan.left, plan.lines, plan.done) == (Decimal(42_500), Decimal(12_500), 2, 1)


def test_nobody_asks_for_plans_that_nobody_shows(clinic: IdentClinic) -> None:
    patient = clinic.register("Безпланов")
    plan_for(clinic, patient, 100)

    assert told(clinic.open(), patient) == ()
    read_on(clinic.open(), None)
    assert not clinic.asked_for("TreatmentPlan")


def test_plans_that_are_over_are_left_out_unless_all_are_wanted(clinic: IdentClinic) -> None:
    patient = clinic.register("Былых")
    plan_for(clinic, patient, 100, IsActive=0)
    plan_for(clinic, patient, 200, ActualTo="DATEADD(day, -2, GETDATE())")
    plan_for(clinic, patient, 300, ActualTo="DATEADD(day, 2, GETDATE())")

    in_force, every = (
        told(clinic.open(reads_plans=True, treatment_plans=which), patient) for which in ("active", "all")
    )

    assert [plan.total for plan in in_force] == [300]
    assert sorted(plan.total for plan in every) == [100, 200, 300]


def test_a_line_may_count_for_each_of_its_teeth(clinic: IdentClinic) -> None:
    patient = clinic.register("Зубкова")
    plan_for(clinic, patient, 1000)

    [plan] = told(clinic.open(reads_plans=True, plan_lines_per_tooth=True), patient)

    assert plan.total == 2000


def test_a_changed_plan_and_work_done_bring_their_patient_again(clinic: IdentClinic) -> None:
    patient, watch = clinic.register("Новикова"), Watch()
    source = clinic.open_by(watch, reads_plans=True)
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    watch.advance(61)  # plans are looked at once a minute
    [line] = plan_for(clinic, patient, 5000)
    pages, cursor = read_on(source, cursor)
    assert [plan.left for plan in patients_of(pages)[patient].plans] == [5000]

    watch.advance(61)
    do_line(clinic, patient, line)
    pages, cursor = read_on(source, cursor)
    assert [plan.left for plan in patients_of(pages)[patient].plans] == [0]


def test_a_database_without_plans_is_read_without_them(own_clinic: IdentClinic) -> None:
    clinic = own_clinic
    patient = clinic.register("Безплановая")
    clinic.do("DROP TABLE TreatmentPlanElementRelations")

    pages, cursor = read_on(clinic.open(reads_plans=True), None)
    read_on(clinic.open(reads_plans=True), cursor)

    assert patients_of(pages)[patient].plans == ()
