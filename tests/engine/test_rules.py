"""Which stage a visit's lead belongs to."""

from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest

from priem.engine.bindings import Bound, bind
from priem.engine.rules import place, place_new
from priem.engine.settings import BranchSettings, Leads, Settings, StageRule, StatusSync
from priem.engine.uncovered import finding_of_uncovered, uncovered, without_rule
from priem.model import LOST, WON, Lead, Service, Visit, VisitLink, VisitStatus
from tests.contract.fake_crm import ACCOUNT
from tests.engine.clinic import BOOKED, CAME, CONFIRMED, MAIN, NEW, RULES, Clinic, at, patient, visit

OTHER_PIPELINE, OTHER_BOOKED = 2, 202
ANY_LEADS = Leads()


def bound(
    *rules: StageRule, mode: Literal["always", "filtered", "never"] = "filtered", leads: Leads = ANY_LEADS
) -> Bound:
    return bind(Settings(status_sync=StatusSync(mode=mode, rules=rules or RULES), leads=leads), ACCOUNT)


def lead(stage: int, pipeline: int = MAIN) -> Lead:
    return Lead(id=7, name="", pipeline=pipeline, stage=stage)


def link(stage: int, pipeline: int = MAIN) -> VisitLink:
    return VisitLink(lead=7, pipeline=pipeline, stage=stage)


@pytest.mark.parametrize(
    ("status", "stands", "put_by_priem", "goes_to", "why"),
    [
        ("confirmed", BOOKED, BOOKED, CONFIRMED, "rule:2"),
        ("arrived", BOOKED, BOOKED, CAME, "rule:3"),
        ("booked", CAME, CONFIRMED, None, "ahead"),  # a manager is further than the clinic
        ("booked", CONFIRMED, CONFIRMED, BOOKED, "rule:1"),  # staff took the mark back
        ("cancelled", CONFIRMED, BOOKED, LOST, "rule:5"),
        ("confirmed", LOST, LOST, CONFIRMED, "rule:2"),  # restored
        ("confirmed", LOST, BOOKED, None, "ahead"),  # a manager has closed it
        ("cancelled", WON, BOOKED, None, "ahead"),  # closed is closed
        ("completed", LOST, BOOKED, None, "ahead"),
        ("unmapped", CONFIRMED, BOOKED, None, "no_rule"),
        ("paid", CONFIRMED, BOOKED, None, "no_rule"),
    ],
)
def test_a_visit_moves_its_lead(status: str, stands: int, put_by_priem: int, goes_to: int | None, why: str) -> None:
    placed = place(visit(status=VisitStatus(status)), lead(stands), link(put_by_priem), bound())

    assert placed.stage == (None if goes_to is None else (MAIN, goes_to))
    assert placed.rule == why


@pytest.mark.parametrize(
    ("back", "put_by_priem", "goes_back"),
    [
        ("own", CONFIRMED, True),
        ("own", BOOKED, False),
        ("always", BOOKED, True),
        ("never", CONFIRMED, False),
    ],
)
def test_may_a_lead_go_back(back: Literal["own", "always", "never"], put_by_priem: int, *, goes_back: bool) -> None:
    placed = place(visit(), lead(CONFIRMED), link(put_by_priem), bound(leads=Leads(back=back)))

    assert placed.stage == ((MAIN, BOOKED) if goes_back else None)


def test_a_request_that_is_found_goes_wherever_its_visit_belongs() -> None:
    assert place(visit(), lead(CAME), None, bound()).stage == (MAIN, BOOKED)


def test_a_guarded_stage_is_left_alone() -> None:
    placed = place(visit(status=VisitStatus.ARRIVED), lead(NEW), link(NEW), bound(leads=Leads(guarded=(at(NEW),))))

    assert (placed.stage, placed.rule) == (None, "guarded")


def test_the_same_stage_of_another_pipeline_is_another_stage() -> None:
    guarded = bound(leads=Leads(guarded=(at(LOST, OTHER_PIPELINE),), back="always"))

    assert place(visit(), lead(LOST), link(LOST), guarded).stage == (MAIN, BOOKED)
    assert place(visit(), lead(LOST, OTHER_PIPELINE), link(LOST), guarded).stage is None


FULL = replace(
    visit(doctor="Зубов Пётр"),
    branch="1",
    branch_name="Центр",
    doctor="44",
    services=(Service(name="Осмотр", count=Decimal(1), total=Decimal(900), category="Терапия"),),
    is_first=True,
)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({}, True),
        ({"branch": "Центр"}, True),
        ({"branch": "1"}, True),
        ({"branch": "ident:1"}, True),
        ({"branch": "2"}, False),
        ({"doctor": "зубов пётр"}, True),
        ({"doctor": "44"}, True),
        ({"doctor": "Коренной"}, False),
        ({"service": "осмотр"}, True),
        ({"service": "Удаление"}, False),
        ({"category": "Терапия"}, True),
        ({"category": "Хирургия"}, False),
        ({"visit": "first"}, True),
        ({"visit": "repeat"}, False),
        ({"in_pipeline": "Воронка"}, True),
        ({"in_pipeline": OTHER_PIPELINE}, False),
        ({"branch": "Центр", "doctor": "Коренной"}, False),
    ],
)
def test_conditions_of_a_rule(condition: dict[str, str], *, fits: bool) -> None:
    rule = StageRule(status=VisitStatus.BOOKED, pipeline=MAIN, stage=CONFIRMED, **condition)  # type: ignore[arg-type]  # a row of the table

    assert (place(FULL, lead(BOOKED), link(BOOKED), bound(rule)).stage is not None) is fits
    assert (place_new(FULL, bound(rule)).rule == "rule:1") is fits


def test_nobody_knows_whether_it_is_the_first_visit() -> None:
    for number in ("first", "repeat"):
        rule = StageRule(status=VisitStatus.BOOKED, pipeline=MAIN, stage=CONFIRMED, visit=number)
        assert place_new(visit(), bound(rule)).rule == "first_stage"


def test_the_first_rule_that_fits_decides() -> None:
    special = StageRule(status=VisitStatus.BOOKED, pipeline=MAIN, stage=CAME, branch="Центр")

    assert place_new(FULL, bound(special, *RULES)).stage == (MAIN, CAME)
    assert place_new(visit(), bound(special, *RULES)).stage == (MAIN, BOOKED)


def test_without_status_sync_a_lead_begins_in_the_first_stage_and_stays_where_people_put_it() -> None:
    off = bound(mode="never")

    assert place_new(visit(), off).stage == (MAIN, NEW)
    assert place(visit(status=VisitStatus.ARRIVED), lead(BOOKED), link(BOOKED), off).stage is None


def test_a_branch_has_rules_and_a_first_stage_of_its_own() -> None:
    own = StageRule(status=VisitStatus.BOOKED, pipeline=OTHER_PIPELINE, stage=OTHER_BOOKED)
    settings = Settings(
        status_sync=StatusSync(rules=RULES),
        branches={
            "ident:1": BranchSettings(status_sync=StatusSync(rules=(own,))),
            "ident:2": BranchSettings(status_sync=StatusSync(mode="never"), first_stage=at(CAME)),
        },
    )
    branches = bind(settings, ACCOUNT)

    def placed(branch: str) -> tuple[object, str]:
        row: Visit = replace(visit(), branch=branch)
        return place_new(row, branches).stage, place_new(row, branches).rule

    assert placed("1") == ((OTHER_PIPELINE, OTHER_BOOKED), "branch_rule:1")
    assert placed("2") == ((MAIN, CAME), "first_stage")
    assert placed("3") == ((MAIN, BOOKED), "rule:1")


def test_a_cancelled_visit_gives_its_reason() -> None:
    rule = StageRule(status=VisitStatus.CANCELLED, pipeline=MAIN, stage=LOST, loss_reason="Передумал")

    placed = place(visit(status=VisitStatus.CANCELLED), lead(BOOKED), link(BOOKED), bound(rule))

    assert placed.loss_reason == 72


def test_statuses_without_a_rule_are_told() -> None:
    rule = StageRule(status=VisitStatus.BOOKED, pipeline=MAIN, stage=BOOKED)
    own = BranchSettings(status_sync=StatusSync(rules=(replace(rule, status=VisitStatus.PAID),)))
    settings = Settings(status_sync=StatusSync(rules=(rule,)), branches={"ident:1": own})

    (told,) = finding_of_uncovered(settings)

    assert not {VisitStatus.BOOKED, VisitStatus.PAID, VisitStatus.UNMAPPED} & set(uncovered(settings))
    assert "Подтверждён" in told.what.read("ru")
    assert list(finding_of_uncovered(Settings(status_sync=StatusSync(mode="never")))) == []


def test_visits_that_no_rule_fits_are_counted_by_the_status_that_the_clinic_knows(clinic: Clinic) -> None:
    clinic.settings = Settings(status_sync=StatusSync(rules=RULES[:1]))
    clinic.mis.put(patient(), visit("500"), visit("501", status=VisitStatus.ARRIVED))
    steps = clinic.sync()

    assert without_rule(steps, clinic.settings) == {"arrived": 1}
