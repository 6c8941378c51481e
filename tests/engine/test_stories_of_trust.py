"""What a clinic may rely on when answers are lost, rows are broken and clocks are wrong. Given, when, then."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from priem.errors import AskOperator, OutcomeUnknown, TryLater
from priem.model import Action, Page, PatientKey, Rejected, State, VisitKey, VisitStatus
from priem.texts import text
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, Clinic, Mis, Row, patient, visit


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
    before = clinic.clock.now()

    clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert clinic.store.open_steps() == ()
    assert clinic.clock.now() == before + timedelta(seconds=60), "it was seen at once: nothing is waited for"


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
    looking = clinic.clock.now() + timedelta(seconds=60)

    def amocrm_is_done_with_it() -> None:
        if clinic.clock.now() >= looking + timedelta(seconds=10) and not arrived:
            arrived.append(clinic.crm.add_contact("Белова Анна", keys=(PatientKey("ident", "1"),)))

    arrived: list[int] = []
    clinic.clock.meanwhile = amocrm_is_done_with_it

    clinic.sync()
    clinic.clock.wait(60)

    assert arrived
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
    clinic.crm.refuse("patient ident:1")

    clinic.sync()

    assert clinic.names == ["Чернов Иван"]
    assert [lead.keys for lead in clinic.crm.all_leads.values()] == [(VisitKey("ident", "501"),)]
    assert {entry.step.key for entry in clinic.store.journal.values() if entry.state is State.REFUSED} == {
        PatientKey("ident", "1")
    }


def test_a_visit_whose_patient_was_refused_is_named(clinic: Clinic) -> None:
    clinic.mis.put(patient("1"), visit("500", "1"))
    clinic.crm.refuse("patient ident:1")

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


def test_an_answer_that_was_lost_long_ago_is_not_waited_for(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    clinic.clock.wait(3600)
    before = clinic.clock.now()

    clinic.sync()

    assert clinic.names == ["Белова Анна"]
    assert clinic.clock.now() == before + timedelta(seconds=60)


@pytest.mark.parametrize("error", [TryLater(text("Away.")), AskOperator(text("The token was revoked."))])
def test_what_amocrm_does_not_take_now_it_gets_later(clinic: Clinic, error: TryLater | AskOperator) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(patient("1", "Белова Анна Ивановна"))
    clinic.crm.stop(error)
    with pytest.raises(type(error)):
        clinic.sync()
    clinic.crm.resume()

    clinic.sync()

    assert clinic.names == ["Белова Анна Ивановна"]


def test_a_contact_that_shows_later_than_its_own_time_is_found(clinic: Clinic) -> None:
    clinic.mis.put(patient("1"))
    clinic.sync()
    known = clinic.crm.add_contact("Борис", BORIS)
    hidden = clinic.crm.all_contacts.pop(known)
    clinic.clock.wait(30)
    clinic.crm.add_contact("Кто-то")
    clinic.mis.put(patient("3", "Серова Вера"))
    clinic.sync()
    clinic.crm.all_contacts[known] = replace(hidden, updated_at=int(clinic.clock.now().timestamp()) - 100)
    clinic.mis.put(patient("2", "Смирнов Борис", BORIS))

    clinic.sync()

    assert clinic.contact_of("2").id == known


def test_a_time_of_change_that_is_still_to_come_hides_nothing(clinic: Clinic) -> None:
    strange = clinic.crm.add_contact("Кто-то")
    next_year = int(clinic.clock.now().timestamp()) + 365 * 86400
    clinic.crm.all_contacts[strange] = replace(clinic.crm.all_contacts[strange], updated_at=next_year)
    clinic.mis.put(patient("1"))
    clinic.sync()
    known = clinic.crm.add_contact("Борис", BORIS)
    clinic.mis.put(patient("2", "Смирнов Борис", BORIS))

    clinic.sync()

    assert clinic.contact_of("2").id == known


def test_a_long_pass_looks_again_before_it_makes_something(clinic: Clinic) -> None:
    class Slow(Mis):
        def changes(self, since: str | None) -> Iterator[Page]:
            for page in super().changes(since):
                yield page
                clinic.clock.wait(600)
                if BORIS not in str(clinic.crm.all_contacts):
                    clinic.crm.add_contact("Борис", BORIS)

    clinic.mis = Slow(page_size=1)
    clinic.mis.put(patient("1"), patient("2", "Смирнов Борис", BORIS))

    clinic.sync()

    assert clinic.names == ["Белова Анна", "Смирнов Борис"]


def test_webhooks_spare_the_reading_before_a_change(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.sync()
    clinic.crm.requests = 0
    clinic.mis.put(visit(status=VisitStatus.ARRIVED))

    clinic.sync(parts=replace(clinic.parts(), is_told=True))

    assert clinic.lead_of("500").stage == CAME
    assert clinic.crm.requests == 1


A_MINUTE = 60
"""Between what was before and a pass of a story."""


def test_webhooks_that_come_at_once_spare_the_reading_before_a_creation_too(clinic: Clinic) -> None:
    """If the last reading was just now."""
    clinic.mis.put(patient(), visit())
    clinic.sync()
    for seconds_ago, requests in ((0, 2), (60, 4)):
        number = str(seconds_ago + 2)
        clinic.store.mirrored(int(clinic.clock.now().timestamp()) + A_MINUTE - seconds_ago)
        clinic.crm.requests = 0
        clinic.mis.put(
            patient(number, f"Смирнов {number}", f"+7921555{number:0>4}"), visit(f"5{number}", patient=number)
        )

        clinic.sync(parts=replace(clinic.parts(), is_told=True, is_told_at_once=True))

        assert clinic.crm.requests == requests
    assert clinic.names == ["Белова Анна", "Смирнов 2", "Смирнов 62"]


def test_a_lead_that_priem_put_ahead_without_hearing_so_may_still_go_back(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.CONFIRMED))
    clinic.crm.lose_next_answers()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    clinic.sync()
    clinic.mis.put(visit(status=VisitStatus.BOOKED))

    clinic.sync()

    assert clinic.lead_of("500").stage == BOOKED
