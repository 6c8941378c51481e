"""What happens to requests and visits over the months. Given, when, then."""

from dataclasses import replace

from priem.engine.settings import StageRule, StatusSync
from priem.model import LOST, WON, Action, Step, VisitKey, VisitStatus, Why
from tests.engine.clinic import ANNA, BOOKED, CAME, CONFIRMED, MAIN, RULES, Clinic, patient, visit

# Requests


def test_of_two_open_requests_the_oldest_becomes_the_visit_and_the_other_stays(clinic: Clinic) -> None:
    contact = clinic.crm.add_contact("Анна", ANNA)
    first = clinic.crm.add_lead(contact=contact)
    clinic.clock.wait(60)
    second = clinic.crm.add_lead(contact=contact)
    before = clinic.crm.all_leads[second]
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert clinic.lead_of("500").id == first
    assert clinic.crm.all_leads[second] == before
    clinic.mis.put(visit("501", hours=48))
    clinic.sync()
    assert clinic.lead_of("501").id == second


def test_a_request_on_another_patients_contact_is_not_taken(clinic: Clinic) -> None:
    clinic.mis.put(patient("2", "Белов Миша", ANNA))
    clinic.sync()
    request = clinic.crm.add_lead(contact=clinic.contact_of("2").id)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500", "1"))

    clinic.sync()

    assert clinic.lead_of("500").id != request
    assert clinic.crm.all_leads[request].keys == ()


def test_a_request_with_a_lead_of_telephony_is_the_visits(clinic: Clinic) -> None:
    """Telephony makes a contact that is called by its number, and a lead in «Неразобранное»."""
    request = clinic.crm.add_unsorted(clinic.crm.add_contact("79213334455", "79213334455"))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit())

    clinic.sync()

    assert clinic.lead_of("500").id == request
    assert clinic.names == ["Белова Анна"]


# A visit's life


def test_a_visit_from_its_booking_to_its_payment_is_one_lead(clinic: Clinic) -> None:
    clinic.settings = replace(
        clinic.settings,
        status_sync=StatusSync(rules=(*RULES, StageRule(status=VisitStatus.PAID, pipeline=2, stage=WON))),
    )
    stood: list[tuple[int, int, int]] = []
    for status, total in (
        (VisitStatus.BOOKED, None),
        (VisitStatus.CONFIRMED, None),
        (VisitStatus.ARRIVED, None),
        (VisitStatus.IN_PROGRESS, 4900),
        (VisitStatus.COMPLETED, 5100),
        (VisitStatus.PAID, 5100),
    ):
        clinic.mis.put(patient(), visit(status=status, total=total))
        clinic.sync()
        lead = clinic.lead_of("500")
        stood.append((lead.pipeline, lead.stage, lead.price))

    assert stood == [
        (MAIN, BOOKED, 0),
        (MAIN, CONFIRMED, 0),
        (MAIN, CAME, 0),
        (MAIN, CAME, 4900),
        (MAIN, WON, 5100),
        (2, WON, 5100),
    ]
    assert len(clinic.crm.all_leads) == 1


def test_a_visit_that_nobody_came_to_is_lost_at_night_and_a_new_one_is_a_new_lead(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.NO_SHOW), visit("501", hours=48))

    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("501").stage) == (LOST, BOOKED)


def test_a_status_that_goes_back_takes_the_lead_back_unless_a_manager_has_moved_it(clinic: Clinic) -> None:
    clinic.mis.put(
        patient(), visit("500", status=VisitStatus.ARRIVED), visit("501", status=VisitStatus.CONFIRMED, hours=1)
    )
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("501").id, stage=CAME)
    clinic.mis.put(visit("500", status=VisitStatus.BOOKED), visit("501", status=VisitStatus.BOOKED, hours=1))

    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("501").stage) == (BOOKED, CAME)


def test_a_visit_moved_to_another_doctor_and_branch_keeps_its_lead_and_goes_by_the_branchs_rules(
    clinic: Clinic,
) -> None:
    rule = StageRule(status=VisitStatus.BOOKED, branch="2", pipeline=2, stage=202)
    clinic.settings = replace(clinic.settings, status_sync=StatusSync(mode="filtered", rules=(rule, *RULES)))
    clinic.decides(name="{doctor} {time}")
    clinic.mis.put(patient(), replace(visit(doctor="Иванов"), branch="1"))
    clinic.sync()
    lead = clinic.lead_of("500").id
    clinic.mis.put(replace(visit(doctor="Петров"), branch="2"))

    clinic.sync()

    assert list(clinic.crm.all_leads) == [lead]
    assert (clinic.lead_of("500").pipeline, clinic.lead_of("500").stage) == (2, 202)
    assert clinic.lead_of("500").name == "Петров 12:00"


def test_a_visit_deleted_without_a_trace_goes_where_the_rules_say_and_is_not_made_again(clinic: Clinic) -> None:
    rule = StageRule(status=VisitStatus.DELETED, pipeline=MAIN, stage=LOST, loss_reason="Передумал")
    clinic.settings = replace(clinic.settings, status_sync=StatusSync(rules=(*RULES, rule)))
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.DELETED))

    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("500").loss_reason) == (LOST, 72)
    assert len(clinic.crm.all_leads) == 1


def test_a_cancelled_visit_gives_its_loss_reason_and_loses_it_when_restored(clinic: Clinic) -> None:
    rule = StageRule(status=VisitStatus.CANCELLED, pipeline=MAIN, stage=LOST, loss_reason="Не подошло время")
    others = tuple(rule for rule in RULES if rule.status != VisitStatus.CANCELLED)
    clinic.settings = replace(clinic.settings, status_sync=StatusSync(rules=(*others, rule)))
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.CANCELLED))
    clinic.sync()
    assert (clinic.lead_of("500").stage, clinic.lead_of("500").loss_reason) == (LOST, 71)

    clinic.mis.put(visit())
    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("500").loss_reason) == (BOOKED, None)


def test_a_visit_of_yesterday_that_is_written_down_today_gets_its_lead(clinic: Clinic) -> None:
    clinic.mis.visits_since = visit().starts_at
    clinic.mis.put(patient())
    clinic.sync()
    late = replace(visit("500", status=VisitStatus.COMPLETED, hours=-24), added_at=visit(hours=2).starts_at)
    clinic.mis.put(late)

    clinic.sync()

    assert clinic.lead_of("500").stage == WON


def test_an_old_visit_that_somebody_edits_gets_no_lead(clinic: Clinic) -> None:
    clinic.mis.visits_since = visit().starts_at
    old = replace(visit("400", status=VisitStatus.COMPLETED, hours=-900), added_at=visit(hours=-1000).starts_at)
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(replace(old, total=None), replace(old, comment="Исправлено"))

    clinic.sync()

    assert clinic.crm.all_leads == {}


def test_a_visit_that_was_booked_in_amocrm_is_linked_before_the_clinic_reports_it(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    request = clinic.crm.add_lead(contact=clinic.contact_of("1").id, stage=CAME)
    booked = Step(action=Action.ADOPT, key=VisitKey("ident", "500"), target=request, why=Why("link"))
    clinic.store.intend([booked])
    clinic.mis.put(visit("500", doctor="Иванов"), visit("501", hours=-1))

    clinic.sync()
    clinic.sync()

    assert clinic.lead_of("500").id == request
    assert len(clinic.crm.all_leads) == 2
