"""What a clinic may rely on when answers are lost, rows are broken and clocks are wrong. Given, when, then."""

from collections.abc import Sequence

import pytest

from priem.errors import OutcomeUnknown
from priem.model import Action, Page, PatientKey, Rejected, State, VisitKey, VisitStatus
from priem.texts import text
from tests.engine.clinic import ANNA, BOOKED, BORIS, Clinic, Mis, Row, patient, visit


def test_a_patient_who_was_put_off_is_not_forgotten_when_the_pass_dies(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    clinic.crm.add_contact("Клиент с сайта", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чужой Иван", BORIS))
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()

    clinic.sync()

    assert clinic.names == ["Белова Анна", "Чужой Иван"]


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


def test_the_same_patient_twice_in_one_page_is_one_contact(clinic: Clinic) -> None:
    class Stuttering(Mis):
        def _page(self, rows: Sequence[Row], cursor: str) -> Page:
            return super()._page([*rows, *rows], cursor)

    clinic.mis = Stuttering()
    clinic.mis.put(patient(), visit())

    clinic.sync()

    assert (len(clinic.crm.all_contacts), len(clinic.crm.all_leads)) == (1, 1)


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
