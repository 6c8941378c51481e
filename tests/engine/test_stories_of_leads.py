"""Visits become leads: what a clinic sees in its amoCRM. Given, when, then."""

from dataclasses import replace

import pytest

from priem.model import LOST, WON, VisitKey, VisitStatus
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, CONFIRMED, MAIN, NEW, Clinic, at, patient, visit


def test_three_visits_of_a_patient_become_three_leads(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500"), visit("501", hours=1), visit("502", hours=2))

    clinic.sync()

    leads = [clinic.lead_of(id_) for id_ in ("500", "501", "502")]
    assert {lead.contacts for lead in leads} == {(clinic.contact_of("1").id,)}
    assert [lead.name for lead in leads] == [
        "Белова Анна, 26.11 12:00",
        "Белова Анна, 26.11 13:00",
        "Белова Анна, 26.11 14:00",
    ]


def test_a_request_from_the_site_becomes_the_earliest_visits_lead(clinic: Clinic) -> None:
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500", hours=48), visit("501", hours=24))

    clinic.sync()

    assert clinic.lead_of("501").id == request
    assert clinic.lead_of("501").stage == BOOKED
    assert len(clinic.crm.all_leads) == 2


def test_a_request_goes_to_the_earliest_visit_even_when_that_comes_pages_later(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500", hours=48), visit("501", hours=24))

    clinic.sync()

    assert clinic.lead_of("501").id == request
    assert len(clinic.crm.all_leads) == 2
    assert clinic.sync() == []


def test_a_request_that_comes_after_the_patient_waits_for_his_next_visit(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    request = clinic.crm.add_lead(contact=clinic.contact_of("1").id)
    clinic.mis.put(visit())

    clinic.sync()

    assert clinic.lead_of("500").id == request


def test_a_request_on_a_second_contact_with_the_patients_phone_is_found(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Заявка", "8(921)333-44-55"))
    clinic.mis.put(visit())

    clinic.sync()

    assert clinic.lead_of("500").id == request
    assert clinic.contact_of("1").id in clinic.lead_of("500").contacts


def test_a_request_in_unsorted_is_taken_and_becomes_the_visits_lead(clinic: Clinic) -> None:
    request = clinic.crm.add_unsorted(clinic.crm.add_contact("+7 921 333-44-55", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert (clinic.lead_of("500").id, clinic.lead_of("500").stage) == (request, BOOKED)
    assert clinic.crm.unsorted == set()
    assert clinic.names == ["Белова Анна"]


def test_a_request_in_unsorted_that_nobody_booked_waits_on(clinic: Clinic) -> None:
    request = clinic.crm.add_unsorted(clinic.crm.add_contact("Чернов Борис", BORIS))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert clinic.crm.unsorted == {request}


def test_a_clinic_that_guards_unsorted_takes_its_requests_itself(clinic: Clinic) -> None:
    clinic.decides(guarded=(at(101),))
    request = clinic.crm.add_unsorted(clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert clinic.lead_of("500").id == request
    assert clinic.crm.unsorted == {request}


def test_a_request_that_a_visit_has_taken_is_not_given_to_another(clinic: Clinic) -> None:
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500", hours=48))
    clinic.sync()
    clinic.mis.put(visit("501", hours=24))

    clinic.sync()

    assert clinic.lead_of("500").id == request
    assert clinic.lead_of("501").id != request


@pytest.mark.parametrize("stage", [LOST, WON])
def test_a_closed_request_waits_for_nobody(clinic: Clinic, stage: int) -> None:
    closed = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA), stage=stage)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert clinic.lead_of("500").id != closed


def test_a_cancelled_visit_takes_no_request(clinic: Clinic) -> None:
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit(status=VisitStatus.CANCELLED))

    clinic.sync()

    assert clinic.crm.all_leads[request].stage == NEW
    assert clinic.lead_of("500").id != request


@pytest.mark.parametrize("page_size", [1, 100], ids=["in two pages", "in one page"])
@pytest.mark.parametrize(("old", "new"), [("500", "501"), ("501", "500")], ids=["old row first", "new row first"])
@pytest.mark.parametrize("is_told", [True, False], ids=["the old row says where to", "only the new row says"])
def test_a_moved_visit_keeps_its_lead(clinic: Clinic, old: str, new: str, *, page_size: int, is_told: bool) -> None:
    clinic.mis.put(patient(), visit(old))
    clinic.sync()
    lead = clinic.lead_of(old).id
    clinic.mis.page_size = page_size
    clinic.mis.put(
        visit(old, status=VisitStatus.CANCELLED, moved_to=new if is_told else ""),
        visit(new, hours=24, moved_from=old),
    )

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert clinic.lead_of(new).stage == BOOKED
    assert clinic.lead_of(new).name == "Белова Анна, 27.11 12:00"


@pytest.mark.parametrize("page_size", [1, 100], ids=["a page each", "in one page"])
def test_a_visit_that_was_moved_twice_between_two_readings_keeps_its_lead(clinic: Clinic, page_size: int) -> None:
    clinic.mis.put(patient(), visit("500"))
    clinic.sync()
    lead = clinic.lead_of("500").id
    clinic.mis.page_size = page_size
    clinic.mis.put(
        visit("500", status=VisitStatus.CANCELLED, moved_to="501"),
        visit("501", status=VisitStatus.CANCELLED, hours=24, moved_from="500", moved_to="502"),
        visit("502", hours=48, moved_from="501"),
    )

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert clinic.lead_of("502").name == "Белова Анна, 28.11 12:00"


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_a_visit_that_was_moved_twice_keeps_its_lead_though_its_rows_come_the_last_first(
    clinic: Clinic, page_size: int
) -> None:
    clinic.mis.put(patient(), visit("503"))
    clinic.sync()
    lead = clinic.lead_of("503").id
    clinic.mis.page_size = page_size
    clinic.mis.put(
        visit("503", status=VisitStatus.CANCELLED, moved_to="502"),
        visit("502", status=VisitStatus.CANCELLED, hours=24, moved_from="503", moved_to="501"),
        visit("501", hours=48, moved_from="502"),
    )

    clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert clinic.lead_of("501").stage == BOOKED


def test_a_moved_visit_whose_first_row_was_never_seen_gets_one_lead(clinic: Clinic) -> None:
    clinic.mis.put(
        patient(),
        visit("500", status=VisitStatus.CANCELLED, moved_to="501"),
        visit("501", hours=24, moved_from="500"),
    )

    clinic.sync()

    assert len(clinic.crm.all_leads) == 1
    assert clinic.lead_of("501").stage == BOOKED


def test_two_visits_that_claim_the_same_origin_do_not_share_a_lead(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500"))
    clinic.sync()
    clinic.mis.put(visit("501", hours=1, moved_from="500"), visit("502", hours=2, moved_from="500"))

    clinic.sync()

    assert len(clinic.crm.all_leads) == 2
    assert clinic.lead_of("501").id != clinic.lead_of("502").id


def test_a_cancelled_visit_closes_its_lead_and_opens_it_when_it_is_restored(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.CANCELLED))
    clinic.sync()
    assert clinic.lead_of("500").stage == LOST

    clinic.mis.put(visit(status=VisitStatus.CONFIRMED))
    clinic.sync()

    assert clinic.lead_of("500").stage == CONFIRMED


def test_a_visit_that_was_deleted_before_anybody_saw_it_gets_no_lead(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit(status=VisitStatus.DELETED))

    clinic.sync()

    assert clinic.crm.all_leads == {}


def test_a_guarded_stage_stays_even_when_the_manager_chose_it_a_moment_ago(clinic: Clinic) -> None:
    clinic.decides(guarded=(at(NEW),))
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=NEW)
    clinic.mis.put(visit(status=VisitStatus.ARRIVED))

    clinic.sync()

    assert clinic.lead_of("500").stage == NEW


def test_a_lead_that_a_manager_has_closed_stays_closed(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=WON)
    clinic.mis.put(visit(status=VisitStatus.CANCELLED))

    clinic.sync()

    assert clinic.lead_of("500").stage == WON


def test_a_name_that_a_manager_gave_is_kept_when_the_visit_is_moved(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500"), visit("501", hours=1))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, name="VIP Белова Анна, 26.11 12:00")
    clinic.mis.put(visit("500", hours=24), visit("501", hours=25))

    clinic.sync()

    assert clinic.lead_of("500").name == "VIP Белова Анна, 26.11 12:00"
    assert clinic.lead_of("501").name == "Белова Анна, 27.11 13:00"


def test_a_leads_name_follows_the_patient_who_is_called_otherwise_now(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна"), visit())
    clinic.sync()
    clinic.mis.put(patient("1", "Чернова Анна"), visit(hours=24))

    clinic.sync()

    assert clinic.lead_of("500").name == "Чернова Анна, 27.11 12:00"


def test_a_request_keeps_the_name_it_had(clinic: Clinic) -> None:
    clinic.crm.add_lead("Заявка с сайта", contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())
    clinic.sync()
    clinic.mis.put(visit(hours=24))

    clinic.sync()

    assert clinic.lead_of("500").name == "Заявка с сайта"


def test_an_unknown_status_leaves_the_lead_where_it_is(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit(status=VisitStatus.CONFIRMED))
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.UNMAPPED))

    clinic.sync()

    assert clinic.lead_of("500").stage == CONFIRMED


def test_unknown_statuses_are_shown_until_somebody_says_what_they_mean(clinic: Clinic) -> None:
    unknown = replace(visit("500", status=VisitStatus.UNMAPPED), raw_status="17")
    clinic.mis.put(patient(), unknown, replace(unknown, key=VisitKey("ident", "501")), visit("502"))
    clinic.sync()
    assert clinic.store.unmapped("ident") == {"17": 2}
    assert clinic.store.rejected == {}

    clinic.mis.put(replace(unknown, status=VisitStatus.CONFIRMED))
    clinic.sync()

    assert clinic.store.unmapped("ident") == {}
    assert clinic.lead_of("500").stage == CONFIRMED


def test_a_visit_with_an_unknown_status_begins_in_the_first_stage(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit(status=VisitStatus.UNMAPPED))

    clinic.sync()

    assert clinic.lead_of("500").stage == NEW


def test_a_lead_that_a_manager_deleted_is_not_made_again(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.delete_lead(clinic.lead_of("500").id)
    clinic.mis.put(visit(status=VisitStatus.ARRIVED))

    clinic.sync()

    assert clinic.crm.all_leads == {}


def test_visits_from_before_priem_came_get_no_lead(clinic: Clinic) -> None:
    clinic.mis.visits_since = visit().starts_at
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("400", hours=-100, status=VisitStatus.COMPLETED))

    clinic.sync()

    assert list(clinic.crm.all_leads) == [request]
    assert clinic.crm.all_leads[request].keys == ()


def test_a_visit_that_arrived_moves_on_and_a_manager_ahead_is_not_pulled_back(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500"), visit("501", hours=1))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("501").id, stage=CAME)
    clinic.mis.put(visit("500", status=VisitStatus.ARRIVED), visit("501", hours=1, status=VisitStatus.CONFIRMED))

    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("501").stage) == (CAME, CAME)
    assert clinic.lead_of("500").pipeline == MAIN


@pytest.mark.parametrize("kept", ["500", "501"])
def test_a_lead_that_swallowed_those_of_two_visits_is_that_ones_whose_key_it_carries(clinic: Clinic, kept: str) -> None:
    clinic.decides(make_again=True)
    clinic.mis.put(patient(), visit("500"), visit("501", hours=1))
    clinic.sync()
    left = clinic.crm.add_lead(contact=clinic.contact_of("1").id)
    for id_ in sorted(("500", "501"), key=lambda id_: id_ != kept):  # the first gives the empty field its key
        clinic.crm.merge_leads(left, clinic.lead_of(id_).id)

    clinic.mis.put(visit("500", hours=24), visit("501", hours=25))
    clinic.sync()

    assert clinic.lead_of(kept).id == left
    assert sorted(key.id for lead in clinic.crm.all_leads.values() for key in lead.keys) == ["500", "501"]
