"""When several contacts fit, a person says which it is, once; and what a person says, the machine leaves so."""

from dataclasses import replace
from datetime import date

import pytest

from priem.engine import by_hand
from priem.engine.rehearsal import rehearse
from priem.engine.settings import Duplicates
from priem.errors import AskOperator
from priem.model import Action, PatientKey, Step, Told, VisitKey, VisitStatus
from tests.engine.clinic import ANNA, BORIS, CAME, SETTINGS, Clinic, Mis, patient, visit

PATIENT = PatientKey("ident", "1")
VISIT = VisitKey("ident", "500")


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(settings=replace(SETTINGS, duplicates=Duplicates(several_contacts="ask")))


def doubled(clinic: Clinic) -> tuple[int, int]:
    """Two contacts that Anna may be; she has a visit."""
    contacts = clinic.crm.add_contact("Белова Анна", ANNA), clinic.crm.add_contact("Белова Анна", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    return contacts


def actions(steps: list[Step]) -> list[tuple[str, Action, str]]:
    return [(str(step.key), step.action, step.why.rule) for step in steps]


def test_nobody_is_chosen_while_a_person_is_asked(clinic: Clinic) -> None:
    contacts = doubled(clinic)

    assert actions(clinic.sync()) == [("ident:1", Action.ASK, "ask"), ("ident:500", Action.LEAVE, "waits_for_answer")]

    (question,) = clinic.store.questions()
    assert (question.key, {one.id for one in question.candidates}, question.visits) == (PATIENT, set(contacts), 1)
    assert all(not contact.keys for contact in clinic.crm.all_contacts.values())
    assert clinic.crm.all_leads == {}
    assert clinic.store.rejected == {}


def test_the_question_is_asked_once_however_often_the_patient_is_read(clinic: Clinic) -> None:
    doubled(clinic)
    for _ in range(3):
        clinic.sync()
        clinic.mis.touch()

    assert len(clinic.store.questions()) == 1


def test_an_answer_is_carried_out_by_the_next_pass_with_the_visits_that_waited(clinic: Clinic) -> None:
    _, chosen = doubled(clinic)
    clinic.sync()

    clinic.store.bind(PATIENT, chosen)
    steps = clinic.sync()

    assert actions(steps) == [("ident:1", Action.UPDATE, "person"), ("ident:500", Action.CREATE, "nobody")]
    assert clinic.contact_of("1").id == chosen
    assert clinic.lead_of("500").contacts == (chosen,)
    assert (clinic.store.questions(), clinic.store.recalled("ident")) == ((), ())


def test_what_was_answered_for_one_database_is_not_asked_for_the_other(clinic: Clinic) -> None:
    _, chosen = doubled(clinic)
    clinic.sync()
    clinic.store.bind(PATIENT, chosen)
    clinic.sync()
    other = Mis("west")
    other.put(patient("77", "Белова Анна Ивановна", ANNA, connection="west"))

    clinic.sync(other)

    assert clinic.store.questions() == ()
    assert clinic.contact_of("77", "west").id == chosen


def test_a_person_may_say_that_it_is_somebody_new(clinic: Clinic) -> None:
    contacts = doubled(clinic)
    clinic.sync()

    clinic.store.tell(PATIENT, Told.NEW)
    clinic.sync()

    assert clinic.contact_of("1").id not in contacts
    assert clinic.lead_of("500").contacts == (clinic.contact_of("1").id,)
    clinic.mis.touch()
    assert [step.action for step in clinic.sync()] == [Action.LEAVE, Action.LEAVE]


def test_the_answer_survives_a_pass_that_dies(clinic: Clinic) -> None:
    _, chosen = doubled(clinic)
    clinic.sync()
    clinic.store.bind(PATIENT, chosen)
    clinic.crm.lose_next_requests()

    clinic.sync_until_it_works()

    assert clinic.lead_of("500").contacts == (chosen,)


def test_two_of_a_household_are_both_asked_about_when_either_may_be_either(clinic: Clinic) -> None:
    clinic.crm.add_contact("Заявка", ANNA)
    clinic.crm.add_contact("Заявка с сайта", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Белов Илья", ANNA))

    assert [step.action for step in clinic.sync()] == [Action.ASK, Action.ASK]


def test_one_that_fits_better_than_all_others_needs_no_question(clinic: Clinic) -> None:
    better = clinic.crm.add_contact("Белова Анна", ANNA)
    clinic.crm.add_contact("Клиент", ANNA)
    clinic.mis.put(patient("1", "Белова Анна", ANNA))

    clinic.sync()

    assert clinic.contact_of("1").id == better


def test_a_question_whose_contacts_were_merged_meanwhile_answers_itself(clinic: Clinic) -> None:
    loser, winner = doubled(clinic)
    clinic.sync()
    clinic.crm.merge_contacts(winner, loser)
    clinic.store.merged({loser: winner})
    clinic.mis.put(patient("1", "Белова Анна", ANNA, BORIS))

    clinic.sync()
    clinic.sync()

    assert clinic.contact_of("1").id == winner
    assert (clinic.store.questions(), clinic.lead_of("500").contacts) == ((), (winner,))


def test_a_rehearsal_tells_the_question_and_asks_nobody(clinic: Clinic) -> None:
    doubled(clinic)

    steps = list(rehearse(clinic.mis, clinic.parts()))

    assert actions(steps) == [("ident:1", Action.ASK, "ask"), ("ident:500", Action.LEAVE, "waits_for_answer")]
    assert clinic.store.questions() == ()


def given_anew(clinic: Clinic) -> int:
    """The МИС was put back to an older copy, and has given Anna's number to somebody else; gives her contact."""
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA, birthday=date(1990, 1, 31)), visit("500"))
    clinic.sync()
    clinic.mis.put(patient("1", "Чернов Борис Ильич", BORIS, birthday=date(1985, 5, 5)), visit("501", hours=3))
    return clinic.contact_of("1").id


def test_a_number_given_to_somebody_else_renames_nobody(clinic: Clinic) -> None:
    anna = given_anew(clinic)

    assert actions(clinic.sync()) == [
        ("ident:1", Action.ASK, "somebody_else"),
        ("ident:501", Action.LEAVE, "waits_for_answer"),
    ]

    (question,) = clinic.store.questions()
    assert ([one.id for one in question.candidates], question.visits) == ([anna], 1)
    assert clinic.names == ["Белова Анна Ивановна"]
    assert len(clinic.crm.all_leads) == 1


def test_meanwhile_the_visits_that_have_leads_go_on(clinic: Clinic) -> None:
    anna = given_anew(clinic)
    clinic.sync()

    clinic.mis.put(visit("500", status=VisitStatus.ARRIVED))
    clinic.sync()

    assert (clinic.lead_of("500").stage, clinic.lead_of("500").contacts) == (CAME, (anna,))


@pytest.mark.parametrize(("answers", "requests"), [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)])
def test_somebody_else_gets_a_contact_of_his_own_once_a_person_has_said_so(
    clinic: Clinic, answers: int, requests: int
) -> None:
    anna = given_anew(clinic)
    clinic.sync()

    clinic.store.tell(PATIENT, Told.NEW)
    clinic.crm.lose_next_answers(answers)
    clinic.crm.lose_next_requests(requests)
    clinic.sync_until_it_works()
    clinic.sync_until_it_works()
    clinic.sync_until_it_works()

    assert clinic.crm.all_contacts[anna].keys == ()
    assert clinic.names == ["Белова Анна Ивановна", "Чернов Борис Ильич"]
    assert clinic.lead_of("501").contacts == (clinic.contact_of("1").id,)
    assert (clinic.store.questions(), clinic.store.recalled("ident"), clinic.store.rejected) == ((), (), {})


def test_a_person_may_say_that_it_is_the_same_patient_all_the_same(clinic: Clinic) -> None:
    anna = given_anew(clinic)
    clinic.sync()

    clinic.store.bind(PATIENT, anna)
    clinic.sync()

    assert (clinic.names, clinic.lead_of("501").contacts) == (["Чернов Борис Ильич"], (anna,))


def test_a_card_that_was_overwritten_and_put_right_needs_no_answer(clinic: Clinic) -> None:
    anna = given_anew(clinic)
    clinic.sync()

    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA, birthday=date(1990, 1, 31)))
    clinic.sync()
    clinic.sync()

    assert clinic.store.questions() == ()
    assert (clinic.names, clinic.lead_of("501").contacts) == (["Белова Анна Ивановна"], (anna,))


def linked(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    clinic.sync()


def test_a_person_links_a_patient_to_another_contact_and_the_key_goes_along(clinic: Clinic) -> None:
    linked(clinic)
    before = clinic.contact_of("1").id
    other = clinic.crm.add_contact("Анечка", BORIS)

    by_hand.bind(PATIENT, other, clinic.parts())
    clinic.sync()

    assert clinic.crm.all_contacts[before].keys == ()
    assert clinic.contact_of("1").id == other
    clinic.mis.touch()
    clinic.sync()
    assert clinic.contact_of("1").id == other


def test_a_persons_link_follows_a_merge(clinic: Clinic) -> None:
    linked(clinic)
    other, winner = clinic.crm.add_contact("Анечка", BORIS), clinic.crm.add_contact("Анна", BORIS)
    by_hand.bind(PATIENT, other, clinic.parts())
    clinic.sync()

    clinic.crm.merge_contacts(winner, other)
    clinic.store.merged({other: winner})
    clinic.mis.put(patient("1", "Белова Анна Павловна", ANNA))
    clinic.sync()

    assert clinic.crm.all_contacts[winner].name == "Белова Анна Павловна"
    assert clinic.store.patient_links[PATIENT].by_person


def test_a_contact_that_a_person_chose_and_another_deleted_is_not_replaced(clinic: Clinic) -> None:
    linked(clinic)
    other = clinic.crm.add_contact("Анечка", BORIS)
    by_hand.bind(PATIENT, other, clinic.parts())
    clinic.sync()
    keyed = clinic.crm.add_contact("Белова Анна", ANNA, keys=(PATIENT,))

    clinic.crm.delete_contact(other)
    clinic.store.gone([other])
    clinic.mis.put(patient("1", "Белова Анна Павловна", ANNA))

    assert [step.why.rule for step in clinic.sync()] == ["gone"]
    assert clinic.crm.all_contacts[keyed].name == "Белова Анна"


def test_a_link_that_a_person_has_undone_stays_undone(clinic: Clinic) -> None:
    linked(clinic)
    contact = clinic.contact_of("1").id

    by_hand.undo(PATIENT, clinic.parts())
    for _ in range(2):
        clinic.mis.touch()
        clinic.mis.put(visit("501", hours=3))
        clinic.sync()

    assert clinic.crm.all_contacts[contact].keys == ()
    assert list(clinic.crm.all_contacts) == [contact]
    assert PATIENT not in clinic.store.patient_links
    assert clinic.store.rejected.keys() == {("ident", "visit", "501")}


def test_what_was_undone_may_be_linked_again(clinic: Clinic) -> None:
    linked(clinic)
    contact = clinic.contact_of("1").id
    by_hand.undo(PATIENT, clinic.parts())
    clinic.mis.put(visit("501", hours=3))
    clinic.sync()

    by_hand.bind(PATIENT, contact, clinic.parts())
    clinic.sync()

    assert clinic.contact_of("1").id == contact
    assert clinic.lead_of("501").contacts == (contact,)


def test_a_person_gives_a_visit_another_lead(clinic: Clinic) -> None:
    linked(clinic)
    before = clinic.lead_of("500").id
    other = clinic.crm.add_lead(contact=clinic.contact_of("1").id)

    by_hand.bind(VISIT, other, clinic.parts())
    clinic.mis.put(visit("500", status=VisitStatus.ARRIVED))
    clinic.sync()

    assert clinic.crm.all_leads[before].keys == ()
    assert (clinic.lead_of("500").id, clinic.lead_of("500").stage) == (other, CAME)


def test_a_visit_that_a_person_has_undone_is_left_alone(clinic: Clinic) -> None:
    linked(clinic)
    lead = clinic.lead_of("500").id

    by_hand.undo(VISIT, clinic.parts())
    clinic.mis.put(visit("500", status=VisitStatus.ARRIVED))

    assert {step.why.rule for step in clinic.sync()} == {"apart"}
    assert clinic.crm.all_leads[lead].keys == ()
    assert list(clinic.crm.all_leads) == [lead]


def test_a_lead_of_another_visit_is_not_given_away(clinic: Clinic) -> None:
    linked(clinic)
    clinic.mis.put(visit("501", hours=3))
    clinic.sync()

    with pytest.raises(AskOperator, match="another visit"):
        by_hand.bind(VISIT, clinic.lead_of("501").id, clinic.parts())

    assert clinic.store.visit_links[VISIT].lead == clinic.lead_of("500").id


@pytest.mark.parametrize("key", [PATIENT, VISIT])
def test_nobody_is_linked_to_what_is_not_there(clinic: Clinic, key: PatientKey | VisitKey) -> None:
    linked(clinic)

    with pytest.raises(AskOperator, match="404404"):
        by_hand.bind(key, 404404, clinic.parts())
