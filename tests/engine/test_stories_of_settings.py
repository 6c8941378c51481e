"""What a clinic's own wishes change. Given, when, then."""

from dataclasses import replace
from typing import Any

import pytest

from priem.engine import by_hand
from priem.engine.settings import BranchSettings, Duplicates, Patients, Settings, StatusSync
from priem.model import Action, PatientKey, Visit, VisitKey, VisitStatus
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, CONFIRMED, NEW, Clinic, at, patient, visit

LONG_AGO = -3 * 365 * 24
"""Hours: three years."""


def takes(clinic: Clinic, **wishes: Any) -> None:
    clinic.settings = replace(clinic.settings, patients=Patients(**wishes))


def in_branch(branch: str, row: Visit) -> Visit:
    return replace(row, branch=branch)


# Who becomes a contact


def test_only_patients_with_a_phone_are_taken_and_visits_of_others_get_no_lead(clinic: Clinic) -> None:
    takes(clinic, take="with_phone")
    clinic.mis.put(
        patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис"), visit("500", "1"), visit("501", "2")
    )

    steps = clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert list(clinic.crm.all_leads) == [clinic.lead_of("500").id]
    assert clinic.store.rejected == {}, "it was the clinic's wish: nobody needs to look"
    assert {step.why.rule for step in steps if step.key.id in ("2", "501")} == {"not_taken"}


def test_a_patient_who_gives_a_phone_is_taken_from_then_on(clinic: Clinic) -> None:
    takes(clinic, take="with_phone")
    clinic.mis.put(patient("2", "Чернов Борис"))
    clinic.sync()
    clinic.mis.put(patient("2", "Чернов Борис", BORIS))
    clinic.sync()
    clinic.mis.put(patient("2", "Чернов Борис Иванович"), visit("501", "2"))

    clinic.sync()

    assert clinic.contact_of("2").name == "Чернов Борис Иванович"
    assert clinic.lead_of("501").contacts == (clinic.contact_of("2").id,)


@pytest.mark.parametrize("page_size", [1, 100], ids=["a page each", "in one page"])
def test_only_who_was_here_lately_or_is_expected_is_taken(clinic: Clinic, page_size: int) -> None:
    takes(clinic, take="recent", months=12)
    clinic.mis.page_size = page_size
    clinic.mis.visits_since = visit().starts_at
    clinic.mis.put(
        patient("1", "Ждут Анну"),
        patient("2", "Был Борис"),
        patient("3", "Давно Вера"),
        patient("4", "Никогда Глеб"),
        visit("500", "1", hours=24),
        visit("400", "2", VisitStatus.COMPLETED, hours=-100 * 24),
        visit("300", "3", VisitStatus.COMPLETED, hours=LONG_AGO),
    )

    clinic.sync()

    assert clinic.names == ["Был Борис", "Ждут Анну"]
    assert list(clinic.crm.all_leads) == [clinic.lead_of("500").id]


def test_who_was_not_taken_is_taken_with_the_next_booking(clinic: Clinic) -> None:
    takes(clinic, take="recent", months=12)
    clinic.mis.put(patient("4", "Никогда Глеб"))
    clinic.sync()
    assert clinic.names == []
    clinic.mis.put(visit("500", "4", hours=24))

    clinic.sync()

    assert clinic.lead_of("500").contacts == (clinic.contact_of("4").id,)


def test_who_is_in_amocrm_already_is_kept_in_step_whatever_the_settings_take(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна"))
    clinic.sync()
    takes(clinic, take="recent", months=1)
    clinic.mis.put(patient("1", "Чернова Анна"))

    clinic.sync()

    assert clinic.names == ["Чернова Анна"]


def test_only_the_branches_that_are_named_are_carried_over(clinic: Clinic) -> None:
    takes(clinic, branches=("ident:1",))
    clinic.mis.put(
        patient("1", "Белова Анна"),
        patient("2", "Чернов Борис"),
        in_branch("1", visit("500", "1")),
        in_branch("2", visit("501", "1", hours=1)),
        in_branch("2", visit("502", "2")),
    )

    clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert list(clinic.crm.all_leads) == [clinic.lead_of("500").id]


def test_nobody_is_forgotten_when_the_wish_is_dropped(clinic: Clinic) -> None:
    takes(clinic, take="with_phone")
    clinic.mis.put(patient("2", "Чернов Борис"))
    clinic.sync()
    takes(clinic, take="everyone")
    clinic.mis.touch()

    clinic.sync()

    assert clinic.names == ["Чернов Борис"]


# Stages in which nothing is written


def test_in_an_untouched_stage_nothing_of_a_lead_is_written(clinic: Clinic) -> None:
    clinic.decides(untouched=(at(NEW),))
    clinic.mis.put(patient(), visit(total=1000))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=NEW)
    before = clinic.lead_of("500")
    clinic.mis.put(visit(status=VisitStatus.ARRIVED, hours=5, total=4900))

    clinic.sync()

    assert clinic.lead_of("500") == before


def test_a_lead_that_leaves_an_untouched_stage_catches_up_with_the_next_change(clinic: Clinic) -> None:
    clinic.decides(untouched=(at(NEW),))
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=NEW)
    clinic.mis.put(visit(total=4900))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=BOOKED)
    clinic.mis.touch()

    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.ARRIVED, total=4900))
    clinic.sync()

    assert (clinic.lead_of("500").price, clinic.lead_of("500").stage) == (4900, CAME)


def test_a_request_in_an_untouched_stage_is_the_visits_and_stays_as_it_is(clinic: Clinic) -> None:
    clinic.decides(untouched=(at(NEW),))
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    before = clinic.crm.all_leads[request]
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    assert clinic.crm.all_leads == {request: before}
    assert clinic.store.visit_links[VisitKey("ident", "500")].lead == request


def test_a_lead_that_was_made_in_an_untouched_stage_without_an_answer_is_linked(clinic: Clinic) -> None:
    clinic.decides(untouched=(at(CONFIRMED),))
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(visit("500", status=VisitStatus.CONFIRMED))
    clinic.crm.lose_next_answers()

    clinic.sync_until_it_works()

    assert clinic.store.visit_links[VisitKey("ident", "500")].lead == clinic.lead_of("500").id


def test_a_moved_visit_takes_over_a_lead_in_an_untouched_stage(clinic: Clinic) -> None:
    clinic.decides(untouched=(at(NEW),))
    clinic.mis.put(patient(), visit("500"))
    clinic.sync()
    lead = clinic.lead_of("500").id
    clinic.crm.edit_lead(lead, stage=NEW)
    clinic.mis.put(visit("500", status=VisitStatus.CANCELLED, moved_to="501"), visit("501", moved_from="500"))
    clinic.sync()
    clinic.crm.edit_lead(lead, stage=BOOKED)
    clinic.mis.put(visit("501", status=VisitStatus.CONFIRMED, moved_from="500"))

    clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert (clinic.lead_of("501").id, clinic.lead_of("501").stage) == (lead, CONFIRMED)


# Is the key enough


def test_a_key_that_was_copied_to_a_strangers_contact_is_left_for_a_person(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, duplicates=replace(clinic.settings.duplicates, id_is_enough=False))
    stranger = clinic.crm.add_contact("Чужой Иван", BORIS, keys=(PatientKey("ident", "1"),))
    before = clinic.crm.all_contacts[stranger]
    clinic.mis.put(patient("1", "Белова Анна", ANNA))

    (step,) = clinic.sync()

    assert clinic.crm.all_contacts == {stranger: before}
    assert (step.action, step.why.rule) == (Action.LEAVE, "key_alone")
    assert clinic.store.rejected.keys() == {("ident", "patient", "1")}


def test_a_key_that_a_person_has_confirmed_is_not_asked_about_any_more(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, duplicates=replace(clinic.settings.duplicates, id_is_enough=False))
    known = clinic.crm.add_contact("Чужой Иван", BORIS, keys=(PatientKey("ident", "1"),))
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()

    by_hand.bind(PatientKey("ident", "1"), known, clinic.parts())
    clinic.sync()

    assert (clinic.names, clinic.store.rejected) == (["Белова Анна"], {})


@pytest.mark.parametrize("card", [("Анна", BORIS), ("Клиент", ANNA)], ids=["a word of the name", "the phone"])
def test_a_key_and_something_else_are_enough_for_everybody(clinic: Clinic, card: tuple[str, str]) -> None:
    clinic.settings = replace(clinic.settings, duplicates=replace(clinic.settings.duplicates, id_is_enough=False))
    known = clinic.crm.add_contact(*card, keys=(PatientKey("ident", "1"),))
    clinic.mis.put(patient("1", "Белова Анна", ANNA))

    clinic.sync()

    assert clinic.contact_of("1").id == known
    assert len(clinic.crm.all_contacts) == 1


def test_a_key_on_a_lead_of_somebody_else_is_left_for_a_person(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, duplicates=replace(clinic.settings.duplicates, id_is_enough=False))
    stranger = clinic.crm.add_contact("Чужой Иван", BORIS)
    lead = clinic.crm.add_lead(contact=stranger, keys=(VisitKey("ident", "500"),))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    steps = clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert {step.why.rule for step in steps if step.key == VisitKey("ident", "500")} == {"key_alone"}
    assert clinic.store.rejected.keys() == {("ident", "visit", "500")}


# Where leads begin


@pytest.mark.parametrize(
    ("branch", "is_first", "begins_in"),
    [
        ("1", True, (1, NEW)),
        ("1", False, (2, 202)),
        ("1", None, (1, NEW)),
        ("2", True, (1, CONFIRMED)),
        ("2", False, (1, CAME)),
        ("3", True, (1, BOOKED)),
        ("3", False, (1, BOOKED)),
    ],
)
def test_where_a_lead_begins_by_branch_and_by_first_or_repeat_visit(
    clinic: Clinic, *, branch: str, is_first: bool | None, begins_in: tuple[int, int]
) -> None:
    clinic.settings = Settings(
        status_sync=StatusSync(mode="never"),
        branches={
            "ident:2": BranchSettings(first_stage=at(CONFIRMED), repeat_stage=at(CAME)),
            "ident:3": BranchSettings(first_stage=at(BOOKED)),
        },
    )
    clinic.decides(repeat_stage=at(202, 2))
    clinic.mis.put(patient(), replace(visit(), branch=branch, is_first=is_first))

    clinic.sync()

    assert (clinic.lead_of("500").pipeline, clinic.lead_of("500").stage) == begins_in


# What a lead says


@pytest.mark.parametrize(("renames", "name"), [(False, "Заявка с сайта"), (True, "Белова Анна, 26.11 12:00")])
def test_a_request_that_is_found_gets_a_new_name_only_where_that_is_wanted(
    clinic: Clinic, name: str, *, renames: bool
) -> None:
    clinic.settings = replace(clinic.settings, duplicates=Duplicates(rename_found_leads=renames))
    clinic.crm.add_lead("Заявка с сайта", contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert clinic.lead_of("500").name == name


@pytest.mark.parametrize(("is_price", "prices"), [(True, [4500, 6000]), (False, [0, 700])])
def test_the_orders_sum_is_the_leads_price_only_where_that_is_wanted(
    clinic: Clinic, prices: list[int], *, is_price: bool
) -> None:
    clinic.decides(total_is_price=is_price)
    clinic.mis.put(patient(), visit(total=4500))
    clinic.sync()
    seen = [clinic.lead_of("500").price]

    clinic.crm.edit_lead(clinic.lead_of("500").id, price=700)
    clinic.mis.put(visit(total=6000))
    clinic.sync()

    assert [*seen, clinic.lead_of("500").price] == prices
