"""What a clinic sees in its amoCRM. Given, when, then."""

from collections.abc import Sequence
from datetime import date

import pytest

from priem.errors import OutcomeUnknown
from priem.model import LOST, WON, Action, Page, PatientKey, Rejected, State, VisitKey, VisitStatus
from priem.texts import text
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, CONFIRMED, MAIN, NEW, Clinic, Mis, Row, at, patient, visit


def test_mother_and_child_on_one_phone_become_two_contacts(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Белов Миша", ANNA, birthday=date(2019, 5, 4)))

    clinic.sync()

    assert clinic.names == ["Белов Миша", "Белова Анна"]


def test_a_contact_that_is_there_goes_to_the_mother_even_when_her_son_comes_first(clinic: Clinic) -> None:
    known = clinic.crm.add_contact("Анна Белова", "8 921 333-44-55")
    clinic.mis.put(patient("1", "Белов Миша", ANNA), patient("2", "Белова Анна Ивановна", ANNA))

    clinic.sync()

    assert clinic.contact_of("2").id == known
    assert clinic.contact_of("1").id != known


def test_the_mother_gets_her_contact_even_when_her_son_comes_pages_earlier(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    known = clinic.crm.add_contact("Анна Белова", ANNA)
    clinic.mis.put(patient("1", "Белов Миша", ANNA), patient("2", "Чужой Иван"), patient("3", "Белова Анна", ANNA))

    clinic.sync()

    assert clinic.contact_of("3").id == known
    assert len(clinic.crm.all_contacts) == 3


def test_a_contact_with_another_name_is_the_patients_when_nobody_fits_better(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    known = clinic.crm.add_contact("Клиент с сайта", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чужой Иван"))

    clinic.sync()

    assert clinic.contact_of("1").id == known
    assert clinic.crm.all_contacts[known].name == "Белова Анна"


def test_a_patient_who_was_put_off_is_not_forgotten_when_the_pass_dies(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    clinic.crm.add_contact("Клиент с сайта", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чужой Иван", BORIS))
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()

    clinic.sync()

    assert clinic.names == ["Белова Анна", "Чужой Иван"]


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


def test_an_answer_that_is_lost_after_the_write_makes_no_second_contact(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.crm.lose_next_answers()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()

    clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert clinic.store.open_steps() == ()


def test_a_write_that_never_arrived_is_repeated(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    assert clinic.names == []

    clinic.sync()

    assert clinic.names == ["Белова Анна"]


def test_a_write_that_shows_late_is_waited_for(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    lost = clinic.clock.now()
    waited = clinic.clock.wait

    def wait(seconds: float) -> None:
        """amoCRM is done with the lost request ten seconds after Priem began to look."""
        waited(seconds)
        if (clinic.clock.now() - lost).total_seconds() > 70 and not clinic.crm.all_contacts:
            clinic.crm.add_contact("Белова Анна", keys=(PatientKey("ident", "1"),))

    clinic.clock.wait = wait  # type: ignore[method-assign]  # what happens meanwhile is the story

    clinic.sync()

    assert clinic.names == ["Белова Анна"]


def test_a_lost_answer_to_a_lead_makes_no_second_lead(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(visit())
    clinic.crm.lose_next_answers()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()

    clinic.sync()

    assert len(clinic.crm.all_leads) == 1
    assert clinic.store.visit_links[VisitKey("ident", "500")].lead == clinic.lead_of("500").id


def test_a_visit_that_was_moved_while_its_answer_was_lost_keeps_the_lead(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(visit("500"))
    clinic.crm.lose_next_answers()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    clinic.mis.put(visit("500", status=VisitStatus.CANCELLED, moved_to="501"), visit("501", moved_from="500"))

    clinic.sync()

    assert len(clinic.crm.all_leads) == 1
    assert clinic.lead_of("501").stage == BOOKED


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


def test_phones_are_added_and_never_removed(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    clinic.crm.edit_contact(clinic.contact_of("1").id, phones=("8 921 333 44 55", "доб. 12"))
    clinic.mis.put(patient("1", "Белова Анна", BORIS))

    clinic.sync()

    assert [phone.text for phone in clinic.contact_of("1").phones] == ["8 921 333 44 55", "доб. 12", BORIS]


def test_an_unknown_status_leaves_the_lead_where_it_is(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit(status=VisitStatus.CONFIRMED))
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.UNMAPPED))

    clinic.sync()

    assert clinic.lead_of("500").stage == CONFIRMED


def test_a_visit_with_an_unknown_status_begins_in_the_first_stage(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit(status=VisitStatus.UNMAPPED))

    clinic.sync()

    assert clinic.lead_of("500").stage == NEW


def test_a_contact_that_a_manager_deleted_is_not_made_again(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.crm.delete_contact(clinic.contact_of("1").id)
    clinic.mis.put(patient("1", "Белова Анна Ивановна"))

    clinic.sync()

    assert clinic.names == []


def test_a_lead_that_a_manager_deleted_is_not_made_again(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.delete_lead(clinic.lead_of("500").id)
    clinic.mis.put(visit(status=VisitStatus.ARRIVED))

    clinic.sync()

    assert clinic.crm.all_leads == {}


def test_a_contact_that_managers_merged_gets_no_twin(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    winner = clinic.crm.add_contact("Белова Аня", "+79215550000")
    clinic.crm.merge_contacts(winner, clinic.contact_of("1").id)
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA))

    clinic.sync()

    assert list(clinic.crm.all_contacts) == [winner]


def test_one_record_that_amocrm_refuses_is_refused_alone(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна"), patient("2", "Чернов Иван"), visit("500", "1"), visit("501", "2"))
    clinic.crm.refuse("ident:1")

    clinic.sync()

    assert clinic.names == ["Чернов Иван"]
    assert [lead.keys for lead in clinic.crm.all_leads.values()] == [(VisitKey("ident", "501"),)]
    assert {entry.step.key for entry in clinic.store.journal.values() if entry.state is State.REFUSED} == {
        PatientKey("ident", "1")
    }


def test_a_visit_whose_patient_was_refused_is_named(clinic: Clinic) -> None:
    clinic.mis.put(patient("1"), visit("500", "1"))
    clinic.crm.refuse("ident:1")

    clinic.sync()

    assert [str(row.reason) for row in clinic.store.rejected.values()] == ["Its patient 1 has no contact in amoCRM."]


def test_a_row_that_cannot_be_read_stops_nobody(clinic: Clinic) -> None:
    broken = Rejected(kind="patient", id="7", reason=text("The birthday is not a day."))
    clinic.mis.put(broken, patient("1"), visit("500", "1"), visit("507", "7"))

    clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert {(row.kind, row.id) for row in clinic.store.rejected.values()} == {("patient", "7"), ("visit", "507")}


def test_a_patient_without_a_phone_becomes_a_contact_of_his_own(clinic: Clinic) -> None:
    clinic.crm.add_contact("Белова Анна")
    clinic.mis.put(patient("1", "Белова Анна"))

    clinic.sync()

    assert len(clinic.crm.all_contacts) == 2


def test_a_visit_that_comes_before_its_patient_brings_the_patient(clinic: Clinic) -> None:
    clinic.mis.put(patient("1"))
    clinic.mis.put(patient("2", "Чернов Иван"))
    clinic.sync()
    clinic.store.patient_links.pop(PatientKey("ident", "2"))
    clinic.crm.delete_contact(clinic.contact_of("2").id)
    clinic.store.contacts = {1: clinic.store.contacts[clinic.contact_of("1").id]}
    clinic.mis.put(visit("500", "2"))

    clinic.sync()

    assert clinic.lead_of("500").contacts == (clinic.contact_of("2").id,)


def test_visits_from_before_priem_came_get_no_lead(clinic: Clinic) -> None:
    clinic.mis.visits_since = visit().starts_at
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("400", hours=-100, status=VisitStatus.COMPLETED))

    clinic.sync()

    assert list(clinic.crm.all_leads) == [request]
    assert clinic.crm.all_leads[request].keys == ()


def test_one_person_in_two_databases_is_one_contact_with_both_keys(clinic: Clinic) -> None:
    archimed = Mis("archimed")
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    archimed.put(patient("77", "Белова Анна Ивановна", ANNA, connection="archimed"))

    clinic.sync()
    clinic.sync(archimed)

    assert clinic.contact_of("1") == clinic.contact_of("77", "archimed")
    assert len(clinic.crm.all_contacts) == 1


def test_the_same_patient_twice_in_one_page_is_one_contact(clinic: Clinic) -> None:
    class Stuttering(Mis):
        def _page(self, rows: Sequence[Row], cursor: str) -> Page:
            return super()._page([*rows, *rows], cursor)

    clinic.mis = Stuttering()
    clinic.mis.put(patient(), visit())

    clinic.sync()

    assert (len(clinic.crm.all_contacts), len(clinic.crm.all_leads)) == (1, 1)


def test_what_the_clinic_does_not_know_never_wipes_what_amocrm_knows(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    clinic.sync()
    before = clinic.contact_of("1")
    clinic.mis.put(patient("1", ""))

    clinic.sync()

    assert (clinic.contact_of("1").name, clinic.contact_of("1").phones) == (before.name, before.phones)


def test_a_reading_that_changes_nothing_asks_amocrm_nothing(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.requests = 0
    clinic.mis.touch()

    steps = clinic.sync()

    assert clinic.crm.requests == 0
    assert {step.action for step in steps} == {Action.LEAVE}


def test_a_change_of_what_only_priem_writes_is_one_request(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.requests = 0
    clinic.mis.put(visit(total=4900))

    clinic.sync()

    assert clinic.lead_of("500").price == 4900
    assert clinic.crm.requests == 1


def test_a_first_sync_reads_once_and_writes_once_for_250(clinic: Clinic) -> None:
    clinic.mis.put(*(patient(str(number), f"Пациент Номер{number}") for number in range(250)))
    clinic.mis.put(*(visit(str(number), str(number)) for number in range(250)))

    clinic.mis.page_size = 250

    clinic.sync()

    assert clinic.crm.requests == 2 + 1 + 1


def test_a_contact_that_was_made_in_amocrm_a_moment_ago_is_found(clinic: Clinic) -> None:
    clinic.mis.put(patient("1"))
    clinic.sync()
    known = clinic.crm.add_contact("Борис", BORIS)
    clinic.mis.put(patient("2", "Смирнов Борис", BORIS))

    clinic.sync()

    assert clinic.contact_of("2").id == known


def test_amocrms_clock_may_be_wrong(clinic: Clinic) -> None:
    behind = 900
    clinic.crm._clock = lambda: int(clinic.clock.now().timestamp()) - behind
    clinic.mis.put(patient("1"))
    clinic.sync()
    clinic.mis.put(patient("3", "Серова Вера"))
    clinic.sync()
    known = clinic.crm.add_contact("Борис", BORIS)
    clinic.mis.put(patient("2", "Смирнов Борис", BORIS))

    clinic.sync()

    assert clinic.contact_of("2").id == known


def test_a_visit_that_arrived_moves_on_and_a_manager_ahead_is_not_pulled_back(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500"), visit("501", hours=1))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("501").id, stage=CAME)
    clinic.mis.put(visit("500", status=VisitStatus.ARRIVED), visit("501", hours=1, status=VisitStatus.CONFIRMED))

    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("501").stage) == (CAME, CAME)
    assert clinic.lead_of("500").pipeline == MAIN
